"""The bank's files taken in by a process of its own, which kills itself when it comes to the step that it is told.

``python -m tests.crash.bank_import_process DSN FOLDER STEP FILE...``:
STEP counts the steps told, from 0; beyond the last nothing happens.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from service.engine import bank_import
from service.engine.bank_import import Telling
from service.terminal.processing_progress import Lines
from tests.service.small_state import State, heard


class Deadly(Lines):
    """Ends the process, without a word, at a step."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self._left = at

    def doing(self, text: str) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        print(text, flush=True)


async def main(dsn: str, folder: str, step: str, *files: str) -> None:
    state = State(dsn, Path(folder))
    await bank_import.take(state.where, list(map(Path, files)), heard(), Telling(Deadly(int(step))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
