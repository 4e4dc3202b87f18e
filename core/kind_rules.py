"""The rules of law that the catalog gives a kind: its action on the budget, its days, titles, the check of its credits."""

from enum import IntEnum, unique


@unique
class BudgetAction(IntEnum):
    """The action of a kind on the budget."""

    NONE = 0
    SPEND = 1
    OPEN = 2
    ALLOT = 3
    MOVE = 4
    EARMARK = 5
    SETTLE = 6
    RETURN = 7
    """A BOP or UO gives back to the level above what it has neither passed on nor used."""
    CANCEL = 8
    """Takes back what was opened at a programme (LOLF art. 14)."""
    FREEZE = 9
    """Makes credits unavailable, which stay opened."""
    UNFREEZE = 10
    UNEARMARK = 11
    """Lowers an earmark: its AE are available to the unit again (GBCP art. 156)."""
    WITHDRAW = 16
    """It lowers the reported consumption of AE of the year of its day, and gives them back there in a recycling case alone."""
    CARRY = 24
    """It releases what a request reserved in its year, and reserves it again in the next."""
    VIREMENT = 40
    """A decree moves credits between two programmes of a ministry, within the limit of the year (LOLF art. 12)."""
    DECREE_TRANSFER = 41
    """A decree moves credits between programmes of two ministries (LOLF art. 12)."""
    DECREE_CANCEL = 42
    """A decree takes back credits of a programme, within the limit of the year (LOLF art. 14)."""
    REASSIGN = 50
    """It takes the consumption of a paid expense from one imputation, or brings it to another, of the same year."""
    OPEN_FUND = 60
    """It opens AE and CP of a fund, the same sum of both, by a receipt that was collected for it (LOLF art. 17)."""
    CARRY_OUT = 70
    """An order takes credits from a year that is over; the line behind brings them into the next (LOLF art. 15)."""
    CARRY_IN = 71
    CANCEL_UNUSED = 72
    """It takes away what a year that is over has neither consumed nor carried."""


BY_DECREE = frozenset({BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER, BudgetAction.DECREE_CANCEL})
"""The actions that a decree takes, whose hash the line states."""
MOVES_CREDITS = frozenset({BudgetAction.MOVE, BudgetAction.VIREMENT, BudgetAction.DECREE_TRANSFER})
"""The actions that take credits from one place and bring them to another."""
CARRIES_CREDITS = frozenset({BudgetAction.CARRY_OUT, BudgetAction.CARRY_IN})
"""The two lines of a carry-over of credits."""
CANCELS_CREDITS = frozenset({BudgetAction.CANCEL, BudgetAction.DECREE_CANCEL})
"""The actions that take back credits of a programme."""


class Measure(IntEnum):
    """The appropriation that a budget kind brings, takes away or freezes."""

    NONE = 0
    AE = 1
    CP = 2


class YearRule(IntEnum):
    """What a kind does with the credits of a budget year, and so the days on which it may be done.

    The days of each year are data: ``core.budget_years``.
    """

    NONE = 0
    SPENDS_AE = 1
    """It takes AE, which belong to the year of its date (LOLF art. 8; GBCP art. 159)."""
    ORDERS = 2
    """It orders a payment: in the year of its credits, and not after the last day for orders (GBCP art. 134)."""
    SETTLES_CP = 3
    """It pays: CP belong to the year in which the accountant pays (LOLF art. 28), or to the window after it."""
    GIVES_BACK = 4
    """It makes credits available again, in their own year alone (GBCP art. 160)."""
    SERVES = 6
    """It certifies service: not before the year of its credits, for which AE may be taken in advance (LOLF art. 9)."""
    GRANTS = 7
    """It brings credits or takes them away, without use: not after their year, in which alone they are used (LOLF art. 8
    and 28)."""
    IN_YEAR = 5
    """It takes credits in their own year alone, but orders nothing: payroll, as title 2 is not committed in advance
    (LOLF art. 9), and what sets AE apart.  An entry by hand takes none, but is posted in the year of its assignment."""
    WAITS = 9
    """It states that the budget controller did not answer: after the days that the calendar gives him (GBCP art. 103)."""
    LOWERS_LATER = 8
    """It lowers what an earlier year committed: after that year (GBCP art. 160); it counts in the year of its day."""
    CLEARS = 10
    """It takes a movement of the bank off suspense: in the books of its year, to the end of the complementary period (LOLF
    art. 28), as long as the month is open."""
    AFTER_YEAR = 11
    """It takes credits away that their year left: once the year is over, its window too, and until the end of the next."""


class TitleTwo(IntEnum):
    """Whether a kind may spend credits of title 2 (staff), whose AE and CP are consumed by the same act."""

    ALLOWED = 0
    REFUSED = 1
    """It takes AE without CP."""
    ONLY = 2


class Pairing(IntEnum):
    """Whether a line stands beside others of its act, of the same amount.

    These are a debt and the receivable or advance beside it, the imputations that an expense leaves and to which it goes, or
    what stands on suspense and the receivable or transfer that it belongs to.
    """

    NONE = 0
    DEBT = 1
    """It takes up the debt; the next line of the act takes up the receivable."""
    RECEIVABLE = 2
    WITHHOLDING = 3
    """It takes up the debt; the next line of the act takes up the advance that the sum recovers."""
    ADVANCE = 4
    ORIGIN = 5
    """It takes an expense from its imputation; the next lines of the act bring it to others."""
    TARGET = 6
    SUSPENSE = 7
    """It takes up a movement of the bank on suspense; the next line of the act says which receivable or transfer it is of."""
    IDENTIFICATION = 8


class LineNature(IntEnum):
    """What a line says that its kind does not: the nature of what it pays, or which account it posts to by hand."""

    NONE = 0
    LISTED = 1
    """It states a nature that may be paid before service, or posts by hand on an account between accountants."""
    PRODUCT = 2
    """It credits a product by hand."""
    SUSPENSE = 3
    """It debits a suspense account by hand."""


class Requester(IntEnum):
    """Who requests the payment of certified service at the fund centre of a kind's line (GBCP art. 41)."""

    NONE = 0
    """The kind requests no certified service."""
    OFFICER = 1
    """The authorising officer, who orders the payment."""
    INVOICE_SERVICE = 2
    """The invoice service of the accountant, where the year has one: the certified service is the order."""


class CreditCheck(IntEnum):
    """When the credits that a kind takes are checked."""

    ALWAYS = 0
    YEAR_END = 1
    """From the month that the calendar names, when it is posted and when it is paid; never before (GBCP art. 233)."""
