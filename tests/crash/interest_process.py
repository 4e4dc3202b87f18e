"""Late interest proposed by a process of its own, which kills itself when it comes to the step that it is told.

``python -m tests.crash.interest_process DSN FOLDER STEP DAY FILE...``:
STEP counts the steps told, from 0; beyond the last nothing
happens.  With files of the bank these are taken in, and what is due is claimed behind them.
"""

import asyncio
import sys
from pathlib import Path

from service.engine import bank_import, late_interest
from service.engine.bank_import import Telling
from service.engine.late_interest import How
from tests.crash.bank_import_process import Deadly
from tests.service.small_state import State, heard, moment


async def main(dsn: str, folder: str, step: str, day: str, *files: str) -> None:
    state, how, teller = State(dsn, Path(folder)), How(moment(day)), Deadly(int(step))
    if files:
        await bank_import.take(state.where, list(map(Path, files)), heard(), Telling(teller, claims=how))
    else:
        await late_interest.claim(state.where, how, heard(), teller)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
