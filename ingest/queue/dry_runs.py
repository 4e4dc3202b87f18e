"""Dry runs: forms and files decided on the present book for a caller, and rolled back; nothing of them is stored.

Each is a batch of its own in the order of all others, prepared like a real one, with numbers of its own for whatever
must be numbered newly.
"""

import threading
from asyncio import Future
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from core.errors import InputError
from core.reader_failures import refuse_on_failure
from core.stage_timing import StageTimes
from ingest.queue.batch_feed import BatchFeed
from ingest.queue.form_batcher import build_columns
from ingest.queue.held_lines import CACHED_LINES_MAX
from ingest.queue.open_submission import OpenSubmission, build_piece
from ingest.resolution.resolver import ResolutionContext, Sender, resolve
from ingest.resolution.text_columns import DictionaryCache
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.file_validation import open_source
from posting.batch import Batch, DryRunDecisions, Progress, Submission
from posting.book.code_numbers import CodeKind
from posting.recovery.book_loading import LoadedBook

LINES_MAX = CACHED_LINES_MAX
"""Lines of a file: all other work waits meanwhile, and held acts of so many lines stay in the cache."""

FormLines = list[dict[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class DryRunRequest:
    """Lines whose decisions are asked for."""

    sender: str
    lines: FormLines | SpooledFile
    result: "Future[DryRunDecisions]"
    is_atomic: bool = False


@dataclass(slots=True)
class _DryRun:
    """A dry run under way; implements ``posting.batch.DryRunHandler``."""

    request: DryRunRequest
    under_way: list[DryRunRequest]
    feed: BatchFeed | None = None
    rows: int = 0
    """The lines of its only batch."""

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Yield the only batch, then the passes over the held acts of a file; a form holds none."""
        batch = replace(read, dry_run=None)
        return self.feed.order_batches(batch) if self.feed else iter([batch])

    def complete(self, decisions: DryRunDecisions) -> None:
        """Deliver the decisions, unless the caller has stopped waiting."""
        self.under_way.remove(self.request)
        if not self.request.result.done():
            self.request.result.set_result(decisions)


@dataclass(slots=True)
class DryRuns:
    """Dry runs that are queued or under way; ``changed`` guards them, and is notified of one to take."""

    stages: StageTimes
    changed: threading.Condition = field(default_factory=threading.Condition)
    _waiting: deque[DryRunRequest] = field(default_factory=deque)
    _under_way: list[DryRunRequest] = field(default_factory=list)

    def count(self, sender: str | None = None) -> int:
        """Return how many there are, of all senders or of one.

        Abandoned ones count until they are skipped.
        """
        with self.changed:
            return sum(sender in {None, request.sender} for request in (*self._waiting, *self._under_way))

    @property
    def is_due(self) -> bool:
        """Whether a dry run is queued."""
        return bool(self._waiting)

    def add(self, request: DryRunRequest) -> None:
        """Queue a dry run."""
        with self.changed:
            self._waiting.append(request)
            self.changed.notify_all()

    def requeue_requests(self) -> None:
        """Queue again what was under way on a book that was replaced."""
        self._waiting.extendleft(reversed(self._under_way))
        self._under_way.clear()

    def clear(self) -> "list[Future[DryRunDecisions]]":
        """Remove all dry runs; return the futures of their results."""
        self.requeue_requests()
        results = [request.result for request in self._waiting]
        self._waiting.clear()
        return results

    def take(self) -> DryRunRequest | None:
        """Take the next dry run; those whose caller has stopped waiting, their file removed, are skipped."""
        while self._waiting:
            request = self._waiting.popleft()
            if not request.result.done():
                self._under_way.append(request)
                return request
        return None

    def produce_batches(
        self, request: DryRunRequest, loaded: LoadedBook, context: ResolutionContext
    ) -> Iterator[Batch]:
        """Yield the batch of a dry run; a file that cannot be read ends its own dry run and nothing else."""
        try:
            yield self.build_batch(request, loaded, context)
        except InputError as error:
            self._under_way.remove(request)
            request.result.get_loop().call_soon_threadsafe(_refuse_request, request, error)

    def build_batch(self, request: DryRunRequest, loaded: LoadedBook, context: ResolutionContext) -> Batch:
        """Build the batch of a dry run on ``loaded``; numbers given here do not enter ``context``.

        Raises
        ------
        InputError
            The lines of its file cannot be read.
        """
        own_context = replace(context, cells=context.cells.fork(), dictionary_cache=DictionaryCache())
        number = loaded.state.registry.numbers[CodeKind.SENDER].get(request.sender, 0)
        dry_run = _DryRun(request, self._under_way)
        if isinstance(request.lines, SpooledFile):
            with refuse_on_failure(request.lines.name):
                dry_run.feed = self._build_feed(request.lines, number, loaded, context=own_context)
                (batch,) = dry_run.feed.produce_batches()
        else:
            batch = _build_form_batch(request, request.lines, Sender(number), context=own_context)
        dry_run.rows = batch.rows
        return replace(batch, dry_run=dry_run)

    def _build_feed(
        self, spooled: SpooledFile, number: int, loaded: LoadedBook, *, context: ResolutionContext
    ) -> BatchFeed:
        """Build the feed of one file alone; ``number`` is that of its sender."""
        source = open_source(spooled)
        file = OpenSubmission(
            Submission(0, spooled.envelope.sender, source.lines),
            Sender(number, spooled.envelope.sepa_only),
            source,
            spooled.envelope.atomic,
        )
        return BatchFeed([file], context, loaded.state, stages=self.stages)


def _refuse_request(request: DryRunRequest, error: InputError) -> None:
    """Report the refusal, in the event loop, unless the caller has stopped waiting."""
    if not request.result.done():
        request.result.set_exception(error)


def _build_form_batch(
    request: DryRunRequest, rows: FormLines, sender: Sender, *, context: ResolutionContext
) -> Batch:
    piece = build_piece(
        resolve(build_columns(rows), sender, context),
        Submission(0, request.sender, None),
        np.arange(len(rows), dtype=np.int32),
        progress_after=Progress(1, len(rows), True),
        is_atomic=request.is_atomic,
    )
    return Batch([piece], is_holding=False)
