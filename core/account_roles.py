"""What an account is used for in the entries of a kind."""

from collections.abc import Mapping
from enum import IntEnum


class Role(IntEnum):
    """What an account is used for.  The year's chart gives the account of each role for a commitment item."""

    NONE = 0
    EXPENSE = 1
    ACCRUED = 2
    CREDITOR = 3
    PREDECESSOR = 4
    """The account that the followed entry credited."""
    PAYROLL = 5
    """The creditor of what the payroll application pays, where the item has one."""
    CHARGE = 6
    """The account that the original request was charged to."""
    TRANSIT = 7
    TREASURY = 8
    RETURNED = 9
    """Returned transfers, which are owed from there until they are issued again."""
    OTHER_CREDITOR = 10
    RECEIVABLE = 11
    LATE_INTEREST = 12
    DEBT_LIAISON = 13
    """What programme 0117 owes to the account of the debt: settled by an entry of the ledger, never by a transfer."""
    TAX_RELIEF = 14
    """Relief of taxes, and taxes that are not recovered: settled by an entry against the tax that was due."""
    BY_HAND = 15
    """The account that a line of a journal act, an opening or the result states."""
    PRODUCT = 16
    """The product of a receivable, by its nature of receipt."""
    CLEARED = 17
    """The account that the followed entry debited."""
    ADVANCE = 18
    """Advances on purchases: what suppliers received before any service."""
    REPAYMENT = 19
    """The account that the receivable of a collected repayment credited."""
    RETENTION = 20
    """Guarantees retained from suppliers; on assets that of ``ASSET_RETENTION``."""
    ASSET_RETENTION = 21
    """Guarantees retained from suppliers of assets."""
    ASSET = 22
    """An account that the plan of an asset gives: under construction, depreciation, its charge, or the net value."""
    SUSPENSE_RECEIPT = 23
    """The suspense account of what the bank credited and nobody has identified yet."""
    SUSPENSE_DEBIT = 24
    """The suspense account of what the bank debited for no transfer that is known yet."""
    SUSPENSE_RETURN = 25
    """The suspense account of returns of the bank of which nobody knows the transfer yet."""
    PENALTY = 26
    """Provisional penalties withheld from suppliers; on assets that of ``ASSET_PENALTY``."""
    ASSET_PENALTY = 27
    """Provisional penalties withheld from suppliers of assets."""
    PENALTY_PRODUCT = 28
    """The product of penalties that are confirmed."""
    INVENTORY = 31
    """The charge, product or asset that a line of the inventory states."""
    COUNTERPART = 32
    """The account of the balance sheet that the year's ``inventory.csv`` gives for it."""


SUSPENSE_ROLES = (Role.SUSPENSE_RECEIPT, Role.SUSPENSE_DEBIT, Role.SUSPENSE_RETURN)
"""The accounts of what statements of the bank contain and nobody has identified yet."""

SHARED_ROLES = (
    *(role for role in Role if Role.TRANSIT <= role <= Role.TAX_RELIEF),
    *(Role.ADVANCE, Role.RETENTION, Role.ASSET_RETENTION),
    *SUSPENSE_ROLES,
    *(Role.PENALTY, Role.ASSET_PENALTY, Role.PENALTY_PRODUCT),
)
"""Roles with one account per year, whatever the commitment item."""

ASSET_TITLE = 5
"""The title of assets: what is retained or withheld from it stands on the accounts of ``ASSET_ROLES``."""
ASSET_ROLES: Mapping[Role, Role] = {Role.RETENTION: Role.ASSET_RETENTION, Role.PENALTY: Role.ASSET_PENALTY}
"""The role on items of assets, by that on others: the next number, which the kernels rely on."""

ENTRY_ROLES = (Role.DEBT_LIAISON, Role.TAX_RELIEF)
"""What is owed on the accounts of these roles is settled by an entry of the ledger, and by no transfer."""
