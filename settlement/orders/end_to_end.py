"""The end-to-end identifier of a transfer: the entry that issued it, with check digits; see ``core.tables.transfers``."""

import numpy as np
from numpy.typing import NDArray

from core.tables.columns import seal_array
from core.tables.transfers import END_TO_END_BYTES
from kernels import end_to_end as kernel
from posting.pgcopy import TextCells


def format_identifiers(entries: NDArray[np.int64]) -> NDArray[np.uint8]:
    """The identifiers of ``entries``, a row of ``END_TO_END_BYTES`` each."""
    out = np.empty(len(entries) * END_TO_END_BYTES, np.uint8)
    kernel.write_identifiers(seal_array(np.ascontiguousarray(entries)), out)
    return out.reshape(len(entries), END_TO_END_BYTES)


def parse_identifiers(texts: TextCells) -> NDArray[np.int64]:
    """The entry that each text names; 0 where it is no identifier of ours, or was misread."""
    found = np.empty(len(texts.spans.start), np.int64)
    kernel.parse_identifiers(texts.spans, texts.text, found)
    return found


def format_identifier(entry: int) -> str:
    """The identifier of one entry."""
    return format_identifiers(np.array([entry], np.int64)).tobytes().decode("ascii")
