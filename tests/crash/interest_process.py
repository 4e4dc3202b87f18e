"""Propose late interest in a process of its own, which kills itself at the given step.

``python -m tests.crash.interest_process DSN FOLDER STEP DAY FILE...``:
STEP counts the reported steps from 0; beyond the last step the process is not killed.  With bank files, these are imported,
and the interest that is due is claimed after them.
"""

import asyncio
import sys
from pathlib import Path

from service.engine import bank_import, late_interest
from service.engine.bank_import import ImportOptions
from service.engine.late_interest import InterestRequest
from tests.crash.bank_import_process import KillingReporter
from tests.service.small_state import State, create_interruption, paris_time


async def main(dsn: str, folder: str, step: str, day: str, *files: str) -> None:
    state, request = State(dsn, Path(folder)), InterestRequest(paris_time(day))
    reporter = KillingReporter(int(step))
    if files:
        await bank_import.import_files(
            state.context,
            list(map(Path, files)),
            create_interruption(),
            options=ImportOptions(reporter, interest=request),
        )
    else:
        await late_interest.propose_interest(state.context, request, create_interruption(), reporter=reporter)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
