"""The queue of files against a plain list: all files keep their places, whoever is paused and resumed.

Files of Crescendo's own senders come before all others.
"""

from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ingest.formats.detection import FileFormat
from ingest.queue.file_queue import FileQueue, QueuedFile
from ingest.spool.envelope import Envelope
from ingest.spool.spooled_file import SpooledFile

SENDERS = ("MIN-01", "MIN-02", "treasury")
numbers = st.integers(1, 12)


def build_queued_file(number: int, sender: str) -> QueuedFile:
    envelope = Envelope(sender=sender)
    fields = {"path": Path(), "sha256": b"", "size_bytes": 0, "name": "acts.csv", "envelope": envelope}
    return QueuedFile(number, SpooledFile(format=FileFormat.CSV, **fields), number, float(number))


class FileQueueMachine(RuleBasedStateMachine):
    """Files are added, taken and withdrawn; the model is a dictionary that is sorted at each look."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = FileQueue()
        self.model: dict[int, str] = {}
        self.opening: QueuedFile | None = None
        self.paused: frozenset[str] = frozenset()

    @property
    def due(self) -> list[int]:
        numbers = [number for number, sender in self.model.items() if sender not in self.paused]
        return sorted(numbers, key=lambda number: (self.model[number] != "treasury", number))

    @rule(number=numbers, sender=st.sampled_from(SENDERS))
    def add(self, number: int, sender: str) -> None:
        if number not in self.model:
            self.queue.add(build_queued_file(number, sender))
            self.model[number] = sender

    @rule()
    def take(self) -> None:
        file = self.queue.take_next()
        assert (file.number if file else None) == (self.due[0] if self.due else None)
        self.opening = file
        if file:
            del self.model[file.number]

    @rule()
    def finish_opening(self) -> None:
        if self.opening:
            self.queue.finish_opening(self.opening)
            self.queue.finish_opening(build_queued_file(self.opening.number, "another course's"))
            self.opening = None

    @rule(number=numbers)
    def withdraw(self, number: int) -> None:
        file = self.queue.withdraw(number)
        assert (file.sender if file else None) == self.model.pop(number, None)

    @rule(senders=st.frozensets(st.sampled_from(SENDERS)))
    def pause(self, senders: frozenset[str]) -> None:
        self.queue.pause(senders)
        self.paused = senders

    @rule()
    def clear(self) -> None:
        self.queue.clear()
        self.model, self.opening = {}, None

    @invariant()
    def it_tells_who_waits(self) -> None:
        opening = [self.opening.number] if self.opening else []
        assert len(self.queue) == len([*self.model, *opening])
        assert self.queue.lines == sum([*self.model, *opening])
        assert self.queue.paused_lines == sum(set(self.model) - set(self.due))
        assert self.queue.is_ready == bool(self.due)
        assert self.queue.first_queued_at == [float(number) for number in [*opening, *sorted(self.due)[:1]]]
        assert self.queue.count_paused_files() == len(self.model) - len(self.due)
        for sender in SENDERS:
            of_sender = list(self.model.values()).count(sender)
            is_opening = self.opening is not None and self.opening.sender == sender
            assert self.queue.count(sender) == of_sender + is_opening
            assert self.queue.count_paused_files(sender) == (of_sender if sender in self.paused else 0)
        assert [number in self.queue for number in range(1, 13)] == [
            number in self.model for number in range(1, 13)
        ]


TestWaiting = FileQueueMachine.TestCase
TestWaiting.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
