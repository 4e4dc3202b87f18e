"""A command on a terminal of a stated width."""

import asyncio
import os
import pty
import re
from pathlib import Path

from tests.service.command_line import COMMAND, ROOT

_END = b"\x04"
"""End of transmission: no command shows it."""
STYLES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


async def run_on_terminal(width: int, *words: str | Path) -> list[str]:
    """Run a command whose standard output is a terminal, and return what it shows, line by line."""
    terminal, process_side = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(*COMMAND, *map(str, words)),
        cwd=ROOT,
        env={**os.environ, "TERM": "xterm", "COLUMNS": str(width)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=process_side,
        stderr=asyncio.subprocess.DEVNULL,
    )
    screen = asyncio.create_task(asyncio.to_thread(read_terminal, terminal))
    code = await process.wait()
    end_screen(process_side)
    lines = split_screen(await screen)
    close_terminal(terminal, process_side)
    assert code in (0, 1)
    return lines


def end_screen(process_side: int) -> None:
    """Write the end of what is shown."""
    os.write(process_side, _END)


def read_terminal(terminal: int) -> str:
    """Read what is written to a terminal until ``end_screen``."""
    screen = b""
    while not screen.endswith(_END):
        screen += os.read(terminal, 65536)
    return screen.removesuffix(_END).decode()


def split_screen(screen: str) -> list[str]:
    """Return the lines without their styles."""
    return STYLES.sub("", screen).replace("\r\n", "\n").splitlines()


def close_terminal(terminal: int, process_side: int) -> None:
    """Close both sides once all is read: to close the process's side earlier may discard what is not read yet."""
    os.close(process_side)
    os.close(terminal)
