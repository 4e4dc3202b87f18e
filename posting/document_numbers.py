"""Document numbers: each accountant's documents of an exercise, numbered without a gap in each journal (rule A06).

A document (*pièce*) is what one act posts in one journal of one accountant in one exercise.  Numbers follow the order of the
entries, so that they follow from the journal alone; what a batch gives is stored once, and never with each entry.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.journals import JOURNAL_OF_KIND, NO_JOURNAL
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from core.tables.columns import seal
from core.tables.document_ranges import DocumentRanges
from core.tables.journal import Bytes, Spans
from posting.batch import Piece
from posting.book.document_series import SERIES_COUNT, SeriesKeys, describe_series, find_series
from posting.pgcopy import Encoder, TextCells

TABLE = "document_range"
_JOURNALS = np.array(JOURNAL_OF_KIND, np.int64)
_ARRAY_HEAD = np.array([1, 0, 23, 0, 1], ">i4")
"""Of an array in the binary form: dimensions, flags, the type int4, the number of elements (filled in), the lower bound.
Source: PostgreSQL, ``array_send`` in ``src/backend/utils/adt/arrayfuncs.c``."""
_COUNT_WORD, _ELEMENT_WORDS, _WORD_BYTES = 3, 2, 4


class _Documents(NamedTuple):
    """The documents of some lines: the series and the first entry of each, in the order of entries."""

    series: NDArray[np.int64]
    entry: NDArray[np.int64]


class DocumentNumberer:
    """Numbers the documents of batch after batch, from the last numbers on, which it advances."""

    def __init__(self, last_numbers: NDArray[np.int64]) -> None:
        self._last_numbers = last_numbers
        self._encoder = Encoder(DocumentRanges, 1)

    def encode(
        self, batch: int, pieces: Sequence[Piece], decisions: Sequence[np.ndarray]
    ) -> dict[str, NDArray[np.uint8]]:
        """Number the documents of a batch; return the COPY bytes by table, nothing if it has none."""
        parts = [
            _list_documents(piece.acts, of_piece) for piece, of_piece in zip(pieces, decisions, strict=True)
        ]
        if not any(len(part.series) for part in parts):
            return {}
        documents = _Documents(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        order = np.argsort(documents.series, kind="stable")
        series, entry = documents.series[order], documents.entry[order]
        first = np.flatnonzero(np.diff(series, prepend=-1))
        counts = np.diff(first, append=len(series))
        rows = self._build_rows(batch, series[first], entry[first], counts=counts)
        starts = entry - np.repeat(rows.first_entry, counts)
        return {TABLE: self._encoder.encode(rows, (_encode_arrays(starts, counts),))}

    def _build_rows(
        self,
        batch: int,
        series: NDArray[np.int64],
        first_entry: NDArray[np.int64],
        *,
        counts: NDArray[np.int64],
    ) -> DocumentRanges:
        first_number = self._last_numbers[series] + 1
        self._last_numbers[series] += counts
        keys = (np.full(len(series), batch), *describe_series(series))
        return DocumentRanges._make((*keys, first_number, first_entry, counts))


def _list_documents(acts: np.ndarray, decisions: np.ndarray) -> _Documents:
    """Return the documents of the accepted lines of a piece: one for each act and series."""
    journal = _JOURNALS[acts["kind"]]
    at = np.flatnonzero((decisions["outcome"] == Outcome.ACCEPTED) & (journal != NO_JOURNAL))
    exercise = acts["period"][at] // PERIODS_PER_YEAR + YEAR_FIRST
    series = find_series(SeriesKeys(exercise, decisions["accountant"][at], journal[at]))
    head = acts["head"][at]
    is_new_act = np.diff(head, prepend=-1) != 0
    is_start = is_new_act | (np.diff(series, prepend=-1) != 0)
    starts = np.flatnonzero(is_start)
    if not is_new_act[starts].all():  # some act has several series, and may come back to one of them
        key = head[starts].astype(np.int64) * SERIES_COUNT + series[starts]
        starts = starts[np.sort(np.unique(key, return_index=True)[1])]
    return _Documents(series[starts], decisions["entry"][at[starts]])


def _encode_arrays(values: NDArray[np.int64], counts: NDArray[np.int64]) -> TextCells:
    """Return ``values``, of which each row has ``counts``, as arrays of PostgreSQL in their binary form."""
    sizes = len(_ARRAY_HEAD) + _ELEMENT_WORDS * counts
    ends = np.cumsum(sizes)
    firsts = ends - sizes
    words = np.full(int(ends[-1]), _WORD_BYTES, ">i4")
    words[firsts[:, None] + np.arange(len(_ARRAY_HEAD))] = _ARRAY_HEAD
    words[firsts + _COUNT_WORD] = counts
    ranks = np.arange(len(values)) - np.repeat(np.cumsum(counts) - counts, counts)
    words[np.repeat(firsts + len(_ARRAY_HEAD), counts) + _ELEMENT_WORDS * ranks + 1] = values
    spans = Spans((firsts * _WORD_BYTES).astype(np.int32), (ends * _WORD_BYTES).astype(np.int32))
    return TextCells(seal(spans), seal(Bytes(words.view(np.uint8))))
