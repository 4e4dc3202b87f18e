"""One step of a payment run in a process of its own, which kills itself when it comes to the step that it is told.

``python -m tests.crash.payment_run_process DSN FOLDER WORK RUN STEP``:
STEP counts the steps told, from 0; beyond the last nothing happens.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.settlement.runs.small_state import World


async def main(dsn: str, folder: str, work: str, run: str, step: str) -> None:
    world = World(dsn, Path(folder))
    world.told = _Deadly(int(step), world.steps)
    if work == "propose":
        await world.propose()
    elif work == "release":
        await world.release(int(run))
    else:
        await world.issue(int(run))


class _Deadly:
    """Ends the process, without a word, at a step."""

    def __init__(self, at: int, steps: list[str]) -> None:
        self._left, self._steps = at, steps

    def __call__(self, text: str) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
        self._steps.append(text)
        print(text, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
