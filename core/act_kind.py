"""What the catalog says of a kind of act: one row of it, and what follows from the row."""

from typing import NamedTuple

from core.account_roles import Role
from core.debt_stages import PayeeChange, Remainder, Stage
from core.families import Family
from core.kind_rules import (
    BY_DECREE,
    BudgetAction,
    CreditCheck,
    Measure,
    Pairing,
    Requester,
    TitleTwo,
    YearRule,
)
from core.outcome_codes import Outcome
from core.periods import INVENTORY_MONTH, OPENING_MONTH, PROVISION_MONTH, RESULT_MONTH

_FAMILIES_WITH_ASSIGNMENT = frozenset(
    {
        *(Family.RECEIVABLE, Family.JOURNAL, Family.OPENING, Family.RESULT, Family.VISA, Family.ASSET),
        *(Family.INVENTORY, Family.ALLOCATION),
    }
)


class ActKind(NamedTuple):
    """One row of the catalog.  The signs are -1, 0 or +1 and multiply the amount."""

    name: str
    french: str
    family: Family
    follows: Family = Family.NONE
    mirrors: bool = False
    budget: BudgetAction = BudgetAction.NONE
    measure: Measure = Measure.NONE
    ae_reserved: int = 0
    ae_consumed: int = 0
    cp_reserved: int = 0
    cp_consumed: int = 0
    """Of a kind that spends: a settlement consumes the CP that its request reserved."""
    draws: Remainder = Remainder.NONE
    feeds: Remainder = Remainder.NONE
    shortfall: Outcome = Outcome.ACCEPTED
    debit: Role = Role.NONE
    credit: Role = Role.NONE
    pays: bool = False
    """The act names a payee."""
    after: Stage = Stage.NONE
    """The stage that its predecessor must have reached; such an act may follow a line of the same act."""
    reaches: Stage = Stage.NONE
    """The stage of the amount after this act; none where the amount is settled."""
    settles: int = 0
    """1: the reservation of the payable becomes consumption; -1: that consumption is given back."""
    remits: bool = False
    """The act sends money to the payee of the payable."""
    change: PayeeChange = PayeeChange.NONE
    whole: bool = False
    """It takes up the whole amount of the entry it follows: the bank moves no part of a transfer."""
    year_rule: YearRule = YearRule.NONE
    inherits: bool = False
    """The act settles or diverts the debt of another entry: it takes payee and reservation from the entry it follows."""
    bills: bool = False
    """The act requests the payment of an invoice, if it states one: each invoice is requested once."""
    refusal: Outcome = Outcome.ACCEPTED
    """The code that refuses every act of the kind, as what it would take up is not built yet; its predecessor counts first."""
    title_two: TitleTwo = TitleTwo.ALLOWED
    check: CreditCheck = CreditCheck.ALWAYS
    undoes: bool = False
    """It reverses a whole act that no other follows, once; then nothing follows that act any more."""
    before_service: bool = False
    """It pays what no act certified: only a nature that the year lists, or an item that needs none (rule A38)."""
    pairs: Pairing = Pairing.NONE
    carries: bool = False
    """It takes up what is open of an entry of the year before, and leaves it open in the next year (rules A30, A64)."""
    requester: Requester = Requester.NONE
    """Who sends it, where it requests the payment of certified service (rule A43)."""

    @property
    def has_payee(self) -> bool:
        """Whether its entries have a payee: the line's own, or that of the entry it follows."""
        return self.pays or self.inherits or self.family is Family.THIRD_PARTY

    @property
    def is_payee_act(self) -> bool:
        """Whether it concerns a third party only: it has no amount, no assignment and no accounts."""
        return self.family in (Family.THIRD_PARTY, Family.THIRD_PARTY_CHANGE)

    @property
    def has_amount(self) -> bool:
        """Whether it has an amount; acts on third parties and payment terms, and justifications have none."""
        return not self.is_payee_act and self.family not in (Family.TERM, Family.JUSTIFICATION)

    @property
    def states_contract(self) -> bool:
        """Whether it may state the contract that decides on late interest: a request, or what pays what was kept back."""
        return self.bills or (self.family is Family.PAYMENT_REQUEST and self.follows is Family.RETENTION)

    @property
    def is_interest(self) -> bool:
        """Whether it charges late interest, which bears no interest itself."""
        return self.debit is Role.LATE_INTEREST

    @property
    def assigns(self) -> bool:
        """Whether it has an account assignment of its own, though it follows an entry."""
        return self.is_interest or self.needs_assignment

    @property
    def needs_assignment(self) -> bool:
        """Whether it states that assignment: it is not that of the entry it follows."""
        uses_receipt = self.after is Stage.COLLECTED and not self.mirrors
        takes_other = self.repays or uses_receipt or self.pairs is Pairing.TARGET
        concerns_balance = self.clears or self.opens_item
        return self.carries or takes_other or concerns_balance or self.follows is Family.ASSET

    @property
    def repays(self) -> bool:
        """Whether it is a receivable that repays an expense, which it follows."""
        return self.family is Family.RECEIVABLE and self.follows is not Family.NONE

    @property
    def has_assignment(self) -> bool:
        """Whether its lines have an account assignment: their own, or that of the entry they follow."""
        has_family = self.family in _FAMILIES_WITH_ASSIGNMENT
        return self.carries or self.budget is not BudgetAction.NONE or has_family or self.names_centre_alone

    @property
    def names_centre_alone(self) -> bool:
        """Whether its assignment is a fund centre alone, which says in whose books the bank or a closing posts."""
        is_credit = self.family is Family.RECEIPT and self.follows is Family.NONE
        return self.family in (Family.OPENING, Family.RESULT, Family.ALLOCATION) or is_credit

    @property
    def posts_by_hand(self) -> bool:
        """Whether its lines post on one side, to the account that they state."""
        return Role.BY_HAND in (self.debit, self.credit)

    @property
    def states_account(self) -> bool:
        """Whether its lines must state an account: the one that they post to, or the suspense account that they justify."""
        return self.posts_by_hand or self.concerns_suspense or self.serves_asset or self.takes_inventory

    @property
    def serves_asset(self) -> bool:
        """Whether it puts an asset into service, on the account of assets that it states."""
        return self.reaches is Stage.IN_SERVICE

    @property
    def takes_inventory(self) -> bool:
        """Whether it is an entry of the inventory on the account that it states, against that of ``inventory.csv``."""
        return Role.INVENTORY in (self.debit, self.credit)

    @property
    def month(self) -> int | None:
        """The month of its exercise in which it stands whatever its date; None where the date decides."""
        if self.family is Family.OPENING:
            return OPENING_MONTH
        if self.family is Family.RESULT:
            return RESULT_MONTH
        if Stage.PROVIDED in (self.reaches, self.after):
            return PROVISION_MONTH
        is_reversal = self.after is Stage.ACCRUED
        is_inventory = self.family in (Family.INVENTORY, Family.INVENTORY_CHANGE)
        return INVENTORY_MONTH if is_inventory and not is_reversal else None

    @property
    def concerns_suspense(self) -> bool:
        """Whether it takes up or justifies what an earlier entry left on the suspense account that it states."""
        return self.after is Stage.BY_HAND and self.pairs is Pairing.NONE

    @property
    def clears(self) -> bool:
        """Whether it takes an amount off a suspense account, for the accountant of its own assignment."""
        return self.concerns_suspense and self.posts_by_hand and self.draws is Remainder.OPEN

    @property
    def opens_item(self) -> bool:
        """Whether it opens, in the year after, what an earlier entry left on a suspense account."""
        return self.concerns_suspense and self.reaches is Stage.BY_HAND

    @property
    def stands_on_debit(self) -> bool:
        """Whether it posts both sides and leaves an amount on the suspense account that it debits."""
        return self.reaches is Stage.BY_HAND and self.credit is Role.TREASURY

    @property
    def takes_off_suspense(self) -> bool:
        """Whether it takes an amount off a suspense account: by an entry by hand, or as money that is identified."""
        return self.clears or self.pairs is Pairing.SUSPENSE

    @property
    def opens_fund(self) -> bool:
        """Whether it takes up a receipt and opens credits of its fund, which are no commitment."""
        return self.budget is BudgetAction.OPEN_FUND

    @property
    def requests_visa(self) -> bool:
        """Whether it submits a planned commitment to the budget controller."""
        return self.family is Family.VISA and self.follows is Family.NONE

    @property
    def is_minister_decision(self) -> bool:
        """Whether a decision of a minister or a decree takes it, whose hash the line states."""
        return self.budget in BY_DECREE or self.after is Stage.VISA_REFUSED

    @property
    def may_be_zero(self) -> bool:
        """Whether its amount may be 0: a commitment of which all is certified or requested is carried with nothing open."""
        return self.carries and self.family is Family.COMMITMENT

    @property
    def is_part(self) -> bool:
        """Whether it passes a debt, or a part of it, on unpaid: to another payee, or to the next year."""
        return self.inherits and self.after is self.reaches is Stage.PAYABLE

    @property
    def diverts(self) -> bool:
        """Whether it takes up a debt, or a part of it, unpaid: it passes it on, or retains it as a guarantee."""
        return self.is_part or (self.after is Stage.PAYABLE and self.reaches is Stage.RETAINED)

    @property
    def opens(self) -> bool:
        """Whether its entries leave an amount for later acts or a reversal, or the day from which on it may be drawn on."""
        is_change = self.family is Family.COMMITMENT_CHANGE
        return self.carries or self.feeds > 0 or is_change or (self.reaches > 0 and self.has_amount)
