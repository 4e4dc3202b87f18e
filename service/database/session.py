"""Questions put to the database from the command line, which reads and never writes."""

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from service.configuration.settings import Settings
from service.database.configured_database import open_for_reading
from service.database.embedded import Database
from service.terminal import processing_progress, signals
from service.terminal.processing_progress import ProgressReporter

Value = TypeVar("Value")
OpenDatabase = Callable[[Settings, Callable[[str], None]], AbstractAsyncContextManager[Database]]
DatabaseTask = Callable[[str, ProgressReporter], Coroutine[Any, Any, Value]]
"""From the address of the database, and who is told of progress, to an answer."""


def run_on_database(
    settings: Settings, task: DatabaseTask[Value], open_database: OpenDatabase = open_for_reading
) -> Value:
    """Open the database for one question."""
    reporter = processing_progress.create_reporter()

    async def asked(_: signals.Interruption) -> Value:
        from service.database import command_queries

        async with open_database(settings, reporter.report_activity) as database:
            with command_queries.translate_database_errors(database.dsn):
                return await task(database.dsn, reporter)

    try:
        return signals.run_interruptible(asked)
    finally:
        reporter.close()
