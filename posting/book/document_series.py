"""The last document number of every series: one journal of one accountant in one exercise (rule A06)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.periods import YEAR_FIRST, YEAR_LAST
from core.tables.book import LEDGER_ACCOUNTANTS

JOURNALS_MAX = 16
SERIES_COUNT = (YEAR_LAST - YEAR_FIRST + 1) * LEDGER_ACCOUNTANTS * JOURNALS_MAX


class SeriesKeys(NamedTuple):
    """What each of some series is of."""

    exercise: NDArray[np.integer]
    accountant: NDArray[np.integer]
    journal: NDArray[np.integer]


def create_last_numbers() -> NDArray[np.int64]:
    """Return the last number of every series, none of which has a document."""
    return np.zeros(SERIES_COUNT, np.int64)


def find_series(keys: SeriesKeys) -> NDArray[np.int64]:
    """Return the number of each series."""
    folio = (keys.exercise.astype(np.int64) - YEAR_FIRST) * LEDGER_ACCOUNTANTS + keys.accountant
    return folio * JOURNALS_MAX + keys.journal


def describe_series(series: NDArray[np.int64]) -> SeriesKeys:
    """Return what each series is of."""
    folio, journal = np.divmod(series, JOURNALS_MAX)
    year, accountant = np.divmod(folio, LEDGER_ACCOUNTANTS)
    return SeriesKeys(year + YEAR_FIRST, accountant, journal)
