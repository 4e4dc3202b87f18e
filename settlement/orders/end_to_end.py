"""End-to-end identifiers: the entry that issued a transfer, with check digits (``core.tables.transfers``)."""

import numpy as np
from numpy.typing import NDArray

from core.tables.columns import seal_array
from core.tables.transfers import END_TO_END_BYTES
from kernels import end_to_end as kernel
from posting.pgcopy import TextCells


def format_identifiers(entries: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the identifiers of ``entries``, one row of ``END_TO_END_BYTES`` each."""
    identifiers = np.empty(len(entries) * END_TO_END_BYTES, np.uint8)
    kernel.write_identifiers(seal_array(np.ascontiguousarray(entries)), identifiers)
    return identifiers.reshape(len(entries), END_TO_END_BYTES)


def parse_identifiers(texts: TextCells) -> NDArray[np.int64]:
    """Return the entry in each identifier; 0 where it is not one of ours or its check digits are wrong."""
    entries = np.empty(len(texts.spans.start), np.int64)
    kernel.parse_identifiers(texts.spans, texts.text, entries)
    return entries


def format_identifier(entry: int) -> str:
    """Return the identifier of one entry."""
    return format_identifiers(np.array([entry], np.int64)).tobytes().decode("ascii")
