"""The feed of a dry run of files: they are decided together as a real run would decide them, and all of it is rolled back."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from core.stage_timing import StageTimes
from ingest.queue.batch_feed import BatchFeed
from ingest.queue.open_submission import OpenSubmission
from ingest.resolution.resolver import ResolutionContext, Sender
from ingest.resolution.text_columns import DictionaryCache
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import LineSource
from posting.batch import Batch, DryRunDecisions, Submission
from posting.book.cells import CellNumbers
from posting.book.code_numbers import CodeKind, NumbersByCode
from posting.recovery.book_loading import LoadedBook


class DryRunFile(NamedTuple):
    """A validated file of the dry run."""

    spooled: SpooledFile
    source: LineSource


@dataclass(slots=True)
class _FilesDryRun:
    """The dry run of all files together; implements ``posting.batch.DryRunHandler``."""

    feed: BatchFeed
    batches: Iterator[Batch]
    """The batches read, but for the first."""
    rows: int
    """The lines of all files."""
    decisions: DryRunDecisions | None = None

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Yield the batches of all files, in the order of a real run."""
        for batch in chain([replace(read, dry_run=None)], self.batches):
            yield from self.feed.order_batches(batch)

    def complete(self, decisions: DryRunDecisions) -> None:
        """Keep the decisions."""
        self.decisions = decisions


class DryRunFeed:
    """The feed of a pipeline that stores nothing: one batch, whose dry run presents all others and undoes them together."""

    def __init__(self, files: Sequence[DryRunFile], stages: StageTimes) -> None:
        self._files, self._stages = files, stages
        self.submissions: list[Submission] = []
        """One for each file, in order, numbered from 1 independently of the database."""
        self.first_node = 0
        self._dry_run: _FilesDryRun | None = None

    @property
    def rows(self) -> int:
        """The lines of all files."""
        return sum(file.source.lines for file in self._files)

    @property
    def result(self) -> DryRunDecisions | None:
        """The decisions, once the pipeline has run."""
        return self._dry_run.decisions if self._dry_run else None

    async def open(self, loaded: LoadedBook) -> None:
        """Begin on a loaded book."""
        registry = loaded.state.registry
        self.first_node = registry.first_node
        numbers_of_senders = _number_senders(
            [file.spooled.envelope.sender for file in self._files], registry.numbers
        )
        self.submissions = [
            Submission(number, file.spooled.envelope.sender, file.source.lines)
            for number, file in enumerate(self._files, 1)
        ]
        context = ResolutionContext(
            registry, CellNumbers(loaded.state.cell_words[1:]), DictionaryCache(), loaded.secret
        )
        files = [
            _open_file(submission, file, numbers_of_senders[submission.sender])
            for submission, file in zip(self.submissions, self._files, strict=True)
        ]
        feed = BatchFeed(files, context, loaded.state, stages=self._stages)
        self._dry_run = _FilesDryRun(feed, feed.produce_batches(), self.rows)

    def produce_batches(self) -> Generator[Batch]:
        """Yield the first batch as a dry run, which presents the others."""
        if self._dry_run and (first := next(self._dry_run.batches, None)):
            yield replace(first, dry_run=self._dry_run)

    def order_batches(self, read: Batch) -> Iterator[Batch]:
        """Yield the only batch."""
        yield read

    def stop_producing(self) -> None:
        """Do nothing: this feed never waits."""


def _open_file(submission: Submission, file: DryRunFile, sender_number: int) -> OpenSubmission:
    envelope = file.spooled.envelope
    sender = Sender(sender_number, envelope.sepa_only)
    return OpenSubmission(submission, sender, file.source, envelope.atomic)


def _number_senders(senders: Sequence[str], numbers: NumbersByCode) -> dict[str, int]:
    """Return the number of each sender; an unknown sender gets a number for this dry run alone."""
    numbers_by_sender = numbers[CodeKind.SENDER]
    new = [sender for sender in dict.fromkeys(senders) if sender not in numbers_by_sender]
    first = max(numbers_by_sender.values(), default=0) + 1
    return {**numbers_by_sender, **{sender: number for number, sender in enumerate(new, first)}}
