"""The operations accounts that the lines of a run are paid from: those of their accountants."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from core.errors import ReferenceDataError
from core.reference.files import resolve_year_folder
from core.tables.payment_runs import RunLines
from settlement.runs.payment_files import IssueTerms
from settlement.runs.payment_reference import PaymentReference

_REMEDY = "Restore what is missing, with its account, and issue the run again: nothing of the run is posted"


class _AccountantYear(NamedTuple):
    exercise: int
    accountant: int
    """Number among the accountants of the run, from 1."""


def check_accounts(run: int, lines: RunLines, codes: Sequence[str], *, reference: PaymentReference) -> None:
    """Check that the reference data have an account for everything that ``run`` pays, before its issue is stored.

    ``codes`` are its accountants, by the numbers of ``lines`` from 1.

    Raises
    ------
    ReferenceDataError
        An accountant is missing now; the message gives the file and what to do.
    """
    for exercise, number in _list_accountants(lines):
        code, of_year = codes[number - 1], reference.accountants.get(exercise)
        if not of_year or code not in of_year.accountants:
            count = int(((lines.exercise == exercise) & (lines.accountant == number)).sum())
            payment = f"run {run} pays {count:,} lines of {exercise} from the account of {code}"
            raise _build_missing_error(reference, exercise, payment)


def check_stored_accounts(lines: RunLines, codes: Sequence[str], terms: IssueTerms) -> None:
    """Check that an issue that was begun stored an account for everything that it pays.

    Raises
    ------
    EngineError
        An account is missing.
    """
    for exercise, number in _list_accountants(lines):
        terms.find_debtor(codes[number - 1], exercise)


def _list_accountants(lines: RunLines) -> list[_AccountantYear]:
    """List the accountants of each exercise."""
    columns = np.stack([lines.exercise.astype(np.int64), lines.accountant.astype(np.int64)])
    return [_AccountantYear(*pair) for pair in np.unique(columns, axis=1).T.tolist()]


def _build_missing_error(reference: PaymentReference, exercise: int, payment: str) -> ReferenceDataError:
    if exercise not in reference.accountants:
        place = reference.folder.joinpath("calendar.toml")
        return ReferenceDataError(str(place), f"{exercise} is missing, and {payment}", _REMEDY)
    folder = resolve_year_folder(reference.folder.joinpath(str(exercise))).files
    return ReferenceDataError(str(folder.joinpath("accountants.csv")), f"{payment}, who is missing", _REMEDY)
