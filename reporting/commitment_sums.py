"""What each commitment engaged, withdrew, paid and has left, from the lines of the journal.

A commitment that is carried is engaged in its new year, and no longer in that before; so is what is carried of a certified
service, and what is requested in one year and rejected in a later one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.tables.columns import Index, Money, Position, Small, select_rows
from reporting.commitment_kinds import (
    CARRYING,
    CHANGING,
    COMMITTING,
    INHERITING,
    MIRRORING,
    REQUESTING,
    SETTLING,
    compute_effect,
)
from reporting.line_columns import NONE, Integers, build_index, join, join_or_keep, look_up, mark_kinds

_YEARS_MAX = 64
"""More years than a commitment is carried on."""


class CommitmentLines(NamedTuple):
    """Lines of the journal that change a commitment, or that lead to one.  A COPY row."""

    entry_id: Position
    predecessor: Position
    amount: Money
    kind: Small
    cell: Index


class StandingCommitments(NamedTuple):
    """All commitments, a row for each: what it is on, and its sums in cents."""

    cell: NDArray[np.int32]
    years: NDArray[np.int64]
    """How many years before its own the commitment was engaged first."""
    open: NDArray[np.int64]
    unbilled: NDArray[np.int64]
    engaged: NDArray[np.int64]
    withdrawn: NDArray[np.int64]
    paid: NDArray[np.int64]


class _CarriedServices(NamedTuple):
    """Services that were carried, with the commitments from which and to which they came."""

    entry_id: Integers
    amount: NDArray[np.int64]
    kind: Integers
    """That of the service that was certified."""
    old: Integers
    new: Integers


class _Mirrors(NamedTuple):
    """Lines that undo another one."""

    entry_id: Integers
    amount: NDArray[np.int64]
    kind: Integers
    """That of the line undone."""
    commitment: Integers
    """The commitment of the line undone."""
    moved: Integers
    """The one that carried it on before the line, ``NONE`` where it was not carried yet."""


class CommitmentSummation:
    """Adds up the lines of each commitment."""

    def __init__(self, lines: CommitmentLines) -> None:
        self._lines = lines
        self._places = build_index(lines.entry_id)
        self._commits = mark_kinds(COMMITTING)
        rows = np.flatnonzero(self._commits[lines.kind])
        self.commitments: Integers = lines.entry_id[rows].astype(np.int64)
        self._index = build_index(self.commitments)
        names = StandingCommitments._fields[2:]
        self._sums = {name: np.zeros(len(rows), np.int64) for name in names}
        self._cells = lines.cell[rows]

    def add_up(self) -> StandingCommitments:
        """Return all commitments with their sums, in the order of ``commitments``."""
        carries = self._select(mark_kinds(CARRYING) & self._commits)
        origin = _climb_commitments(carries)
        services = self._find_carried_services(origin)
        self._add_changes()
        self._add_mirrors(self._find_mirrors(services, carries))
        former = carries.predecessor.astype(np.int64)
        self._add(former, open=-carries.amount, engaged=-carries.amount)
        self._add(services.old, unbilled=-services.amount, engaged=-services.amount)
        self._add(services.new, unbilled=services.amount, engaged=services.amount)
        self._add_payments()
        years = np.zeros(len(self.commitments), np.int64)
        years[look_up(self._index, origin.commitment)] = origin.years
        return StandingCommitments(self._cells, years, **self._sums)

    def _select(self, marks: NDArray[np.bool_]) -> CommitmentLines:
        return select_rows(self._lines, np.flatnonzero(marks[self._lines.kind]))

    def _add(self, commitments: Integers, **amounts: NDArray[np.int64]) -> None:
        """Add amounts to the sums of commitments; what is none of them is left out."""
        places = look_up(self._index, commitments)
        is_known = places != NONE
        for name, cents in amounts.items():
            np.add.at(self._sums[name], places[is_known], cents[is_known])

    def _add_changes(self) -> None:
        """Add the lines that change a commitment by themselves, kind by kind: each has its signs."""
        for kind in CHANGING:
            lines = select_rows(self._lines, np.flatnonzero(self._lines.kind == kind))
            of = lines.entry_id if self._commits[kind] else lines.predecessor
            self._add(of, **compute_effect(kind, lines.amount))

    def _add_mirrors(self, mirrors: _Mirrors) -> None:
        """Take away what was undone, from the commitment that had it last."""
        last = np.where(mirrors.moved == NONE, mirrors.commitment, mirrors.moved)
        for kind in CHANGING:
            rows = np.flatnonzero(mirrors.kind == kind)
            self._add(last[rows], **compute_effect(kind, -mirrors.amount[rows]))
        rows = np.flatnonzero(mark_kinds(REQUESTING)[mirrors.kind] & (mirrors.moved != NONE))
        self._add(mirrors.commitment[rows], engaged=-mirrors.amount[rows])
        self._add(mirrors.moved[rows], engaged=mirrors.amount[rows])

    def _add_payments(self) -> None:
        """Add what was paid of requests; a settlement may follow others that pass the debt on."""
        lines = self._select(mark_kinds(SETTLING))
        signs = np.zeros(len(CATALOG), np.int64)
        for kind in SETTLING:
            signs[kind] = CATALOG[kind].settles + CATALOG[kind].cp_consumed
        at, cents = lines.predecessor, lines.amount * signs[lines.kind]
        requesting, inheriting = mark_kinds(REQUESTING), mark_kinds(INHERITING)
        while len(at):
            places = look_up(self._places, at)
            places, cents = places[places != NONE], cents[places != NONE]
            kinds, above = self._lines.kind[places], self._lines.predecessor[places]
            self._add(above[requesting[kinds]], paid=cents[requesting[kinds]])
            at, cents = above[inheriting[kinds]], cents[inheriting[kinds]]

    def _find_carried_services(self, origin: "_Carries") -> _CarriedServices:
        """Find the commitments that lost and that got what is carried of each service."""
        carried = self._select(mark_kinds(CARRYING))
        is_service = ~self._commits[carried.kind]
        climbed = _climb(carried, np.flatnonzero(is_service))
        root = look_up(self._places, climbed.origin)
        rows = np.flatnonzero(root != NONE)
        climbed, amounts = select_rows(climbed, rows), carried.amount[is_service][rows]
        root = root[rows]
        above = self._lines.predecessor[root].astype(np.int64)
        index = build_index(origin.commitment)
        place = look_up(index, above)
        if not len(origin.commitment):
            first, years = above, climbed.years
        else:
            first = np.where(place == NONE, above, origin.origin[place])
            years = np.where(place == NONE, 0, origin.years[place]) + climbed.years
        by_year = _pack_year(origin.origin, origin.years)
        new = join(_pack_year(first, years), by_year)
        got = select_rows(origin, new.right)
        lost = join_or_keep(_pack_year(got.origin, got.years - 1), by_year)
        is_first = lost.right == NONE
        old = got.origin[lost.left]
        old[~is_first] = origin.commitment[lost.right[~is_first]]
        rows = new.left[lost.left]
        return _CarriedServices(
            *(climbed.commitment[rows], amounts[rows], self._lines.kind[root[rows]]),
            *(old, got.commitment[lost.left]),
        )

    def _find_mirrors(self, services: _CarriedServices, carries: CommitmentLines) -> _Mirrors:
        """Find what each mirror undoes, and the commitment that has it at that time."""
        lines = self._select(mark_kinds(MIRRORING))
        place = look_up(self._places, lines.predecessor)
        above = np.where(place == NONE, 0, self._lines.predecessor[place]).astype(np.int64)
        is_commit = (place != NONE) & self._commits[self._lines.kind[place]]
        rows = np.flatnonzero((place != NONE) & ((above > 0) | is_commit))
        undone = self._lines.entry_id[place[rows]].astype(np.int64)
        pairs = join_or_keep(undone, services.entry_id)
        rows, undone = rows[pairs.left], undone[pairs.left]
        is_carried = pairs.right != NONE
        kind, commitment = (
            self._lines.kind[place[rows]].copy(),
            np.where(is_commit[rows], undone, above[rows]),
        )
        kind[is_carried] = services.kind[pairs.right[is_carried]]
        is_of_new = is_carried & ~is_commit[rows]
        commitment[is_of_new] = services.new[pairs.right[is_of_new]]
        entries = lines.entry_id[rows].astype(np.int64)
        moved = _find_last_carry(entries, commitment, carries)
        return _Mirrors(entries, lines.amount[rows], kind, commitment, moved)


class _Carries(NamedTuple):
    """Carries of commitments or services: the entry, what it carries first of all, and how many years lie between."""

    commitment: Integers
    origin: Integers
    years: NDArray[np.int64]


def _climb_commitments(carries: CommitmentLines) -> _Carries:
    return _climb(carries, np.arange(len(carries.kind)))


def _climb(carried: CommitmentLines, rows: Integers) -> _Carries:
    """Follow the carries in ``rows`` through others of ``carried`` up to what was carried first."""
    index = build_index(carried.entry_id)
    at, years = carried.predecessor[rows].astype(np.int64), np.ones(len(rows), np.int64)
    while True:
        place = look_up(index, at)
        is_carry = place != NONE
        if not is_carry.any():
            return _Carries(carried.entry_id[rows].astype(np.int64), at, years)
        at[is_carry] = carried.predecessor[place[is_carry]]
        years[is_carry] += 1


def _pack_year(entries: Integers, years: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return a number for each entry and its number of years, which may be 0."""
    return entries.astype(np.int64) * _YEARS_MAX + years


def _find_last_carry(entries: Integers, commitments: Integers, carries: CommitmentLines) -> Integers:
    """Return the last carry of each commitment before an entry, directly or through others; ``NONE`` if there is none."""
    last = np.full(len(entries), NONE, np.int64)
    rows, at = np.arange(len(entries)), commitments
    while len(rows):
        pairs = join(at, carries.predecessor.astype(np.int64))
        carry = carries.entry_id[pairs.right].astype(np.int64)
        is_before = carry < entries[rows[pairs.left]]
        rows, at = rows[pairs.left[is_before]], carry[is_before]
        np.maximum.at(last, rows, at)
    return last
