"""Progress of file processing, reported as a bar on a terminal and as a line every few seconds elsewhere."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from service.terminal.console import is_terminal, print_note

LINE_SECONDS = 5
_ROUTINE_WORDS = frozenset({"starting", "stopping", "reading"})
_FREQUENT_WORDS = frozenset({"file", "matching", "storing", "stored", "writing"})
"""First or last words of steps of which there are many; only one every few seconds is printed."""
BAR_SECONDS = 0.1


@dataclass(slots=True)
class FileProgress:
    """One file, and how many of its lines are decided."""

    name: str
    size_bytes: int
    lines: int
    decided_lines: int = 0


@dataclass(slots=True)
class ProcessingProgress:
    """The progress of all files, weighted by bytes: the number of lines is known only once a file is validated."""

    paths: Sequence[Path]
    admitted: list[Path] = field(default_factory=list)
    """Those of ``paths`` that were validated and admitted."""
    files: list[FileProgress] = field(default_factory=list)
    """In the order of admission."""
    waits: str = ""
    """Why nothing is decided at present, for example which sender is paused; else empty."""
    decided_before: int = 0
    """Lines that an earlier process had already decided."""
    started_at: float = field(default_factory=time.monotonic)
    _indexes: dict[int, int] = field(default_factory=dict)
    """Index in ``files`` by submission."""
    _sizes: dict[Path, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sizes = {path: path.stat().st_size if path.is_file() else 0 for path in self.paths}

    def resume(self, files: Iterable[FileProgress]) -> None:
        """Add the files that an earlier process left unfinished."""
        self.files += files
        self.decided_before = sum(file.decided_lines for file in self.files)
        self.started_at = time.monotonic()

    def admit(self, path: Path, lines: int) -> None:
        """Add a file that was validated."""
        self.admitted.append(path)
        self.files.append(FileProgress(path.name, self._sizes.get(path, 0), lines))

    def advance(self, decided: Iterable[tuple[int, int]], submissions: Sequence[int]) -> None:
        """Record the lines decided per submission; ``submissions`` are in the order of ``files``."""
        for number, lines in decided:
            if number not in self._indexes:
                self._indexes = {submission: index for index, submission in enumerate(submissions)}
            self.files[self._indexes[number]].decided_lines = lines

    @property
    def committed_lines(self) -> int:
        """Lines committed by this process."""
        return sum(file.decided_lines for file in self.files) - self.decided_before

    @property
    def known_lines(self) -> int:
        """Lines of the admitted files that this process has to decide."""
        return sum(file.lines for file in self.files) - self.decided_before

    @property
    def share(self) -> float:
        """The share of all bytes that is done, from 0 to 1; files refused or processed before count as not done."""
        done_bytes = sum(file.size_bytes * file.decided_lines / max(file.lines, 1) for file in self.files)
        resumed = [file for file in self.files if file.name not in {path.name for path in self.paths}]
        total_bytes = sum(self._sizes.values()) + sum(file.size_bytes for file in resumed)
        return min(done_bytes / max(total_bytes, 1), 1.0)

    @property
    def current_name(self) -> str:
        """The name of the first file whose lines are not all decided; of the last one if all are."""
        undecided = (file.name for file in self.files if file.decided_lines < file.lines)
        return next(undecided, self.files[-1].name if self.files else "")

    @property
    def rate(self) -> float:
        """Lines per second since the start."""
        return self.committed_lines / max(time.monotonic() - self.started_at, 1e-9)

    def describe(self) -> str:
        """Return one line of progress."""
        if not self.files:
            return "reading; number of lines not known yet"
        share = self.committed_lines / max(self.known_lines, 1)
        lines = f"{self.committed_lines:,} of {self.known_lines:,} known lines committed, {share:.0%}"
        return (
            f"{lines}; {self.waits}"
            if self.waits
            else f"{lines}, {self.rate:,.0f} lines/s, {self.current_name}"
        )


class ProgressReporter(Protocol):
    """Shows the progress of a command."""

    def report_activity(self, text: str) -> None:
        """Show what is being done or waited for."""
        ...

    def report_steps(self, done: int, total: int, label: str) -> None:
        """Show how many steps of all are done."""
        ...

    def report_lines(self, progress: ProcessingProgress) -> None:
        """Show how many lines are committed."""
        ...

    def close(self) -> None:
        """Stop showing progress."""
        ...


def create_reporter() -> ProgressReporter:
    """Create the reporter that suits standard error: a bar on a terminal, lines elsewhere."""
    return ProgressBar() if is_terminal(sys.stderr) else ProgressLines()


@asynccontextmanager
async def report_progress(progress: ProcessingProgress, reporter: ProgressReporter) -> AsyncIterator[None]:
    """Report ``progress`` at regular intervals while the body runs."""

    async def report() -> None:
        while True:
            await asyncio.sleep(BAR_SECONDS if isinstance(reporter, ProgressBar) else LINE_SECONDS)
            reporter.report_lines(progress)

    reporting = asyncio.create_task(report())
    try:
        yield
    finally:
        reporting.cancel()


class ProgressLines:
    """Progress as plain lines, for files and pipes."""

    def __init__(self) -> None:
        self._due, self._routine = 0.0, ""
        self._steps, self._lines = "", ""

    def report_activity(self, text: str) -> None:
        """Print the activity. Routine activities are printed only when reported twice in a row, because they take long.

        Of frequent steps only one every few seconds is printed.
        """
        words = text.split()
        if not _FREQUENT_WORDS.isdisjoint((words[0], words[-1])):
            self.report_steps(0, 0, text)
        elif words[0] not in _ROUTINE_WORDS or words[0] == self._routine:
            print_note(text)
        self._routine = words[0]

    def report_steps(self, done: int, total: int, label: str) -> None:
        """Print the steps, at most every few seconds, and not again while nothing changes."""
        text = f"{label}: {done:,} of {total:,}" if total else label
        if time.monotonic() >= self._due and text != self._steps:
            self._due, self._steps = time.monotonic() + LINE_SECONDS, text
            print_note(text)

    def report_lines(self, progress: ProcessingProgress) -> None:
        """Print how many lines are committed, and not again while nothing changes but the rate."""
        lines = f"{progress.committed_lines} of {progress.known_lines}; {progress.waits}"
        if lines != self._lines:
            self._lines = lines
            print_note(progress.describe())

    def close(self) -> None:
        """Do nothing: lines need no end."""


def create_bar() -> Any:
    """Create a rich progress bar on standard error whose tasks have a description and ``figures``."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


class ProgressBar:
    """Progress as a bar on a terminal, removed when the work is done."""

    def __init__(self) -> None:
        self._progress = create_bar()
        self._task = self._progress.add_task("", total=None, figures="")

    def _update(self, **values: Any) -> None:
        self._progress.start()
        self._progress.update(self._task, **values)

    def report_activity(self, text: str) -> None:
        """Show the activity."""
        self._update(description=text.splitlines()[0], total=None, figures="")

    def report_steps(self, done: int, total: int, label: str) -> None:
        """Show how many steps of all are done."""
        figures = f"{done:,} of {total:,}" if total else ""
        self._update(description=label, completed=done, total=total or None, figures=figures)

    def report_lines(self, progress: ProcessingProgress) -> None:
        """Show how many lines are committed."""
        name = progress.waits or progress.current_name or "reading"
        figures = f"{progress.committed_lines:,} of {progress.known_lines:,} lines  {progress.rate:,.0f}/s"
        self._update(description=name, completed=progress.share, total=1.0, figures=figures)

    def close(self) -> None:
        """Remove the bar."""
        self._progress.stop()
