"""The accounts that bring charges and products to the result of a year: ``result.csv``, one line.

Each accountant's charges and products leave his books over an account between accountants, and come to the account of the
result in the books of one of them, who centralises.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.accountants import Accountants
from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows

if TYPE_CHECKING:
    from core.chart import Chart

RESULT_CLASSES = frozenset("67")
"""The classes of charges and products."""
_CLASS_OF_RESULT = "1"


class ResultAccounts(NamedTuple):
    """Where the result of a year comes to stand."""

    result: str
    """The account of the result; empty if the files of the year name none, which is then not determined."""
    transfer: str
    """The account between accountants over which it comes there."""
    accountant: str
    """The code of the accountant in whose books it stands."""

    def list_accounts(self, accounts: Collection[str]) -> frozenset[str]:
        """Return those of ``accounts`` on which the result is determined: charges, products, and the two of these accounts."""
        if not self.result:
            return frozenset()
        own = (account for account in accounts if account[:1] in RESULT_CLASSES)
        return frozenset({*own, self.result, self.transfer})


NO_RESULT = ResultAccounts("", "", "")


def read_accounts(path: Path, accounts: Collection[str]) -> ResultAccounts:
    """Read the accounts of a year; ``NO_RESULT`` if there is no file.

    Raises
    ------
    ReferenceDataError
        The file has another number of lines than one, an account is unknown or of another class, or it has no source; the
        message gives the place, the finding and the remedy.
    """
    if not path.exists():
        return NO_RESULT
    rows = list(read_rows(path, ("account", "transfer_account", "accountant", "source")))
    if len(rows) != 1:
        raise ReferenceDataError(
            str(path), f"the file has {len(rows)} lines", "Name one account of the result."
        )
    *cells, source = rows[0].cells.values()
    own = ResultAccounts(*cells)
    _check_account(rows[0], own.result, accounts)
    _check_account(rows[0], own.transfer, accounts)
    if own.result == own.transfer or not (own.accountant and source):
        raise ReferenceDataError(
            rows[0].place,
            "the line has one account twice, no accountant or no source",
            "Name two accounts, who centralises, and where that stands.",
        )
    return own


def check_accountants(
    folder: Path, charts: "Mapping[int, Chart]", accountants: Mapping[int, Accountants]
) -> None:
    """Check that who centralises is an accountant of the year, and has a fund centre.

    Raises
    ------
    ReferenceDataError
        He is not; the message gives the place, the finding and the remedy.
    """
    for year, chart in charts.items():
        code = chart.result.accountant
        if code and code not in accountants[year].main_centres:
            raise ReferenceDataError(
                str(folder.joinpath(str(year), "result.csv")),
                f"{code!r} is no accountant of the year, or pays for no fund centre",
                "Name one of accountants.csv to whom assigned.csv gives a fund centre.",
            )


def _check_account(row: ReferenceRow, account: str, accounts: Collection[str]) -> None:
    if account not in accounts or not account.startswith(_CLASS_OF_RESULT):
        raise ReferenceDataError(
            row.place,
            f"{account!r} is unknown, or no account of class {_CLASS_OF_RESULT}",
            f"Name an account of accounts.csv of class {_CLASS_OF_RESULT}.",
        )
