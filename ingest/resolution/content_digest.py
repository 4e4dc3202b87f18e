"""What lines say, gathered over their columns: which fields, what cannot be read, and all of it as one word.

The same content gives the same word whatever format carried it: a sum over the columns, so a column that is absent and
one that is empty say the same.
"""

import numpy as np

from core.act_fields import FORMATS, Field, FieldType
from core.tables.columns import allocate_zeros, seal, seal_array
from core.tables.journal import Flags, ParsedNumbers
from core.tables.raw_lines import LineContent
from ingest.resolution.line_batch import LineBatch
from kernels import content_digest

_KEY_FIELDS = frozenset({Field.REFERENCE, Field.EXERCISE, Field.LINE})
"""They are in the key already, or place the line in its act; their faults have codes of their own."""


def collect_content(reading: LineBatch) -> LineContent:
    """What each line says in all fields but those of its key."""
    said = allocate_zeros(LineContent, reading.rows)
    for field in reading.arrays:
        if field in _KEY_FIELDS:
            continue
        column = reading.read_text(field) if FORMATS[field].type is FieldType.TEXT else None
        if column:
            column.add_content(field, said)
        else:
            _add_numbers(reading, field, said)
    return said


def _add_numbers(reading: LineBatch, field: Field, said: LineContent) -> None:
    values, faults = reading.read_number(field)
    given = (
        np.zeros(0, np.uint8)
        if reading.is_complete_number_column(field)
        else reading.find_filled(field).view(np.uint8)
    )
    salt = Field.AMOUNT_CENTS if field is Field.AMOUNT else field
    parsed = seal(ParsedNumbers(np.ascontiguousarray(values), faults))
    content_digest.add_numbers(parsed, Flags(seal_array(given)), int(field), int(salt), said)
