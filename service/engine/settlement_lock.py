"""The lock of settlement work: issues, imports and interest read the journal and then post, so one works at a time."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.errors import EngineError
from service.database import command_queries
from service.terminal.processing_progress import ProgressReporter

POLL_SECONDS = 0.5
WAIT_SECONDS_MAX = 4 * 3600
"""The longest settlement work takes minutes; work that takes so long is stuck."""


@asynccontextmanager
async def lock_settlement(dsn: str, reporter: ProgressReporter) -> AsyncIterator[None]:
    """Own the lock while the body runs; the database releases it if this process ends.

    Raises
    ------
    EngineError
        Another process has owned it for hours.
    """
    with command_queries.translate_database_errors(dsn):
        async with command_queries.connect(dsn) as connection:
            deadline = time.monotonic() + WAIT_SECONDS_MAX
            while not await command_queries.try_settlement_lock(connection):
                if time.monotonic() > deadline:
                    raise EngineError(
                        "another process has worked on payments for hours; stop it, and try again"
                    )
                reporter.report_activity("waiting for other work on payments to end")
                await asyncio.sleep(POLL_SECONDS)
            yield
