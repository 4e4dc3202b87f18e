"""The lines of a decided piece, grouped by outcome."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.catalog import CATALOG
from core.tables.columns import seal, seal_array
from kernels import outcome_counts as kernel
from kernels.outcome_counts import LINES, REGISTERED, LineAmounts
from posting.batch import Piece

ENTRY_GROUPS = (kernel.ACCEPTED, REGISTERED)
"""The groups whose lines become entries."""


class OutcomeGroups(NamedTuple):
    """The totals and the lines of each group of outcomes."""

    totals: NDArray[np.int64]
    """``kernels.outcome_counts.GROUP_COUNT`` rows of ``TOTALS`` figures."""
    order: NDArray[np.int32]
    """Line positions, group by group."""
    kind_cents: NDArray[np.int64]
    """The decided cents of the accepted lines, by kind."""

    def total(self, figure: int, *groups: int) -> int:
        """Return the sum of one figure over some groups."""
        return int(self.totals[list(groups), figure].sum())

    def select_rows(self, group: int) -> NDArray[np.int32]:
        """Return the positions of a group's lines, in order."""
        end = int(self.totals[: group + 1, LINES].sum())
        return self.order[end - int(self.totals[group, LINES]) : end]


def group_by_outcome(piece: Piece, decisions: np.ndarray) -> OutcomeGroups:
    """Group the lines of ``piece`` in one pass over its decisions."""
    totals = np.zeros(kernel.KIND_TOTALS_START + len(CATALOG), np.int64)
    order = np.empty(len(piece.acts), np.int32)
    columns = seal(LineAmounts(piece.cents, *piece.reference))
    kernel.group_outcomes(seal_array(piece.acts), seal_array(decisions), columns, totals, order)
    by_group, kind_cents = np.split(totals, [kernel.KIND_TOTALS_START])
    return OutcomeGroups(by_group.reshape(kernel.GROUP_COUNT, kernel.TOTAL_COUNT), order, kind_cents)
