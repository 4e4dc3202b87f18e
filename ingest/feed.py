"""Files to batches, in a way that a restart repeats to the byte.

A file is cut at fixed marks of its own (the first act at or behind every ``BATCH_LINES`` lines), never by what happens
to be ready; small files share a batch.  So whoever stops anywhere goes on with the very same batches.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core.fields import ACT_LINES_MAX, Field
from ingest.inspection import Source
from ingest.reading import Reading
from ingest.resolve import Context, Sender, resolve
from posting.batch import FINAL_PASS, Batch, Piece, Stage, Submission
from posting.book import State

BATCH_LINES = 131_072
_ENOUGH = BATCH_LINES * 3 // 4
"""Lines at which a batch of several pieces is closed."""


@dataclass(frozen=True, slots=True)
class Open:
    """A submission with its lines at hand."""

    submission: Submission
    sender: Sender
    source: Source


class Feed:
    """Batches of submissions, one submission after the other."""

    def __init__(self, submissions: Iterable[Open], context: Context, state: State) -> None:
        self._submissions, self._context, self._state = submissions, context, state
        self._open: dict[int, Open] = {}

    def batches(self) -> Iterator[Batch]:
        """First passes, from wherever each submission stands; runs ahead of the decisions."""
        pieces: list[Piece] = []
        for each in self._submissions:
            self._open[each.submission.number] = each
            if each.submission.stage.run > 1:
                yield from _closed(pieces)
                pieces = []
                yield Batch([], resumed=each.submission)
                continue
            for piece in self._first_pass(each):
                pieces.append(piece)
                if sum(len(one.acts) for one in pieces) >= _ENOUGH:
                    yield Batch(pieces)
                    pieces = []
        yield from _closed(pieces)

    def again(self, decided: Batch) -> Iterator[Batch]:
        """Pass after pass over the held acts of every submission that ``decided`` brought to its end."""
        ended = [decided.resumed] if decided.resumed else _ended(decided)
        for submission in ended:
            while not submission.stage.done:
                self._begin_pass(submission)
                yield from self._held_pass(self._open[submission.number])
        for submission in ended:
            if submission.stage.done:
                self._open.pop(submission.number, None)

    def remember_waiting(self, each: Open) -> None:
        """Hold the keys of acts held before a restart, so that their doubles are known for what they are."""
        self._open[each.submission.number] = each
        self._hold_again(each)

    def _begin_pass(self, submission: Submission) -> None:
        """What waited is presented again; what others hold goes on waiting."""
        self._state.forget_waiting()
        for other in list(self._open.values()):  # the reader opens more meanwhile
            self._hold_again(other)

    def _hold_again(self, each: Open) -> None:
        for raw, _ in _held_lines(each.source, each.submission.held, 0):
            self._state.wait_for(resolve(raw, each.sender, self._context).acts)

    def _first_pass(self, each: Open) -> Iterator[Piece]:
        lines = each.source.lines
        if lines == 0:
            yield self._piece(each, _nothing(each.source), np.zeros(0, np.int32), Stage(1, 0, True))
        for start, raw in _segments(each.source, each.submission.stage.next_line):
            end = start + raw.num_rows
            numbers = np.arange(start, end, dtype=np.int32)
            yield self._piece(each, raw, numbers, Stage(1, end, end == lines))

    def _held_pass(self, each: Open) -> Iterator[Batch]:
        submission = each.submission
        run, start = submission.stage.run, submission.stage.next_line
        last = max((line + lines for line, lines in submission.waiting), default=0)
        for raw, numbers in _held_lines(each.source, submission.waiting, start):
            then = int(numbers[-1]) + 1
            piece = self._piece(each, raw, numbers, Stage(run, then, then == last))
            yield Batch([piece], holding=run != FINAL_PASS)

    def _piece(self, each: Open, raw: pa.RecordBatch, lines: np.ndarray, then: Stage) -> Piece:
        found = resolve(raw, each.sender, self._context)
        return Piece(
            each.submission,
            found.acts,
            lines,
            found.day,
            found.cents,
            found.reference,
            found.text,
            found.field,
            found.new_words,
            raw,
            then,
        )


def _closed(pieces: list[Piece]) -> Iterator[Batch]:
    if pieces:
        yield Batch(pieces)


def _ended(batch: Batch) -> list[Submission]:
    """Submissions whose first pass ended with this batch, some of their acts still waiting."""
    ended = {piece.submission.number: piece.submission for piece in batch.pieces if piece.then.done}
    return list(ended.values())


def _nothing(source: Source) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=source.schema)


def _segments(source: Source, start: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """(first line, lines) between the marks of a file, from ``start`` on; each begins with an act."""
    grid = start // BATCH_LINES * BATCH_LINES
    kept: pa.RecordBatch | None = None
    first = start
    for raw in source.batches(grid, BATCH_LINES):
        if kept is None:
            kept = raw.slice(start - grid)
            continue
        over = _lines_of_act_above(raw)
        whole = kept if over == 0 else _joined([kept, raw.slice(0, over)])
        yield first, whole
        first, kept = first + whole.num_rows, raw.slice(over)
    if kept is not None and kept.num_rows:
        yield first, kept


def _lines_of_act_above(raw: pa.RecordBatch) -> int:
    """Lines at the head of ``raw`` that continue the act before it; an act over long is cut, and so refused."""
    line, faults = Reading(raw.slice(0, ACT_LINES_MAX + 1)).number(Field.LINE)
    starts = np.flatnonzero((line == 1) | ((line == -1) & (faults == 0)))
    return int(starts[0]) if len(starts) else len(line)


def _held_lines(
    source: Source, held: list[tuple[int, int]], start: int
) -> Iterator[tuple[pa.RecordBatch, np.ndarray]]:
    """(lines, their positions) of the held acts from line ``start`` on, read again in order."""
    spans = sorted((line, line + lines) for line, lines in held if line >= start)
    if not spans:
        return
    wanted = np.concatenate([np.arange(first, end, dtype=np.int32) for first, end in spans])
    at = int(wanted[0]) // BATCH_LINES * BATCH_LINES
    for first, raw in _segments_from(source, at):
        inside = wanted[(wanted >= first) & (wanted < first + raw.num_rows)]
        if len(inside):
            yield raw.take(pa.array(inside - first)), inside


def _segments_from(source: Source, grid: int) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Segments from the mark of ``grid`` on: where an act lies over the mark, its lines there come with the one before."""
    if grid == 0:
        yield from _segments(source, 0)
        return
    head = next(iter(source.batches(grid, BATCH_LINES)))
    yield from _segments(source, grid + _lines_of_act_above(head))


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return pa.Table.from_batches(batches).unify_dictionaries().combine_chunks().to_batches()[0]
