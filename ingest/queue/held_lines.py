"""The lines of held acts: cached in memory while they are few, otherwise read again from the spool."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.tables.columns import concat_tables, seal, select_rows
from core.tables.journal import Bytes, Spans
from ingest.queue.batch_cuts import BATCH_LINES, concat_batches, cut_segments_from
from ingest.validation.decoded_cache import LineSource
from posting.batch import LineSpan, Piece

CACHED_LINES_MAX = 50_000
"""Lines cached for one submission; beyond, its file is read again for every pass."""


class SelectedLines(NamedTuple):
    """Lines of a submission, and the position of each in it, from 0."""

    raw: pa.RecordBatch
    positions: NDArray[np.int32]


def list_positions(acts: list[LineSpan]) -> NDArray[np.int32]:
    """Return the positions of every line of ``acts`` (first line, number of lines), in order."""
    return np.concatenate([np.arange(line, line + lines, dtype=np.int32) for line, lines in sorted(acts)])


def reread_lines(source: LineSource, positions: NDArray[np.int32]) -> Iterator[SelectedLines]:
    """Yield the lines at ``positions``, read from the file."""
    for first, raw in cut_segments_from(source, int(positions[0]) // BATCH_LINES * BATCH_LINES):
        in_segment = positions[(positions >= first) & (positions < first + raw.num_rows)]
        if len(in_segment):
            yield SelectedLines(raw.take(pa.array(in_segment - first)), in_segment)
        if first + raw.num_rows > positions[-1]:
            return


class HeldLinesCache:
    """The held lines of each submission as they were resolved: to resolve them again would give the same."""

    def __init__(self) -> None:
        self._pieces: dict[int, list[Piece] | None] = {}

    def add(self, piece: Piece) -> None:
        """Add the lines of ``piece`` that were held, unless they are cached already."""
        number, held = piece.submission.number, _list_held(piece)
        pieces = self._pieces.setdefault(number, [])
        if not held or pieces is None:
            return
        positions = list_positions(held)
        if self._find_rows(number, positions) is not None:
            return
        pieces.append(take_rows(piece, np.searchsorted(piece.lines, positions)))
        if sum(len(cached.lines) for cached in pieces) > CACHED_LINES_MAX:
            self._pieces[number] = None

    def find_piece(self, submission: int, positions: NDArray[np.int32]) -> Piece | None:
        """Return the lines at ``positions`` if all of them are cached."""
        cached = self._find_rows(submission, positions)
        return None if cached is None else take_rows(*cached)

    def remove(self, submission: int) -> None:
        """Remove a submission that is decided."""
        self._pieces.pop(submission, None)

    def _find_rows(self, submission: int, positions: NDArray[np.int32]) -> "_CachedRows | None":
        """Return all cached lines of the submission, and the rows of ``positions``."""
        pieces = self._pieces.get(submission)
        if not pieces:
            return None
        pieces[:] = [concat_pieces(pieces)]
        lines = pieces[0].lines
        order = np.argsort(lines, kind="stable")
        rows = np.searchsorted(lines, positions, sorter=order)
        if (rows >= len(lines)).any() or (lines[order[rows]] != positions).any():
            return None
        return _CachedRows(pieces[0], order[rows])


class _CachedRows(NamedTuple):
    """The cached lines of a submission, and the rows in them that are asked for."""

    piece: Piece
    rows: NDArray[np.intp]


def take_rows(piece: Piece, rows: NDArray[np.integer]) -> Piece:
    """Return ``rows`` of ``piece``, whole acts of it; of the other rows only dictionaries stay alive."""
    acts, new_row = piece.acts[rows], np.zeros(len(piece.acts), np.int32)
    new_row[rows] = np.arange(len(rows))
    acts["head"] = new_row[acts["head"]]
    reference, text = _take_texts(select_rows(piece.reference, rows), piece.text)
    return replace(
        piece,
        acts=acts,
        lines=piece.lines[rows],
        day=piece.day[rows],
        cents=piece.cents[rows],
        reference=reference,
        text=text,
        field=piece.field[rows],
        new_words=piece.new_words[:0],
        raw=piece.raw.take(pa.array(rows)),
        limited_claims=np.flatnonzero(np.isin(rows, piece.limited_claims)),
    )


def concat_pieces(pieces: list[Piece]) -> Piece:
    """Concatenate ``pieces`` of one submission, at least one."""
    if len(pieces) == 1:
        return pieces[0]
    row_starts = np.cumsum([0, *(len(piece.acts) for piece in pieces)])
    text_starts = np.cumsum([0, *(len(piece.text.data) for piece in pieces)]).tolist()
    acts = np.concatenate([piece.acts for piece in pieces])
    claims = [piece.limited_claims + start for piece, start in zip(pieces, row_starts, strict=False)]
    acts["head"] += np.repeat(row_starts[:-1], np.diff(row_starts)).astype(np.int32)
    spans = (
        Spans._make(column + text_start for column in piece.reference)
        for piece, text_start in zip(pieces, text_starts, strict=False)
    )
    return replace(
        pieces[-1],
        acts=acts,
        lines=np.concatenate([piece.lines for piece in pieces]),
        day=np.concatenate([piece.day for piece in pieces]),
        cents=np.concatenate([piece.cents for piece in pieces]),
        reference=seal(concat_tables(list(spans))),
        text=seal(concat_tables([piece.text for piece in pieces])),
        field=np.concatenate([piece.field for piece in pieces]),
        new_words=np.concatenate([piece.new_words for piece in pieces]),
        raw=concat_batches([piece.raw for piece in pieces]),
        limited_claims=np.concatenate(claims),
        cells_before=max(piece.cells_before for piece in pieces),
    )


def _take_texts(spans: Spans, text: Bytes) -> tuple[Spans, Bytes]:
    """Return the spans and a text buffer with nothing but their texts."""
    lengths = spans.end - spans.start
    ends = np.cumsum(lengths, dtype=np.int32)
    starts = ends - lengths
    source = np.repeat(spans.start - starts, lengths) + np.arange(lengths.sum(dtype=np.int64))
    return seal(Spans(starts, ends)), seal(Bytes(text.data[source]))


def _list_held(piece: Piece) -> list[LineSpan]:
    """Return the acts of ``piece`` that are held now: in this pass, or after its last piece for the next pass."""
    if not len(piece.lines):
        return []
    acts = sorted({*piece.submission.held, *piece.submission.to_retry})  # an act that is held anew is in both
    return [act for act in acts if piece.lines[0] <= act[0] <= piece.lines[-1]]
