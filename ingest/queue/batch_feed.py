"""From files to batches, in a way that a restart repeats to the byte.

A file is cut at fixed marks of its own (the first act at or after every ``BATCH_LINES`` lines), never by what happens to
be ready; small files share a batch, and held acts come right behind the last line of their file (``decision_order``).  So a
run that stops anywhere continues with the very same batches.

The lines of a file are resolved when their batch is closed, not before: account assignments are numbered in the order of
the batches, and forms may form a batch whenever this feed returns an empty one.

While forms arrive, the lines between two marks are shared out further, so that forms do not wait for them.  The cuts, and
with them the hash chain, then depend on what arrives; the decisions do not, and the next line is stored with each batch.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from core.stage_timing import StageTimes
from ingest.queue.batch_cuts import BatchLimits, Segment, allow_all_lines, cut_segments, cut_shares
from ingest.queue.decision_order import DecisionOrder
from ingest.queue.decode_ahead import PENDING, Pending
from ingest.queue.held_lines import SelectedLines, list_positions, reread_lines
from ingest.queue.held_retry import HeldRetry
from ingest.queue.open_submission import OpenSubmission, PieceResolver
from ingest.resolution.resolver import ResolutionContext
from posting.batch import Batch, Piece, Progress, Submission
from posting.book.book_state import BookState

_NO_LINES = np.zeros(0, np.int32)


def _decode_in_turn(segments: Iterator[Segment]) -> Iterator[Segment | Pending]:
    return segments


class _PendingPiece(NamedTuple):
    """Lines of a submission that are to be decided next, not yet resolved."""

    rows: int
    is_atomic: bool
    resolve_lines: Callable[[], Piece]

    def resolve(self) -> Piece:
        """Resolve the lines: to be called once, when all batches before theirs are closed."""
        return replace(self.resolve_lines(), is_atomic=self.is_atomic)


class _OpenBatch:
    """Pieces of small files, collected until their batch is closed."""

    def __init__(self) -> None:
        self._pieces: list[_PendingPiece] = []
        self._is_awaited = False
        """Whether pieces of earlier batches may wait for those of this one."""

    def add(self, piece: _PendingPiece) -> None:
        """Add a piece."""
        self._pieces.append(piece)

    @property
    def piece_rows(self) -> list[int]:
        """The lines of each piece."""
        return [piece.rows for piece in self._pieces]

    def close(self, *, is_followed: bool = False, resumed: Submission | None = None) -> Batch:
        """Resolve the pieces into a batch, perhaps an empty one, and begin the next."""
        batch = Batch([piece.resolve() for piece in self._pieces], is_followed=is_followed, resumed=resumed)
        self._is_awaited = is_followed
        self._pieces.clear()
        return batch

    def flush(self) -> Iterator[Batch]:
        """Close the batch unless it is empty and nothing waits for it."""
        if self._pieces or self._is_awaited:
            yield self.close()


class BatchFeed:
    """Batches of submissions, one submission after the other."""

    def __init__(
        self,
        submissions: Iterable[OpenSubmission | Pending | None],
        context: ResolutionContext,
        state: BookState,
        *,
        stages: StageTimes,
        prefetch: Callable[[Iterator[Segment]], Iterator[Segment | Pending]] = _decode_in_turn,
        limits: BatchLimits = BatchLimits(),  # noqa: B008
    ) -> None:
        """Feed the lines of ``submissions``.

        ``submissions`` yields None when no further file is queued: small files then wait no longer for others.  It
        yields ``PENDING`` while the next file is being opened: they do wait for it.  ``prefetch`` yields the same
        segments, or ``PENDING`` while the next one is being decoded.
        """
        self._submissions, self._stages = submissions, stages
        self._prefetch, self._limits = prefetch, limits
        self._resolver = PieceResolver(context, stages)
        self._held = HeldRetry(self._resolver, state, lines_max=limits.lines_retried)
        self._order = DecisionOrder(self._held, limits)
        self._batch = _OpenBatch()

    def produce_batches(self) -> Iterator[Batch]:
        """Yield the batches of first passes, from where each submission stands, ahead of the decisions.

        An empty batch means that the next lines are not ready: the caller may do something else before it goes on.
        """
        for file in self._submissions:
            if file is PENDING:
                yield Batch([], is_followed=True)
            elif file is None:
                yield self._batch.close()
            else:
                yield from self.resume(file)
                if not file.is_in_retry:
                    yield from self._produce_first_pass(file)
        yield from self._batch.flush()

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Yield the batches to decide now that ``read`` is read: held acts come right behind the last line of their file."""
        return self._order.order_batches(read)

    def resume(self, file: OpenSubmission) -> Iterator[Batch]:
        """Yield what a submission begun before a restart needs before its next lines; nothing for a new one."""
        self._held.add(file)
        submission = file.submission
        if submission.held or file.is_in_retry:
            yield from self._batch.flush()
            yield from self._number_assignments(file)
            yield self._batch.close(is_followed=True, resumed=submission)

    def _number_assignments(self, file: OpenSubmission) -> Iterator[Batch]:
        """Yield a batch without lines that numbers the assignments of held acts which have no number yet.

        The reference data may contain a code since the last start that they did not contain when the line was read.
        """
        submission = file.submission
        progress = submission.progress
        positions = list_positions(list({*submission.held, *submission.to_retry}))
        empty = self._resolver.resolve(file, SelectedLines(file.build_empty_batch(), _NO_LINES), progress)
        new_words = [
            self._resolver.resolve(file, lines, progress).new_words
            for lines in reread_lines(file.source, positions)
        ]
        if any(map(len, new_words)):
            yield Batch([replace(empty, new_words=np.concatenate(new_words))])

    def _produce_first_pass(self, file: OpenSubmission) -> Iterator[Batch]:
        """Yield the batches that the first pass of a submission fills; the rest of it stays in the open batch."""
        for piece in self._read_first_pass(file):
            if piece is PENDING:
                yield Batch([], is_followed=True)
            elif piece.is_atomic:
                yield from self._batch.flush()
                yield Batch([piece.resolve()], is_holding=False)
            else:
                self._batch.add(piece)
                if self._limits.are_reached(self._batch.piece_rows, self._limits.choose_lines_max()):
                    yield self._batch.close(is_followed=True)

    def _read_first_pass(self, file: OpenSubmission) -> Iterator[_PendingPiece | Pending]:
        """Yield the lines of a submission from its next line on, in pieces."""
        lines, start = file.source.lines, file.submission.progress.next_line
        is_atomic = file.is_atomic and not start
        if lines == 0:
            empty = SelectedLines(file.build_empty_batch(), _NO_LINES)
            yield _PendingPiece(0, False, partial(self._resolver.resolve, file, empty, Progress(1, 0, True)))
        segments = self._stages.measure_iteration("read", cut_segments(file.source, start))
        for segment in self._prefetch(segments):
            if segment is PENDING:
                yield PENDING
                continue
            end = segment.first_line
            for raw in cut_shares(
                segment.raw, allow_all_lines if is_atomic else self._limits.choose_lines_max
            ):
                begin, end = end, end + raw.num_rows
                share = SelectedLines(raw, np.arange(begin, end, dtype=np.int32))
                resolve = partial(self._resolver.resolve, file, share, Progress(1, end, end == lines))
                yield _PendingPiece(raw.num_rows, is_atomic, resolve)
