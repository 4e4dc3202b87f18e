"""Telling how far a file is on its way to a service: a bar on a terminal, a line every few seconds anywhere else."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from service.terminal.console import is_terminal, note
from service.terminal.processing_progress import LINE_SECONDS, drawn

_BYTES = frozenset({"hashing", "sending"})
_MEGABYTE = 1_000_000


@dataclass(slots=True)
class Delivery:
    """One file on its way: what was sent, how fast, and how often it had to be taken up again."""

    name: str
    clock: Callable[[], float] = time.monotonic
    stage: str = ""
    done: int = 0
    total: int = 0
    sending_seconds: float = 0.0
    breaks: int = 0
    began: float = field(init=False)
    _at: float = field(init=False)
    _stage_began: float = field(init=False)
    _stage_from: int = 0
    _first: int | None = None
    _reached: int = 0

    def __post_init__(self) -> None:
        self.began = self._at = self._stage_began = self.clock()

    def advance(self, stage: str, done: int, total: int) -> None:
        """Note how far it is."""
        now = self.clock()
        if stage != self.stage or done < self.done:
            self._stage_began, self._stage_from = now, done
        elif stage == "sending":
            self.sending_seconds += now - self._at
        if stage == "sending":
            self._first, self._reached = done if self._first is None else self._first, done
        self.stage, self.done, self.total, self._at = stage, done, total, now

    @property
    def sent(self) -> int:
        """Bytes that this command brought; what an earlier one brought, and what was sent in vain, aside."""
        return self._reached - (self._first or 0)

    def figures(self) -> str:
        """How far it is, in words."""
        if not self.total:
            return ""
        if self.stage not in _BYTES:
            return f"{self.done:,} of {self.total:,} lines"
        seconds = self.clock() - self._stage_began
        rate = (self.done - self._stage_from) / _MEGABYTE / seconds if seconds else 0.0
        return f"{self.done / _MEGABYTE:,.1f} of {self.total / _MEGABYTE:,.1f} MB  {rate:,.1f} MB/s"

    def told(self) -> str:
        """What it took, once it is over."""
        seconds = self.clock() - self.began
        rate = self.sent / _MEGABYTE / self.sending_seconds if self.sending_seconds else 0.0
        sent = (
            f"{self.sent / _MEGABYTE:,.1f} MB sent at {rate:,.1f} MB/s"
            if self.sent
            else "nothing had to be sent"
        )
        times = {0: "", 1: ", taken up again once"}.get(self.breaks, f", taken up again {self.breaks} times")
        return f"{sent}{times}; {seconds:,.1f} s in all"


class Lines:
    """Plain lines, for files and pipes."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery, self._due = delivery, delivery.began + LINE_SECONDS

    def show(self) -> None:
        """Say it at most every few seconds."""
        delivery = self._delivery
        if delivery.clock() >= self._due:
            self._due = delivery.clock() + LINE_SECONDS
            note(f"{delivery.stage} {delivery.name}: {delivery.figures()}".rstrip(": "))

    def note(self, text: str) -> None:
        """Say that something went wrong and is tried again."""
        note(f"{self._delivery.name}: {text}")

    def close(self) -> None:
        """Say no more."""


class Bar:
    """A bar on a terminal, gone when the file is through."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery, self._progress = delivery, drawn()
        self._task = self._progress.add_task(delivery.name, total=None, figures="")
        self._progress.start()

    def show(self) -> None:
        """Say how far it is."""
        delivery = self._delivery
        self._progress.update(
            self._task,
            description=f"{delivery.stage} {delivery.name}",
            completed=delivery.done,
            total=delivery.total or None,
            figures=delivery.figures(),
        )

    def note(self, text: str) -> None:
        """Say that something went wrong and is tried again, above the bar."""
        self._progress.console.print(f"{self._delivery.name}: {text}", markup=False, highlight=False)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()


class Messenger:
    """Notes the course of a delivery, and shows it."""

    def __init__(self, name: str) -> None:
        self.delivery = Delivery(name)
        self._shown = (Bar if is_terminal(sys.stderr) else Lines)(self.delivery)

    def told(self, stage: str, done: int, total: int) -> None:
        """Hear how far it is."""
        self.delivery.advance(stage, done, total)
        self._shown.show()

    def noted(self, text: str) -> None:
        """Hear that something broke."""
        self.delivery.breaks += 1
        self._shown.note(text)

    def close(self) -> None:
        """Show no more."""
        self._shown.close()
