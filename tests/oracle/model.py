"""The types of the plain model: nodes, cells, open items, decisions, and the state of a ledger.

Everything is a value.  The state of a ledger is a few dictionaries of values, and an act works on a layer
above them that is kept whole or dropped whole.  So nothing ever has to be undone.
"""

from collections import ChainMap
from collections.abc import Hashable, Mapping
from typing import NamedTuple

from core import roles
from core.catalog import Role
from core.directory import Hand
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from core.periods import PeriodState
from core.restorations import RestorationRule

NONE = -1
"""A cell or a node that is not given, or does not exist."""

OPENED_CREDITS, ALLOTTED, RESERVED, CONSUMED = range(4)
FIGURES = 8
AE, CP = 0, 4
"""Figure ``AE + OPENED_CREDITS`` of a node, and so on: the order of ``core.tables.book.Book.figures``."""
FROZEN, FROZEN_HERE = 8, 9
"""Figure ``AE + FROZEN`` of a node: frozen at it and below it; ``AE + FROZEN_HERE``: at it alone."""

EARMARKED = 10
"""Figure of a node: AE that earmarks of operations below it reserve at it, and that nothing used."""

Fingerprint = Hashable
"""What identifies a key: two words of a hash, or the texts themselves; None for no key."""


DecreeKey = tuple[int, int, str]
"""A node, 1 for CP or 0 for AE, and the name of a figure."""
TitleKey = tuple[int, Hashable]
"""A budget year, and a title of a programme."""


class Node(NamedTuple):
    """A node where budget is controlled."""

    parent: int
    level: CentreLevel
    programme: Hashable
    staff: int
    """1 for T2."""
    family: int
    """0 ordinary, 1 contribution fund, 2 assigned revenue."""
    year: int
    blocking: bool
    """False for estimated credits, which may be exceeded."""
    centre: int = 0
    """The number of its fund centre, as grants name it."""
    place: Hashable = None
    """What its fund centre is, whatever the year."""
    lifted: bool = False
    """Whether a finance law lifts the ceiling of CP that are carried over from its programme."""

    def __repr__(self) -> str:
        """Return a short text, as a book has many nodes."""
        return f"Node{tuple(self)}"


class Cell(NamedTuple):
    """An account assignment."""

    centre_node: int
    operation_node: int = NONE
    expense: int = 0
    accrued: int = 0
    creditor: int = 0
    payroll: int = 0
    accountant: int = 0
    year: int = 0
    """The budget year."""
    admitted: frozenset[int] | None = None
    """The accounts that its commitment item admits; all if None."""
    item: str = ""
    """The commitment item."""
    title: Hashable = None
    """Programme and title, where its finance laws count: on ordinary credits, with a title."""
    may_anticipate: bool = False
    """Whether the title's AE of the next year may be committed in advance."""
    unserved: bool = False
    """Whether the item is paid before service without a listed nature."""
    operating: bool = False
    """Whether the item is of title 3, which alone takes an advance."""
    charges_interest: bool = False
    """Whether late interest may be charged: an item of title 3, without an operation."""
    programme: Hashable = None
    """The programme, whatever the year."""
    area: Hashable = ""
    """The functional area."""
    repaid_title: int = 0
    """The title of the item, or of the expenses that the nature of receipt repays."""
    visa_threshold: int = 0
    """The cents from which on a commitment needs a visa; 0 if none does."""
    invoice_service_from: int = 0
    """The day from which on an invoice service requests what is certified; 0 if none does."""
    restoration: RestorationRule | None = None
    """Of a nature of receipt that repays expenses: how long its collection restores credits."""
    fund: Hashable = ""
    """The fund; empty of ordinary credits."""

    def __repr__(self) -> str:
        """Return a short text: a book has many assignments, and a failing case shows them all."""
        return f"Cell{tuple(self)}"

    @property
    def own_node(self) -> int:
        """The node that a budget kind acts on: the operation if there is one."""
        return self.centre_node if self.operation_node == NONE else self.operation_node


class JournalRow(NamedTuple):
    """An accepted line, as the measurement of delays reads it."""

    kind: int
    predecessor: int
    amount: int
    day: int
    cell: int
    received: int
    invoiced: int
    suspension: tuple[int, int]
    contract: str
    due: int = 0
    debit: int = 0
    credit: int = 0


class OpenItem(NamedTuple):
    """The open item of an entry: what later acts may still take up."""

    kind: int
    cell: int
    open: int
    unbilled: int
    parent: int
    debit: int
    credit: int
    """The account on which the amount is open."""
    under: int = 0
    """The kind whose reservation it uses."""
    payee: int = 0
    """The payee of a debt, paid or not."""
    is_followed: bool = False
    """Whether the act that may follow only once has followed."""
    is_suspended: bool = False
    """Whether its payment term is suspended."""
    day: int = 0
    followers: int = 0
    carried_to: int = 0
    """Of a commitment: the commitment of the next year, once it is carried there."""
    is_moved: bool = False
    """Of a request: its expense went to another imputation."""
    repayments: int = 0
    """Of a request: the receivables that ask its expense back, but for cancelled ones."""
    retained: int = 0
    """Of a request: what was retained of it as a guarantee."""
    asked: int = 0
    """Of a debt: what is asked back of it and of its parts."""
    advanced: int = 0
    """As the book has it, whose items the tests compare; the plain model adds it up from the journal."""
    due: int = 0
    """Of a receivable: the day on which it is due."""
    credit_day: int = 0
    """Of what was collected from suspense: the day of the movement of the bank there."""
    leaving: int = 0
    """Of an asset: the part of its depreciation that is to leave with the net value that was taken out."""


class Payee(NamedTuple):
    """A registered payee."""

    number: int
    bank: Hashable
    is_blocked: bool = False
    merged_into: int = 0
    """The number of the payee that stays in use; 0 if it is this one."""


class Claim(NamedTuple):
    """The request of an invoice, or of a part of it."""

    entry: int
    part: int
    day: int = 0
    """0 if no date is stated."""


class AcceptedAct(NamedTuple):
    """An accepted act, by its key."""

    first: int
    lines: int
    content: Hashable


class Decision(NamedTuple):
    """One row of ``core.tables.journal.Decisions``.

    ``predecessor`` to ``accountant`` have a meaning for accepted lines only.
    """

    outcome: Outcome
    entry: int = 0
    predecessor: int = 0
    cell: int = 0
    payee: int = 0
    debit: int = 0
    credit: int = 0
    accountant: int = 0
    node: int = NONE
    missing: int = 0


class LineRefused(Exception):
    """The first rule a line breaks."""

    def __init__(self, outcome: int, node: int = NONE, missing: int = 0, *, entry: int = 0) -> None:
        super().__init__(Outcome(outcome).name)
        self.outcome, self.node, self.missing, self.entry = Outcome(outcome), node, missing, entry


class BudgetYear(NamedTuple):
    """The days of a budget year, since 1970."""

    first_day: int
    last_day: int
    anticipation_from: int
    last_order_day: int
    window_from: int
    """The first day of the orders that may be paid after the year."""
    last_payment_day: int
    """The last day of the window; ``last_day`` if it is closed."""
    virement_limit: int = 20
    """Thousandths of what finance laws opened that decrees may move, open and cancel."""
    advance_limit: int = 10
    cancellation_limit: int = 15
    retention_limit: int = 50
    """Thousandths of a request that may be retained as a guarantee."""
    carry_over_limit: int = 30
    """Thousandths of the initial CP that orders may carry into the next year."""
    visa_days: int = 15
    """The days that the budget controller has for a visa."""


class Signature(NamedTuple):
    """Who entered and who validated an act."""

    entered: int
    validated: int
    delegation: int = 0
    """The delegation by which it was validated; 0 for the person's own role."""


class Grant(NamedTuple):
    """What a person may do by a role at a place, of his own or by a delegation; days are since 1970 and inclusive."""

    person: int
    role: roles.Role
    hand: Hand
    first_day: int
    last_day: int
    centre: int = 0
    """A fund centre, which covers those below it; 0 for all."""
    accountant: int = 0
    """0 for all."""
    ceiling: int | None = None
    delegation: int = 0
    owner: int = 0
    """The person who delegates; 0 for the person's own role."""


class AssetAccounts(NamedTuple):
    """The plan of an account of assets: its other accounts, and the months."""

    under_construction: int = 0
    depreciation: int = 0
    charge: int = 0
    net_value: int = 0
    months: int = 0


class SpecialAccount(NamedTuple):
    """An account, or a section of one, whose expenses of a year are limited by its receipts."""

    name: Hashable
    section: Hashable
    """Empty if the account has no sections."""
    programmes: frozenset[Hashable]
    brought: int
    """The balance that it brings into the year."""
    state_payees: frozenset[Hashable] = frozenset()
    """The payees that are the State itself, which it may not pay (LOLF art. 21 II)."""


class World(NamedTuple):
    """The data that decisions read and never change."""

    nodes: Mapping[int, Node]
    cells: Mapping[int, Cell]
    open_periods: frozenset[int]
    roles: Mapping[tuple[int, Role], int]
    """Accounts that do not depend on the assignment, by period."""
    creditors: Mapping[tuple[int, int, Role], int]
    """The creditor of an expense account that has one of its own, by year, by request or by payroll."""
    years: Mapping[int, BudgetYear]
    period_states: Mapping[tuple[int, int], PeriodState] = {}
    """By period and accountant, where an accountant's state differs from that of the others."""
    payroll_checks: frozenset[tuple[int, int]] = frozenset()
    """Periods in which the credits of payroll are checked, each with the budget year of these credits."""
    entry_accounts: Mapping[int, tuple[int, ...]] = {}
    """By budget year: the accounts on which is owed what an entry settles, without a transfer."""
    account_codes: Mapping[int, str] = {}
    """The ten digits of each account."""
    signatures: Mapping[int, Signature] = {}
    """By the number that lines state."""
    grants: tuple[Grant, ...] = ()
    assets: Mapping[tuple[int, int], AssetAccounts] = {}
    """By budget year and account."""
    counterparts: Mapping[tuple[int, str, int], int] = {}
    """By exercise, kind and the account that a line states: that of the balance sheet which the inventory posts it against."""
    successions: frozenset[tuple[int, Hashable, Hashable]] = frozenset()
    """The year into which an order gives commitments of a programme to another one, and both programmes."""
    programmes: Mapping[int, frozenset[Hashable]] = {}
    """By budget year."""

    def follows(self, later: "Cell", earlier: "Cell") -> bool:
        """Return whether a programme is that of an earlier year, or follows it from year to year by orders."""
        reached = {earlier.programme}
        for year in range(earlier.year + 1, later.year + 1):
            named = {new for into, old, new in self.successions if into == year and old in reached}
            reached = named | (reached & self.programmes.get(year, frozenset()))
        return later.programme in reached or later.programme == earlier.programme

    special: Mapping[tuple[int, Hashable], SpecialAccount] = {}
    """By budget year and programme, where it is of such an account."""

    def find_node_of_year(self, number: int, year: int) -> int:
        """Return the node of another year on the same fund centre, title and family of funds; NONE if there is none."""
        later = self.nodes[number]._replace(year=year)
        same = (later.place, later.staff, later.family, later.year)
        candidates = (
            other
            for other, node in self.nodes.items()
            if (node.place, node.staff, node.family, node.year) == same
        )
        return next(candidates, NONE)

    def find_state(self, period: int, accountant: int) -> PeriodState:
        """Return whether ``period`` is open for ``accountant``."""
        common = PeriodState.OPEN if period in self.open_periods else PeriodState.CLOSED
        return self.period_states.get((period, accountant), common)


class State(NamedTuple):
    """The data that decisions change, by whole acts."""

    figures: ChainMap[tuple[int, int], int]
    """Cents by node and figure."""
    items: ChainMap[int, OpenItem]
    """By entry."""
    followers: ChainMap[int, tuple[int, ...]]
    """The entries whose item has this entry as its parent."""
    payees: ChainMap[Fingerprint, Payee]
    keys: ChainMap[Fingerprint, AcceptedAct]
    sums: ChainMap[tuple[int, int, int], tuple[int, int]]
    """Debit and credit by period, accountant and account."""
    titles: ChainMap[TitleKey, tuple[int, int]]
    """AE that finance laws opened, and AE committed in advance, by budget year and title."""
    withdrawn: ChainMap[int, int]
    """What withdrawals of commitments of earlier years lower of the reported consumption of AE, by node."""
    decrees: ChainMap[DecreeKey, int]
    """What finance laws opened at programmes, and what decrees did, where that is not 0."""
    collected: ChainMap[tuple[int, Hashable], int]
    """What was collected for the programmes of special accounts, by year of the day and programme."""
    engaged: ChainMap[tuple[int, Hashable], int]
    """The AE that their programmes engage, by budget year and programme."""
    carried: ChainMap[tuple[int, Hashable], int]
    """What carries brought into a year of what years before engaged and did not pay, by budget year and programme."""
    invoices: ChainMap[Fingerprint, tuple[Claim, ...]]
    requested: ChainMap[int, int]
    """The amount of each debt, by entry."""
    rejected: ChainMap[int, int]
    """What was rejected of it."""
    journal: ChainMap[int, JournalRow]
    """By entry."""

    @classmethod
    def create_empty(cls) -> "State":
        return cls._make(ChainMap() for _ in cls._fields)

    def open_draft(self) -> "State":
        """Return a layer above this state, whose changes do not affect this state."""
        return State._make(table.new_child() for table in self)

    def apply_draft(self, draft: "State") -> None:
        """Apply all changes of ``draft``."""
        for name in self._fields:
            getattr(self, name).update(getattr(draft, name).maps[0])
