"""The acts that charge the depreciation of a year, in the flat act format, and their sums by account."""

from datetime import date

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from closing.assignments import CODES, Assignments
from closing.carry_acts import describe_file, name_entries
from closing.depreciation import CHARGE, AssetCharges, list_plans
from closing.step_sums import BlockedSum, CarriedSum, StepSums

STEP = "C08"
"""The step of the closing that these acts are a part of; the batch ids of their files name it."""
_TAKEN_LATER = "a later exercise took it out, or charged it"


class ChargeSum(msgspec.Struct, frozen=True):
    """What is to be charged of the assets of one account."""

    account: str
    """The account of the assets."""
    depreciation: str
    """Credited."""
    charge: str
    """Debited."""
    lines: int
    cents: int


class DepreciationSums(msgspec.Struct, frozen=True):
    """What is to be charged for a year, and what it has charged already."""

    charges: list[ChargeSum]
    blocked: list[BlockedSum]
    charged_lines: int
    """The assets of which the year has charged something."""
    charged_cents: int

    @property
    def lines(self) -> int:
        """The assets to charge."""
        return sum(row.lines for row in self.charges)

    @property
    def cents(self) -> int:
        """The amount to charge."""
        return sum(row.cents for row in self.charges)

    @property
    def step_sums(self) -> StepSums:
        """The same in the shape of what other steps carry."""
        rows = [CarriedSum(CHARGE, "", row.lines, row.cents, account=row.account) for row in self.charges]
        return StepSums(rows, self.blocked, self.charged_lines)


def find_free_assets(charges: AssetCharges, assignments: Assignments) -> NDArray[np.bool_]:
    """Return which assets have something to charge, on an assignment that the year knows."""
    return (charges.amount > 0) & (assignments.obstacle[charges.cell] == 0)


def sum_charges(charges: AssetCharges, assignments: Assignments) -> DepreciationSums:
    """Add up what is to be charged by account, and what cannot be."""
    sums = [
        ChargeSum(charges.accounts[plan], charges.plans[plan].depreciation, charges.plans[plan].charge, *both)
        for plan, *both in list_plans(charges, find_free_assets(charges, assignments))
    ]
    obstacle = assignments.obstacle[charges.cell]
    blocked = [
        _sum_obstacle(charges, assignments.obstacles[number], charges.amount * (obstacle == number))
        for number in map(int, np.unique(obstacle[(charges.amount > 0) & (obstacle > 0)]))
    ]
    if charges.late.any():
        blocked.append(_sum_obstacle(charges, _TAKEN_LATER, charges.late))
    sums.sort(key=lambda row: (row.account, row.depreciation, row.charge))
    charged = int(np.count_nonzero(charges.charged))
    return DepreciationSums(sums, blocked, charged, int(charges.charged.sum()))


def _sum_obstacle(charges: AssetCharges, reason: str, cents: NDArray[np.int64]) -> BlockedSum:
    """Sum what one reason keeps from being charged, of at least one asset."""
    rows = np.flatnonzero(cents)
    return BlockedSum(CHARGE, reason, len(rows), int(cents.sum()), int(charges.entry[rows[0]]))


def build_acts_table(
    charges: AssetCharges, assignments: Assignments, year: int, *, last_entry: int, cause: str
) -> pa.Table:
    """Build the acts that charge ``year``, an act of each asset; there is at least one.

    The reference names the asset and the last entry that was read, so that each charge of an asset has one of its own.
    """
    rows = np.flatnonzero(find_free_assets(charges, assignments))
    entries, cells, amount = charges.entry[rows], pa.array(charges.cell[rows]), charges.amount[rows]
    names = pc.binary_join_element_wise(  # type: ignore[call-overload]
        f"D{year}", pa.array(entries).cast(pa.string()), str(last_entry), "."
    )
    columns: dict[str, pa.Array] = {
        "reference": names,
        "line": pa.array(np.ones(len(rows), np.int32)),
        "kind": pa.repeat(CHARGE, len(rows)),
        "exercise": pa.array(np.full(len(rows), year, np.int32)),
        "date": pa.repeat(pa.scalar(date(year, 12, 31), pa.date32()), len(rows)),
        **{column: assignments.codes[column].take(cells) for column in CODES},
        "predecessor": name_entries(entries),
        "amount_cents": pa.array(amount),
    }
    return describe_file(pa.table(columns), amount, year, step=STEP, cause=cause)
