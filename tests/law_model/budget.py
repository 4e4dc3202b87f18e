"""Credits by node: opened, distributed, reserved and consumed, in AE and in CP.

A node is a budget year, a place (programme, BOP, UO or operation), title 2 or the other titles, and a family of funds
(LOLF art. 7; domain 2.4).  What is reserved or consumed at a UO is so at its BOP and its programme too.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from tests.law_model.codes import PRIOR_REQUESTS_FIRST
from tests.law_model.nomenclature import FAMILIES, Reference

INVESTMENT = 5


class NodeKey(NamedTuple):
    """A place where credits stand."""

    year: int
    centre: str
    staff: bool
    family: str


@dataclass
class Sums:
    """The figures of one of the two budgets at one node, in cents."""

    opened: int = 0
    allotted: int = 0
    reserved: int = 0
    requested: int = 0
    """Of what is reserved: by unpaid requests, not by earmarks."""
    consumed: int = 0
    frozen: int = 0
    """At the place and below it."""
    frozen_here: int = 0
    """At the place itself."""

    @property
    def available(self) -> int:
        """What may still be reserved or consumed."""
        return self.opened - self.reserved - self.consumed - self.frozen

    @property
    def undistributed(self) -> int:
        """What the level may still give to the level below it."""
        return self.opened - self.allotted - self.frozen_here


@dataclass
class Node:
    """Both budgets of one node."""

    ae: Sums = field(default_factory=Sums)
    cp: Sums = field(default_factory=Sums)

    def sums(self, budget: str) -> Sums:
        """Return the figures of ``ae`` or ``cp``."""
        return self.ae if budget == "ae" else self.cp


class TitleKey(NamedTuple):
    """A title of a programme in a budget year."""

    year: int
    programme: str
    title: int


class DecreeKey(NamedTuple):
    """One sum that limits decrees: ``law``, ``amending``, ``moved``, ``advanced`` or ``cancelled``, in AE or CP."""

    year: int
    programme: str
    staff: bool
    budget: str
    figure: str


class Budget:
    """All nodes."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self.nodes: defaultdict[NodeKey, Node] = defaultdict(Node)
        self.title_openings: defaultdict[TitleKey, int] = defaultdict(int)
        """AE that finance laws opened on a title, funds left out (law of finance for 2005, art. 108)."""
        self.anticipated: defaultdict[TitleKey, int] = defaultdict(int)
        """AE of a title that were committed before its year."""
        self.decreed: Counter[DecreeKey] = Counter()
        """What finance laws opened at programmes on ordinary credits, and what decrees did there (LOLF 12 to 14)."""
        self.withdrawn: defaultdict[NodeKey, int] = defaultdict(int)
        """What withdrawals of commitments of earlier years lower of the AE reported as consumed; not available again."""
        self.engaged: Counter[tuple[int, str]] = Counter()
        """The AE of a year that are engaged on a programme: committed, or requested without a commitment (LOLF 21)."""

    def list_path(self, key: NodeKey) -> list[NodeKey]:
        """Return the node and those above it, the programme last."""
        centres, centre, path = self._reference.years[key.year].centres, key.centre, []
        while centre:
            path.append(key._replace(centre=centre))
            centre = centres[centre].parent
        return path

    def find_title(self, key: NodeKey, item: str) -> TitleKey:
        """Return the title that an act opens or engages."""
        year = self._reference.years[key.year]
        return TitleKey(key.year, year.centres[key.centre].programme, year.items[item].title)

    def find_quarter(self, key: NodeKey, item: str, operation: str) -> int:
        """Return what may still be committed in advance: of the quarter of what finance laws opened in the year before.

        Staff, investment and funds have none (A22; LOLF 9; law of finance for 2005, art. 108).
        """
        title = self.find_title(key, item)
        is_excluded = key.staff or title.title == INVESTMENT or operation or key.family != FAMILIES[0]
        base = 0 if is_excluded else self.title_openings[title._replace(year=key.year - 1)]
        return base // 4 - self.anticipated[title]

    def is_limited(self, key: NodeKey) -> bool:
        """Return whether availability is checked: estimated credits are not (LOLF 10, GBCP 130)."""
        year = self._reference.years[key.year]
        return year.centres[key.centre].programme not in year.estimated

    def find_shortage(
        self, key: NodeKey, operation: str, budget: str, amount: int, *, is_carry: bool = False
    ) -> NodeKey | None:
        """Return the lowest node that has less than ``amount`` available, and not claimed by the year before.

        What is spent on an operation is covered by its earmark, at every level above it (GBCP art. 156).
        A carry takes what the year before claims (A30).
        """
        if not self.is_limited(key):
            return None
        path = [key._replace(centre=operation)] if operation and budget == "ae" else self.list_path(key)
        claims = {node: 0 if is_carry else self.find_claim(node, budget) for node in path}
        return next(
            (node for node in path if self.nodes[node].sums(budget).available - claims[node] < amount), None
        )

    def name_shortage(
        self, key: NodeKey, operation: str, budget: str, amount: int, *, is_carry: bool = False
    ) -> list[str]:
        """Return the code against an act that needs ``amount``: none, or whether others come first for what is available."""
        node = self.find_shortage(key, operation, budget, amount, is_carry=is_carry)
        if node is None:
            return []
        is_available = self.nodes[node].sums(budget).available >= amount
        return [PRIOR_REQUESTS_FIRST if is_available else f"{budget.upper()}_EXCEEDED"]

    def check_taking(self, path: list[NodeKey], budget: str, amount: int, day: date) -> list[str]:
        """Return the code against taking ``amount`` away from the places of a path, the lowest first."""
        for key in path:
            if self._compute_free(key, budget, day) < amount:
                is_available = self.nodes[key].sums(budget).available >= amount
                return [PRIOR_REQUESTS_FIRST if is_available else "BUDGET_BELOW_CONSUMPTION"]
        return []

    def find_claim(self, key: NodeKey, budget: str) -> int:
        """Return what the unpaid requests of the year before still reserve at a place, who come first (A30; LOLF 28)."""
        before = self.nodes.get(key._replace(year=key.year - 1))
        return before.sums(budget).requested if before else 0

    def _compute_free(self, key: NodeKey, budget: str, day: date) -> int:
        """Return what may be taken away from a place: not what the year before claims, once it is over."""
        claim = self.find_claim(key, budget) if day.year >= key.year else 0
        return self.nodes[key].sums(budget).available - claim

    def reserve(self, key: NodeKey, operation: str, budget: str, amount: int) -> None:
        """Reserve credits, or free them if ``amount`` is negative."""
        on_operation = operation and budget == "ae"  # above it, its earmark is a reservation already
        path = [key._replace(centre=operation)] if on_operation else self.list_path(key)
        self._engage(key, budget, amount)
        for node in path:
            self.nodes[node].sums(budget).reserved += amount
            self.nodes[node].sums(budget).requested += amount

    def consume(self, key: NodeKey, operation: str, budget: str, amount: int) -> None:
        """Consume credits, or give them back if ``amount`` is negative; on an operation, its earmark falls."""
        on_operation = operation and budget == "ae"
        self._engage(key, budget, amount)
        if on_operation:
            self.nodes[key._replace(centre=operation)].ae.consumed += amount
        for node in self.list_path(key):
            self.nodes[node].sums(budget).consumed += amount
            if on_operation:
                self.nodes[node].ae.reserved -= amount

    def recycle(self, key: NodeKey, operation: str, amount: int) -> None:
        """Make AE available again that an earlier year engaged: what this year engages is as much as before."""
        self.consume(key, operation, "ae", -amount)
        self._engage(key, "ae", amount)

    def _engage(self, key: NodeKey, budget: str, amount: int) -> None:
        if budget == "ae":
            self.engaged[key.year, self._reference.years[key.year].centres[key.centre].programme] += amount

    def withdraw(self, key: NodeKey, operation: str, amount: int) -> None:
        """Lower what is reported as consumed, and leave what is available (GBCP art. 160)."""
        if operation:
            self.withdrawn[key._replace(centre=operation)] += amount
        for node in self.list_path(key):
            self.withdrawn[node] += amount

    def earmark(self, key: NodeKey, operation: str, amount: int) -> None:
        """Set AE apart for an operation."""
        self.nodes[key._replace(centre=operation)].ae.opened += amount
        for node in self.list_path(key):
            self.nodes[node].ae.reserved += amount

    def open(self, key: NodeKey, budget: str, amount: int) -> None:
        """Open credits at a programme."""
        self.nodes[key].sums(budget).opened += amount

    def open_with_levels(self, key: NodeKey, budget: str, amount: int) -> None:
        """Open credits at a place and at every level above it, which has given them to the one below."""
        for place, node in enumerate(self.list_path(key)):
            self.nodes[node].sums(budget).opened += amount
            self.nodes[node].sums(budget).allotted += amount if place else 0

    def allot(self, key: NodeKey, budget: str, amount: int) -> None:
        """Give credits to a BOP or UO from the level above it."""
        below, above = self.list_path(key)[:2]
        self.nodes[above].sums(budget).allotted += amount
        self.nodes[below].sums(budget).opened += amount

    def freeze(self, key: NodeKey, budget: str, amount: int) -> None:
        """Make credits of a place unavailable, or available again if ``amount`` is negative."""
        self.nodes[key].sums(budget).frozen_here += amount
        for node in self.list_path(key):
            self.nodes[node].sums(budget).frozen += amount

    def sum_decreed(
        self, budget: str, year: int, *, figures: set[str], programme: str = "", of_staff: bool = False
    ) -> int:
        """Add up the sums of a year, of all programmes or one, of both envelopes or title 2 alone."""
        return sum(
            cents
            for key, cents in self.decreed.items()
            if (key.year, key.budget) == (year, budget)
            and key.figure in figures
            and programme in ("", key.programme)
            and (key.staff or not of_staff)
        )

    def note_decree(self, key: NodeKey, budget: str, figure: str, amount: int) -> None:
        """Add to a sum that limits decrees."""
        self.decreed[DecreeKey(key.year, key.centre, key.staff, budget, figure)] += amount

    def move(self, source: NodeKey, target: NodeKey, budget: str, amount: int) -> None:
        """Move opened credits between two places of one level; levels above both are as before."""
        for key, change in ((source, -amount), (target, amount)):
            self.nodes[key].sums(budget).opened += change
            for above in self.list_path(key)[1:]:
                self.nodes[above].sums(budget).allotted += change
                self.nodes[above].sums(budget).opened += change
