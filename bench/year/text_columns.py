"""Convert numbers to columns of text, whole columns at a time."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

ByteRows = NDArray[np.uint8]
"""Texts of one width as bytes: shape (rows, width)."""

_FOUR_DIGITS = np.frombuffer(b"".join(b"%04d" % number for number in range(10_000)), np.uint8).reshape(-1, 4)


def encode_texts(*texts: str) -> ByteRows:
    """Encode texts of one length as bytes."""
    return np.frombuffer("".join(texts).encode(), np.uint8).reshape(len(texts), -1)


def encode_digits(numbers: NDArray[np.integer], width: int) -> ByteRows:
    """Encode the last ``width`` digits of each number, with leading zeros."""
    digits = np.empty((len(numbers), width), np.uint8)
    remaining = numbers
    for end in range(width, 0, -4):
        start = max(0, end - 4)
        remaining, last_four = remaining // 10_000, remaining % 10_000
        digits[:, start:end] = (
            _FOUR_DIGITS[last_four, start - end :] if start == 0 else _FOUR_DIGITS[last_four]
        )
    return digits


def build_text_column(texts: ByteRows, width: NDArray[np.integer] | None = None) -> pa.StringArray:
    """Build a column from the first ``width`` bytes of each row, by default all."""
    rows, width_max = texts.shape
    if width is None:
        offsets, values = (
            np.arange(0, (rows + 1) * width_max, width_max, dtype=np.int32),
            np.ascontiguousarray(texts),
        )
    else:
        offsets = np.zeros(rows + 1, np.int32)
        np.cumsum(width, out=offsets[1:])
        values = texts[np.arange(width_max) < width[:, None]]
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(values))


def build_code_column(
    positions: NDArray[np.integer], codes: list[str] | NDArray[np.str_]
) -> pa.DictionaryArray:
    """Build a dictionary column of codes; the dictionary contains only those in use."""
    is_used = np.bincount(positions, minlength=len(codes)) > 0
    new_positions = np.cumsum(is_used, dtype=np.int32) - 1
    dictionary = pa.array([codes[position] for position in np.flatnonzero(is_used)], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(new_positions[positions]), dictionary)
