"""Third parties that are the State itself: the general budget, the annexed budgets and the special accounts.

An earmarked special account pays none of them, unless a finance law allows it (LOLF art. 21 II; rule A23).  Which third
parties they are is data by year: ``state_payees.csv`` names each by its code; a row that names a special account too allows
the account to pay it, and states the article.  Without the file there are none.
"""

from collections.abc import Container, Mapping
from pathlib import Path

from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows

FILE = "state_payees.csv"
PAYEES_MAX = 62
"""The most codes of all years together: the kernels keep those of an account as bits of one number."""


def read_state_payees(path: Path, accounts: Container[str]) -> dict[str, frozenset[str]]:
    """Read by code which special accounts may pay it; nothing if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed or listed twice, or names an account that does not exist; the message gives place and remedy.
    """
    allowed: dict[str, set[str]] = {}
    if path.exists():
        for row in read_rows(path, ("payee", "account", "source")):
            _check_row(row, allowed, accounts)
            payee, account, _ = row.cells.values()
            allowed.setdefault(payee, set()).add(account)
    return {payee: frozenset(names - {""}) for payee, names in allowed.items()}


def _check_row(row: ReferenceRow, before: Mapping[str, set[str]], accounts: Container[str]) -> None:
    payee, account, source = row.cells.values()
    if not payee or not source:
        raise ReferenceDataError(
            row.place,
            "the row has no payee or no source",
            "Write the code of the third party, and the text: of a row with an account, the article of the finance law.",
        )
    if account and account not in accounts:
        raise ReferenceDataError(
            row.place,
            f"{account!r} is no special account",
            "Name an account of special_accounts.csv, or leave the cell empty.",
        )
    if account in before.get(payee, ()):
        raise ReferenceDataError(row.place, f"{payee} is listed twice", "Keep one of the two lines.")
