"""Signatures: who entered and who validated each line, as rows of a table of distinct ones.

The table contains the texts as they are: who the persons are, and what they may do, is judged by the directory that the
batch follows when it is decided (``posting.hands``), not by that of the moment when it was read.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from ingest.resolution.line_batch import LineBatch
from posting.batch import SignatureTexts

_FIELDS = (Field.ENTERED_BY, Field.VALIDATED_BY, Field.DELEGATION)


class SignatureColumn(NamedTuple):
    """The signature of each line."""

    row: NDArray[np.int32]
    """Row of ``texts`` from 1; 0 where the line names nobody."""
    texts: tuple[SignatureTexts, ...]


class _ValueColumn(NamedTuple):
    """The distinct texts of a column, and which of them each line has."""

    texts: list[str]
    at: NDArray[np.int64]


def read_signatures(line_batch: LineBatch) -> SignatureColumn:
    """Return the signature of each line; a line that names one person or a delegation alone has one, too."""
    columns = [_read_column(line_batch, field) for field in _FIELDS]
    if not any(any(column.texts) for column in columns):
        return SignatureColumn(np.zeros(line_batch.rows, np.int32), ())
    key = np.zeros(line_batch.rows, np.int64)
    for column in columns:
        key = key * len(column.texts) + column.at
    _, first, inverse = np.unique(key, return_index=True, return_inverse=True)
    texts = [SignatureTexts(*(column.texts[column.at[row]] for column in columns)) for row in first.tolist()]
    numbers = np.cumsum([any(signature) for signature in texts], dtype=np.int32)
    by_value = np.where([any(signature) for signature in texts], numbers, 0).astype(np.int32)
    return SignatureColumn(by_value[inverse.ravel()], tuple(filter(any, texts)))


def _read_column(line_batch: LineBatch, field: Field) -> _ValueColumn:
    """Return a column by distinct text; without a value, all lines have an empty one."""
    column = line_batch.read_text(field)
    if column is None:
        return _ValueColumn([""], np.zeros(line_batch.rows, np.int64))
    column = column.to_distinct_values()
    texts = column.list_texts()
    return _ValueColumn(texts, column.expand(np.arange(len(texts))))
