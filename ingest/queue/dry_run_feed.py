"""A trial: files decided together as a run would decide them now, in the same batches and order, and all of it taken back."""

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple

from core.stage_timing import StageTimes
from ingest.queue.batch_feed import BatchFeed, OpenSubmission
from ingest.resolution.resolver import ResolutionContext, Sender
from ingest.resolution.text_columns import DictionaryCache
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import LineSource
from posting.batch import Batch, DryRunDecisions, Submission
from posting.book.cells import CellNumbers
from posting.book.registry import CodeKind, NumbersByCode
from posting.recovery.book_loading import LoadedBook


class DryRunFile(NamedTuple):
    """A proved file that is tried."""

    spooled: SpooledFile
    source: LineSource


class DryRunFeed:
    """The feed of a pipeline that stores nothing; and who asks what would become of its only batch.

    Every later batch is one of those over what the one before it held: together they are taken back.
    """

    def __init__(self, files: Sequence[DryRunFile], stages: StageTimes) -> None:
        self._files, self._stages = files, stages
        self.submissions: list[Submission] = []
        """One for each file, in order; numbered from 1, whatever numbers the database gave."""
        self.result: DryRunDecisions | None = None
        """What would become of them, once the pipeline has run."""
        self.first_node = 0

    @property
    def rows(self) -> int:
        """Lines of all files."""
        return sum(each.source.lines for each in self._files)

    async def open(self, loaded: LoadedBook) -> None:
        """Begin on the book as it was loaded."""
        registry = loaded.state.registry
        self.first_node = registry.first_node
        senders = _number_senders([each.spooled.envelope.sender for each in self._files], registry.numbers)
        self.submissions = [
            Submission(number, each.spooled.envelope.sender, each.source.lines)
            for number, each in enumerate(self._files, 1)
        ]
        context = ResolutionContext(
            registry, CellNumbers(loaded.state.cell_words[1:]), DictionaryCache(), loaded.secret
        )
        files = [
            OpenSubmission(
                submission, Sender(senders[submission.sender], said.sepa_only), each.source, said.atomic
            )
            for submission, each in zip(self.submissions, self._files, strict=True)
            for said in (each.spooled.envelope,)
        ]
        self._feed = BatchFeed(files, context, loaded.state, self._stages)
        self._batches = self._feed.produce_batches()

    def produce_batches(self) -> Generator[Batch]:
        """The first batch, for show; the others come behind it."""
        for first in self._batches:
            yield Batch(first.pieces, first.is_holding, dry_run=self)
            return

    def retry_held(self, decided: Batch) -> Iterator[Batch]:
        """What ``decided`` held, then batch after batch of the files, each with what it held."""
        yield from self._feed.retry_held(decided)
        for batch in self._batches:
            yield batch
            yield from self._feed.retry_held(batch)

    def complete(self, found: DryRunDecisions) -> None:
        """Keep what would become of them."""
        self.result = found

    def stop_producing(self) -> None:
        """Nothing waits here."""


def _number_senders(senders: Sequence[str], numbers: NumbersByCode) -> dict[str, int]:
    """The number of each sender; who has none is given one for this trial alone."""
    known = numbers[CodeKind.SENDER]
    new = [sender for sender in dict.fromkeys(senders) if sender not in known]
    first = max(known.values(), default=0) + 1
    return {**known, **{sender: number for number, sender in enumerate(new, first)}}
