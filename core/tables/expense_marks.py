"""Marks in ``OpenItems.unbilled`` of a request: its expense goes to another imputation, is asked back, or has a guarantee.

They stand above the amount that was taken up of the debt (``USE_MASK``), and below ``SUSPENDED_BIT`` (rules A05, A29, A36).
"""

RETENTION_BIT = 1 << 47
"""A part of the request was retained as a guarantee, which is no payment of it."""

MOVE_BIT = 48
"""Lowest bit of the number of reassignments of the expense."""

REPAYMENT_BIT = 54
"""Lowest bit of the number of receivables that ask it back and were not cancelled."""

MOVE_MASK = (1 << REPAYMENT_BIT) - (1 << MOVE_BIT)
REPAYMENT_MASK = (1 << 61) - (1 << REPAYMENT_BIT)

SECURES = 1
"""In ``OpenItems.advanced`` of a debt: a request made while its commitment had an advance, or a part or a carry of one."""

IS_ADVANCE = 2
"""In ``OpenItems.advanced`` of a debt: an advance, or a part or a carry of one."""
