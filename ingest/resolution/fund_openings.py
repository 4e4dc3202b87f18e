"""Openings of funds: what names no receipt opens only what was carried over, or comes from another ledger (rule A19)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.nomenclature import ORDINARY_FUND
from core.origins import ORIGIN_NUMBERS, WITHOUT_RECEIPT, Origin
from core.outcome_codes import Outcome
from ingest.resolution.line_batch import OPENS, LineBatch

_UNKNOWN = -1
_ORDINARY: Mapping[str, int] = {ORDINARY_FUND: 0}


def mark_fund_openings(line_batch: LineBatch, kind: NDArray[np.uint8]) -> None:
    """Mark the openings of a fund whose origin needs a receipt, and those of any credits that state a fund as their origin.

    An opening of a fund that states no origin rests on receipts too (LOLF art. 17).
    """
    opens = OPENS[kind]
    if not opens.any():
        return
    fund, column = line_batch.read_text(Field.FUND), line_batch.read_text(Field.ORIGIN)
    origin = np.zeros(line_batch.rows, np.int64)
    if column is not None:
        origin = np.maximum(column.map_to_numbers(ORIGIN_NUMBERS, _UNKNOWN), 0)
    is_of_fund = np.zeros(line_batch.rows, bool)
    if fund is not None:
        is_of_fund = fund.map_to_numbers(_ORDINARY, 1) != 0
    needs_receipt = (origin == Origin.CONTRIBUTION_FUND) | is_of_fund & ~np.isin(origin, WITHOUT_RECEIPT)
    line_batch.mark_fault(opens & needs_receipt, Outcome.FUND_RECEIPT_MISSING, Field.ORIGIN)
