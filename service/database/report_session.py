"""Reports for commands: open the database, read the names of codes, run one report.

The codes, and the modules that read them, load in a thread while the database starts: neither waits for the other.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.reference.files import SAMPLE_FOLDER
from service.configuration.settings import Settings
from service.database import command_queries, session
from service.terminal.processing_progress import ProgressReporter

if TYPE_CHECKING:
    from reporting.code_labels import CodeLabels
    from reporting.code_names import CodeNames

Value = TypeVar("Value")
ReportQuery = Callable[[Any, "CodeNames"], Coroutine[Any, Any, Value]]
"""A report as a function of a connection and the names of codes."""


def read_report(settings: Settings, report: ReportQuery[Value]) -> Value:
    """Run a report on the database of the settings."""
    with _load_codes_meanwhile(settings) as codes:

        async def task(dsn: str, reporter: ProgressReporter) -> Value:
            reporter.report_activity("reading")
            return await _run_report(dsn, report, await asyncio.wrap_future(codes))

        return session.run_on_database(settings, task)


def write_report(settings: Settings, report: ReportQuery[None]) -> None:
    """Run a report that writes while it reads; nothing shows progress meanwhile, which would mix with the report."""
    with _load_codes_meanwhile(settings) as codes:

        async def task(dsn: str, reporter: ProgressReporter) -> None:
            reporter.close()
            await _run_report(dsn, report, await asyncio.wrap_future(codes))

        session.run_on_database(settings, task)


async def read_report_from(dsn: str, settings: Settings, report: ReportQuery[Value]) -> Value:
    """Run a report on a database that is open."""
    return await _run_report(dsn, report, _load_codes(settings.reference or SAMPLE_FOLDER))


@contextmanager
def _load_codes_meanwhile(settings: Settings) -> Iterator["Future[CodeLabels]"]:
    """Load the codes in a thread, while the database starts."""
    with ThreadPoolExecutor(1) as threads:
        yield threads.submit(_load_codes, settings.reference or SAMPLE_FOLDER)


def _load_codes(folder: Path) -> "CodeLabels":
    from reporting import code_labels

    return code_labels.load(folder)


async def _run_report(dsn: str, report: ReportQuery[Value], codes: "CodeLabels") -> Value:
    from reporting.code_names import read_names

    async with command_queries.connect(dsn) as connection:
        return await report(connection, await read_names(connection, codes))
