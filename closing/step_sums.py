"""What a step carries, and what it cannot carry yet: lines and cents, by programme and by obstacle."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from closing.assignments import Assignments
from closing.open_year import OpenEntries
from closing.rollover import Rollover
from closing.step_kinds import STEP_OF_KIND
from closing.steps import Step
from core.successions import read_programme


class CarriedSum(msgspec.Struct, frozen=True):
    """Open lines of one kind and programme."""

    kind: str
    """The kind of the acts that carry them."""
    programme: str
    lines: int
    cents: int
    accountant: str = ""
    """Of an opening, which is of an accountant and of no programme."""
    account: str = ""
    """Of a charge of assets, which is of their account."""
    follower: str = ""
    """The programme where they go on, if it is another one, which an order names."""


class BlockedSum(msgspec.Struct, frozen=True):
    """Open lines of one kind that cannot be carried, for one reason."""

    kind: str
    obstacle: str
    lines: int
    cents: int
    first_entry: int = 0
    """The first of them; 0 for balances, which are no entries."""


class DifferenceSum(msgspec.Struct, frozen=True):
    """What the openings of an accountant leave on the technical account: debit less credit, in cents."""

    accountant: str
    account: str
    """The technical account."""
    cents: int
    result_cents: int
    """Classes 6 and 7 of the year, debit less credit: the result that is not brought to an account of class 1 yet."""
    earlier_cents: int = 0
    """What the technical account of the year itself has: the results before it that are not brought there either."""

    @property
    def unexplained_cents(self) -> int:
        """What neither result explains: what cannot be opened."""
        return self.cents - self.result_cents - self.earlier_cents


class StepSums(msgspec.Struct, frozen=True):
    """What is open of a year for one step."""

    carried: list[CarriedSum]
    blocked: list[BlockedSum]
    done: int
    """Lines of the year that the step has carried already; of an opening, accounts."""
    differences: list[DifferenceSum] = []

    @property
    def lines(self) -> int:
        """The lines that can be carried."""
        return sum(row.lines for row in self.carried)

    @property
    def cents(self) -> int:
        """The amount that can be carried."""
        return sum(row.cents for row in self.carried)


def sum_step(rollover: Rollover, step: Step) -> StepSums:
    """Add up what a step carries of the year."""
    carried: list[CarriedSum] = []
    blocked: list[BlockedSum] = []
    done = 0
    assignments = rollover.assignments
    for kind, opened in rollover.list_open_kinds(step):
        cells, done = rollover.cell[opened.entry], done + rollover.carried[kind]
        obstacle = assignments.obstacle[cells]
        is_free = obstacle == 0
        programme = assignments.programme[rollover.origin[opened.entry]]
        carried += _sum_free(
            kind, assignments, cells[is_free], programme=programme[is_free], cents=opened.amount[is_free]
        )
        blocked += [
            _sum_obstacle(kind, assignments.obstacles[number], opened, flags=obstacle == number)
            for number in map(int, np.unique(obstacle[~is_free]))
        ]
    blocked += [
        _sum_obstacle(obstacle.kind, obstacle.reason, obstacle.entries)
        for obstacle in rollover.open_year.obstacles
        if STEP_OF_KIND[obstacle.kind] is step
    ]
    return StepSums(sorted(carried, key=lambda row: (row.kind, row.programme)), blocked, done)


def _sum_obstacle(
    kind: str, reason: str, entries: OpenEntries, *, flags: NDArray[np.bool_] | slice = slice(None)
) -> BlockedSum:
    """Sum the entries that ``flags`` marks, by default all; there is at least one."""
    entry, cents = entries.entry[flags], entries.amount[flags]
    return BlockedSum(kind, reason, len(entry), int(cents.sum()), int(entry.min()))


def _sum_free(
    kind: str,
    assignments: Assignments,
    cells: NDArray[np.int32],
    *,
    programme: NDArray[np.int64],
    cents: NDArray[np.int64],
) -> list[CarriedSum]:
    """Add up what can be carried, by its programme and the one where it goes on."""
    numbers, at = np.unique(cells, return_inverse=True)
    centres = assignments.codes["fund_centre"].take(pa.array(numbers)).to_pylist()
    followers = [read_programme(centre) for centre in centres]
    names = sorted(set(followers))
    follower = np.array([names.index(name) for name in followers], np.int64)[at]
    sums = []
    for group, lines, total in _add_up(programme * len(names) + follower, cents):
        before, after = assignments.programmes[group // len(names)], names[group % len(names)]
        sums.append(CarriedSum(kind, before, lines, total, follower=after if after != before else ""))
    return sums


def _add_up(group: NDArray[np.int64], cents: NDArray[np.int64]) -> Sequence[tuple[int, int, int]]:
    """Return (group, lines, cents) of each group."""
    numbers, positions, lines = np.unique(group, return_inverse=True, return_counts=True)
    sums = np.zeros(len(numbers), np.int64)
    np.add.at(sums, positions, cents)
    return list(zip(numbers.tolist(), lines.tolist(), sums.tolist(), strict=True))
