"""The watch over all drop folders: takes what is whole, moves it away, and writes back what became of it.

The order of steps makes a kill at any moment harmless.  A file leaves ``in`` only after it is in the spool, registered,
and noted as taken; whoever meets it there again takes it again, and the same bytes are the same submission.  What is
noted as taken and not as answered gets its results, after a restart too.
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
from ingest.spool.spool import Spool
from posting.store.failures import DATABASE_ERRORS
from service.auth.audit_trail import Attempt, AuditTrail
from service.auth.roles import Role
from service.dropfolders import dropfolder_queries
from service.dropfolders.backoff import RETRY_SECONDS, RetryTimes
from service.dropfolders.dropfolder_queries import Pool, TakenFile
from service.dropfolders.file_names import to_safe_name
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
"""Nothing can be taken or answered: all of a sender's files wait where they are."""


class DropFolderRules(NamedTuple):
    """Which folders are watched, and how."""

    root: Path
    settle_seconds: float
    unsigned: frozenset[Role]
    """The roles of senders that have no signer; none: their files are refused."""


@dataclass(slots=True)
class DropFolderWatcher:
    """The folders of all senders, from look to look."""

    rules: DropFolderRules
    desk: ServiceContext
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
        """Look until the service stops."""
        self.desk.state.call_on_drain(self._stopped.set)
        for taken in await dropfolder_queries.read_unanswered(self.pool):
            self._unanswered[taken.sender].append(taken)
        async with asyncio.TaskGroup() as group:
            while not self._stopped.is_set():
                for sender in self._list_idle_senders():
                    self._busy.add(sender)
                    group.create_task(self._process_sender(sender))
                await self._pause(POLL_SECONDS)

    def _list_idle_senders(self) -> list[str]:
        """Senders whom nobody visits just now."""
        if not self.desk.state.is_ready:
            return []
        try:
            return [each for each in list_senders(self.rules.root) if each not in self._busy]
        except OSError as error:
            LOG.warning("drop folder does not open", cause=repr(error))
            return []

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def _process_sender(self, sender: str) -> None:
        """Look once into a sender's folders."""
        try:
            async with self._slots:
                with open_folder(self.rules.root, sender) as folder:
                    await self._write_results(folder)
                    await self._take_stable_files(folder)
        except (OSError, *_TEMPORARY_FAILURES) as error:
            LOG.warning("drop folder waits", sender=sender, cause=repr(error))
            await self._pause(RETRY_SECONDS)
        except Exception:
            self.desk.metrics.increment("drop_files_total", "failed")
            LOG.exception("drop folder failed", sender=sender)
            await self._pause(RETRY_SECONDS)
        finally:
            self._busy.discard(sender)

    async def _write_results(self, folder: SenderFolder) -> None:
        """Write the results of what is decided."""
        waiting = [
            each
            for each in self._unanswered[folder.sender]
            if self._retry_times.is_due(folder.sender, _build_retry_key(each))
        ][:FILES_PER_VISIT]
        ended = (
            await dropfolder_queries.select_ended(self.pool, [each.submission for each in waiting])
            if waiting
            else set()
        )
        for taken in waiting:
            if taken.submission in ended and not self._stopped.is_set():
                async with self._isolate_failure(folder, taken.name, _build_retry_key(taken)):
                    await ResultWriter(self.desk).write(folder, taken)
                    await dropfolder_queries.insert_answered(self.pool, taken)
                    self._unanswered[folder.sender].remove(taken)
                    said = {"file": taken.name, "submission": taken.submission}
                    LOG.info("drop answered", sender=taken.sender, **said)

    async def _take_stable_files(self, folder: SenderFolder) -> None:
        """Take what is whole, in the order in which it came."""
        entries = await asyncio.to_thread(folder.list_entries)
        names = {each.name for each in entries}
        self._retry_times.forget_others(
            folder.sender, names | set(map(_build_retry_key, self._unanswered[folder.sender]))
        )
        if not entries:
            self._stable_files.pop(folder.sender, None)
            return
        signers = await dropfolder_queries.read_signers(self.pool, folder.sender)
        known = self._stable_files.setdefault(folder.sender, StableFiles(self.rules.settle_seconds))
        whole = known.select_stable(entries, must_sign=bool(signers))
        due = [each for each in whole if self._retry_times.is_due(folder.sender, each.entry.name)]
        for arrived in due[:FILES_PER_VISIT]:
            async with self._isolate_failure(folder, name := arrived.entry.name, name):
                if not await self._take_or_refuse(folder, arrived, signers):
                    return

    @asynccontextmanager
    async def _isolate_failure(self, folder: SenderFolder, name: str, key: str) -> AsyncIterator[None]:
        """What goes wrong with one file is told and counted, and lets that file wait, by ``key``; the others go on."""
        try:
            yield
            self._retry_times.forget(folder.sender, key)
        except _TEMPORARY_FAILURES:
            raise
        except Exception as error:
            seconds = self._retry_times.postpone(folder.sender, key)
            self.desk.metrics.increment("drop_files_total", "failed")
            said = {"sender": folder.sender, "file": to_safe_name(name), "again_in_seconds": seconds}
            LOG.exception("drop failed", cause=repr(error), exc_info=not isinstance(error, OSError), **said)

    async def _take_or_refuse(self, folder: SenderFolder, file: StableFile, signers: list[Signer]) -> bool:
        """Take a file or refuse it; False when it must wait, and the others with it."""
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
        taken = await dropfolder_queries.insert_taken(self.pool, (folder.sender, name, submission), signer)
        self._unanswered[folder.sender].append(taken)
        await _move_out(folder, file, SubFolder.DONE, f"{submission:09}")
        self.desk.metrics.increment("drop_files_total", "taken")
        LOG.info("drop taken", sender=folder.sender, file=name, submission=submission)

    async def _refuse(self, folder: SenderFolder, file: StableFile, problem: Problem) -> None:
        """Say why, and move the file out of the way.

        Each is on the trail first: of a file that cannot be read nobody knows whether it was signed.
        """
        name = file.entry.name
        if problem.is_audited:
            self.desk.metrics.increment("turned_away_total", problem.code)
        said = (f"DROP {to_safe_name(name)}", problem.code, problem.detail)
        await self.audit_trail.record(Attempt(problem.claimed_name, folder.sender, "drop folder", *said))
        await write_problem(folder, name, problem)
        await _move_out(folder, file, SubFolder.REJECTED, f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        self.desk.metrics.increment("drop_files_total", "refused")
        LOG.info("drop refused", sender=folder.sender, file=to_safe_name(name), code=problem.code)


async def _move_out(folder: SenderFolder, file: StableFile, place: SubFolder, prefix: str) -> None:
    """Move a file, then what stands beside it: without it those mean nothing.  What has come in their place stays."""
    for entry in (file.entry, *file.sidecars):
        if not await asyncio.to_thread(folder.move, entry, place, f"{prefix}-{to_safe_name(entry.name)}"):
            LOG.info("drop replaced", sender=folder.sender, file=to_safe_name(entry.name))


def _build_retry_key(taken: TakenFile) -> str:
    """What a file's answer is called among what waits: no file in ``in`` has such a name."""
    return f"/{taken.number}"


async def watch_folders(
    rules: DropFolderRules, desk: ServiceContext, trail: AuditTrail, where: tuple[str, Spool]
) -> None:
    """Watch the folders until the service stops; ``where`` is the address of the database, and the spool.

    Raises
    ------
    PostgresError, ConnectionError
        The database did not say what is left to answer.
    """
    dsn, spool = where
    async with dropfolder_queries.open_pool(dsn) as pool:
        await DropFolderWatcher(rules, desk, trail, pool, FileIntake(desk, spool, rules.unsigned)).run()
