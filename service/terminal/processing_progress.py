"""How far a run is, and telling it: a bar on a terminal, a line every few seconds anywhere else."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from service.terminal.console import is_terminal, note

LINE_SECONDS = 5
_ROUTINE = frozenset({"starting", "stopping", "reading"})
_ONE_OF_MANY = frozenset({"file", "matching", "storing", "stored", "writing"})
"""Words that such steps begin or end with."""
BAR_SECONDS = 0.1


@dataclass(slots=True)
class File:
    """One file being worked on."""

    name: str
    size_bytes: int
    lines: int
    decided: int = 0


@dataclass(slots=True)
class Course:
    """How far the files of a run are.  Bytes weigh them, as lines are known only once a file is proved."""

    paths: Sequence[Path]
    admitted: list[Path] = field(default_factory=list)
    """Those of ``paths`` that were proved and taken up."""
    files: list[File] = field(default_factory=list)
    """In the order in which they are taken up."""
    before: int = 0
    """Lines that an earlier run decided."""
    began: float = field(default_factory=time.monotonic)
    _numbers: dict[int, int] = field(default_factory=dict)
    _sizes: dict[Path, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sizes = {path: path.stat().st_size if path.is_file() else 0 for path in self.paths}

    def resume(self, files: Iterable[File]) -> None:
        """Take up what an earlier run left."""
        self.files += files
        self.before = sum(file.decided for file in self.files)
        self.began = time.monotonic()

    def admit(self, path: Path, lines: int) -> None:
        """Take up a file that was proved."""
        self.admitted.append(path)
        self.files.append(File(path.name, self._sizes.get(path, 0), lines))

    def advance(self, decided: Iterable[tuple[int, int]], taken: Sequence[int]) -> None:
        """Note the lines decided by submission; ``taken`` has the submissions in the order of ``files``."""
        for number, lines in decided:
            if number not in self._numbers:
                self._numbers = {each: place for place, each in enumerate(taken)}
            self.files[self._numbers[number]].decided = lines

    @property
    def lines(self) -> int:
        """Lines committed by this run."""
        return sum(file.decided for file in self.files) - self.before

    @property
    def known(self) -> int:
        """Lines known to be there for this run."""
        return sum(file.lines for file in self.files) - self.before

    @property
    def share(self) -> float:
        """How much of all is done, from 0 to 1; a file that is refused or known leaves its share undone."""
        done = sum(file.size_bytes * file.decided / max(file.lines, 1) for file in self.files)
        resumed = [file for file in self.files if file.name not in {path.name for path in self.paths}]
        total = sum(self._sizes.values()) + sum(file.size_bytes for file in resumed)
        return min(done / max(total, 1), 1.0)

    @property
    def rate(self) -> float:
        """Lines a second since this run began."""
        return self.lines / max(time.monotonic() - self.began, 1e-9)

    def said(self) -> str:
        """One line of progress."""
        if not self.files:
            return "reading; no line is known yet"
        current = f", {self.files[-1].name}"
        return (
            f"{self.lines:,} of {self.known:,} lines known are committed, {self.share:.0%} of all, "
            f"{self.rate:,.0f} lines/s{current}"
        )


class Narrator(Protocol):
    """Who tells what is going on."""

    def doing(self, text: str) -> None:
        """Say what is waited for."""
        ...

    def stepping(self, done: int, total: int, label: str) -> None:
        """Say how many steps of all are done."""
        ...

    def following(self, course: Course) -> None:
        """Say how far the lines are."""
        ...

    def close(self) -> None:
        """Say no more."""
        ...


def narrator() -> Narrator:
    """The one that suits standard error."""
    return Bar() if is_terminal(sys.stderr) else Lines()


@asynccontextmanager
async def followed(course: Course, teller: Narrator) -> AsyncIterator[None]:
    """Have ``teller`` say how far ``course`` is, again and again."""

    async def tell() -> None:
        while True:
            await asyncio.sleep(BAR_SECONDS if isinstance(teller, Bar) else LINE_SECONDS)
            teller.following(course)

    telling = asyncio.create_task(tell())
    try:
        yield
    finally:
        telling.cancel()


class Lines:
    """Plain lines, for files and pipes."""

    def __init__(self) -> None:
        self._due, self._routine = 0.0, ""

    def doing(self, text: str) -> None:
        """Say what is waited for; what is done every time is told when it lasts, and so is told again.

        Of steps of which there are many, one is told every few seconds.
        """
        words = text.split()
        if not _ONE_OF_MANY.isdisjoint((words[0], words[-1])):
            self.stepping(0, 0, text)
        elif words[0] not in _ROUTINE or words[0] == self._routine:
            note(text)
        self._routine = words[0]

    def stepping(self, done: int, total: int, label: str) -> None:
        """Say it at most every few seconds."""
        if time.monotonic() >= self._due:
            self._due = time.monotonic() + LINE_SECONDS
            note(f"{label}: {done:,} of {total:,}" if total else label)

    def following(self, course: Course) -> None:
        """Say how far the lines are."""
        note(course.said())

    def close(self) -> None:
        """Say no more."""


def drawn() -> Any:
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


class Bar:
    """A bar on a terminal, gone when the work is done."""

    def __init__(self) -> None:
        self._progress = drawn()
        self._task = self._progress.add_task("", total=None, figures="")

    def _tell(self, **values: Any) -> None:
        self._progress.start()
        self._progress.update(self._task, **values)

    def doing(self, text: str) -> None:
        """Say what is waited for."""
        self._tell(description=text.splitlines()[0], total=None, figures="")

    def stepping(self, done: int, total: int, label: str) -> None:
        """Say how many steps of all are done."""
        figures = f"{done:,} of {total:,}" if total else ""
        self._tell(description=label, completed=done, total=total or None, figures=figures)

    def following(self, course: Course) -> None:
        """Say how far the lines are."""
        name = course.files[-1].name if course.files else "reading"
        figures = f"{course.lines:,} of {course.known:,} lines  {course.rate:,.0f}/s"
        self._tell(description=name, completed=course.share, total=1.0, figures=figures)

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()
