"""Moves by decree: the programmes that each joins, by their ministries and by the budget that they belong to (rule A19)."""

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.decrees import joins_programmes
from core.outcome_codes import Outcome
from ingest.resolution.line_batch import MOVES_BY_DECREE, STAYS_IN_MINISTRY, LineBatch
from posting.book.registry import Registry


def mark_decree_moves(
    line_batch: LineBatch, kind: NDArray[np.uint8], years: NDArray[np.int64], *, registry: Registry
) -> None:
    """Mark moves that join programmes which their kind does not join; line by line, as decrees are few."""
    moves = MOVES_BY_DECREE[kind] & (line_batch.marks.fault == 0)
    if not moves.any():
        return
    takers, givers = (line_batch.arrays[field] for field in (Field.FUND_CENTRE, Field.COUNTERPART))
    is_wrong = np.zeros(line_batch.rows, bool)
    for row in np.flatnonzero(moves).tolist():
        programmes = registry.reference.nomenclatures[int(years[row])].programmes
        taker, giver = (programmes[column[row].as_py()[:4]] for column in (takers, givers))
        is_wrong[row] = not joins_programmes(giver, taker, within_ministry=bool(STAYS_IN_MINISTRY[kind[row]]))
    line_batch.mark_fault(is_wrong, Outcome.DECREE_MISMATCH, Field.COUNTERPART)
