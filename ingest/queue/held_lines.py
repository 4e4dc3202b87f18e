"""The lines of acts that wait: kept in memory while they are few, read again from the spool when not."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.tables.columns import join, seal, take
from core.tables.journal import Bytes, Spans
from ingest.queue.batch_cuts import BATCH_LINES, joined, segments_from
from ingest.validation.decoded_cache import Source
from posting.batch import Piece

KEPT_LINES_MAX = 50_000
"""Lines kept for one submission; beyond, its file is read again for every pass."""

Lines = tuple[pa.RecordBatch, NDArray[np.int32]]


def positions(acts: list[tuple[int, int]]) -> NDArray[np.int32]:
    """Every line of ``acts`` (first line, lines), in order."""
    return np.concatenate([np.arange(line, line + lines, dtype=np.int32) for line, lines in sorted(acts)])


def lines_again(source: Source, wanted: NDArray[np.int32]) -> Iterator[Lines]:
    """The ``wanted`` lines, read from the file."""
    for first, raw in segments_from(source, int(wanted[0]) // BATCH_LINES * BATCH_LINES):
        inside = wanted[(wanted >= first) & (wanted < first + raw.num_rows)]
        if len(inside):
            yield raw.take(pa.array(inside - first)), inside
        if first + raw.num_rows > wanted[-1]:
            return


class KeptLines:
    """What is kept of each submission: its held lines as they were resolved, which they would be again alike."""

    def __init__(self) -> None:
        self._parts: dict[int, list[Piece] | None] = {}

    def keep(self, piece: Piece) -> None:
        """Keep the lines of ``piece`` that were held, unless they are kept already."""
        number, held = piece.submission.number, _held_in(piece)
        parts = self._parts.setdefault(number, [])
        if not held or parts is None or self._rows(number, wanted := positions(held)) is not None:
            return
        parts.append(narrowed(piece, np.searchsorted(piece.lines, wanted)))
        if sum(len(each.lines) for each in parts) > KEPT_LINES_MAX:
            self._parts[number] = None

    def piece(self, submission: int, wanted: NDArray[np.int32]) -> Piece | None:
        """The ``wanted`` lines, if all of them are kept."""
        found = self._rows(submission, wanted)
        return None if found is None else narrowed(*found)

    def forget(self, submission: int) -> None:
        """The submission is done."""
        self._parts.pop(submission, None)

    def _rows(self, submission: int, wanted: NDArray[np.int32]) -> tuple[Piece, NDArray[np.intp]] | None:
        """All that is kept of the submission, and where the ``wanted`` lines stand there."""
        parts = self._parts.get(submission)
        if not parts:
            return None
        parts[:] = [together(parts)]
        lines = parts[0].lines
        order = np.argsort(lines, kind="stable")
        at = np.searchsorted(lines, wanted, sorter=order)
        if (at >= len(lines)).any() or (lines[order[at]] != wanted).any():
            return None
        return parts[0], order[at]


def narrowed(piece: Piece, rows: NDArray[np.integer]) -> Piece:
    """The ``rows`` of ``piece``, whole acts of it; it keeps nothing of the others alive but dictionaries."""
    acts, where = piece.acts[rows], np.zeros(len(piece.acts), np.int32)
    where[rows] = np.arange(len(rows))
    acts["head"] = where[acts["head"]]
    reference, text = _narrowed_texts(take(piece.reference, rows), piece.text)
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


def together(pieces: list[Piece]) -> Piece:
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
        reference=seal(join(list(spans))),
        text=seal(join([each.text for each in pieces])),
        field=np.concatenate([each.field for each in pieces]),
        new_words=np.concatenate([each.new_words for each in pieces]),
        raw=joined([each.raw for each in pieces]),
        cells_before=max(each.cells_before for each in pieces),
    )


def _narrowed_texts(spans: Spans, text: Bytes) -> tuple[Spans, Bytes]:
    """The texts of ``spans`` alone."""
    lengths = spans.end - spans.start
    ends = np.cumsum(lengths, dtype=np.int32)
    starts = ends - lengths
    at = np.repeat(spans.start - starts, lengths) + np.arange(lengths.sum(dtype=np.int64))
    return seal(Spans(starts, ends)), seal(Bytes(text.data[at]))


def _held_in(piece: Piece) -> list[tuple[int, int]]:
    """The acts of ``piece`` that wait now: for this pass or, where it was the last piece of one, for the next."""
    if not len(piece.lines):
        return []
    acts = sorted({*piece.submission.held, *piece.submission.waiting})  # held anew, an act stands in both
    return [act for act in acts if piece.lines[0] <= act[0] <= piece.lines[-1]]
