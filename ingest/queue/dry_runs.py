"""Dry runs: forms and files decided as of now for whoever asks, and taken back; nothing of them is stored.

Each is a batch of its own in the order of all others, prepared as the real one would be, on numbers of its own where
something new must be numbered.
"""

from asyncio import Future
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from core.stage_timing import StageTimes
from ingest.queue.batch_feed import BatchFeed, OpenSubmission
from ingest.queue.form_batcher import build_columns
from ingest.queue.held_lines import CACHED_LINES_MAX
from ingest.resolution.resolver import ResolutionContext, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.file_validation import open_source
from posting.batch import Batch, DryRunDecisions, Piece, Progress, Submission
from posting.book.registry import CodeKind
from posting.recovery.book_loading import LoadedBook

LINES_MAX = CACHED_LINES_MAX
"""Lines of a file: all others wait meanwhile, and what is held of so many is never read again."""

FormLines = list[dict[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class DryRunRequest:
    """What would become of these lines?"""

    sender: str
    lines: FormLines | SpooledFile
    result: "Future[DryRunDecisions]"
    is_atomic: bool = False


@dataclass(slots=True)
class _DryRun:
    """A question under way; implements ``posting.batch.DryRunHandler``."""

    request: DryRunRequest
    under_way: list[DryRunRequest]
    feed: BatchFeed | None = None
    rows: int = 0
    """Lines of its only batch."""

    def retry_held(self, decided: Batch) -> Iterator[Batch]:
        """Passes over the held acts of a file; a form holds none."""
        return self.feed.retry_held(decided) if self.feed else iter(())

    def complete(self, found: DryRunDecisions) -> None:
        """Answer, unless nobody waits any more."""
        self.under_way.remove(self.request)
        if not self.request.result.done():
            self.request.result.set_result(found)


@dataclass(slots=True)
class DryRuns:
    """Questions that wait for their turn, and those under way; whoever shares them among threads holds a lock."""

    stages: StageTimes
    _waiting: deque[DryRunRequest] = field(default_factory=deque)
    _under_way: list[DryRunRequest] = field(default_factory=list)

    def count(self, sender: str | None = None) -> int:
        """How many there are, of all or of one; also those that nobody waits for any more, until they are passed over."""
        return sum(sender in {None, each.sender} for each in (*self._waiting, *self._under_way))

    @property
    def is_due(self) -> bool:
        """Whether one waits for its turn."""
        return bool(self._waiting)

    def add(self, request: DryRunRequest) -> None:
        """Queue a question."""
        self._waiting.append(request)

    def requeue_unfinished(self) -> None:
        """A book was loaded: what was under way on the one before is asked again."""
        self._waiting.extendleft(reversed(self._under_way))
        self._under_way.clear()

    def take(self) -> DryRunRequest | None:
        """The question whose turn it is; what nobody waits for any more, its file gone with who asked, is passed over."""
        while self._waiting:
            question = self._waiting.popleft()
            if not question.result.done():
                self._under_way.append(question)
                return question
        return None

    def build_batch(self, request: DryRunRequest, loaded: LoadedBook, context: ResolutionContext) -> Batch:
        """What a question asks, to be decided on ``loaded``; ``context`` keeps its numbers, whatever is new here."""
        own = replace(context, cells=context.cells.fork(), dictionary_cache=DictionaryCache())
        number = loaded.state.registry.numbers[CodeKind.SENDER].get(request.sender, 0)
        asked = _DryRun(request, self._under_way)
        if isinstance(request.lines, SpooledFile):
            asked.feed = self._build_feed(request.lines, number, (loaded, own))
            (batch,) = asked.feed.produce_batches()
        else:
            batch = _build_form_batch(request, request.lines, Sender(number), own)
        asked.rows = batch.rows
        return replace(batch, dry_run=asked)

    def _build_feed(
        self, spooled: SpooledFile, number: int, on: tuple[LoadedBook, ResolutionContext]
    ) -> BatchFeed:
        """The way of a file through its passes, for this one alone."""
        lines = open_source(spooled)
        of = OpenSubmission(
            Submission(0, spooled.envelope.sender, lines.lines),
            Sender(number, spooled.envelope.sepa_only),
            lines,
            spooled.envelope.atomic,
        )
        return BatchFeed([of], on[1], on[0].state, self.stages)


def _build_form_batch(
    request: DryRunRequest, rows: FormLines, sender: Sender, context: ResolutionContext
) -> Batch:
    raw = build_columns(rows)
    found = resolve(raw, sender, context)
    lines = np.arange(len(rows), dtype=np.int32)
    said = (found.day, found.cents, found.reference, found.text, found.field, found.new_words)
    of, then = Submission(0, request.sender, None), Progress(1, len(rows), True)
    return Batch(
        [Piece(of, found.acts, lines, *said, raw, then, request.is_atomic, found.cells_before)],
        is_holding=False,
    )
