"""Dry runs: forms and files decided as of now for whoever asks, and taken back; nothing of them is stored.

Each is a batch of its own in the order of all others, prepared as the real one would be, on numbers of its own where
something new must be numbered.
"""

from asyncio import Future
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from core.stage_timing import Stages
from ingest.queue.batch_feed import Feed, Open
from ingest.queue.form_batcher import as_columns
from ingest.queue.held_lines import KEPT_LINES_MAX
from ingest.resolution.resolver import Context, Sender, resolve
from ingest.resolution.text_columns import Memory
from ingest.spool.spool import Spooled
from ingest.validation.file_validation import source
from posting.batch import Batch, Piece, Rehearsed, Stage, Submission
from posting.book.registry import Coded
from posting.recovery.book_loading import Loaded

LINES_MAX = KEPT_LINES_MAX
"""Lines of a file: all others wait meanwhile, and what is held of so many is never read again."""

FormLines = list[dict[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What would become of these lines?"""

    sender: str
    lines: FormLines | Spooled
    answer: "Future[Rehearsed]"
    is_atomic: bool = False


@dataclass(slots=True)
class _Asked:
    """A question under way; implements ``posting.batch.Rehearsal``."""

    question: Question
    under_way: list[Question]
    feed: Feed | None = None
    rows: int = 0
    """Lines of its only batch."""

    def again(self, decided: Batch) -> Iterator[Batch]:
        """Passes over the held acts of a file; a form holds none."""
        return self.feed.again(decided) if self.feed else iter(())

    def told(self, found: Rehearsed) -> None:
        """Answer, unless nobody waits any more."""
        self.under_way.remove(self.question)
        if not self.question.answer.done():
            self.question.answer.set_result(found)


@dataclass(slots=True)
class Rehearsals:
    """Questions that wait for their turn, and those under way; whoever shares them among threads holds a lock."""

    stages: Stages
    _waiting: deque[Question] = field(default_factory=deque)
    _under_way: list[Question] = field(default_factory=list)

    def of(self, sender: str | None = None) -> int:
        """How many there are, of all or of one; also those that nobody waits for any more, until they are passed over."""
        return sum(sender in {None, each.sender} for each in (*self._waiting, *self._under_way))

    @property
    def is_due(self) -> bool:
        """Whether one waits for its turn."""
        return bool(self._waiting)

    def ask(self, question: Question) -> None:
        """Queue a question."""
        self._waiting.append(question)

    def open(self) -> None:
        """A book was loaded: what was under way on the one before is asked again."""
        self._waiting.extendleft(reversed(self._under_way))
        self._under_way.clear()

    def take(self) -> Question | None:
        """The question whose turn it is; what nobody waits for any more, its file gone with who asked, is passed over."""
        while self._waiting:
            question = self._waiting.popleft()
            if not question.answer.done():
                self._under_way.append(question)
                return question
        return None

    def batch(self, question: Question, loaded: Loaded, context: Context) -> Batch:
        """What a question asks, to be decided on ``loaded``; ``context`` keeps its numbers, whatever is new here."""
        own = replace(context, cells=context.cells.fork(), memory=Memory())
        number = loaded.state.registry.numbers[Coded.SENDER].get(question.sender, 0)
        asked = _Asked(question, self._under_way)
        if isinstance(question.lines, Spooled):
            asked.feed = self._feed(question.lines, number, (loaded, own))
            (batch,) = asked.feed.batches()
        else:
            batch = _form(question, question.lines, Sender(number), own)
        asked.rows = batch.rows
        return replace(batch, rehearsal=asked)

    def _feed(self, spooled: Spooled, number: int, on: tuple[Loaded, Context]) -> Feed:
        """The way of a file through its passes, for this one alone."""
        lines = source(spooled)
        of = Open(
            Submission(0, spooled.envelope.sender, lines.lines),
            Sender(number, spooled.envelope.sepa_only),
            lines,
            spooled.envelope.atomic,
        )
        return Feed([of], on[1], on[0].state, self.stages)


def _form(question: Question, rows: FormLines, sender: Sender, context: Context) -> Batch:
    raw = as_columns(rows)
    found = resolve(raw, sender, context)
    lines = np.arange(len(rows), dtype=np.int32)
    said = (found.day, found.cents, found.reference, found.text, found.field, found.new_words)
    of, then = Submission(0, question.sender, None), Stage(1, len(rows), True)
    return Batch(
        [Piece(of, found.acts, lines, *said, raw, then, question.is_atomic, found.cells_before)],
        holding=False,
    )
