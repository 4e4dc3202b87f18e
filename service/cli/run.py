"""``crescendo run``: process files to the end."""

import asyncio
import gc
import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from core.errors import InputError
from ingest.sidecars import MANIFEST_SUFFIX, exclude_sidecars
from service.cli.shared_options import (
    DEFAULT_DATA,
    FILES_HELP,
    AgainOption,
    AtomicOption,
    CharsetOption,
    DataOptions,
    ExistingOption,
    ExtraColumnsOption,
    JsonOption,
    check_charset,
)
from service.configuration.input_files import check_files
from service.configuration.settings import Settings, UsageError
from service.database.configured_database import open_for_work
from service.database.ledger_selection import LedgerCreation, check_folder, permit_creation
from service.engine import kernel_warmup, process_tuning
from service.terminal import console, processing_progress, signals

if TYPE_CHECKING:
    from ingest.spool.envelope import Envelope
    from posting.book.registry import ReferenceData
    from service.engine.file_processing import ProcessingResult

EXIT_REFUSED = 1


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class FileOptions:
    """How the files are processed."""

    sender: Annotated[
        str,
        Parameter(
            show_default=False,
            help="Sender of the files; needed only if neither they nor the manifests beside them state it.",
        ),
    ] = ""
    again: AgainOption = False
    atomic: AtomicOption = False
    charset: CharsetOption = ""
    extra_columns: ExtraColumnsOption = False
    existing: ExistingOption = False
    dry_run: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Show how the files would be decided now, and store nothing; up to 1,000,000 lines.",
        ),
    ] = False


DEFAULT_FILES = FileOptions()


def run(
    *files: Annotated[Path, Parameter(help=FILES_HELP)],
    file_options: FileOptions = DEFAULT_FILES,
    options: DataOptions = DEFAULT_DATA,
    json: JsonOption = False,
) -> int:
    """Process files to the end; files that an earlier call left unfinished are processed first.

    A ledger is created if there is none. If no file is given, only the unfinished files are processed. Every line is
    accepted, duplicate, or refused with a reason; a line before the act that it follows is held, at most until the end of
    its file. If the command is stopped or killed, or loses its database, run the same command again: it continues from
    the last commit.

    Exit codes: 0 processed, even if lines were refused; 1 at least one file was refused whole, was cancelled while it
    waited, or is missing from the spool, the others were processed; 2 wrong usage: nothing was created or processed; 3
    the engine cannot continue; 130 interrupted.
    """
    process_tuning.tune_process()  # before the arguments are checked, which imports Arrow
    settings = options.read_settings()
    _check_arguments(files, file_options)
    if file_options.dry_run:
        return _dry_run(settings, files, file_options, json=json)
    announce = console.print_note if json else console.print_line
    creation = permit_creation(settings, announce, requires_existing=file_options.existing)
    result = process_files(settings, files, file_options, creation=creation)
    if json:
        console.print_json(result)
    else:
        from service.cli import processing_report

        processing_report.print_result(result)
        processing_report.print_next_steps(result, settings)
    if result.is_interrupted:
        return signals.report_interruption()
    is_cancelled = any(receipt.cancelled for receipt in result.receipts)
    return EXIT_REFUSED if result.rejected or result.lost or is_cancelled else 0


def _check_arguments(files: Sequence[Path], file_options: FileOptions) -> None:
    """Check files, charset and sender before a ledger is created.

    Raises
    ------
    UsageError
        A file does not exist or cannot be read, the charset or the sender is not valid, or no file has a sender.
    """
    check_files(files)
    check_charset(file_options.charset)
    sender = file_options.sender
    if sender:
        _build_envelope(file_options)
        from ingest.queue.sender_rules import check_sender_name

        try:
            check_sender_name(sender, "--sender", is_internal=False)
        except InputError as error:
            raise UsageError(str(error)) from error
        return
    from ingest.spool.flat_envelope import lacks_sender

    paths = exclude_sidecars(files)
    if paths and all(map(lacks_sender, paths)):
        raise UsageError(
            f"{paths[0]}: neither the file nor {paths[0].name}{MANIFEST_SUFFIX} states its sender. Add --sender NAME"
        )


def _dry_run(settings: Settings, files: Sequence[Path], file_options: FileOptions, *, json: bool) -> int:
    report = _process(settings, files, file_options, is_dry_run=True)
    if json:
        console.print_json(report)
    else:
        from service.cli import processing_report

        processing_report.print_dry_run(report)
    return EXIT_REFUSED if report.rejected else 0


def process_files(
    settings: Settings,
    files: Sequence[Path],
    file_options: FileOptions,
    *,
    creation: LedgerCreation | None = None,
) -> "ProcessingResult":
    """Process files, with progress on standard error."""
    return _process(settings, files, file_options, creation=creation)


def _process(
    settings: Settings,
    files: Sequence[Path],
    file_options: FileOptions,
    *,
    creation: LedgerCreation | None = None,
    is_dry_run: bool = False,
) -> Any:
    reporter = processing_progress.create_reporter()
    try:
        reporter.report_activity("starting")
        check_folder(settings, creation)

        async def work(interruption: signals.Interruption) -> Any:
            from service.database.ledger_updates import check_given_ledger

            if settings.database:
                await check_given_ledger(settings, creation)
            # code and reference data are loaded while the database starts
            loading = asyncio.create_task(asyncio.to_thread(load_reference, settings, reporter))
            async with open_for_work(settings, reporter.report_activity, creation) as database:
                reference = await loading
                from ingest.queue.file_feed import ProcessingRequest
                from service.engine import dry_run, engine_context, file_processing

                envelope = _build_envelope(file_options)
                paths = exclude_sidecars(files)
                request = ProcessingRequest(paths, envelope, file_options.again, awaits_all=not paths)
                context = engine_context.EngineContext(settings, database, reference)
                if is_dry_run:
                    return await dry_run.run_dry(context, request, reporter)
                return await file_processing.process_files(context, request, interruption, reporter=reporter)

        return signals.run_interruptible(work)
    finally:
        reporter.close()


def load_reference(settings: Settings, reporter: processing_progress.ProgressReporter) -> "ReferenceData":
    """Load the kernels, then the code that processes files, and the reference data."""
    kernel_warmup.load_kernels(reporter)
    importlib.import_module("service.engine.file_processing")  # only to load it: nothing of it is named here
    from service.engine import engine_context

    reference = engine_context.load_reference(settings)
    gc.freeze()  # all of this stays, and a collection would search it for longer than a small file takes
    return reference


def _build_envelope(file_options: FileOptions) -> "Envelope":
    from ingest.spool.envelope import Envelope, check_envelope

    charset = check_charset(file_options.charset)
    envelope = Envelope(
        sender=file_options.sender,
        atomic=file_options.atomic,
        charset=charset,
        extra_columns=file_options.extra_columns,
    )
    try:
        return check_envelope(envelope, "--sender")
    except InputError as error:
        raise UsageError(str(error)) from error
