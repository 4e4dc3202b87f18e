"""What goes from a commitment of one year to that of the next, besides its carry: certified service, and what is undone later.

What undoes an act of the year before, such as the rejection of a request, acts on the commitment where it is then (D272).
"""

from collections.abc import Sequence
from typing import NamedTuple

from core.catalog import CATALOG, KIND_NUMBERS, Family, Remainder
from reporting.report_queries import Connection, Row, fetch

_SERVICE = KIND_NUMBERS["service"]


class CarriedAmounts(NamedTuple):
    """Cents that a commitment has besides those of its own followers; below zero where they went on."""

    open: int = 0
    unbilled: int = 0


class _Act(NamedTuple):
    """An act on one of the commitments of a chain."""

    kind: int
    commitment: int
    is_counted: bool = True
    """Whether the followers of the commitment count what undoes it, as they do of all but carried services."""


async def load_carried_amounts(connection: Connection, row: Row, *, is_carried: bool) -> CarriedAmounts:
    """Load what came to the line of a commitment with its carry, and what left it with the next one."""
    if not (is_carried or CATALOG[row["kind"]].carries):
        return CarriedAmounts()
    chain = _Chain(row["entry_id"], await _list_years(connection, row))
    frontier = chain.commitments
    while frontier:
        rows = await fetch(connection, "amounts_of_followers", frontier, min(frontier))
        frontier = chain.add_followers(rows)
    return CarriedAmounts(chain.open, chain.unbilled)


async def _list_years(connection: Connection, row: Row) -> list[int]:
    """Return the commitment and those of the years before, from which it was carried."""
    commitments = [row["entry_id"]]
    while CATALOG[row["kind"]].carries:
        (row,) = await fetch(connection, "entries_by_number", [row["predecessor"]])
        commitments.append(row["entry_id"])
    return commitments


class _Chain:
    """The commitments of some years, each carried from the one before, and the acts on them."""

    def __init__(self, commitment: int, commitments: list[int]) -> None:
        self.commitments, self._own = commitments, commitment
        self.open = self.unbilled = 0
        self._carried_by: dict[int, int] = {}
        self._acts: dict[int, _Act] = {}

    def add_followers(self, rows: Sequence[Row]) -> list[int]:
        """Add what follows known entries, in order of the journal; return the entries whose followers count too."""
        carries = [row for row in rows if _carries(row, Family.COMMITMENT)]
        self._carried_by |= {row["predecessor"]: row["entry_id"] for row in carries}
        frontier: list[int] = []
        for row in rows:
            if _carries(row, Family.COMMITMENT):
                continue
            if _carries(row, Family.SERVICE):
                self._carry_service(row)
            elif CATALOG[row["kind"]].mirrors:
                self._undo(row)
            elif self._is_commitment(row["predecessor"]):
                self._acts[row["entry_id"]] = _Act(row["kind"], row["predecessor"])
            if row["entry_id"] in self._acts:
                frontier.append(row["entry_id"])
        return frontier

    def _is_commitment(self, entry: int) -> bool:
        return entry in self.commitments or entry in self._carried_by.values()

    def _carry_service(self, row: Row) -> None:
        before = self._acts[row["predecessor"]].commitment
        after = self._carried_by.get(before, 0)  # 0 for a year after that of this commitment
        self._acts[row["entry_id"]] = _Act(_SERVICE, after, is_counted=False)
        self.unbilled += row["amount"] * ((after == self._own) - (before == self._own))

    def _undo(self, row: Row) -> None:
        """Count what is undone where its commitment is then; what is undone in its year is among its followers."""
        act = self._acts.get(row["predecessor"])
        if act is None:
            return
        at = self._find_commitment(act.commitment, row["entry_id"])
        share = (at == self._own) - (act.is_counted and act.commitment == self._own)
        self.open -= share * row["amount"] * _find_sign(act.kind, Remainder.OPEN)
        self.unbilled -= share * row["amount"] * _find_sign(act.kind, Remainder.UNBILLED)

    def _find_commitment(self, commitment: int, entry: int) -> int:
        """Return the commitment that stands for another at the time of an entry."""
        while 0 < self._carried_by.get(commitment, 0) < entry:
            commitment = self._carried_by[commitment]
        return commitment


def _carries(row: Row, family: Family) -> bool:
    kind = CATALOG[row["kind"]]
    return kind.carries and kind.family is family


def _find_sign(kind: int, remainder: Remainder) -> int:
    return (CATALOG[kind].feeds is remainder) - (CATALOG[kind].draws is remainder)
