"""Passes over the held acts of submissions: acts that wait for a predecessor are presented again until they are decided."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ingest.queue.batch_cuts import BATCH_LINES
from ingest.queue.held_lines import HeldLinesCache, concat_pieces, list_positions, reread_lines
from ingest.queue.open_submission import OpenSubmission, PieceResolver
from ingest.resolution.text_columns import DictionaryCache
from posting.batch import FINAL_PASS, Batch, LineSpan, Piece, Progress, Submission
from posting.book.book_state import BookState


class HeldRetry:
    """Retries the held acts of open submissions, in the kernel thread."""

    def __init__(self, resolver: PieceResolver, state: BookState) -> None:
        self._resolver, self._state = resolver, state
        self._open: dict[int, OpenSubmission] = {}
        """The reader thread adds submissions, the kernel thread removes them when they are decided."""
        self._remembered: set[int] = set()
        self._cache = HeldLinesCache()
        self._dictionary_cache = DictionaryCache()

    def add(self, file: OpenSubmission) -> None:
        """Add a submission whose acts may be held."""
        self._open[file.number] = file

    def remember(self, file: OpenSubmission) -> None:
        """Restore the keys of acts held before a restart, so that their duplicates are recognised."""
        self.add(file)
        self._remembered.add(file.number)
        self._restore_held(file)

    def is_remembered(self, number: int) -> bool:
        """Return whether the held acts of a submission were restored."""
        return number in self._remembered

    def retry(self, decided: Batch) -> Iterator[Batch]:
        """Yield passes over the held acts of the submissions whose first pass ended with ``decided``, to their last."""
        for piece in decided.pieces:
            self._cache.add(piece)
        for submission in [decided.resumed] if decided.resumed else _list_ended(decided):
            progress = submission.progress
            if progress.pass_number == 1 and not progress.is_done:  # resumed in its first pass, which goes on
                self.remember(self._open[submission.number])
                continue
            while not submission.progress.is_done:
                self._begin_pass()
                yield from self._read_pass(self._open[submission.number])
            self._cache.remove(submission.number)
            self._open.pop(submission.number, None)

    def _begin_pass(self) -> None:
        """Forget the keys of the acts to be retried; those of acts that stay held are restored."""
        self._state.clear_waiting()
        for file in list(self._open.values()):  # the reader thread adds more meanwhile
            self._restore_held(file)

    def _restore_held(self, file: OpenSubmission) -> None:
        held = file.submission.held
        if held:
            for piece in self._read_pieces(file, held):
                self._state.add_waiting(piece.acts)

    def _read_pass(self, file: OpenSubmission) -> Iterator[Batch]:
        """Yield the acts to be retried in one pass, as many lines a batch as in a first pass."""
        submission = file.submission
        pass_number, start = submission.progress.pass_number, submission.progress.next_line
        acts = sorted(act for act in submission.to_retry if act[0] >= start)
        for share in _share_acts(acts):
            retried = concat_pieces(list(self._read_pieces(file, share)))
            progress = Progress(pass_number, int(retried.lines[-1]) + 1, share[-1] == acts[-1])
            piece = replace(retried, progress_after=progress)
            yield Batch([piece], is_holding=pass_number != FINAL_PASS)
            self._cache.add(piece)

    def _read_pieces(self, file: OpenSubmission, held: list[LineSpan]) -> Iterator[Piece]:
        """Yield the lines of held acts, from the cache or read again from the file."""
        positions = list_positions(held)
        cached = self._cache.find_piece(file.number, positions)
        if cached:
            yield cached
            return
        context = self._resolver.context
        own = replace(context, dictionary_cache=self._dictionary_cache, cells=context.cells.fork())
        for lines in reread_lines(file.source, positions):
            piece = self._resolver.resolve(file, lines, file.submission.progress, context=own)
            yield _drop_new_words(piece)


def _drop_new_words(piece: Piece) -> Piece:
    """Return lines presented again without new assignments: all of theirs were numbered since they were first read."""
    last = int(piece.acts["cell"].max(initial=0))
    return replace(piece, new_words=piece.new_words[:0], cells_before=last + 1)


def _list_ended(batch: Batch) -> list[Submission]:
    """Return the submissions whose pass ends with this batch."""
    ended = {
        piece.submission.number: piece.submission for piece in batch.pieces if piece.progress_after.is_done
    }
    return list(ended.values())


def _share_acts(acts: list[LineSpan]) -> Iterator[list[LineSpan]]:
    """Yield the acts in order, in shares of at most as many lines as a batch has, but at least one act."""
    ends = np.cumsum([lines for _, lines in acts]) if acts else np.zeros(0, np.int64)
    first = 0
    while first < len(acts):
        lines_before = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, lines_before + BATCH_LINES, "right")), first + 1)
        yield acts[first:last]
        first = last
