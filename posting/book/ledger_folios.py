"""The folios of the ledger, one for each accountant and period, as the kernels use them."""

import numpy as np
from numpy.typing import NDArray

from core.calendar import Calendar
from core.periods import to_period
from core.tables.book import LEDGER_ACCOUNTANTS, LEDGER_ACCOUNTS, Ledger
from core.tables.columns import to_record_dtype
from posting.book.reserved_memory import reserve


def reserve_ledger(last_year: int) -> np.ndarray:
    """Return the empty ledger of all periods up to the end of ``last_year``: few of its rows are ever written."""
    rows = to_period(last_year + 1, 0) * LEDGER_ACCOUNTANTS * LEDGER_ACCOUNTS
    return reserve(to_record_dtype(Ledger), rows, is_sparse=True)


def build_period_states(calendar: Calendar) -> NDArray[np.uint8]:
    """Return ``core.periods.PeriodState`` of every folio, the same for all accountants."""
    return np.repeat(calendar.mark_open_periods(), LEDGER_ACCOUNTANTS)
