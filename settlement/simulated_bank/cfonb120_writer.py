"""Statements of 120 characters of the simulated bank, in place of camt.053 (CFONB)."""

from collections.abc import Iterator, Sequence

import numpy as np

from settlement.orders.charset import to_latin
from settlement.simulated_bank.accounts import AccountDay
from settlement.simulated_bank.camt_writer import BankActivity

_POSITIVE, _NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"
_SENT, _RECEIVED = "06", "05"
"""Operation codes between banks: transfer sent, transfer received.  From general knowledge, not verified."""
_REFUSED = "01"
"""What stands in the zone of a refusal: any text marks a return; the list of codes is not verified."""


def write_statement(bank: BankActivity, days: Sequence[AccountDay]) -> Iterator[str]:
    """The statements of one day, for one account or several, in pieces."""
    for day in days:
        yield from _write_account_day(bank, day)


def _write_account_day(bank: BankActivity, day: AccountDay) -> Iterator[str]:
    opened = int(np.datetime64(day.day, "D").astype(np.int64)) - 1
    yield _format_balance("01", day, (opened, day.opening))
    for rows, way in ((day.debits, -1), (day.returns, 1)):
        for row, cents in zip(rows.tolist(), bank.orders.amount[rows].tolist(), strict=True):
            yield _format_movement(bank, day, (row, way * cents))
    yield _format_balance("07", day, (day.day, day.closing))


def _format_balance(code: str, day: AccountDay, told: tuple[int, int]) -> str:
    when, cents = told
    return (
        f"{_format_account(code, '    ', day)}  {_format_date(when)}{'':50}{_format_amount(cents)}{'':16}\n"
    )


def _format_movement(bank: BankActivity, day: AccountDay, told: tuple[int, int]) -> str:
    row, cents = told
    code, refused = (_SENT, "  ") if cents < 0 else (_RECEIVED, _REFUSED)
    label = to_latin(bank.orders.names[row])[:31]
    when = _format_date(day.day)
    first = f"{_format_account('04', '    ', day)}{code}{when}{refused}{when}{label:31}  {row % 10**7:07}  {_format_amount(cents)}{'':16}\n"
    return (
        f"{first}{_format_account('05', '    ', day)}{code}{when}     RCN{bank.orders.end_to_end[row]:70}  \n"
    )


def _format_account(code: str, operation: str, day: AccountDay) -> str:
    """The first 32 characters of a record; the account is French, as its IBAN tells it."""
    national = day.account[4:]
    return f"{code}{national[:5]}{operation}{national[5:10]}EUR2 {national[10:21]}"


def _format_date(day: int) -> str:
    year, month, of_month = str(np.datetime64(day, "D")).split("-")
    return f"{of_month}{month}{year[2:]}"


def _format_amount(cents: int) -> str:
    digits = f"{abs(cents):014}"
    return f"{digits[:-1]}{(_NEGATIVE if cents < 0 else _POSITIVE)[int(digits[-1])]}"
