"""The order of decisions: files in their order, the lines of each in theirs, and its held acts right behind its last line.

The engine decides a batch up to the first piece that ends a pass with acts held.  These acts come next, and share a batch
with the pieces behind them.  So what a line meets depends on the order of files and acts alone, never on how lines are
packed into batches; and a batch depends on where it begins, never on the batches before it, so that a restart repeats it.
"""

from collections import deque
from collections.abc import Iterator

from ingest.queue.batch_cuts import BatchLimits
from ingest.queue.held_retry import HeldRetry
from posting.batch import Batch, Piece


class DecisionOrder:
    """Packs pieces into batches in the order of their decision, in the kernel thread."""

    def __init__(self, held: HeldRetry, limits: BatchLimits) -> None:
        self._held, self._limits = held, limits
        self._pass: Iterator[Piece] = iter(())
        """The pieces of the pass over held acts that is under way: they come before the pieces read."""
        self._read: deque[Piece] = deque()
        self._open: list[Piece] = []
        """The pieces of the next batch."""

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Yield the batches to decide now that ``read`` is read, each once the one before is decided.

        What is left stays for the next call if ``read`` is followed by more lines.
        """
        if read.dry_run:
            yield read
            return
        if not read.is_holding:
            yield read
            self._note_decisions(read.pieces)
            return
        if read.resumed:
            self._pass = self._held.begin_pass(read.resumed)
        self._read.extend(read.pieces)
        while self._fill() or (self._open and not read.is_followed):
            yield Batch(self._open)
            self._close()

    def _fill(self) -> bool:
        """Add pieces to the next batch; return whether it is full."""
        while not self._limits.are_reached([len(piece.acts) for piece in self._open]):
            piece = next(self._pass, None)
            if piece is None and not self._read:
                return False
            self._open.append(piece or self._read.popleft())
        return True

    def _close(self) -> None:
        """Begin the next batch: with held acts if the last piece decided ended a pass with some, then with what is left."""
        decided = [piece for piece in self._open if piece.is_decided]
        self._read.extendleft(reversed(self._open[len(decided) :]))
        self._open = []
        self._note_decisions(decided)
        last = decided[-1]
        if last.progress_after.is_done and not last.submission.progress.is_done:
            self._pass = self._held.begin_pass(last.submission)

    def _note_decisions(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self._held.note_decisions(piece)
