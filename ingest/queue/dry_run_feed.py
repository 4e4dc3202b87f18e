"""A trial: files decided together as a run would decide them now, in the same batches and order, and all of it taken back."""

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple

from core.stage_timing import Stages
from ingest.queue.batch_feed import Feed, Open
from ingest.resolution.resolver import Context, Sender
from ingest.resolution.text_columns import Memory
from ingest.spool.spool import Spooled
from ingest.validation.decoded_cache import Source
from posting.batch import Batch, Rehearsed, Submission
from posting.book.cells import CellNumbers
from posting.book.registry import Coded, Numbers
from posting.recovery.book_loading import Loaded


class Tried(NamedTuple):
    """A proved file that is tried."""

    spooled: Spooled
    source: Source


class Trial:
    """The feed of a pipeline that stores nothing; and who asks what would become of its only batch.

    Every later batch is one of those over what the one before it held: together they are taken back.
    """

    def __init__(self, files: Sequence[Tried], stages: Stages) -> None:
        self._files, self._stages = files, stages
        self.submissions: list[Submission] = []
        """One for each file, in order; numbered from 1, whatever numbers the database gave."""
        self.found: Rehearsed | None = None
        """What would become of them, once the pipeline has run."""
        self.first_node = 0

    @property
    def rows(self) -> int:
        """Lines of all files."""
        return sum(each.source.lines for each in self._files)

    async def open(self, loaded: Loaded) -> None:
        """Begin on the book as it was loaded."""
        registry = loaded.state.registry
        self.first_node = registry.first_node
        senders = _numbered([each.spooled.envelope.sender for each in self._files], registry.numbers)
        self.submissions = [
            Submission(number, each.spooled.envelope.sender, each.source.lines)
            for number, each in enumerate(self._files, 1)
        ]
        context = Context(registry, CellNumbers(loaded.state.cell_words[1:]), Memory(), loaded.secret)
        files = [
            Open(submission, Sender(senders[submission.sender], said.sepa_only), each.source, said.atomic)
            for submission, each in zip(self.submissions, self._files, strict=True)
            for said in (each.spooled.envelope,)
        ]
        self._feed = Feed(files, context, loaded.state, self._stages)
        self._batches = self._feed.batches()

    def batches(self) -> Generator[Batch]:
        """The first batch, for show; the others come behind it."""
        for first in self._batches:
            yield Batch(first.pieces, first.holding, rehearsal=self)
            return

    def again(self, decided: Batch) -> Iterator[Batch]:
        """What ``decided`` held, then batch after batch of the files, each with what it held."""
        yield from self._feed.again(decided)
        for batch in self._batches:
            yield batch
            yield from self._feed.again(batch)

    def told(self, found: Rehearsed) -> None:
        """Keep what would become of them."""
        self.found = found

    def end(self) -> None:
        """Nothing waits here."""


def _numbered(senders: Sequence[str], numbers: Numbers) -> dict[str, int]:
    """The number of each sender; who has none is given one for this trial alone."""
    known = numbers[Coded.SENDER]
    new = [sender for sender in dict.fromkeys(senders) if sender not in known]
    first = max(known.values(), default=0) + 1
    return {**known, **{sender: number for number, sender in enumerate(new, first)}}
