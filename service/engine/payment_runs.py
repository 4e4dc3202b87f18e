"""Payment runs from the command line: the database opened, one thing done, and what came of it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from core.reference.files import SAMPLE_FOLDER
from posting.book.registry import ReferenceData
from service.database import session
from service.database.connect import open_database
from service.engine import file_processing, kernel_warmup, process_tuning
from service.settings import Settings
from service.terminal import processing_progress, signals
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption
from settlement.orders.outbox import Outbox
from settlement.runs import issue as issuing
from settlement.runs import proposals, run_queries
from settlement.runs.issue import IssueRequest, PreparedActs
from settlement.runs.payment_reference import PaymentReference
from settlement.runs.proposals import ProposalRequest

OUTBOX_FOLDER = "outbox"
Value = TypeVar("Value")
RunTask = Callable[[run_queries.Connection, ProgressReporter], Coroutine[Any, Any, Value]]


def run_on_connection(settings: Settings, task: RunTask[Value]) -> Value:
    """Do something with runs, beside whoever keeps the database open."""

    async def asked(dsn: str, reporter: ProgressReporter) -> Value:
        from service.database.command_queries import apply_migrations

        async with run_queries.open_connection(dsn) as connection:
            await apply_migrations(connection)
            return await task(connection, reporter)

    return session.run_on_database(settings, asked)


def propose_run(settings: Settings, proposal: ProposalRequest) -> int:
    """Propose a run; its number."""

    async def work(connection: run_queries.Connection, reporter: ProgressReporter) -> int:
        books = await asyncio.to_thread(_load_books, settings)
        return await proposals.propose_run(connection, books, proposal, reporter.report_activity)

    return run_on_connection(settings, work)


def rebuild_files(settings: Settings, run: int) -> list[dict[str, Any]]:
    """The files of an issued run, those that are gone made again."""
    outbox = _open_outbox(settings)
    return run_on_connection(
        settings,
        lambda connection, teller: issuing.rebuild_files(connection, run, outbox, teller.report_activity),
    )


def issue_run(settings: Settings, run: int, request: IssueRequest) -> bool:
    """Issue a released run, or go on with it; whether it came to its end, or a signal stopped it in good order.

    Raises
    ------
    EngineError
        The engine cannot go on; the same command does.
    """
    process_tuning.tune_process()
    reporter = processing_progress.create_reporter()

    async def work(interruption: Interruption) -> bool:
        # code and reference data are loaded while the database starts: neither needs the other
        loading = asyncio.create_task(asyncio.to_thread(_load_reference, settings, reporter))
        async with open_database(settings, reporter.report_activity) as database:
            context = file_processing.EngineContext(settings, database, await loading)
            return await issue_in_database(context, run, request, (interruption, reporter))

    try:
        return signals.run_interruptible(work)
    finally:
        reporter.close()


def _load_reference(settings: Settings, reporter: ProgressReporter) -> ReferenceData:
    kernel_warmup.load_kernels(reporter)
    return file_processing.load_reference(settings)


async def issue_in_database(
    context: file_processing.EngineContext,
    run: int,
    request: IssueRequest,
    told: tuple[Interruption, ProgressReporter],
) -> bool:
    """Issue a run in an open database; see ``issue``."""
    from service.database.command_queries import apply_migrations

    settings, dsn, reporter = context.settings, context.database.dsn, told[1]
    outbox, reference = _open_outbox(settings), context.reference
    folder = settings.reference or SAMPLE_FOLDER
    books = await asyncio.to_thread(
        PaymentReference.load_with, folder, reference.calendar, reference.nomenclatures
    )
    async with run_queries.open_connection(dsn) as connection:
        await apply_migrations(connection)
        prepared = await issuing.prepare_acts(
            connection,
            run,
            outbox,
            reference=books,
            request=request,
            on_step=reporter.report_activity,
        )
    if not await _decide_acts(context, prepared, told):
        return False
    reporter.report_activity("acts committed")
    async with run_queries.open_connection(dsn) as connection:
        await issuing.finish_issue(
            connection, run, outbox, content=prepared.content, on_step=reporter.report_activity
        )
    return True


async def _decide_acts(
    context: file_processing.EngineContext,
    prepared: PreparedActs,
    told: tuple[Interruption, ProgressReporter],
) -> bool:
    """Bring the acts of a run to their end in the engine; False where a signal stopped it before."""
    from ingest.queue.file_feed import ProcessingRequest

    order = ProcessingRequest([prepared.path] if prepared.path else [])
    result = file_processing.require_accepted(
        await file_processing.process_files(context, order, *told), "the run"
    )
    return not result.is_interrupted


def _load_books(settings: Settings) -> PaymentReference:
    return PaymentReference.load(settings.reference or SAMPLE_FOLDER)


def _open_outbox(settings: Settings) -> Outbox:
    return Outbox(settings.data / OUTBOX_FOLDER)
