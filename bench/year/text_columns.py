"""Numbers to columns of text, whole columns at a time."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

ByteRows = NDArray[np.uint8]
"""One row of bytes a value: shape (rows, width)."""

_FOUR_DIGITS = np.frombuffer(b"".join(b"%04d" % number for number in range(10_000)), np.uint8).reshape(-1, 4)


def encode_texts(*texts: str) -> ByteRows:
    """Texts of one length as bytes."""
    return np.frombuffer("".join(texts).encode(), np.uint8).reshape(len(texts), -1)


def encode_digits(numbers: NDArray[np.integer], width: int) -> ByteRows:
    """The last ``width`` digits of each number, with leading zeros."""
    written = np.empty((len(numbers), width), np.uint8)
    rest = numbers
    for end in range(width, 0, -4):
        start = max(0, end - 4)
        rest, four = rest // 10_000, rest % 10_000
        written[:, start:end] = _FOUR_DIGITS[four, start - end :] if start == 0 else _FOUR_DIGITS[four]
    return written


def build_text_column(written: ByteRows, width: NDArray[np.integer] | None = None) -> pa.StringArray:
    """The first ``width`` bytes of each row (all of them by default) as strings."""
    rows, most = written.shape
    if width is None:
        offsets, values = np.arange(0, (rows + 1) * most, most, dtype=np.int32), np.ascontiguousarray(written)
    else:
        offsets = np.zeros(rows + 1, np.int32)
        np.cumsum(width, out=offsets[1:])
        values = written[np.arange(most) < width[:, None]]
    return pa.StringArray.from_buffers(rows, pa.py_buffer(offsets), pa.py_buffer(values))


def build_code_column(
    positions: NDArray[np.integer], codes: list[str] | NDArray[np.str_]
) -> pa.DictionaryArray:
    """A column of codes; only those in use are listed."""
    used = np.bincount(positions, minlength=len(codes)) > 0
    number = np.cumsum(used, dtype=np.int32) - 1
    listed = pa.array([codes[at] for at in np.flatnonzero(used)], pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(number[positions]), listed)
