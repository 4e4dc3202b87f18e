"""A walk of docs/walks on a terminal: what each of its steps prints, and how each of its commands ends."""

import asyncio
import os
import pty
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.service.command_line import ROOT
from tests.service.terminal.command_terminal import close_terminal, end_screen, read_terminal, split_screen
from tests.service.walk_pages import Step
from tests.service.walk_process import MARK

UNSUITABLE = {
    "CRESCENDO_CONFIG": "none.toml",
    "CRESCENDO_DATABASE": "postgresql://127.0.0.1:1/none",
    "CRESCENDO_REFERENCE": "none",
    "LC_ALL": "fr_FR.UTF-8",
}
"""Settings that the shell of a reader may have, under which no page goes as it says: each page has to replace them."""


@dataclass(frozen=True)
class Screen:
    """What the commands of a step printed, and their exit codes."""

    text: str
    codes: list[int]


async def run_walk(steps: Sequence[Step], folder: Path, dsn: str) -> list[Screen]:
    """Save all files of a walk in a folder that has the reference data, and run its commands on one database."""
    (folder / "core").symlink_to(ROOT / "core")
    for step in steps:
        for name, content in step.files.items():
            (folder / name).write_text(content)
    lines = [line for step in steps for line in step.commands]
    results = iter(await _run_lines(lines, folder, dsn))
    return [_join([next(results) for _ in step.commands]) for step in steps]


def _join(results: Sequence[tuple[str, int]]) -> Screen:
    return Screen("".join(text for text, _ in results), [code for _, code in results])


async def _run_lines(lines: Sequence[str], folder: Path, dsn: str) -> list[tuple[str, int]]:
    """Return what each command printed, with its exit code."""
    terminal, process_side = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.service.walk_process", dsn),
        cwd=folder,
        env=_build_environment(),
        stdin=PIPE,
        stdout=process_side,
        stderr=PIPE,
    )
    screen = asyncio.create_task(asyncio.to_thread(read_terminal, terminal))
    _, errors = await process.communicate("\n".join(lines).encode())
    end_screen(process_side)
    text = "\n".join(split_screen(await screen))
    close_terminal(terminal, process_side)
    assert process.returncode == 0, errors.decode()
    parts = text.split(MARK)
    return [(output, int(code)) for output, code in zip(parts[::2], parts[1::2], strict=False)]


def _build_environment() -> dict[str, str]:
    # Python chooses its encoding before a page sets the locale, and the French one may not be installed.
    own = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "TERM": "xterm"}
    return {**os.environ, **own, **UNSUITABLE}
