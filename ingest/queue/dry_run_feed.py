"""The feed of a dry run of files: they are decided together as a real run would decide them, and all of it is rolled back."""

from collections.abc import Generator, Iterator, Sequence
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
from posting.book.registry import CodeKind, NumbersByCode
from posting.recovery.book_loading import LoadedBook


class DryRunFile(NamedTuple):
    """A validated file of the dry run."""

    spooled: SpooledFile
    source: LineSource


class DryRunFeed:
    """The feed of a pipeline that stores nothing, and the handler of its only dry run.

    The pipeline sees one batch; all others are presented like retries of held acts, so that they are rolled back together.
    """

    def __init__(self, files: Sequence[DryRunFile], stages: StageTimes) -> None:
        self._files, self._stages = files, stages
        self.submissions: list[Submission] = []
        """One for each file, in order, numbered from 1 independently of the database."""
        self.result: DryRunDecisions | None = None
        """The decisions, once the pipeline has run."""
        self.first_node = 0

    @property
    def rows(self) -> int:
        """The lines of all files."""
        return sum(file.source.lines for file in self._files)

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
        self._feed = BatchFeed(files, context, loaded.state, stages=self._stages)
        self._batches = self._feed.produce_batches()

    def produce_batches(self) -> Generator[Batch]:
        """Yield the first batch as a dry run; the others follow as its retries."""
        for first in self._batches:
            yield Batch(first.pieces, first.is_holding, dry_run=self)
            return

    def retry_held(self, decided: Batch) -> Iterator[Batch]:
        """Yield what ``decided`` held, then each further batch of the files and what it held."""
        yield from self._feed.retry_held(decided)
        for batch in self._batches:
            yield batch
            yield from self._feed.retry_held(batch)

    def complete(self, decisions: DryRunDecisions) -> None:
        """Keep the decisions."""
        self.result = decisions

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
