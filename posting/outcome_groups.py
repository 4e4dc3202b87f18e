"""The lines of a decided piece by the way they ended."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.columns import seal, sealed
from kernels import outcome_counts as kernel
from kernels.outcome_counts import LINES, REGISTERED, Asked
from posting.batch import Piece

ENTERED = (kernel.ACCEPTED, REGISTERED)
"""The ways of ending that leave an entry."""


class Sorted(NamedTuple):
    """What each way of ending adds up to, and the lines that ended so."""

    totals: NDArray[np.int64]
    """``kernels.outcome_counts.WAYS`` rows of ``TOTALS`` figures."""
    order: NDArray[np.int32]
    """Lines, way by way."""

    def total(self, figure: int, *ways: int) -> int:
        """One figure over some ways of ending."""
        return int(self.totals[list(ways), figure].sum())

    def rows(self, way: int) -> NDArray[np.int32]:
        """The lines that ended so, in order."""
        end = int(self.totals[: way + 1, LINES].sum())
        return self.order[end - int(self.totals[way, LINES]) : end]


def sort(piece: Piece, decisions: np.ndarray) -> Sorted:
    """One pass over what became of ``piece``."""
    totals, order = np.zeros(kernel.WAYS * kernel.TOTALS, np.int64), np.empty(len(piece.acts), np.int32)
    asked = seal(Asked(piece.cents, *piece.reference))
    kernel.sort(sealed(piece.acts), sealed(decisions), asked, totals, order)
    return Sorted(totals.reshape(kernel.WAYS, kernel.TOTALS), order)
