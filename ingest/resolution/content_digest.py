"""What lines say, gathered over their columns: which fields, what cannot be read, and all of it as one word.

The same content gives the same word whatever format carried it: a sum over the columns, so a column that is absent and
one that is empty say the same.
"""

import numpy as np

from core.act_fields import FORMATS, Field, Sort
from core.tables.columns import blank, seal, sealed
from core.tables.journal import Flags, Parsed
from core.tables.raw_lines import Said
from ingest.resolution.line_batch import Reading
from kernels import content_digest

_KEY_FIELDS = frozenset({Field.REFERENCE, Field.EXERCISE, Field.LINE})
"""They are in the key already, or place the line in its act; their faults have codes of their own."""


def gather(reading: Reading) -> Said:
    """What each line says in all fields but those of its key."""
    said = blank(Said, reading.rows)
    for field in reading.arrays:
        if field in _KEY_FIELDS:
            continue
        column = reading.text(field) if FORMATS[field].sort is Sort.TEXT else None
        if column:
            column.say(field, said)
        else:
            _say_numbers(reading, field, said)
    return said


def _say_numbers(reading: Reading, field: Field, said: Said) -> None:
    values, faults = reading.number(field)
    given = np.zeros(0, np.uint8) if reading.is_whole(field) else reading.has(field).view(np.uint8)
    salt = Field.AMOUNT_CENTS if field is Field.AMOUNT else field
    parsed = seal(Parsed(np.ascontiguousarray(values), faults))
    content_digest.numbers(parsed, Flags(sealed(given)), int(field), int(salt), said)
