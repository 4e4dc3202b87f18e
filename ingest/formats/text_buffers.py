"""Size and validity of text columns, computed from their Arrow buffers."""

import numpy as np
import pyarrow as pa

DICTIONARY_TEXT = pa.dictionary(pa.int32(), pa.string())
"""A text column whose file stores its few distinct values once."""


_STRIDE = 64
"""Values measured together when looking for a long one: most files have none."""


_OFFSET_BYTES, _LARGE_OFFSET_BYTES, _VIEW_BYTES = 4, 8, 16


def has_odd_buffer(column: pa.Array) -> bool:
    """Return whether a buffer of a column ends inside a number: an offset, a view, an index or a value."""
    if pa.types.is_dictionary(column.type):
        return has_odd_buffer(column.indices) or has_odd_buffer(column.dictionary)
    buffers = column.buffers()
    return len(buffers) > 1 and bool(buffers[1]) and buffers[1].size % _measure_width(column.type) != 0


def _measure_width(column_type: pa.DataType) -> int:
    """Return the bytes of one number in the second buffer of a column; 1 where bytes are not counted in numbers."""
    if pa.types.is_string_view(column_type):
        return _VIEW_BYTES
    if pa.types.is_large_string(column_type):
        return _LARGE_OFFSET_BYTES
    if pa.types.is_string(column_type):
        return _OFFSET_BYTES
    is_number = pa.types.is_integer(column_type) or pa.types.is_decimal(column_type)
    return column_type.bit_width // 8 if is_number or pa.types.is_temporal(column_type) else 1


def count_text_bytes(column: pa.Array) -> int:
    """Return the bytes of a text column with valid offsets; null values may count."""
    if pa.types.is_string_view(column.type):
        return int(_measure_view_lengths(column).sum(dtype=np.int64))
    offsets = _read_offsets(column)
    return int(offsets[-1] - offsets[0])


def measure_longest_value(column: pa.Array) -> int:
    """Return the bytes of the longest value of a text column with valid offsets."""
    return int(_measure_lengths(column).max(initial=0))


def has_longer_value(column: pa.Array, bytes_max: int) -> bool:
    """Return whether a text column with valid offsets has a value of more than ``bytes_max`` bytes."""
    if pa.types.is_string_view(column.type):
        return measure_longest_value(column) > bytes_max
    offsets = _read_offsets(column)
    marks = np.append(offsets[::_STRIDE], offsets[-1])
    return bool((np.diff(marks) > bytes_max).any()) and measure_longest_value(column) > bytes_max


def find_longest_row(column: pa.Array) -> int:
    """Return the row of the longest value of a text column with valid offsets."""
    return int(_measure_lengths(column).argmax())


def count_unpacked_bytes(column: pa.DictionaryArray) -> int:
    """Return the bytes of text of a valid dictionary column, each value counted once for each row."""
    used = column.indices.drop_null().to_numpy()
    return int(_measure_lengths(column.dictionary)[used].sum(dtype=np.int64))


def _measure_lengths(column: pa.Array) -> np.ndarray:
    return (
        _measure_view_lengths(column)
        if pa.types.is_string_view(column.type)
        else np.diff(_read_offsets(column))
    )


def is_plainly_valid(column: pa.Array) -> bool:
    """Return whether a column with valid offsets surely needs no validation; False leaves it open.

    ASCII is UTF-8, and indices are bounded by their largest (as unsigned numbers, so that none is negative).
    """
    if column.type == DICTIONARY_TEXT:
        return _has_valid_indices(column) and _is_ascii(column.dictionary)
    return pa.types.is_string(column.type) and _is_ascii(column)


def clear_null_slots(column: pa.Array) -> pa.Array:
    """Return ``column`` with empty views and index 0 at nulls.

    The value at a null is undefined and validation skips it; not every reader does.
    """
    if not column.null_count:
        return column
    if pa.types.is_string_view(column.type):
        return _zero_nulls(column, column.type, 4)
    if column.type == DICTIONARY_TEXT and not _has_valid_indices(column):
        return pa.DictionaryArray.from_arrays(_zero_nulls(column.indices, pa.int32(), 1), column.dictionary)
    return column


def _zero_nulls(column: pa.Array, arrow_type: pa.DataType, width: int) -> pa.Array:
    """Return the column with zeros at nulls; ``width`` is 32-bit words a value."""
    validity, values, *texts = column.buffers()
    words = np.frombuffer(values, np.int32)[: (column.offset + len(column)) * width].reshape(-1, width).copy()
    words[column.offset :][column.is_null().to_numpy(zero_copy_only=False)] = 0
    return pa.Array.from_buffers(
        arrow_type, len(column), [validity, pa.py_buffer(words), *texts], offset=column.offset
    )


def _has_valid_indices(column: pa.DictionaryArray) -> bool:
    if not len(column):
        return True
    indices = np.frombuffer(column.indices.buffers()[1], np.uint32)[
        column.offset : column.offset + len(column)
    ]
    return bool(indices.max() < len(column.dictionary))


def _is_ascii(column: pa.Array) -> bool:
    data = column.buffers()[2]
    if data is None or not len(column):
        return True
    offsets = _read_offsets(column)
    text = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    return not text.size or bool(text.max() < 128)


def _read_offsets(column: pa.Array) -> np.ndarray:
    width = np.int64 if pa.types.is_large_string(column.type) else np.int32
    if not len(column):
        return np.zeros(1, width)
    return np.frombuffer(column.buffers()[1], width)[column.offset : column.offset + len(column) + 1]


def _measure_view_lengths(column: pa.Array) -> np.ndarray:
    """Return the lengths of views: the first four bytes of each."""
    if not len(column):
        return np.zeros(0, np.int32)
    views = np.frombuffer(column.buffers()[1], np.int32)[::4][column.offset : column.offset + len(column)]
    return np.where(column.is_valid().to_numpy(zero_copy_only=False), views, 0)
