"""Charge the depreciation of a year in a process of its own, which kills itself at the given step of the work.

``python -m tests.crash.depreciation_process DSN FOLDER POINT``:
POINT counts the reported steps of the work from 0; beyond the last one the process is not killed.
"""

import asyncio
import sys
from pathlib import Path

from tests.closing.asset_state import depreciate
from tests.crash.bank_import_process import KillingReporter
from tests.service.small_state import State


async def main(dsn: str, folder: str, point: str) -> None:
    await depreciate(State(dsn, Path(folder)), reporter=KillingReporter(int(point)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
