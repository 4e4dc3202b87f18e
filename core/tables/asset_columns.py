"""The layout of ``Book.assets``, the plans of the accounts of assets as numbers."""

from enum import IntEnum


class AssetColumn(IntEnum):
    """The columns of ``Book.assets``, those of ``core.asset_plans.AssetPlan``: accounts, and the months of the plan."""

    UNDER_CONSTRUCTION = 0
    DEPRECIATION = 1
    CHARGE = 2
    NET_VALUE = 3
    MONTHS = 4


ASSET_COLUMNS = len(AssetColumn)
"""A plan is in rows ``(year * ASSET_COLUMNS + AssetColumn) * LEDGER_ACCOUNTS + account``; ``year`` is that of ``Cells``."""
