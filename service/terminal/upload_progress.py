"""Progress of an upload, shown as a bar on a terminal and as a line every few seconds elsewhere."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from service.terminal.console import is_terminal, print_note
from service.terminal.processing_progress import LINE_SECONDS, create_bar

_BYTES = frozenset({"hashing", "sending"})
_MEGABYTE = 1_000_000


@dataclass(slots=True)
class UploadProgress:
    """The progress of one upload: bytes sent, rate, and how often it was interrupted and resumed."""

    name: str
    clock: Callable[[], float] = time.monotonic
    stage: str = ""
    done: int = 0
    total: int = 0
    sending_seconds: float = 0.0
    interruptions: int = 0
    started_at: float = field(init=False)
    _advanced_at: float = field(init=False)
    _stage_started_at: float = field(init=False)
    _stage_offset: int = 0
    _first_offset: int | None = None
    _last_offset: int = 0

    def __post_init__(self) -> None:
        self.started_at = self._advanced_at = self._stage_started_at = self.clock()

    def advance(self, stage: str, done: int, total: int) -> None:
        """Record how much of a stage is done."""
        now = self.clock()
        if stage != self.stage or done < self.done:
            self._stage_started_at, self._stage_offset = now, done
        elif stage == "sending":
            self.sending_seconds += now - self._advanced_at
        if stage == "sending":
            self._first_offset = done if self._first_offset is None else self._first_offset
            self._last_offset = done
        self.stage, self.done, self.total, self._advanced_at = stage, done, total, now

    @property
    def sent(self) -> int:
        """Bytes that this command transferred; without those of an earlier command, and those sent again."""
        return self._last_offset - (self._first_offset or 0)

    def format_figures(self) -> str:
        """Return how much of the stage is done, in words."""
        if not self.total:
            return ""
        if self.stage not in _BYTES:
            return f"{self.done:,} of {self.total:,} lines"
        seconds = self.clock() - self._stage_started_at
        rate = (self.done - self._stage_offset) / _MEGABYTE / seconds if seconds else 0.0
        return f"{self.done / _MEGABYTE:,.1f} of {self.total / _MEGABYTE:,.1f} MB  {rate:,.1f} MB/s"

    def describe(self) -> str:
        """Return what the upload took, once it is over."""
        seconds = self.clock() - self.started_at
        rate = self.sent / _MEGABYTE / self.sending_seconds if self.sending_seconds else 0.0
        sent = (
            f"{self.sent / _MEGABYTE:,.1f} MB sent at {rate:,.1f} MB/s"
            if self.sent
            else "nothing left to send"
        )
        times = {0: "", 1: ", resumed once"}.get(self.interruptions, f", resumed {self.interruptions} times")
        return f"{sent}{times}; {seconds:,.1f} s in all"


class UploadLines:
    """Upload progress as plain lines, for files and pipes."""

    def __init__(self, upload: UploadProgress) -> None:
        self._upload, self._due = upload, upload.started_at + LINE_SECONDS

    def show_progress(self) -> None:
        """Print the progress, at most every few seconds."""
        delivery = self._upload
        if delivery.clock() >= self._due:
            self._due = delivery.clock() + LINE_SECONDS
            print_note(f"{delivery.stage} {delivery.name}: {delivery.format_figures()}".rstrip(": "))

    def show_retry(self, text: str) -> None:
        """Print that an attempt failed and another follows."""
        print_note(f"{self._upload.name}: {text}")

    def close(self) -> None:
        """Do nothing: lines need no end."""


class UploadBar:
    """Upload progress as a bar on a terminal, removed when the upload is done."""

    def __init__(self, upload: UploadProgress) -> None:
        self._upload, self._progress = upload, create_bar()
        self._task = self._progress.add_task(upload.name, total=None, figures="")
        self._progress.start()

    def show_progress(self) -> None:
        """Show the progress."""
        delivery = self._upload
        self._progress.update(
            self._task,
            description=f"{delivery.stage} {delivery.name}",
            completed=delivery.done,
            total=delivery.total or None,
            figures=delivery.format_figures(),
        )

    def show_retry(self, text: str) -> None:
        """Print above the bar that an attempt failed and another follows."""
        self._progress.console.print(f"{self._upload.name}: {text}", markup=False, highlight=False)

    def close(self) -> None:
        """Remove the bar."""
        self._progress.stop()


class UploadReporter:
    """Records the progress of one upload, and shows it."""

    def __init__(self, name: str) -> None:
        self.upload = UploadProgress(name)
        self._display = (UploadBar if is_terminal(sys.stderr) else UploadLines)(self.upload)

    def report_progress(self, stage: str, done: int, total: int) -> None:
        """Record and show how much of a stage is done."""
        self.upload.advance(stage, done, total)
        self._display.show_progress()

    def report_retry(self, text: str) -> None:
        """Record and show that the upload was interrupted."""
        self.upload.interruptions += 1
        self._display.show_retry(text)

    def close(self) -> None:
        """Stop showing progress."""
        self._display.close()
