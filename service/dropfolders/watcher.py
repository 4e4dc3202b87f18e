"""The watcher of all drop folders: takes complete files, moves them away, and writes their results back.

The order of the steps makes a kill at any moment harmless. A file leaves ``in`` only after it is in the spool, registered
and recorded as taken; if it is still there after a restart it is taken again, and the same bytes are the same
submission. A file that is recorded as taken but not as answered gets its results, also after a restart.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

import structlog

from core.errors import EngineError, InputError
from core.roles import Role
from ingest.result_names import to_safe_name
from posting.store.failures import DATABASE_ERRORS
from service.auth.audit_trail import Attempt, AuditTrail
from service.dropfolders import dropfolder_queries
from service.dropfolders.backoff import RETRY_SECONDS, RetryTimes
from service.dropfolders.dropfolder_queries import Pool, TakenFile
from service.dropfolders.folder import FileReplaced, SenderFolder, SubFolder, list_senders, open_folder
from service.dropfolders.intake import FileIntake
from service.dropfolders.result_files import ResultWriter, write_problem
from service.dropfolders.signatures import Signer
from service.dropfolders.stable_files import StableFile, StableFiles
from service.http.problems import Problem, from_input_error
from service.http.service_context import ServiceContext

LOG = structlog.get_logger()
POLL_SECONDS = 0.25
SENDERS_AT_ONCE = 4
FILES_PER_VISIT = 100
_TEMPORARY_FAILURES = (EngineError, *DATABASE_ERRORS)
"""Failures that concern no single file: all files of the sender wait where they are."""


class DropFolderRules(NamedTuple):
    """The folder to watch, and how files in it are treated."""

    root: Path
    settle_seconds: float
    unsigned: frozenset[Role]
    """The roles of senders that have no signer; if empty, their files are refused."""


@dataclass(slots=True)
class DropFolderWatcher:
    """Visits the folders of all senders again and again."""

    rules: DropFolderRules
    service: ServiceContext
    audit_trail: AuditTrail
    pool: Pool
    intake: FileIntake
    _stable_files: dict[str, StableFiles] = field(default_factory=dict)
    _unanswered: defaultdict[str, list[TakenFile]] = field(default_factory=lambda: defaultdict(list))
    _retry_times: RetryTimes = field(default_factory=RetryTimes)
    _busy: set[str] = field(default_factory=set)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SENDERS_AT_ONCE))
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Visit the folders until the service stops."""
        self.service.state.call_on_drain(self._stopped.set)
        for file in await dropfolder_queries.read_unanswered_files(self.pool):
            self._unanswered[file.sender].append(file)
        async with asyncio.TaskGroup() as group:
            while not self._stopped.is_set():
                for sender in self._list_idle_senders():
                    self._busy.add(sender)
                    group.create_task(self._process_sender(sender))
                await self._pause(POLL_SECONDS)

    def _list_idle_senders(self) -> list[str]:
        """Return the senders that are not being visited; none while a clock is set back: a signer may have ended."""
        if not self.service.state.is_ready or self.service.state.clock.find_setback():
            return []
        try:
            return [sender for sender in list_senders(self.rules.root) if sender not in self._busy]
        except OSError as error:
            LOG.warning("drop folder does not open", cause=repr(error))
            return []

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def _process_sender(self, sender: str) -> None:
        """Visit a sender's folders once: write results, then take new files."""
        try:
            async with self._slots:
                with open_folder(self.rules.root, sender) as folder:
                    await self._write_results(folder)
                    await self._take_stable_files(folder)
        except (OSError, *_TEMPORARY_FAILURES) as error:
            LOG.warning("drop folder waits", sender=sender, cause=repr(error))
            await self._pause(RETRY_SECONDS)
        except Exception:
            self.service.metrics.increment("drop_files_total", "failed")
            LOG.exception("drop folder failed", sender=sender)
            await self._pause(RETRY_SECONDS)
        finally:
            self._busy.discard(sender)

    async def _write_results(self, folder: SenderFolder) -> None:
        """Write the results of decided files."""
        waiting = [
            file
            for file in self._unanswered[folder.sender]
            if self._retry_times.is_due(folder.sender, _build_retry_key(file))
        ][:FILES_PER_VISIT]
        ended = (
            await dropfolder_queries.select_ended_submissions(
                self.pool, [file.submission for file in waiting]
            )
            if waiting
            else set()
        )
        for file in waiting:
            if file.submission in ended and not self._stopped.is_set():
                async with self._isolate_failure(folder, file.name, _build_retry_key(file)):
                    await ResultWriter(self.service).write(folder, file)
                    await dropfolder_queries.insert_answered_file(self.pool, file)
                    self._unanswered[folder.sender].remove(file)
                    details = {"file": file.name, "submission": file.submission}
                    LOG.info("drop answered", sender=file.sender, **details)

    async def _take_stable_files(self, folder: SenderFolder) -> None:
        """Take the complete files, in the order in which they arrived."""
        entries = await asyncio.to_thread(folder.list_entries)
        names = {entry.name for entry in entries}
        self._retry_times.forget_others(
            folder.sender, names | set(map(_build_retry_key, self._unanswered[folder.sender]))
        )
        if not entries:
            self._stable_files.pop(folder.sender, None)
            return
        signers = await dropfolder_queries.read_signers(self.pool, folder.sender)
        stable_files = self._stable_files.setdefault(folder.sender, StableFiles(self.rules.settle_seconds))
        stable = stable_files.select_stable(entries, must_sign=bool(signers))
        due = [file for file in stable if self._retry_times.is_due(folder.sender, file.entry.name)]
        for file in due[:FILES_PER_VISIT]:
            async with self._isolate_failure(folder, name := file.entry.name, name):
                if not await self._take_or_refuse(folder, file, signers):
                    return

    @asynccontextmanager
    async def _isolate_failure(self, folder: SenderFolder, name: str, key: str) -> AsyncIterator[None]:
        """Log and count a failure of the body and make that file wait, under ``key``; the other files continue."""
        try:
            yield
            self._retry_times.forget(folder.sender, key)
        except _TEMPORARY_FAILURES:
            raise
        except Exception as error:
            seconds = self._retry_times.postpone(folder.sender, key)
            self.service.metrics.increment("drop_files_total", "failed")
            details = {"sender": folder.sender, "file": to_safe_name(name), "again_in_seconds": seconds}
            LOG.exception(
                "drop failed", cause=repr(error), exc_info=not isinstance(error, OSError), **details
            )

    async def _take_or_refuse(self, folder: SenderFolder, file: StableFile, signers: list[Signer]) -> bool:
        """Take a file or refuse it; return False if it must wait, and with it all other files of the sender."""
        try:
            await self._take(folder, file, signers)
        except FileReplaced:
            LOG.info("drop changed", sender=folder.sender, file=to_safe_name(file.entry.name))
        except InputError as error:
            problem = from_input_error(error)
            problem.__cause__ = error
            await self._refuse(folder, file, problem)
        except Problem as problem:
            if problem.status is HTTPStatus.SERVICE_UNAVAILABLE:
                return False
            await self._refuse(folder, file, problem)
        return True

    async def _take(self, folder: SenderFolder, file: StableFile, signers: list[Signer]) -> None:
        name = file.entry.name
        submission, signer = await self.intake.admit(folder, file, signers)
        taken_file = await dropfolder_queries.insert_taken_file(
            self.pool, sender=folder.sender, name=name, submission=submission, signer=signer
        )
        self._unanswered[folder.sender].append(taken_file)
        await _move_out(folder, file, SubFolder.DONE, prefix=f"{submission:09}")
        self.service.metrics.increment("drop_files_total", "taken")
        LOG.info("drop taken", sender=folder.sender, file=name, submission=submission)

    async def _refuse(self, folder: SenderFolder, file: StableFile, problem: Problem) -> None:
        """Write why the file is refused, and move it away.

        Every refusal is recorded in the audit trail first: whether an unreadable file was signed is unknown.
        """
        name = file.entry.name
        if problem.is_audited:
            self.service.metrics.increment("turned_away_total", problem.code)
        details = (f"DROP {to_safe_name(name)}", problem.code, problem.detail)
        await self.audit_trail.record(Attempt(problem.claimed_name, folder.sender, "drop folder", *details))
        await write_problem(folder, name, problem)
        await _move_out(folder, file, SubFolder.REJECTED, prefix=f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        self.service.metrics.increment("drop_files_total", "refused")
        LOG.info("drop refused", sender=folder.sender, file=to_safe_name(name), code=problem.code)


async def _move_out(folder: SenderFolder, file: StableFile, target: SubFolder, *, prefix: str) -> None:
    """Move a file, then its sidecars, which mean nothing without it. Files that have replaced them stay."""
    for entry in (file.entry, *file.sidecars):
        if not await asyncio.to_thread(folder.move, entry, target, f"{prefix}-{to_safe_name(entry.name)}"):
            LOG.info("drop replaced", sender=folder.sender, file=to_safe_name(entry.name))


def _build_retry_key(file: TakenFile) -> str:
    """Return the retry key of a file's results; no file in ``in`` can have such a name."""
    return f"/{file.number}"


async def watch_folders(
    rules: DropFolderRules, service: ServiceContext, audit_trail: AuditTrail, *, dsn: str
) -> None:
    """Watch the folders until the service stops.

    Raises
    ------
    PostgresError, ConnectionError
        The files without results could not be read from the database.
    """
    async with dropfolder_queries.open_pool(dsn) as pool:
        intake = FileIntake(service, service.receiver.spool, rules.unsigned)
        await DropFolderWatcher(rules, service, audit_trail, pool, intake).run()
