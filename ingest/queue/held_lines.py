"""The lines of acts that wait: kept in memory while they are few, read again from the spool when not."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.tables.columns import concat_tables, seal, select_rows
from core.tables.journal import Bytes, Spans
from ingest.queue.batch_cuts import BATCH_LINES, concat_unified, cut_segments_from
from ingest.validation.decoded_cache import LineSource
from posting.batch import LineSpan, Piece

CACHED_LINES_MAX = 50_000
"""Lines kept for one submission; beyond, its file is read again for every pass."""

SelectedLines = tuple[pa.RecordBatch, NDArray[np.int32]]


def list_positions(acts: list[LineSpan]) -> NDArray[np.int32]:
    """Every line of ``acts`` (first line, lines), in order."""
    return np.concatenate([np.arange(line, line + lines, dtype=np.int32) for line, lines in sorted(acts)])


def reread_lines(source: LineSource, wanted: NDArray[np.int32]) -> Iterator[SelectedLines]:
    """The ``wanted`` lines, read from the file."""
    for first, raw in cut_segments_from(source, int(wanted[0]) // BATCH_LINES * BATCH_LINES):
        inside = wanted[(wanted >= first) & (wanted < first + raw.num_rows)]
        if len(inside):
            yield raw.take(pa.array(inside - first)), inside
        if first + raw.num_rows > wanted[-1]:
            return


class HeldLinesCache:
    """What is kept of each submission: its held lines as they were resolved, which they would be again alike."""

    def __init__(self) -> None:
        self._pieces: dict[int, list[Piece] | None] = {}

    def add(self, piece: Piece) -> None:
        """Keep the lines of ``piece`` that were held, unless they are kept already."""
        number, held = piece.submission.number, _list_held(piece)
        parts = self._pieces.setdefault(number, [])
        if not held or parts is None or self._find_rows(number, wanted := list_positions(held)) is not None:
            return
        parts.append(take_rows(piece, np.searchsorted(piece.lines, wanted)))
        if sum(len(each.lines) for each in parts) > CACHED_LINES_MAX:
            self._pieces[number] = None

    def find_piece(self, submission: int, wanted: NDArray[np.int32]) -> Piece | None:
        """The ``wanted`` lines, if all of them are kept."""
        found = self._find_rows(submission, wanted)
        return None if found is None else take_rows(*found)

    def remove(self, submission: int) -> None:
        """The submission is done."""
        self._pieces.pop(submission, None)

    def _find_rows(self, submission: int, wanted: NDArray[np.int32]) -> tuple[Piece, NDArray[np.intp]] | None:
        """All that is kept of the submission, and where the ``wanted`` lines stand there."""
        parts = self._pieces.get(submission)
        if not parts:
            return None
        parts[:] = [concat_pieces(parts)]
        lines = parts[0].lines
        order = np.argsort(lines, kind="stable")
        at = np.searchsorted(lines, wanted, sorter=order)
        if (at >= len(lines)).any() or (lines[order[at]] != wanted).any():
            return None
        return parts[0], order[at]


def take_rows(piece: Piece, rows: NDArray[np.integer]) -> Piece:
    """The ``rows`` of ``piece``, whole acts of it; it keeps nothing of the others alive but dictionaries."""
    acts, where = piece.acts[rows], np.zeros(len(piece.acts), np.int32)
    where[rows] = np.arange(len(rows))
    acts["head"] = where[acts["head"]]
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
    )


def concat_pieces(pieces: list[Piece]) -> Piece:
    """``pieces`` of one submission as one, one behind the other; at least one."""
    if len(pieces) == 1:
        return pieces[0]
    rows = np.cumsum([0, *(len(each.acts) for each in pieces)])
    texts = np.cumsum([0, *(len(each.text.data) for each in pieces)]).tolist()
    acts = np.concatenate([each.acts for each in pieces])
    acts["head"] += np.repeat(rows[:-1], np.diff(rows)).astype(np.int32)
    spans = (
        Spans._make(column + at for column in each.reference) for each, at in zip(pieces, texts, strict=False)
    )
    return replace(
        pieces[-1],
        acts=acts,
        lines=np.concatenate([each.lines for each in pieces]),
        day=np.concatenate([each.day for each in pieces]),
        cents=np.concatenate([each.cents for each in pieces]),
        reference=seal(concat_tables(list(spans))),
        text=seal(concat_tables([each.text for each in pieces])),
        field=np.concatenate([each.field for each in pieces]),
        new_words=np.concatenate([each.new_words for each in pieces]),
        raw=concat_unified([each.raw for each in pieces]),
        cells_before=max(each.cells_before for each in pieces),
    )


def _take_texts(spans: Spans, text: Bytes) -> tuple[Spans, Bytes]:
    """The texts of ``spans`` alone."""
    lengths = spans.end - spans.start
    ends = np.cumsum(lengths, dtype=np.int32)
    starts = ends - lengths
    at = np.repeat(spans.start - starts, lengths) + np.arange(lengths.sum(dtype=np.int64))
    return seal(Spans(starts, ends)), seal(Bytes(text.data[at]))


def _list_held(piece: Piece) -> list[LineSpan]:
    """The acts of ``piece`` that wait now: for this pass or, where it was the last piece of one, for the next."""
    if not len(piece.lines):
        return []
    acts = sorted({*piece.submission.held, *piece.submission.to_retry})  # held anew, an act stands in both
    return [act for act in acts if piece.lines[0] <= act[0] <= piece.lines[-1]]
