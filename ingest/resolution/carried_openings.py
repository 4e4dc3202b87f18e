"""Openings of what the year before left: where the ledger has that year, an order carries it (LOLF art. 15; rule A67)."""

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.origins import ORIGIN_NUMBERS, Origin
from core.outcome_codes import Outcome
from ingest.resolution.line_batch import OPENS, LineBatch
from posting.book.registry import Registry

_UNKNOWN = -1


def mark_carried_openings(
    line_batch: LineBatch, kind: NDArray[np.uint8], year: NDArray[np.int64], *, registry: Registry
) -> None:
    """Mark the openings that state ``carry_over`` in a year of which the ledger has the year before."""
    opens, column = OPENS[kind], line_batch.read_text(Field.ORIGIN)
    if column is None or not opens.any():
        return
    is_carried = opens & (column.map_to_numbers(ORIGIN_NUMBERS, _UNKNOWN) == Origin.CARRY_OVER)
    has_year_before = np.isin(year - 1, list(registry.year_codes))
    line_batch.mark_fault(is_carried & has_year_before, Outcome.CARRY_OVER_UNORDERED, Field.ORIGIN)
