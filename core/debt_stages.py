"""What the acts of the catalog leave for later acts: amounts, the stage of a debt, and changes of a third party."""

from enum import IntEnum


class Remainder(IntEnum):
    """The amount left on an earlier line that later lines may draw on."""

    NONE = 0
    OPEN = 1
    """Of a commitment: engaged, neither certified nor requested without service.  Of any other line: not yet reversed."""
    UNBILLED = 2
    """Of a commitment: certified, not yet requested."""
    ONCE = 3
    """Not an amount: whether an act of this kind may still follow; only one may."""
    CARRIED = 4
    """Of a commitment or a service that is carried: what goes on in the next year, on the commitment carried there."""
    IMPUTATION = 5
    """Not an amount: whether a bank debit still stands on the imputation of its request; one act moves it, or a part of it."""
    DEPRECIATION = 6
    """Of an asset: what its plan still allows to charge; a charge moves it from the net value to what is depreciated."""
    NET_VALUE = 7
    """Of an asset: its cost less what is depreciated, as far as it is not taken out."""
    DEPRECIATED = 8
    """Of an asset: what is depreciated, as far as it is not taken out."""
    VISA = 9
    """Of a planned commitment, and each decision on it: the amount that no further decision or commitment has used yet
    (rule A44)."""


class Stage(IntEnum):
    """The stage in the life of a debt: it determines, as data, which act may follow which."""

    NONE = 0
    PAYABLE = 1
    IN_TRANSIT = 2
    """Sent to the bank, not debited yet."""
    DEBITED = 3
    RETURNED = 4
    """Returned or refused by the bank, not yet identified: owed on the account of returned transfers."""
    REOPENED = 5
    """Identified: owed again, on the account of returned transfers; its CP stay consumed."""
    SUSPENDED = 6
    """Of the payment of a request: suspended by the accountant until the missing documents arrive (GBCP art. 38)."""
    DUE = 7
    """Of a receivable: due to the State, and not collected yet."""
    COLLECTED = 8
    """Of a receipt: collected, and not restored yet; only what repays an expense is ever restored."""
    UNASSIGNED = 9
    """Of a paid expense: taken from its first imputation, and not on the right one yet; only inside the act that moves it."""
    RETAINED = 10
    """Of a part of a request: retained as a guarantee, and not released yet; no payment takes it up."""
    BY_HAND = 11
    """Of an entry by hand, an opening or a credit of the bank: posted, and not cleared; only what is on a suspense account is
    cleared (rule A70)."""
    IN_SERVICE = 12
    """Of an asset: in service, and not taken out yet; what is open is its net value."""
    VISA_REQUESTED = 13
    """Of a planned commitment: submitted to the budget controller, who has not decided yet (rule A44)."""
    VISA_REFUSED = 14
    """Of a planned commitment: refused by the budget controller."""
    VISA_GIVEN = 15
    """Of a planned commitment: allowed by the controller, by his silence, or by the minister of the budget."""
    WITHHELD = 16
    """Of certified service: withheld as a provisional penalty, neither confirmed nor remitted yet; no payment takes it up."""
    ACCRUED = 31
    """Of an entry of the inventory: posted for the year that ends, and not reversed in the next one yet (rule A65)."""
    PROVIDED = 32
    """Of a provision: what is not released of it."""


class PayeeChange(IntEnum):
    """What a kind changes on a registered third party."""

    NONE = 0
    DETAILS = 1
    BLOCK = 2
    RELEASE = 3
