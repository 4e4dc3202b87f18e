"""The content of lines, collected column by column: the filled fields, the first flawed field, and a digest.

The same content has the same digest in every format: the digest is a sum over the columns, so an absent column counts
like an empty one.
"""

import numpy as np
from numpy.typing import NDArray

from core.act_fields import FORMATS, Field, FieldType
from core.tables.columns import allocate_zeros, seal, seal_array
from core.tables.journal import Flags, Numbers, ParsedNumbers
from core.tables.raw_lines import LineContent
from ingest.resolution.line_batch import LineBatch, NumberColumn, parse_texts
from ingest.resolution.text_columns import DistinctTexts
from kernels import content_digest

_KEY_FIELDS = frozenset({Field.REFERENCE, Field.EXERCISE, Field.LINE})
"""These are part of the key already, or order the lines of an act; their faults have outcomes of their own."""


def collect_content(line_batch: LineBatch) -> LineContent:
    """Return the content of each line in all fields but those of its key."""
    content = allocate_zeros(LineContent, line_batch.rows)
    for field in line_batch.arrays:
        if field in _KEY_FIELDS:
            continue
        column = line_batch.read_text(field) if FORMATS[field].type is FieldType.TEXT else None
        if column:
            column.add_content(field, content)
        else:
            _add_numbers(line_batch, field, content)
    return content


def _add_numbers(line_batch: LineBatch, field: Field, content: LineContent) -> None:
    column = line_batch.read_coded_text(field)
    if column is not None and column.codes is not None:
        by_value = column.values.compute_once(
            f"content {field}", lambda values: seal(_digest_numbers(values, field))
        )
        content_digest.add_codes(Numbers(seal_array(column.codes)), by_value, content)
        return
    values, faults = line_batch.read_number(field)
    is_filled = (
        np.zeros(0, np.uint8)
        if line_batch.is_complete_number_column(field)
        else line_batch.mark_values(field).view(np.uint8)
    )
    _digest_column(NumberColumn(values, faults), is_filled, field, content=content)


def _digest_numbers(texts: DistinctTexts, field: Field) -> LineContent:
    """Return the content of each distinct text of a field of numbers or dates."""
    content = allocate_zeros(LineContent, len(texts.spans.start))
    is_filled = texts.spans.end > texts.spans.start
    _digest_column(parse_texts(texts, field), is_filled.view(np.uint8), field, content=content)
    return content


def _digest_column(
    numbers: NumberColumn, is_filled: NDArray[np.uint8], field: Field, *, content: LineContent
) -> None:
    salt = Field.AMOUNT_CENTS if field is Field.AMOUNT else field
    parsed = seal(ParsedNumbers(np.ascontiguousarray(numbers.value), numbers.fault))
    content_digest.add_numbers(parsed, Flags(seal_array(is_filled)), int(field), int(salt), content)
