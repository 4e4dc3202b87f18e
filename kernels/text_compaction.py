"""Compaction of texts: scattered texts are copied next to each other."""

import numpy as np

from core.tables.columns import Byte
from core.tables.journal import Bytes, Spans
from kernels.jit import as_position, fills, fills_column, kernel, reads


@kernel(reads(Spans), reads(Bytes), fills(Spans), fills_column(Byte))
def gather_texts(spans, text, out_spans, out):
    """Copy texts, one after the other.

    Reads     spans, text     n texts
    Fills     out_spans       n spans of ``out``
              out             exactly as many bytes as the texts have
    Order     row order
    Outcomes  none; never raises
    Overflow  impossible: positions stay below the size of ``out``, 2**31
    Cost      O(bytes), one pass
    Oracle    tests.oracle.text_compaction.gather_texts
    """
    at = np.int64(0)
    for row in range(spans.start.size):
        start, length = np.int64(spans.start[row]), np.int64(spans.end[row]) - spans.start[row]
        out_spans.start[row], out_spans.end[row] = at, at + length
        for place in range(length):
            out[as_position(at + place)] = text.data[as_position(start + place)]
        at += length
