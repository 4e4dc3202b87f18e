"""CFONB 120 statements of the simulated bank."""

from collections.abc import Iterator, Sequence

import numpy as np

from settlement.orders.charset import to_latin
from settlement.simulated_bank.accounts import AccountDay
from settlement.simulated_bank.camt_writer import BankActivity

_POSITIVE, _NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"
_SENT, _RECEIVED = "06", "05"
"""Interbank operation codes: transfer sent, transfer received.  From general knowledge, not verified."""
_REFUSED = "01"
"""Refusal code: any text marks a return; the list of codes is not verified."""


def write_statement(bank: BankActivity, days: Sequence[AccountDay]) -> Iterator[str]:
    """Yield the statements of one day, for one account or several."""
    for day in days:
        yield from _write_account_day(bank, day)


def _write_account_day(bank: BankActivity, day: AccountDay) -> Iterator[str]:
    yield _format_balance("01", day, day.day - 1, cents=day.opening)
    for rows, sign in ((day.debits, -1), (day.returns, 1)):
        for row, cents in zip(rows.tolist(), bank.orders.amount[rows].tolist(), strict=True):
            yield _format_movement(bank, day, row, cents=sign * cents)
    yield _format_balance("07", day, day.day, cents=day.closing)


def _format_balance(record_type: str, day: AccountDay, date: int, *, cents: int) -> str:
    account = _format_account(record_type, "    ", day)
    return f"{account}  {_format_date(date)}{'':50}{_format_amount(cents)}{'':16}\n"


def _format_movement(bank: BankActivity, day: AccountDay, row: int, *, cents: int) -> str:
    operation, refusal = (_SENT, "  ") if cents < 0 else (_RECEIVED, _REFUSED)
    label = to_latin(bank.orders.names[row])[:31]
    date = _format_date(day.day)
    movement, complement = (_format_account(record_type, "    ", day) for record_type in ("04", "05"))
    return (
        f"{movement}{operation}{date}{refusal}{date}{label:31}  {row % 10**7:07}  {_format_amount(cents)}{'':16}\n"
        f"{complement}{operation}{date}     RCN{bank.orders.end_to_end[row]:70}  \n"
    )


def _format_account(record_type: str, operation: str, day: AccountDay) -> str:
    """Format the first 32 characters of a record, from the IBAN of a French account."""
    national = day.account[4:]
    return f"{record_type}{national[:5]}{operation}{national[5:10]}EUR2 {national[10:21]}"


def _format_date(day: int) -> str:
    year, month, day_of_month = str(np.datetime64(day, "D")).split("-")
    return f"{day_of_month}{month}{year[2:]}"


def _format_amount(cents: int) -> str:
    digits = f"{abs(cents):014}"
    return f"{digits[:-1]}{(_NEGATIVE if cents < 0 else _POSITIVE)[int(digits[-1])]}"
