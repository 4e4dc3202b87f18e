"""The accounts that go with others, by the plans of assets and the inventory, as the kernels read them."""

import numpy as np
from numpy.typing import NDArray

from core.inventory_accounts import INVENTORY_KINDS
from core.periods import YEAR_FIRST
from core.tables.account_columns import ACCOUNT_COLUMNS, INVENTORY_COLUMN
from core.tables.book import LEDGER_ACCOUNTS
from posting.book.code_numbers import CodeKind
from posting.book.registry import Registry


def build_plans(registry: Registry) -> NDArray[np.int16]:
    """Return the plans and counterparts of all years in the layout of ``Book.assets``."""
    numbers = registry.numbers[CodeKind.ACCOUNT]
    plans = np.zeros((registry.years.stop - YEAR_FIRST, ACCOUNT_COLUMNS, LEDGER_ACCOUNTS), np.int16)
    for year, chart in registry.reference.charts.items():
        for account, plan in chart.assets.items():
            *names, months = plan
            others = (numbers.get(str(name), 0) for name in names)
            plans[year - YEAR_FIRST, :INVENTORY_COLUMN, numbers[account]] = (*others, months)
        for column, kind in enumerate(INVENTORY_KINDS, INVENTORY_COLUMN):
            for account, counterpart in chart.inventory.get(kind.name, {}).items():
                plans[year - YEAR_FIRST, column, numbers[account]] = numbers[counterpart]
    return plans.ravel()
