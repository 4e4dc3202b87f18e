"""File processing by the engine at work: this process registers the files, and waits until that engine has decided them.

The files are validated here, so they cost the engine at work nothing but their decision, which it makes in turn with
forms and other files.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from core.errors import InputError, LeaseHeld
from core.stage_timing import StageTimes
from ingest.queue.admission import Admission, AdmissionHooks
from ingest.queue.file_feed import AlreadyProcessed, ProcessingRequest, RejectedFile
from ingest.spool.file_claims import FileIdentity
from ingest.spool.spool import Spool
from ingest.spool.spool_identity import read_identity
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.normalised_names import remove_normal_form
from posting.store.journal_store import PostgresStore
from posting.store.running_engine import announce_files, find_running_engine
from service.database import command_queries
from service.engine.engine_context import EngineContext
from service.engine.lost_files import LostFiles
from service.engine.processing_clock import ProcessingClock
from service.engine.processing_result import MissingFile, ProcessingResult
from service.engine.result_builder import ProcessedRequest, build_result
from service.results import receipt_queries
from service.results.receipts import Receipt
from service.terminal.processing_progress import (
    FileProgress,
    ProcessingProgress,
    ProgressReporter,
    report_progress,
)
from service.terminal.signals import Interruption

POLL_SECONDS = 0.2
_STOPPING = "Stopping to wait; the engine at work goes on with what is registered."


async def process_files(
    context: EngineContext,
    request: ProcessingRequest,
    interruption: Interruption,
    *,
    reporter: ProgressReporter,
) -> ProcessingResult | None:
    """Have the engine at work decide the files of ``request``; None if there is none any more.

    Raises
    ------
    LeaseHeld
        The engine at work does not decide the files of our spool.
    """
    progress, stopped = ProcessingProgress(request.paths), asyncio.Event()
    clock = ProcessingClock(progress)
    folder = context.settings.data / "spool"
    with command_queries.translate_database_errors(context.database.dsn):
        async with PostgresStore(context.database.dsn, copiers=0).open_without_lease() as store:
            engine = await find_running_engine(store)
            if engine is None:
                return None
            spool = Spool(folder)
            _check_spool(engine.owner, engine.spool, folder)
            reporter.report_activity(f"handing over to {engine.owner}")
            registration = FileRegistration(request, spool, store, progress=progress)
            with interruption.stop_with(stopped.set, _STOPPING):
                async with report_progress(progress, reporter):
                    await registration.register_files(stopped)
                    missing = await _wait_for_decisions(
                        store, registration, clock, stopped=stopped, reporter=reporter
                    )
            if missing is None and not stopped.is_set():
                return None
            files = registration.list_processed_files(missing or (), is_interrupted=missing is None)
            async with store.borrow_connection() as connection:
                return await build_result(context, connection, files, clock=clock)


def _check_spool(owner: str, offered: str | None, folder: Path) -> None:
    if offered is None:
        raise LeaseHeld(f"{owner} works on this database; stop it, or wait until its lease expires")
    if offered != read_identity(folder):
        raise LeaseHeld(
            f"{owner} works on this database with another data folder than {folder.parent}; "
            "name its data folder with --data, or send the files with crescendo submit"
        )


class FileRegistration:
    """Validates the files of a request and registers them for the engine at work."""

    def __init__(
        self, request: ProcessingRequest, spool: Spool, store: PostgresStore, *, progress: ProcessingProgress
    ) -> None:
        self._request, self._spool, self._store, self._progress = request, spool, store, progress
        hooks = AdmissionHooks(remove_derived_files=self._remove_derived_files)
        self._admission = Admission(spool, store, StageTimes(), hooks=hooks)
        self._presented = set[FileIdentity]()
        self._rejected: list[RejectedFile] = []
        self._known: list[AlreadyProcessed] = []
        self.numbers = list(request.awaited)
        """The submissions that the engine at work decides, in order."""
        self.lost_files = LostFiles(spool, store)

    async def register_files(self, stopped: asyncio.Event) -> None:
        """Register file after file, until ``stopped``, behind those that an earlier call has registered."""
        if self._request.awaits_all:
            self.numbers = [row["submission"] for row in await self._store.fetch("due")]
        async with self._store.borrow_connection() as connection:
            earlier = await receipt_queries.read_receipts(connection, self.numbers)
        self._progress.resume(
            FileProgress(receipt.file, receipt.size_bytes, receipt.lines, receipt.decided)
            for receipt in earlier
        )
        for path in self._request.paths:
            if stopped.is_set():
                return
            try:
                await self._register_file(path)
            except InputError as error:
                self._rejected.append(RejectedFile(path, error))

    def list_processed_files(
        self, missing: Sequence[MissingFile], *, is_interrupted: bool
    ) -> ProcessedRequest:
        """Return what became of the files."""
        lost = {file.submission for file in missing}
        numbers = [number for number in self.numbers if number not in lost]
        return ProcessedRequest(numbers, self._known, self._rejected, missing, is_interrupted)

    async def _register_file(self, path: Path) -> None:
        spooled = await asyncio.to_thread(self._spool.receive, path, path.name, self._request.declare(path))
        if spooled.identity in self._presented:
            self._spool.release(spooled.identity, is_needed=True)
            return
        admitted = await self._admission.admit(
            spooled, reprocess=self._request.reprocess, is_internal=self._request.is_internal
        )
        self.lost_files.note_receipt(spooled)
        await announce_files(self._store)
        async with self._store.borrow_connection() as connection:
            (receipt,) = await receipt_queries.read_receipts(connection, [admitted.number])
        if receipt.done and not admitted.is_new:
            self._known.append(AlreadyProcessed(path, admitted.number))
            return
        self._presented.add(spooled.identity)
        if admitted.number not in self.numbers:
            self.numbers.append(admitted.number)
        self._progress.admit(path, receipt.lines)

    async def _remove_derived_files(self, spooled: SpooledFile) -> None:
        """Remove what the validation wrote, unless the engine at work reads it for a submission of the same bytes."""
        unfinished = await self._store.fetch("unfinished")
        if not any(bytes(row["file_hash"]) == spooled.sha256 for row in unfinished):
            await asyncio.to_thread(remove_normal_form, spooled)


async def _wait_for_decisions(
    store: PostgresStore,
    registration: FileRegistration,
    clock: ProcessingClock,
    *,
    stopped: asyncio.Event,
    reporter: ProgressReporter,
) -> list[MissingFile] | None:
    """Wait until all submissions are decided or cancelled, but for those whose file is missing, and return these.

    Return None if ``stopped``, or no engine is at work, first.
    """
    reason, numbers = "", registration.numbers
    while True:
        missing = await registration.lost_files.find(numbers)
        async with store.borrow_connection() as connection:
            receipts = await receipt_queries.read_receipts(connection, numbers)
        clock.record_decided_lines(
            [(receipt.submission, receipt.decided) for receipt in receipts], list(numbers)
        )
        undecided = [receipt for receipt in receipts if not (receipt.done or receipt.cancelled)]
        if all(receipt.submission in missing for receipt in undecided):
            return [missing[receipt.submission] for receipt in undecided]
        if stopped.is_set() or await find_running_engine(store) is None:
            return None
        last_reason, reason = reason, await _describe_pause(store, undecided)
        clock.progress.waits = reason
        if reason and reason != last_reason:
            reporter.report_activity(reason)
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await stopped.wait()


async def _describe_pause(store: PostgresStore, undecided: Sequence[Receipt]) -> str:
    """Return which sender an operator has paused, so that its files wait; empty if none."""
    reasons = {row["sender"]: row["reason"] for row in await store.fetch("paused")}
    senders = {receipt.sender for receipt in undecided}
    return "; ".join(f"{sender} is paused: {reasons[sender]}" for sender in sorted(senders & reasons.keys()))
