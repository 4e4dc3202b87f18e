"""Selected rows of the raw columns of a piece, as texts to store."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import Field
from core.tables.columns import seal
from core.tables.journal import Bytes, Spans
from posting.batch import Piece
from posting.pgcopy import TextCells


def take_texts(piece: Piece, rows: NDArray[np.integer], field: Field) -> pa.Array:
    """Return the given rows of a raw column as text, empty if the column or the value is missing."""
    at = piece.raw.schema.get_field_index(field.column) if field != Field.NONE else -1
    if at < 0:
        return pa.repeat(pa.scalar("", pa.string()), len(rows))
    return pc.fill_null(take_rows(piece.raw.column(at), rows).cast(pa.string()), "")


def take_rows(column: pa.Array, rows: NDArray[np.integer]) -> pa.Array:
    """Return rows of a column, decoded if it is a dictionary."""
    values = column.take(pa.array(rows))
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def to_text_cells(texts: pa.Array) -> TextCells:
    """Convert an Arrow text column to spans over its bytes, without copying."""
    _, offsets, data = texts.buffers()
    at = np.frombuffer(offsets or bytes(4), np.int32)[texts.offset : texts.offset + len(texts) + 1]
    spans = Spans(np.ascontiguousarray(at[:-1]), np.ascontiguousarray(at[1:]))
    return TextCells(seal(spans), seal(Bytes(np.frombuffer(data or b"", np.uint8))))
