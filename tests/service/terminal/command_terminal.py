"""A command on a terminal of a stated width."""

import asyncio
import os
import pty
import re
from pathlib import Path

from tests.service.command_line import COMMAND, ROOT

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
    os.close(process_side)
    screen = await asyncio.to_thread(read_terminal, terminal)
    assert await process.wait() in (0, 1)
    return STYLES.sub("", screen).replace("\r\n", "\n").splitlines()


def read_terminal(terminal: int) -> str:
    """Read what is written to a terminal until its writer ends, and close it."""
    pieces = []
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            piece = b""
        if not piece:
            os.close(terminal)
            return b"".join(pieces).decode()
        pieces.append(piece)
