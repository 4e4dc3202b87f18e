"""Propose, release or issue a payment run in a process of its own, which kills itself at the given step.

``python -m tests.crash.payment_run_process DSN FOLDER WORK RUN STEP``:
STEP counts the reported steps from 0; beyond the last step the process is not killed.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.settlement.runs.small_state import SmallState


async def main(dsn: str, folder: str, work: str, run: str, step: str) -> None:
    state = SmallState(dsn, Path(folder))
    state.on_step = _KillingCallback(int(step), state.steps)
    if work == "propose":
        await state.propose()
    elif work == "release":
        await state.release(int(run))
    else:
        await state.issue(int(run))


class _KillingCallback:
    """Kills the process at a step, and prints all steps before it."""

    def __init__(self, step: int, steps: list[str]) -> None:
        self._remaining, self._steps = step, steps

    def __call__(self, text: str) -> None:
        if self._remaining == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._remaining -= 1
        self._steps.append(text)
        print(text, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
