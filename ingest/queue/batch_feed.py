"""Files to batches, in a way that a restart repeats to the byte.

A file is cut at fixed marks of its own (the first act at or behind every ``BATCH_LINES`` lines), never by what happens
to be ready; small files share a batch.  So whoever stops anywhere goes on with the very same batches.

A file's lines are resolved when their batch is given, not before: account assignments are numbered as they are met, and others
may give a batch whenever this one gives up its turn.

Beside forms, what lies between two marks is shared out further, so that they do not wait behind it.  Where it is cut then
depends on what comes, and the chain with it; what is decided does not, and the next line is stored with each batch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from core.stage_timing import Stages
from ingest.queue.batch_cuts import BATCH_LINES, WHOLE, segments, shares
from ingest.queue.decode_ahead import COMING, Coming
from ingest.queue.held_lines import KeptLines, lines_again, positions, together
from ingest.resolution.resolver import Context, Sender, resolve
from ingest.resolution.text_columns import Memory
from ingest.validation.decoded_cache import Source
from posting.batch import FINAL_PASS, Batch, Piece, Stage, Submission
from posting.book.book_state import State

_ENOUGH = BATCH_LINES * 3 // 4
"""Lines at which a batch of several pieces is closed."""
PIECES_MAX = 64
"""So is one of so many pieces: files that are open wait in no queue, where they would be counted."""

_NO_LINES = np.zeros(0, np.int32)

Segment = tuple[int, pa.RecordBatch]
"""Lines between two marks of a file, and the first one's position in it."""


@dataclass(frozen=True, slots=True)
class Open:
    """A submission with its lines at hand."""

    submission: Submission
    sender: Sender
    source: Source
    is_atomic: bool = False
    """Whether its acts are accepted all or not at all: then it is a batch of its own, and none of them waits."""


class _Ready(NamedTuple):
    """Lines of a submission that are to be decided next."""

    rows: int
    is_atomic: bool
    piece: Callable[[], Piece]
    """Resolves them."""

    def resolved(self) -> Piece:
        """They are given now: called once, when nothing else is given before them any more."""
        return replace(self.piece(), is_atomic=self.is_atomic)


class Feed:
    """Batches of submissions, one submission after the other."""

    def __init__(
        self, submissions: Iterable[Open | Coming | None], context: Context, state: State, stages: Stages
    ) -> None:
        """``submissions`` gives None where nothing else is at hand just now: small files then wait no longer.

        For what is ``COMING`` they do: it is being opened.
        """
        self._stages = stages
        self._memory = Memory()
        """Of whoever presents held acts again."""
        self._submissions, self._context, self._state = submissions, context, state
        self._open: dict[int, Open] = {}
        self._remembered: set[int] = set()
        self._kept = KeptLines()
        self.ahead: Callable[[Iterator[Segment]], Iterator[Segment | Coming]] = lambda segments: segments
        """The same segments, or ``COMING`` while the next one is being decoded: an empty batch is then given."""
        self.lines_now: Callable[[], int] = _all
        """Asked before each batch how many lines it may have, where that is less than between two marks."""

    def batches(self) -> Iterator[Batch]:
        """First passes, from wherever each submission stands; runs ahead of the decisions."""
        waiting: list[_Ready] = []
        for each in self._submissions:
            if each is COMING:
                yield Batch([])
                continue
            if each is None:
                yield _given(waiting)
                continue
            self._open[each.submission.number] = each
            if _waits(each.submission):
                yield from _closed(waiting)
                yield from self._numbered_again(each)
            if each.submission.stage.run > 1 or self._came_late(each):
                yield from _closed(waiting)
                yield Batch([], resumed=each.submission)
            if each.submission.stage.run > 1:
                continue
            for ready in self._first_pass(each):
                if ready is COMING:
                    yield Batch([])
                    continue
                if ready.is_atomic:
                    yield from _closed(waiting)
                    yield Batch([ready.resolved()], holding=False)
                    continue
                waiting.append(ready)
                if _is_full(waiting, min(_ENOUGH, self.lines_now())):
                    yield _given(waiting)
        yield from _closed(waiting)

    def again(self, decided: Batch) -> Iterator[Batch]:
        """Pass after pass over the held acts of every submission that ``decided`` brought to its end."""
        for piece in decided.pieces:
            self._kept.keep(piece)
        ended = [decided.resumed] if decided.resumed else _ended(decided)
        for submission in ended:
            if submission.stage.run == 1 and not submission.stage.done:  # it goes on with its first pass
                self.remember_waiting(self._open[submission.number])
                continue
            while not submission.stage.done:
                self._begin_pass()
                yield from self._held_pass(self._open[submission.number])
            self._kept.forget(submission.number)
            self._open.pop(submission.number, None)

    def remember_waiting(self, each: Open) -> None:
        """Hold the keys of acts held before a restart, so that their doubles are known for what they are."""
        self._open[each.submission.number] = each
        self._remembered.add(each.submission.number)
        self._hold_again(each)

    def _came_late(self, each: Open) -> bool:
        """Whether it was begun before this book was loaded, and its held acts are not remembered: its file was lost then."""
        return bool(each.submission.held) and each.submission.number not in self._remembered

    def _begin_pass(self) -> None:
        """What waited is presented again; what others hold goes on waiting."""
        self._state.forget_waiting()
        for other in list(self._open.values()):  # the reader opens more meanwhile
            self._hold_again(other)

    def _hold_again(self, each: Open) -> None:
        held = each.submission.held
        if held:
            for piece in self._held_pieces(each, held):
                self._state.wait_for(piece.acts)

    def _held_pieces(self, each: Open, held: list[tuple[int, int]]) -> Iterator[Piece]:
        """The lines of held acts: kept since they were decided, or read again."""
        wanted = positions(held)
        kept = self._kept.piece(each.submission.number, wanted)
        if kept:
            yield kept
            return
        known = replace(self._context, memory=self._memory, cells=self._context.cells.fork())
        for raw, lines in lines_again(each.source, wanted):
            yield _on_what_is_known(self._piece(each, raw, (lines, each.submission.stage), known))

    def _numbered_again(self, each: Open) -> Iterator[Batch]:
        """Of a submission begun before this book was loaded: the assignments of its held acts that have no number yet.

        There are such where the reference data came to know a code since: a line that named it had none.
        """
        held, at = {*each.submission.held, *each.submission.waiting}, each.submission.stage
        nothing = self._piece(each, _nothing(each.source), (_NO_LINES, at), self._context)
        again = lines_again(each.source, positions(list(held)))
        words = [self._piece(each, raw, (lines, at), self._context).new_words for raw, lines in again]
        if any(map(len, words)):
            yield Batch([replace(nothing, new_words=np.concatenate(words))])

    def _first_pass(self, each: Open) -> Iterator[_Ready | Coming]:
        lines, start = each.source.lines, each.submission.stage.next_line
        is_atomic = each.is_atomic and not start
        if lines == 0:
            nothing = _nothing(each.source), (_NO_LINES, Stage(1, 0, True))
            yield _Ready(0, False, partial(self._piece, each, *nothing, self._context))
        read = self._stages.iterated("read", segments(each.source, start))
        for segment in self.ahead(read):
            if segment is COMING:
                yield COMING
                continue
            end, raw = segment
            for share in shares(raw, _all if is_atomic else self.lines_now):
                begin, end = end, end + share.num_rows
                at = np.arange(begin, end, dtype=np.int32), Stage(1, end, end == lines)
                yield _Ready(share.num_rows, is_atomic, partial(self._piece, each, share, at, self._context))

    def _held_pass(self, each: Open) -> Iterator[Batch]:
        """The waiting acts again, as many lines a batch as in a first pass."""
        submission = each.submission
        run, start = submission.stage.run, submission.stage.next_line
        acts = sorted(act for act in submission.waiting if act[0] >= start)
        for some in _shares(acts):
            waiting = together(list(self._held_pieces(each, some)))
            then = Stage(run, int(waiting.lines[-1]) + 1, some[-1] == acts[-1])
            piece = replace(waiting, then=then)
            yield Batch([piece], holding=run != FINAL_PASS)
            self._kept.keep(piece)

    def _piece(
        self, each: Open, raw: pa.RecordBatch, at: tuple[np.ndarray, Stage], context: Context
    ) -> Piece:
        with self._stages.measured("resolve"):
            found = resolve(raw, each.sender, context)
        return Piece(
            each.submission,
            found.acts,
            at[0],
            found.day,
            found.cents,
            found.reference,
            found.text,
            found.field,
            found.new_words,
            raw,
            at[1],
            cells_before=found.cells_before,
        )


def _waits(submission: Submission) -> bool:
    """Whether acts of it are held, before any of its lines is given."""
    return bool(submission.held or submission.waiting)


def _on_what_is_known(piece: Piece) -> Piece:
    """Lines presented again: they bring no assignment, however many were numbered since they were read first."""
    last = int(piece.acts["cell"].max(initial=0))
    return replace(piece, new_words=piece.new_words[:0], cells_before=last + 1)


def _all() -> int:
    return WHOLE


def _is_full(waiting: list[_Ready], lines: int) -> bool:
    return len(waiting) >= PIECES_MAX or sum(each.rows for each in waiting) >= lines


def _closed(waiting: list[_Ready]) -> Iterator[Batch]:
    if waiting:
        yield _given(waiting)


def _given(waiting: list[_Ready]) -> Batch:
    """A batch of what waits, resolved now; nothing waits behind it."""
    batch = Batch([each.resolved() for each in waiting])
    waiting.clear()
    return batch


def _ended(batch: Batch) -> list[Submission]:
    """Submissions whose first pass ended with this batch, some of their acts still waiting."""
    ended = {piece.submission.number: piece.submission for piece in batch.pieces if piece.then.done}
    return list(ended.values())


def _nothing(source: Source) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=source.schema)


def _shares(acts: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """Acts in order, in shares of at most so many lines as a batch holds, one act at least."""
    ends = np.cumsum([lines for _, lines in acts]) if acts else np.zeros(0, np.int64)
    first = 0
    while first < len(acts):
        done = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, done + BATCH_LINES, "right")), first + 1)
        yield acts[first:last]
        first = last
