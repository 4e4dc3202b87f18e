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

from core.stage_timing import StageTimes
from ingest.queue.batch_cuts import BATCH_LINES, UNLIMITED_LINES, cut_segments, cut_shares
from ingest.queue.decode_ahead import PENDING, Pending
from ingest.queue.held_lines import HeldLinesCache, concat_pieces, list_positions, reread_lines
from ingest.resolution.resolver import ResolutionContext, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from ingest.validation.decoded_cache import LineSource
from posting.batch import FINAL_PASS, Batch, LineSpan, Piece, Progress, Submission
from posting.book.book_state import BookState

_BATCH_LINES_ENOUGH = BATCH_LINES * 3 // 4
"""Lines at which a batch of several pieces is closed."""
PIECES_MAX = 64
"""So is one of so many pieces: files that are open wait in no queue, where they would be counted."""

_NO_LINES = np.zeros(0, np.int32)

Segment = tuple[int, pa.RecordBatch]
"""Lines between two marks of a file, and the first one's position in it."""


@dataclass(frozen=True, slots=True)
class OpenSubmission:
    """A submission with its lines at hand."""

    submission: Submission
    sender: Sender
    source: LineSource
    is_atomic: bool = False
    """Whether its acts are accepted all or not at all: then it is a batch of its own, and none of them waits."""


class _PendingPiece(NamedTuple):
    """Lines of a submission that are to be decided next."""

    rows: int
    is_atomic: bool
    resolve_lines: Callable[[], Piece]
    """Resolves them."""

    def resolve(self) -> Piece:
        """They are given now: called once, when nothing else is given before them any more."""
        return replace(self.resolve_lines(), is_atomic=self.is_atomic)


class BatchFeed:
    """Batches of submissions, one submission after the other."""

    def __init__(
        self,
        submissions: Iterable[OpenSubmission | Pending | None],
        context: ResolutionContext,
        state: BookState,
        stages: StageTimes,
    ) -> None:
        """``submissions`` gives None where nothing else is at hand just now: small files then wait no longer.

        For what is ``COMING`` they do: it is being opened.
        """
        self._stages = stages
        self._retry_cache = DictionaryCache()
        """Of whoever presents held acts again."""
        self._submissions, self._context, self._state = submissions, context, state
        self._open: dict[int, OpenSubmission] = {}
        self._remembered: set[int] = set()
        self._held_lines = HeldLinesCache()
        self.prefetch: Callable[[Iterator[Segment]], Iterator[Segment | Pending]] = lambda segments: segments
        """The same segments, or ``COMING`` while the next one is being decoded: an empty batch is then given."""
        self.lines_limit: Callable[[], int] = _allow_all_lines
        """Asked before each batch how many lines it may have, where that is less than between two marks."""

    def produce_batches(self) -> Iterator[Batch]:
        """First passes, from wherever each submission stands; runs ahead of the decisions."""
        waiting: list[_PendingPiece] = []
        for each in self._submissions:
            if each is PENDING:
                yield Batch([])
                continue
            if each is None:
                yield _close_batch(waiting)
                continue
            self._open[each.submission.number] = each
            if _has_held_acts(each.submission):
                yield from _flush(waiting)
                yield from self._number_assignments(each)
            if each.submission.progress.pass_number > 1 or self._is_late(each):
                yield from _flush(waiting)
                yield Batch([], resumed=each.submission)
            if each.submission.progress.pass_number > 1:
                continue
            for ready in self._read_first_pass(each):
                if ready is PENDING:
                    yield Batch([])
                    continue
                if ready.is_atomic:
                    yield from _flush(waiting)
                    yield Batch([ready.resolve()], is_holding=False)
                    continue
                waiting.append(ready)
                if _is_full(waiting, min(_BATCH_LINES_ENOUGH, self.lines_limit())):
                    yield _close_batch(waiting)
        yield from _flush(waiting)

    def retry_held(self, decided: Batch) -> Iterator[Batch]:
        """Pass after pass over the held acts of every submission that ``decided`` brought to its end."""
        for piece in decided.pieces:
            self._held_lines.add(piece)
        ended = [decided.resumed] if decided.resumed else _list_ended(decided)
        for submission in ended:
            if (
                submission.progress.pass_number == 1 and not submission.progress.is_done
            ):  # it goes on with its first pass
                self.remember_held(self._open[submission.number])
                continue
            while not submission.progress.is_done:
                self._begin_pass()
                yield from self._read_held_pass(self._open[submission.number])
            self._held_lines.remove(submission.number)
            self._open.pop(submission.number, None)

    def remember_held(self, opened: OpenSubmission) -> None:
        """Hold the keys of acts held before a restart, so that their doubles are known for what they are."""
        self._open[opened.submission.number] = opened
        self._remembered.add(opened.submission.number)
        self._restore_held(opened)

    def _is_late(self, opened: OpenSubmission) -> bool:
        """Whether it was begun before this book was loaded, and its held acts are not remembered: its file was lost then."""
        return bool(opened.submission.held) and opened.submission.number not in self._remembered

    def _begin_pass(self) -> None:
        """What waited is presented again; what others hold goes on waiting."""
        self._state.clear_waiting()
        for other in list(self._open.values()):  # the reader opens more meanwhile
            self._restore_held(other)

    def _restore_held(self, opened: OpenSubmission) -> None:
        held = opened.submission.held
        if held:
            for piece in self._read_held_pieces(opened, held):
                self._state.add_waiting(piece.acts)

    def _read_held_pieces(self, opened: OpenSubmission, held: list[LineSpan]) -> Iterator[Piece]:
        """The lines of held acts: kept since they were decided, or read again."""
        wanted = list_positions(held)
        kept = self._held_lines.find_piece(opened.submission.number, wanted)
        if kept:
            yield kept
            return
        known = replace(self._context, dictionary_cache=self._retry_cache, cells=self._context.cells.fork())
        for raw, lines in reread_lines(opened.source, wanted):
            yield _drop_new_words(
                self._resolve_piece(opened, raw, (lines, opened.submission.progress), known)
            )

    def _number_assignments(self, opened: OpenSubmission) -> Iterator[Batch]:
        """Of a submission begun before this book was loaded: the assignments of its held acts that have no number yet.

        There are such where the reference data came to know a code since: a line that named it had none.
        """
        held, at = {*opened.submission.held, *opened.submission.to_retry}, opened.submission.progress
        nothing = self._resolve_piece(
            opened, _build_empty_batch(opened.source), (_NO_LINES, at), self._context
        )
        again = reread_lines(opened.source, list_positions(list(held)))
        words = [
            self._resolve_piece(opened, raw, (lines, at), self._context).new_words for raw, lines in again
        ]
        if any(map(len, words)):
            yield Batch([replace(nothing, new_words=np.concatenate(words))])

    def _read_first_pass(self, opened: OpenSubmission) -> Iterator[_PendingPiece | Pending]:
        lines, start = opened.source.lines, opened.submission.progress.next_line
        is_atomic = opened.is_atomic and not start
        if lines == 0:
            nothing = _build_empty_batch(opened.source), (_NO_LINES, Progress(1, 0, True))
            yield _PendingPiece(0, False, partial(self._resolve_piece, opened, *nothing, self._context))
        read = self._stages.iterate_timed("read", cut_segments(opened.source, start))
        for segment in self.prefetch(read):
            if segment is PENDING:
                yield PENDING
                continue
            end, raw = segment
            for share in cut_shares(raw, _allow_all_lines if is_atomic else self.lines_limit):
                begin, end = end, end + share.num_rows
                at = np.arange(begin, end, dtype=np.int32), Progress(1, end, end == lines)
                yield _PendingPiece(
                    share.num_rows, is_atomic, partial(self._resolve_piece, opened, share, at, self._context)
                )

    def _read_held_pass(self, opened: OpenSubmission) -> Iterator[Batch]:
        """The waiting acts again, as many lines a batch as in a first pass."""
        submission = opened.submission
        run, start = submission.progress.pass_number, submission.progress.next_line
        acts = sorted(act for act in submission.to_retry if act[0] >= start)
        for some in _share_acts(acts):
            waiting = concat_pieces(list(self._read_held_pieces(opened, some)))
            then = Progress(run, int(waiting.lines[-1]) + 1, some[-1] == acts[-1])
            piece = replace(waiting, progress_after=then)
            yield Batch([piece], is_holding=run != FINAL_PASS)
            self._held_lines.add(piece)

    def _resolve_piece(
        self,
        opened: OpenSubmission,
        raw: pa.RecordBatch,
        at: tuple[np.ndarray, Progress],
        context: ResolutionContext,
    ) -> Piece:
        with self._stages.measure("resolve"):
            found = resolve(raw, opened.sender, context)
        return Piece(
            opened.submission,
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


def _has_held_acts(submission: Submission) -> bool:
    """Whether acts of it are held, before any of its lines is given."""
    return bool(submission.held or submission.to_retry)


def _drop_new_words(piece: Piece) -> Piece:
    """Lines presented again: they bring no assignment, however many were numbered since they were read first."""
    last = int(piece.acts["cell"].max(initial=0))
    return replace(piece, new_words=piece.new_words[:0], cells_before=last + 1)


def _allow_all_lines() -> int:
    return UNLIMITED_LINES


def _is_full(waiting: list[_PendingPiece], lines: int) -> bool:
    return len(waiting) >= PIECES_MAX or sum(each.rows for each in waiting) >= lines


def _flush(waiting: list[_PendingPiece]) -> Iterator[Batch]:
    if waiting:
        yield _close_batch(waiting)


def _close_batch(waiting: list[_PendingPiece]) -> Batch:
    """A batch of what waits, resolved now; nothing waits behind it."""
    batch = Batch([each.resolve() for each in waiting])
    waiting.clear()
    return batch


def _list_ended(batch: Batch) -> list[Submission]:
    """Submissions whose first pass ended with this batch, some of their acts still waiting."""
    ended = {
        piece.submission.number: piece.submission for piece in batch.pieces if piece.progress_after.is_done
    }
    return list(ended.values())


def _build_empty_batch(source: LineSource) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=source.schema)


def _share_acts(acts: list[LineSpan]) -> Iterator[list[LineSpan]]:
    """Acts in order, in shares of at most so many lines as a batch holds, one act at least."""
    ends = np.cumsum([lines for _, lines in acts]) if acts else np.zeros(0, np.int64)
    first = 0
    while first < len(acts):
        done = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, done + BATCH_LINES, "right")), first + 1)
        yield acts[first:last]
        first = last
