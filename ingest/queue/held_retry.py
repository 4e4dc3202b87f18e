"""Passes over the held acts of submissions: acts that wait for a predecessor are presented again until they are decided."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ingest.queue.held_lines import HeldLinesCache, concat_pieces, list_positions, reread_lines
from ingest.queue.open_submission import OpenSubmission, PieceResolver
from ingest.resolution.text_columns import DictionaryCache
from posting.batch import LineSpan, Piece, Progress, Submission
from posting.book.book_state import BookState


class HeldRetry:
    """Presents the held acts of open submissions again, in the kernel thread."""

    def __init__(self, resolver: PieceResolver, state: BookState, *, lines_max: int) -> None:
        """Present at most ``lines_max`` lines in one piece, or one act."""
        self._resolver, self._state, self._lines_max = resolver, state, lines_max
        self._open: dict[int, OpenSubmission] = {}
        """The reader thread adds submissions, the kernel thread removes them when they are decided."""
        self._cache = HeldLinesCache()
        self._dictionary_cache = DictionaryCache()

    def add(self, file: OpenSubmission) -> None:
        """Add a submission whose acts may be held."""
        self._open[file.number] = file

    def note_decisions(self, piece: Piece) -> None:
        """Cache the lines of ``piece`` that were held; forget its submission if that is decided."""
        self._cache.add(piece)
        if piece.submission.progress.is_done:
            self._cache.remove(piece.submission.number)
            self._open.pop(piece.submission.number, None)

    def begin_pass(self, submission: Submission) -> Iterator[Piece]:
        """Begin the present pass of ``submission``, or continue it after a restart; yield the acts that it presents again.

        Only keys of acts that this pass has held are waiting: their duplicates are held too.
        """
        file = self._open[submission.number]
        self._state.clear_waiting()
        if submission.held:
            for piece in self._read_pieces(file, submission.held):
                self._state.add_waiting(piece.acts)
        return self._read_pass(file)

    def _read_pass(self, file: OpenSubmission) -> Iterator[Piece]:
        """Yield the acts to be retried in the present pass; none in the first."""
        pass_number, start, _ = file.submission.progress
        acts = sorted(act for act in file.submission.to_retry if act[0] >= start)
        for share in _share_acts(acts, self._lines_max):
            retried = concat_pieces(list(self._read_pieces(file, share)))
            progress = Progress(pass_number, int(retried.lines[-1]) + 1, share[-1] == acts[-1])
            yield replace(retried, progress_after=progress)

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


def _share_acts(acts: list[LineSpan], lines_max: int) -> Iterator[list[LineSpan]]:
    """Yield the acts in order, in shares of at most ``lines_max`` lines, but at least one act."""
    ends = np.cumsum([lines for _, lines in acts]) if acts else np.zeros(0, np.int64)
    first = 0
    while first < len(acts):
        lines_before = int(ends[first - 1]) if first else 0
        last = max(int(np.searchsorted(ends, lines_before + lines_max, "right")), first + 1)
        yield acts[first:last]
        first = last
