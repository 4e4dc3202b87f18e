"""How far a run is, and telling it: a bar on a terminal, a line every few seconds anywhere else."""

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
"""Words that such steps begin or end with."""
BAR_SECONDS = 0.1


@dataclass(slots=True)
class FileProgress:
    """One file being worked on."""

    name: str
    size_bytes: int
    lines: int
    decided_lines: int = 0


@dataclass(slots=True)
class ProcessingProgress:
    """How far the files of a run are.  Bytes weigh them, as lines are known only once a file is proved."""

    paths: Sequence[Path]
    admitted: list[Path] = field(default_factory=list)
    """Those of ``paths`` that were proved and taken up."""
    files: list[FileProgress] = field(default_factory=list)
    """In the order in which they are taken up."""
    decided_before: int = 0
    """Lines that an earlier run decided."""
    started_at: float = field(default_factory=time.monotonic)
    _indexes: dict[int, int] = field(default_factory=dict)
    _sizes: dict[Path, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sizes = {path: path.stat().st_size if path.is_file() else 0 for path in self.paths}

    def resume(self, files: Iterable[FileProgress]) -> None:
        """Take up what an earlier run left."""
        self.files += files
        self.decided_before = sum(file.decided_lines for file in self.files)
        self.started_at = time.monotonic()

    def admit(self, path: Path, lines: int) -> None:
        """Take up a file that was proved."""
        self.admitted.append(path)
        self.files.append(FileProgress(path.name, self._sizes.get(path, 0), lines))

    def advance(self, decided: Iterable[tuple[int, int]], submissions: Sequence[int]) -> None:
        """Note the lines decided by submission; ``taken`` has the submissions in the order of ``files``."""
        for number, lines in decided:
            if number not in self._indexes:
                self._indexes = {each: place for place, each in enumerate(submissions)}
            self.files[self._indexes[number]].decided_lines = lines

    @property
    def committed_lines(self) -> int:
        """Lines committed by this run."""
        return sum(file.decided_lines for file in self.files) - self.decided_before

    @property
    def known_lines(self) -> int:
        """Lines known to be there for this run."""
        return sum(file.lines for file in self.files) - self.decided_before

    @property
    def share(self) -> float:
        """How much of all is done, from 0 to 1; a file that is refused or known leaves its share undone."""
        done = sum(file.size_bytes * file.decided_lines / max(file.lines, 1) for file in self.files)
        resumed = [file for file in self.files if file.name not in {path.name for path in self.paths}]
        total = sum(self._sizes.values()) + sum(file.size_bytes for file in resumed)
        return min(done / max(total, 1), 1.0)

    @property
    def rate(self) -> float:
        """Lines a second since this run began."""
        return self.committed_lines / max(time.monotonic() - self.started_at, 1e-9)

    def describe(self) -> str:
        """One line of progress."""
        if not self.files:
            return "reading; no line is known yet"
        current = f", {self.files[-1].name}"
        return (
            f"{self.committed_lines:,} of {self.known_lines:,} lines known are committed, {self.share:.0%} of all, "
            f"{self.rate:,.0f} lines/s{current}"
        )


class ProgressReporter(Protocol):
    """Who tells what is going on."""

    def report_activity(self, text: str) -> None:
        """Say what is waited for."""
        ...

    def report_steps(self, done: int, total: int, label: str) -> None:
        """Say how many steps of all are done."""
        ...

    def report_lines(self, progress: ProcessingProgress) -> None:
        """Say how far the lines are."""
        ...

    def close(self) -> None:
        """Say no more."""
        ...


def create_reporter() -> ProgressReporter:
    """The one that suits standard error."""
    return ProgressBar() if is_terminal(sys.stderr) else ProgressLines()


@asynccontextmanager
async def report_progress(progress: ProcessingProgress, reporter: ProgressReporter) -> AsyncIterator[None]:
    """Have ``teller`` say how far ``course`` is, again and again."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(BAR_SECONDS if isinstance(reporter, ProgressBar) else LINE_SECONDS)
            reporter.report_lines(progress)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()


class ProgressLines:
    """Plain lines, for files and pipes."""

    def __init__(self) -> None:
        self._due, self._routine = 0.0, ""

    def report_activity(self, text: str) -> None:
        """Say what is waited for; what is done every time is told when it lasts, and so is told again.

        Of steps of which there are many, one is told every few seconds.
        """
        words = text.split()
        if not _FREQUENT_WORDS.isdisjoint((words[0], words[-1])):
            self.report_steps(0, 0, text)
        elif words[0] not in _ROUTINE_WORDS or words[0] == self._routine:
            print_note(text)
        self._routine = words[0]

    def report_steps(self, done: int, total: int, label: str) -> None:
        """Say it at most every few seconds."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + LINE_SECONDS
            print_note(f"{label}: {done:,} of {total:,}" if total else label)

    def report_lines(self, progress: ProcessingProgress) -> None:
        """Say how far the lines are."""
        print_note(progress.describe())

    def close(self) -> None:
        """Say no more."""


def create_bar() -> Any:
    """A bar of rich on standard error: its task has a description and ``figures``."""
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
    """A bar on a terminal, gone when the work is done."""

    def __init__(self) -> None:
        self._progress = create_bar()
        self._task = self._progress.add_task("", total=None, figures="")

    def _update(self, **values: Any) -> None:
        self._progress.start()
        self._progress.update(self._task, **values)

    def report_activity(self, text: str) -> None:
        """Say what is waited for."""
        self._update(description=text.splitlines()[0], total=None, figures="")

    def report_steps(self, done: int, total: int, label: str) -> None:
        """Say how many steps of all are done."""
        figures = f"{done:,} of {total:,}" if total else ""
        self._update(description=label, completed=done, total=total or None, figures=figures)

    def report_lines(self, progress: ProcessingProgress) -> None:
        """Say how far the lines are."""
        name = progress.files[-1].name if progress.files else "reading"
        figures = f"{progress.committed_lines:,} of {progress.known_lines:,} lines  {progress.rate:,.0f}/s"
        self._update(description=name, completed=progress.share, total=1.0, figures=figures)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()
