"""The technical account against which the opening balances of a year stand: ``opening.csv``, one line.

No account for it was read in the chart: 890x are those of the take-over of 2012 and of stocks.  So it is marked as ours.
"""

from collections.abc import Collection
from pathlib import Path

from core.errors import ReferenceDataError
from core.reference.files import read_rows

_CARRIED_CLASSES = frozenset("1234567")
"""The classes of the balance sheet and of the result: the technical account is in neither."""


def read_account(path: Path, accounts: Collection[str]) -> str:
    """Read the technical account of a year; empty if there is no file.

    Raises
    ------
    ReferenceDataError
        The file has another number of lines than one, its account is unknown or belongs to the statements, or it has no
        source; the message gives the place, the finding and the remedy.
    """
    if not path.exists():
        return ""
    rows = list(read_rows(path, ("account", "source")))
    if len(rows) != 1:
        raise ReferenceDataError(str(path), f"the file has {len(rows)} lines", "Name one technical account.")
    account, source = rows[0].cells.values()
    if account not in accounts or account[:1] in _CARRIED_CLASSES:
        raise ReferenceDataError(
            rows[0].place,
            f"{account!r} is unknown, or an account of classes 1 to 7",
            "Name an account of accounts.csv that stands outside of the statements.",
        )
    if not source:
        raise ReferenceDataError(
            rows[0].place, "the line has no source", "Say whose account it is, or write: ours."
        )
    return account
