"""What a line says, as one word: the same content gives the same word whatever format carried it.

The word is a sum over the columns, so a column that is absent and one that is empty say the same.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.fields import FORMATS, Field, Sort
from ingest.reading import Reading

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(29)
_KEY_FIELDS = frozenset({Field.REFERENCE, Field.EXERCISE, Field.LINE})
"""They are in the key already, or place the line in its act."""


def digests(reading: Reading) -> NDArray[np.uint64]:
    """One word a line."""
    total = np.zeros(reading.rows, np.uint64)
    for field in reading.arrays:
        if field in _KEY_FIELDS:
            continue
        if FORMATS[field].sort is Sort.TEXT:
            column = reading.text(field)
            total += column.digests(int(field)) if column else 0
        else:
            total += _of_numbers(reading, field)
    return total


def _of_numbers(reading: Reading, field: Field) -> NDArray[np.uint64]:
    """A word for each number; 0 where the line says nothing."""
    values, _ = reading.number(field)
    salt = int(Field.AMOUNT_CENTS if field is Field.AMOUNT else field) * int(_GOLDEN) % 2**64
    word = (values.astype(np.uint64) + np.uint64(salt)) * _MIX
    word = (word ^ (word >> _SHIFT)) * _GOLDEN
    array = reading.arrays[field]
    whole = (
        array.null_count == 0
        and not pa.types.is_string(array.type)
        and not pa.types.is_dictionary(array.type)
    )
    return word if whole else np.where(reading.has(field), word, np.uint64(0))
