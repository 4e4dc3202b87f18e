"""Payment runs for commands: open the database, and propose, edit or issue a run."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from core.person_decisions import StatedPerson
from core.reference.files import SAMPLE_FOLDER
from ingest.spool.spool import Spool
from posting.book.registry import ReferenceData
from posting.store.ledger_clock import check_clocks
from service.auth.person_credentials import CommandCaller, act_as, act_on_database
from service.configuration.settings import Settings
from service.database import command_queries, session
from service.database.configured_database import open_for_work, open_or_attach
from service.engine import engine_context, file_processing, kernel_warmup, process_tuning
from service.engine.processing_result import require_acceptance
from service.engine.settlement_lock import lock_settlement
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
"""A task on payment runs that gets a connection and the progress reporter."""


def run_on_connection(settings: Settings, task: RunTask[Value]) -> Value:
    """Run a task on payment runs, also while another process runs the database."""

    async def work(dsn: str, reporter: ProgressReporter) -> Value:
        async with run_queries.open_connection(dsn) as connection:
            await check_clocks(connection)
            return await task(connection, reporter)

    return session.run_on_database(settings, work, open_or_attach)


def propose_run(
    settings: Settings, caller: CommandCaller, build_request: Callable[[StatedPerson], ProposalRequest]
) -> int:
    """Propose a payment run in the name of the caller; return its number."""

    async def work(connection: run_queries.Connection, reporter: ProgressReporter) -> int:
        async with act_as(connection, caller) as person:
            payment_reference = await asyncio.to_thread(_load_books, settings)
            return await proposals.propose_run(
                connection, payment_reference, build_request(person), on_step=reporter.report_activity
            )

    return run_on_connection(settings, work)


def rebuild_files(settings: Settings, run: int) -> list[dict[str, Any]]:
    """Return the files of an issued run; write those that are missing again."""
    outbox = _open_outbox(settings)
    return run_on_connection(
        settings,
        lambda connection, reporter: issuing.rebuild_files(
            connection, run, outbox, on_step=reporter.report_activity
        ),
    )


def issue_run(
    settings: Settings,
    run: int,
    caller: CommandCaller,
    *,
    build_request: Callable[[StatedPerson], IssueRequest],
) -> bool:
    """Issue a released run, or continue to; return whether it is issued, or False if a signal stopped it in order.

    Raises
    ------
    EngineError
        The engine cannot continue; the same command does.
    """
    process_tuning.tune_process()
    reporter = processing_progress.create_reporter()

    async def work(interruption: Interruption) -> bool:
        # code and reference data are loaded while the database starts
        loading = asyncio.create_task(asyncio.to_thread(_load_reference, settings, reporter))
        async with open_for_work(settings, reporter.report_activity) as database:
            context = engine_context.EngineContext(settings, database, await loading)
            async with act_on_database(database.dsn, caller) as person:
                return await issue_in_database(
                    context, run, build_request(person), interruption=interruption, reporter=reporter
                )

    try:
        return signals.run_interruptible(work)
    finally:
        reporter.close()


def _load_reference(settings: Settings, reporter: ProgressReporter) -> ReferenceData:
    kernel_warmup.load_kernels(reporter)
    return engine_context.load_reference(settings)


async def issue_in_database(
    context: engine_context.EngineContext,
    run: int,
    request: IssueRequest,
    *,
    interruption: Interruption,
    reporter: ProgressReporter,
) -> bool:
    """Issue a run in an open database; see ``issue_run``."""
    async with lock_settlement(context.database.dsn, reporter):
        return await _issue_under_lock(context, run, request, interruption=interruption, reporter=reporter)


async def _issue_under_lock(
    context: engine_context.EngineContext,
    run: int,
    request: IssueRequest,
    *,
    interruption: Interruption,
    reporter: ProgressReporter,
) -> bool:
    settings, dsn = context.settings, context.database.dsn
    outbox, reference = _open_outbox(settings), context.reference
    folder = settings.reference or SAMPLE_FOLDER
    payment_reference = await asyncio.to_thread(
        PaymentReference.load_with, folder, reference.calendar, reference.nomenclatures
    )
    async with run_queries.open_connection(dsn) as connection:
        await command_queries.apply_migrations(connection)
        prepared = await issuing.prepare_acts(
            connection,
            run,
            outbox,
            reference=payment_reference,
            request=request._replace(has_file=Spool(settings.data / "spool").has_file),
            on_step=reporter.report_activity,
        )
    if not await _decide_acts(context, prepared, interruption, reporter=reporter):
        return False
    reporter.report_activity("acts committed")
    async with run_queries.open_connection(dsn) as connection:
        await issuing.finish_issue(
            connection, run, outbox, content=prepared.content, on_step=reporter.report_activity
        )
    return True


async def _decide_acts(
    context: engine_context.EngineContext,
    prepared: PreparedActs,
    interruption: Interruption,
    *,
    reporter: ProgressReporter,
) -> bool:
    """Have the acts of a run decided; return False if a signal stopped the engine before the end."""
    from ingest.queue.file_feed import ProcessingRequest

    paths = [prepared.path] if prepared.path else []
    awaited = [prepared.submission] if prepared.submission else []
    request = ProcessingRequest(paths, awaited=awaited, is_internal=True)
    result = await file_processing.process_files(context, request, interruption, reporter=reporter)
    return not require_acceptance(result, "the run").is_interrupted


def _load_books(settings: Settings) -> PaymentReference:
    return PaymentReference.load(settings.reference or SAMPLE_FOLDER)


def _open_outbox(settings: Settings) -> Outbox:
    return Outbox(settings.data / OUTBOX_FOLDER)
