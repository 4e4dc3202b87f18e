"""The settlement act that allots the result of the year before: one line of ``settlement_act.csv`` in the new year's folder.

Source: loi 2014-855 art. 3 II: the result is allotted in the balance sheet to the line *report des exercices antérieurs*.
"""

from collections.abc import Collection
from datetime import date
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows
from core.result_accounts import ResultAccounts

FILE = "settlement_act.csv"
_COLUMNS = ("act", "date", "account", "source")
_CLASS = "1"


class SettlementAct(NamedTuple):
    """The act that settles the year before."""

    name: str
    """The name of the act; empty if there is none yet, and nothing is allotted then."""
    day: date
    account: str
    """The account to which it allots the result."""


NO_ACT = SettlementAct("", date.min, "")


def read(path: Path, year: int, accounts: Collection[str], *, result: ResultAccounts) -> SettlementAct:
    """Read the act that is published in ``year`` and settles the year before; ``NO_ACT`` if there is no file.

    Raises
    ------
    ReferenceDataError
        The file has another number of lines than one, or its line names no act, a day of another year, an unsuitable
        account or no source; the message gives the place, the finding and the remedy.
    """
    if not path.exists():
        return NO_ACT
    rows = list(islice(read_rows(path, _COLUMNS), 2))
    if len(rows) != 1:
        finding = "the file has more than one line" if rows else "the file has no line"
        raise ReferenceDataError(str(path), finding, "Name one settlement act.")
    return _parse_row(rows[0], year, accounts, result=result)


def list_accounts(act: SettlementAct, result: ResultAccounts) -> frozenset[str]:
    """Return the accounts on which a result is allotted: that of the result, and the one that the act names."""
    return frozenset({result.result, act.account}) if act.name else frozenset()


def _parse_row(
    row: ReferenceRow, year: int, accounts: Collection[str], *, result: ResultAccounts
) -> SettlementAct:
    name, day, account, source = row.cells.values()
    if not (name and source):
        raise ReferenceDataError(
            row.place, "the line names no act or no source", "Name the law, and where the account stands."
        )
    is_usable = account in accounts and account.startswith(_CLASS)
    if not (is_usable and result.result and account not in (result.result, result.transfer)):
        raise ReferenceDataError(
            row.place,
            f"{account!r} is unknown, of another class than {_CLASS}, or one of result.csv, or that file is missing",
            "Name the account of accounts.csv for the results of earlier years, and add result.csv.",
        )
    return SettlementAct(name, _parse_day(row, day, year), account)


def _parse_day(row: ReferenceRow, text: str, year: int) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or day.year != year:
        raise ReferenceDataError(
            row.place, f"date is {text!r}", f"Write the day of the act, in {year}, as in {year}-07-25."
        )
    return day
