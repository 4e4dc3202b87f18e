"""What the model knows after each act: documents, third parties, invoices, credits and accounts."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from tests.law_model.budget import Budget, NodeKey
from tests.law_model.kinds import ORIGINS, PARTS
from tests.law_model.nomenclature import Reference, Section
from tests.law_model.periods import Periods

Row = dict[str, str]


@dataclass
class Act:
    """One line, read: its texts and the values of its typed fields."""

    row: Row
    sender: str
    kind: str
    exercise: int
    line: int
    amount: int = 0
    own_day: date = date.min
    """The day of the act."""
    day: date = date.min
    """The day of posting, which counts: that of the act if the line states no other (A03 and A31, ours)."""
    budget_year: int = 0
    invoice_day: date | None = None
    service_start: date | None = None
    due: date | None = None
    total: int = 0
    """What the lines of the act amount to, as far as their form is right."""
    is_faulty: bool = False
    """Whether its form is wrong."""
    next_line: "Act | None" = None
    """The next line of the same act."""

    def text(self, name: str) -> str:
        """Return the text of a column, empty if it is not stated."""
        return self.row.get(name, "")


@dataclass
class Document:
    """An accepted line, and what is left of it."""

    number: int
    kind: str
    sender: str
    """Whose reference it has; of a carry, the sender that the carry names."""
    exercise: int
    reference: str
    line: int
    day: date
    amount: int
    key: NodeKey | None = None
    operation: str = ""
    area: str = ""
    item: str = ""
    fund: str = ""
    account: str = ""
    payee: str = ""
    predecessor: "Document | None" = None
    anticipates: bool = False
    engaged: int = 0
    certified: int = 0
    billed: int = 0
    left: int = 0
    recovered: int = 0
    """Of a debited advance: what was withheld for it since (A36)."""
    reduced: int = 0
    """Of the opening of an item: what the year before cleared since (A61)."""
    depreciated: int = 0
    """Of an asset, whose net value is ``left``: what was charged of it and not taken out."""
    staying: int = 0
    """Of an asset: what of its depreciation belongs to what is left, and does not leave with what was taken out."""
    retained: int = 0
    """Of a request: what was retained of it as a guarantee (A36)."""
    followed: bool = False
    suspended: bool = False
    was_suspended: bool = False
    invoice: tuple[str, str, str] | None = None
    part: str = ""
    rejected: int = 0
    service_day: date | None = None
    due: date | None = None
    """Of a receivable: the day that it states to be due."""
    money_day: date | None = None
    """Of what was collected from suspense: the day of the movement of the bank that stands there (LOLF 28)."""
    is_reversed: bool = False
    is_reassigned: bool = False
    """Of a debit, and of its request: the expense was taken to another imputation (A05)."""
    repayments: int = 0
    """Of a request: the receivables that ask its expense back and were not cancelled (A29)."""
    asked_back: int = 0
    """Of a debt: what receivables ask back of it and of its parts, less what was cancelled and reduced (A29)."""
    followers: int = 0
    """The acts with an amount that follow it and were not reversed."""
    sources: list["Document"] = field(default_factory=list)
    """Of a commitment: its increases and its services."""
    carried_to: "Document | None" = None
    """Of a commitment: the one of the next year, once it is carried there (A64)."""
    commitment: "Document | None" = None
    """Of a carried service: the commitment of the next year."""

    @property
    def expense(self) -> "Document":
        """The request of an expense, or the claim of late interest, at the start of its chain."""
        is_expense = self.kind in ORIGINS | {"late_interest"}
        return self if is_expense or self.predecessor is None else self.predecessor.expense

    @property
    def collected_day(self) -> date:
        """The day on which the money of a receipt came in, as far as the books of its year have it (A56)."""
        return self.money_day or self.day

    @property
    def taken_up(self) -> int:
        """What of a debt was paid, set off, withheld, carried or passed on, rather than rejected or retained."""
        return self.amount - self.left - self.rejected - self.retained

    @property
    def debts(self) -> "list[Document]":
        """A debt, and the debts that it is a part or a carry of."""
        is_part = self.kind in PARTS and self.predecessor is not None
        return [self, *self.predecessor.debts] if is_part and self.predecessor else [self]

    @property
    def now(self) -> "Document":
        """The commitment where it goes on: itself, or that of the last year into which it was carried."""
        return self.carried_to.now if self.carried_to else self

    @property
    def uncommitted(self) -> int:
        """What may still be certified, requested or withdrawn of a commitment."""
        return self.engaged - self.certified


@dataclass
class Payee:
    """A registered third party."""

    iban: str
    blocked: bool = False


class AccountKey(NamedTuple):
    """An account of an accountant in an exercise."""

    exercise: int
    accountant: str
    account: str


@dataclass
class State:
    """All that accepted acts have changed."""

    reference: Reference
    budget: Budget
    periods: Periods
    built: frozenset[str]
    """The codes of the rules in force."""
    documents: list[Document] = field(default_factory=list)
    acts: dict[tuple[str, int, str], list[Document]] = field(default_factory=dict)
    contents: dict[tuple[str, int, str], list[Row]] = field(default_factory=dict)
    payees: dict[str, Payee] = field(default_factory=dict)
    debits: Counter[AccountKey] = field(default_factory=Counter)
    credits: Counter[AccountKey] = field(default_factory=Counter)
    opened: Counter[AccountKey] = field(default_factory=Counter)
    """Debit less credit of what openings posted (A61)."""
    collected: Counter[tuple[int, Section]] = field(default_factory=Counter)
    """What was collected in each year for each section of an earmarked special account (LOLF 21)."""
    carried: Counter[tuple[int, Section]] = field(default_factory=Counter)
    """What carries brought into each year for it of what years before engaged and did not pay."""

    def post(self, exercise: int, accountant: str, legs: tuple[str, str], amount: int) -> None:
        """Post an entry: an account that is debited, and one that is credited; empty where it has one side alone."""
        for sums, account in zip((self.debits, self.credits), legs, strict=True):
            if account:
                sums[AccountKey(exercise, accountant, account)] += amount


def begin(reference: Reference, built: frozenset[str]) -> State:
    """Return the state of an empty ledger."""
    return State(reference, Budget(reference), Periods(reference), built)
