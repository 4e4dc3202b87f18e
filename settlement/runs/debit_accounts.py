"""From which operations account each line of a run is paid: its accountant's."""

from collections.abc import Sequence

import numpy as np

from core.errors import ReferenceDataError
from core.reference.files import resolve_year_folder
from core.tables.payment_runs import RunLines
from settlement.runs.payment_files import IssueTerms
from settlement.runs.payment_reference import PaymentReference

_REMEDY = "Put it back, with the account to pay from, and issue the run by the same command: nothing of it is posted"


def check_accounts(run: int, lines: RunLines, codes: Sequence[str], books: PaymentReference) -> None:
    """Make sure that the reference data know an account for all that ``run`` pays, before anything of its issue is stored.

    ``codes`` are its accountants, by the numbers of ``lines`` from 1.

    Raises
    ------
    ReferenceDataError
        An accountant is not there any more; the message gives the file, what was found, and what to do.
    """
    for year, number in _list_pairs(lines):
        code, known = codes[number - 1], books.accountants.get(year)
        if not known or code not in known.accountants:
            paid = int(((lines.exercise == year) & (lines.accountant == number)).sum())
            raise _build_missing_error(
                books, year, f"run {run} pays {paid:,} lines of {year} from the account of {code}"
            )


def check_stored_accounts(lines: RunLines, codes: Sequence[str], terms: IssueTerms) -> None:
    """Make sure that an issue which was begun before kept an account for all that it pays.

    Raises
    ------
    EngineError
        It did not.
    """
    for year, number in _list_pairs(lines):
        terms.find_debtor(codes[number - 1], year)


def _list_pairs(lines: RunLines) -> list[tuple[int, int]]:
    """Each exercise with each accountant there is."""
    pairs = np.stack([lines.exercise.astype(np.int64), lines.accountant.astype(np.int64)])
    return [(year, number) for year, number in np.unique(pairs, axis=1).T.tolist()]


def _build_missing_error(books: PaymentReference, year: int, paid: str) -> ReferenceDataError:
    if year not in books.accountants:
        return ReferenceDataError(
            str(books.folder.joinpath("calendar.toml")), f"{year} is not there, and {paid}", _REMEDY
        )
    place = resolve_year_folder(books.folder.joinpath(str(year))).files.joinpath("accountants.csv")
    return ReferenceDataError(str(place), f"{paid}, who is not there", _REMEDY)
