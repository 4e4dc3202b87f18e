"""Statements of 120 characters of the simulated bank, in place of camt.053 (CFONB)."""

from collections.abc import Iterator, Sequence

import numpy as np

from settlement.orders.charset import latin
from settlement.simulated_bank.accounts import Day
from settlement.simulated_bank.camt_writer import Bank

_POSITIVE, _NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"
_SENT, _BACK = "06", "05"
"""Operation codes between banks: transfer sent, transfer received.  From general knowledge, not verified."""
_REFUSED = "01"
"""What stands in the zone of a refusal: any text marks a return; the list of codes is not verified."""


def statement(bank: Bank, days: Sequence[Day]) -> Iterator[str]:
    """The statements of one day, for one account or several, in pieces."""
    for day in days:
        yield from _statement(bank, day)


def _statement(bank: Bank, day: Day) -> Iterator[str]:
    opened = int(np.datetime64(day.day, "D").astype(np.int64)) - 1
    yield _balance("01", day, (opened, day.opening))
    for rows, way in ((day.debits, -1), (day.returns, 1)):
        for row, cents in zip(rows.tolist(), bank.orders.amount[rows].tolist(), strict=True):
            yield _movement(bank, day, (row, way * cents))
    yield _balance("07", day, (day.day, day.closing))


def _balance(code: str, day: Day, told: tuple[int, int]) -> str:
    when, cents = told
    return f"{_account(code, '    ', day)}  {_date(when)}{'':50}{_amount(cents)}{'':16}\n"


def _movement(bank: Bank, day: Day, told: tuple[int, int]) -> str:
    row, cents = told
    code, refused = (_SENT, "  ") if cents < 0 else (_BACK, _REFUSED)
    label = latin(bank.orders.names[row])[:31]
    when = _date(day.day)
    first = f"{_account('04', '    ', day)}{code}{when}{refused}{when}{label:31}  {row % 10**7:07}  {_amount(cents)}{'':16}\n"
    return f"{first}{_account('05', '    ', day)}{code}{when}     RCN{bank.orders.end_to_end[row]:70}  \n"


def _account(code: str, operation: str, day: Day) -> str:
    """The first 32 characters of a record; the account is French, as its IBAN tells it."""
    national = day.account[4:]
    return f"{code}{national[:5]}{operation}{national[5:10]}EUR2 {national[10:21]}"


def _date(day: int) -> str:
    year, month, of_month = str(np.datetime64(day, "D")).split("-")
    return f"{of_month}{month}{year[2:]}"


def _amount(cents: int) -> str:
    digits = f"{abs(cents):014}"
    return f"{digits[:-1]}{(_NEGATIVE if cents < 0 else _POSITIVE)[int(digits[-1])]}"
