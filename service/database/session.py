"""The database for the length of one command: open it, run one task or query, report progress, stop on a signal."""

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from service.configuration.settings import Settings
from service.database.configured_database import open_for_reading, open_or_attach
from service.database.embedded_server import Database
from service.terminal import processing_progress, signals
from service.terminal.processing_progress import ProgressReporter

Value = TypeVar("Value")
OpenDatabase = Callable[[Settings, Callable[[str], None]], AbstractAsyncContextManager[Database]]
DatabaseTask = Callable[[str, ProgressReporter], Coroutine[Any, Any, Value]]
"""A task that gets the address of the database and the progress reporter."""
DatabaseQuery = Callable[[Any], Awaitable[Value]]
"""A task that gets a connection."""


def run_on_database(
    settings: Settings, task: DatabaseTask[Value], open_database: OpenDatabase = open_for_reading
) -> Value:
    """Open the database and run one task on it."""
    reporter = processing_progress.create_reporter()

    async def work(_: signals.Interruption) -> Value:
        from service.database import command_queries

        async with open_database(settings, reporter.report_activity) as database:
            with command_queries.translate_database_errors(database.dsn):
                return await task(database.dsn, reporter)

    try:
        return signals.run_interruptible(work)
    finally:
        reporter.close()


def query_database(settings: Settings, query: DatabaseQuery[Value]) -> Value:
    """Run a query that only reads."""

    async def task(dsn: str, _: ProgressReporter) -> Value:
        from service.database.command_queries import connect

        async with connect(dsn) as connection:
            return await query(connection)

    return run_on_database(settings, task)


def update_database(settings: Settings, query: DatabaseQuery[Value]) -> Value:
    """Run a query that may write, after the missing migrations.

    Raises
    ------
    ClockSetBack
        A clock is before the last time that the ledger has stored.
    """

    async def task(dsn: str, _: ProgressReporter) -> Value:
        from posting.store.ledger_clock import check_clocks
        from service.database.command_queries import connect

        async with connect(dsn) as connection:
            await check_clocks(connection)
            return await query(connection)

    return run_on_database(settings, task, open_or_attach)
