"""The plans of accounts of assets as the kernels read them."""

import numpy as np
from numpy.typing import NDArray

from core.periods import YEAR_FIRST
from core.tables.asset_columns import ASSET_COLUMNS
from core.tables.book import LEDGER_ACCOUNTS
from posting.book.registry import CodeKind, Registry


def build_plans(registry: Registry) -> NDArray[np.int16]:
    """Return the plans of all years in the layout of ``Book.assets``."""
    numbers = registry.numbers[CodeKind.ACCOUNT]
    plans = np.zeros((registry.years.stop - YEAR_FIRST, ASSET_COLUMNS, LEDGER_ACCOUNTS), np.int16)
    for year, chart in registry.reference.charts.items():
        for account, plan in chart.assets.items():
            *names, months = plan
            others = (numbers.get(str(name), 0) for name in names)
            plans[year - YEAR_FIRST, :, numbers[account]] = (*others, months)
    return plans.ravel()
