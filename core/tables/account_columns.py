"""The layout of ``Book.assets``: for an account those that go with it, by the plans of assets and by the inventory."""

from enum import IntEnum


class AccountColumn(IntEnum):
    """The first columns of ``Book.assets``, those of ``core.asset_plans.AssetPlan``: accounts, and the months of the plan.

    Behind them is a column for each of ``core.inventory_accounts.INVENTORY_KINDS``.
    """

    UNDER_CONSTRUCTION = 0
    DEPRECIATION = 1
    CHARGE = 2
    NET_VALUE = 3
    MONTHS = 4


INVENTORY_COLUMN = len(AccountColumn)
"""The column of the first kind of the inventory; the others follow in the order of their numbers."""
INVENTORY_COLUMNS = 8
ACCOUNT_COLUMNS = INVENTORY_COLUMN + INVENTORY_COLUMNS
"""An account is in rows ``(year * ACCOUNT_COLUMNS + column) * LEDGER_ACCOUNTS + account``; ``year`` is that of ``Cells``."""
