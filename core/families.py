"""The families of kinds of act."""

from enum import IntEnum


class Family(IntEnum):
    """Kinds that share one space of references: the number of a payment request is unique whatever its flow."""

    NONE = 0
    THIRD_PARTY = 1
    BUDGET = 2
    COMMITMENT = 3
    COMMITMENT_CHANGE = 4
    SERVICE = 5
    SERVICE_CANCELLATION = 6
    PAYMENT_REQUEST = 7
    REJECTION = 8
    SETTLEMENT = 9
    THIRD_PARTY_CHANGE = 10
    TERM = 11
    REVERSAL = 12
    JOURNAL = 13
    """Entries by hand: each line posts one side, and the lines of an act are equal in each month and for each accountant."""
    RECEIVABLE = 14
    RECEIVABLE_CHANGE = 15
    RECEIPT = 16
    OPENING = 17
    """Opening balances: each line posts one side, as in a journal act, for an accountant before the first month of a year."""
    RESTORATION = 18
    """It gives back credits of the running year, up to what was collected of an expense (rule A29)."""
    REASSIGNMENT = 19
    """Each line posts one side: the first one credits the account that was charged, the next ones debit the right ones."""
    JUSTIFICATION = 21
    """It says why an amount stays on a suspense account, and posts nothing (rule A70)."""
    RETENTION = 20
    """It keeps back a part of what a supplier is owed, without CP: as a guarantee until its release, or as a provisional
    penalty until that is confirmed or remitted."""
    ASSET = 22
    """An asset is put into service, depreciated and taken out; its reference is the number of the asset."""
    RESULT = 24
    """Entries that bring charges and products to the account of the result: each line posts one side, as in a journal act."""
    ALLOCATION = 35
    """Entries that bring a result to the account that the settlement act names: each line posts one side."""
    INVENTORY = 31
    """Entries of the inventory at the end of a year: accruals, what is paid or collected in advance, provisions (rule A65)."""
    INVENTORY_CHANGE = 32
    """It reverses, corrects or releases what the inventory posted."""
    RECEIPT_CHANGE = 36
    """It takes back a receipt by hand, or a part of it: the receivable is open again (rule A56)."""
    VISA = 23
    """The visa of the budget controller: what is planned, and the decisions on it; it posts nothing and takes no credits."""
