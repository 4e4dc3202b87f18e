"""Execute a step of the closing in a process of its own, which kills itself at the given step of the work.

``python -m tests.crash.closing_process DSN FOLDER POINT STEP [PERSON]``:
POINT counts the reported steps of the work from 0; beyond the last one the process is not killed.
"""

import asyncio
import sys
from pathlib import Path

from closing.steps import Step
from core.person_decisions import NOBODY, StatedPerson
from tests.closing.closing_state import execute
from tests.crash.bank_import_process import KillingReporter
from tests.service.small_state import State


async def main(dsn: str, folder: str, point: str, step: str, person: str = "") -> None:
    by = StatedPerson(person, user=person) if person else NOBODY
    await execute(State(dsn, Path(folder)), Step(step), by=by, reporter=KillingReporter(int(point)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
