"""Zeros behind the cents of an amount: ISO 20022 permits five decimals, and some writers always write them.

Only XML has this form.  In other files ``10.000`` may mean ten thousand, and is refused.
"""

import numpy as np

from core.tables.columns import seal_array
from core.tables.journal import Bytes, Spans

DECIMALS_MAX = 5
"""``fractionDigits`` of an amount in the schemas."""
_CENT_DECIMALS = 2
_POINT, _ZERO = ord("."), ord("0")


def cut_zero_decimals(spans: Spans, text: Bytes) -> Spans:
    """Return the spans without the zeros behind the second decimal; the same spans if there are none."""
    data, cut = text.data, np.zeros(spans.end.size, np.int32)
    for decimals in range(_CENT_DECIMALS + 1, DECIMALS_MAX + 1 if data.size else 0):
        point = spans.end - (decimals + 1)
        rows = np.flatnonzero((point >= spans.start) & (data.take(point, mode="clip") == _POINT))
        zeros = decimals - _CENT_DECIMALS
        for position in range(1, zeros + 1):
            rows = rows[data[spans.end[rows] - position] == _ZERO]
        cut[rows] = zeros
    return Spans(spans.start, seal_array(spans.end - cut)) if cut.any() else spans
