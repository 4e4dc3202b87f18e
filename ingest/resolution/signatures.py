"""Signatures: who entered and who validated each line, as rows of a table of distinct ones.

The table contains the texts as they are: who the persons are, and what they may do, is judged by the directory that the
batch follows when it is decided (``posting.hands``), not by that of the moment when it was read.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
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
    if line_batch.arrays.keys().isdisjoint(_FIELDS):
        return SignatureColumn(np.zeros(line_batch.rows, np.int32), ())
    columns = [_read_column(line_batch, field) for field in _FIELDS]
    if not any(any(column.texts) for column in columns):
        return SignatureColumn(np.zeros(line_batch.rows, np.int32), ())
    shape = tuple(len(column.texts) for column in columns)
    # A hash table numbers the signatures, because to sort those of a large file takes far longer.
    keys = pa.array(np.ravel_multi_index(tuple(column.at for column in columns), shape)).dictionary_encode()
    members = zip(columns, np.unravel_index(keys.dictionary.to_numpy(), shape), strict=True)
    names = ([column.texts[at] for at in places.tolist()] for column, places in members)
    texts = [SignatureTexts(*signature) for signature in zip(*names, strict=True)]
    names_somebody = np.array([any(signature) for signature in texts], np.bool_)
    number = np.where(names_somebody, np.cumsum(names_somebody), 0).astype(np.int32)
    return SignatureColumn(number[keys.indices.to_numpy()], tuple(filter(any, texts)))


def _read_column(line_batch: LineBatch, field: Field) -> _ValueColumn:
    """Return a column by distinct text; without a value, all lines have an empty one."""
    column = line_batch.read_text(field)
    if column is None:
        return _ValueColumn([""], np.zeros(line_batch.rows, np.int64))
    column = column.to_distinct_values()
    texts = column.list_texts()
    return _ValueColumn(texts, column.expand(np.arange(len(texts))))
