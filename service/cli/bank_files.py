"""The import of bank files by a command: beside a running service or with an engine of its own, with progress."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from service.configuration.settings import Settings
from service.database.configured_database import open_for_work
from service.engine import kernel_warmup, process_tuning
from service.terminal import processing_progress, signals
from service.terminal.processing_progress import ProgressReporter

if TYPE_CHECKING:
    from posting.book.registry import ReferenceData
    from service.auth.person_credentials import CommandCaller
    from service.engine.bank_import import ImportResult


class ImportRequest(NamedTuple):
    """How bank files are imported."""

    again: bool = False
    """Match again the files that were imported before."""
    interest_at: datetime | None = None
    """The moment as of which late interest is proposed afterwards; None if it is not."""
    caller: "CommandCaller | None" = None
    """Who imports them; None for nobody."""


def import_files(settings: Settings, files: Sequence[Path], request: ImportRequest) -> "ImportResult":
    """Import files, with progress on standard error."""
    process_tuning.tune_process()
    reporter = processing_progress.create_reporter()
    try:
        reporter.report_activity("starting")

        async def work(interruption: signals.Interruption) -> "ImportResult":
            # code and reference data are loaded while the database starts
            loading = asyncio.create_task(asyncio.to_thread(_load_reference, settings, reporter))
            async with open_for_work(settings, reporter.report_activity) as database:
                from service.auth.person_credentials import act_on_database
                from service.engine import bank_import
                from service.engine.engine_context import EngineContext
                from service.engine.late_interest import InterestRequest

                engine = EngineContext(settings, database, await loading)
                async with act_on_database(database.dsn, request.caller) as by:
                    at = request.interest_at
                    interest = InterestRequest(at, by=by) if at else None
                    options = bank_import.ImportOptions(reporter, request.again, interest, by)
                    return await bank_import.import_files(engine, files, interruption, options=options)

        return signals.run_interruptible(work)
    finally:
        reporter.close()


def _load_reference(settings: Settings, reporter: ProgressReporter) -> "ReferenceData":
    from service.engine.engine_context import load_reference

    kernel_warmup.load_kernels(reporter)
    return load_reference(settings)
