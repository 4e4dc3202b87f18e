"""Import bank files in a process of its own, which kills itself at the given step.

``python -m tests.crash.bank_import_process DSN FOLDER STEP FILE...``:
STEP counts the reported steps from 0; beyond the last step the process is not killed.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from service.engine import bank_import
from service.engine.bank_import import ImportOptions
from service.terminal.processing_progress import ProgressLines
from tests.service.small_state import State, create_interruption


class KillingReporter(ProgressLines):
    """Kills the process at a step, and prints all steps before it."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self._remaining = step

    def report_activity(self, text: str) -> None:
        if self._remaining == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._remaining -= 1
        print(text, flush=True)


async def main(dsn: str, folder: str, step: str, *files: str) -> None:
    state = State(dsn, Path(folder))
    await bank_import.import_files(
        state.context,
        list(map(Path, files)),
        create_interruption(),
        options=ImportOptions(KillingReporter(int(step))),
    )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
