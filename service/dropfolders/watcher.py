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
from service.auth.audit_trail import Attempt, Trail
from service.auth.roles import Role
from service.dropfolders import dropfolder_queries
from service.dropfolders.backoff import RETRY_SECONDS, Later
from service.dropfolders.dropfolder_queries import Pool, Taken
from service.dropfolders.file_names import harmless
from service.dropfolders.folder import Changed, Folder, Place, opened, senders
from service.dropfolders.intake import Taking
from service.dropfolders.result_files import Results, explain
from service.dropfolders.signatures import Signer
from service.dropfolders.stable_files import Arrivals, Arrived
from service.http.problems import Problem, of_input
from service.http.service_context import Desk
from service.http.submission_queries import DATABASE_FAILURES

LOG = structlog.get_logger()
POLL_SECONDS = 0.25
SENDERS_AT_ONCE = 4
TAKEN_A_LOOK = 100
_ALL_LATER = (EngineError, *DATABASE_FAILURES)
"""Nothing can be taken or answered: all of a sender's files wait where they are."""


class Rules(NamedTuple):
    """Which folders are watched, and how."""

    root: Path
    settle_seconds: float
    unsigned: frozenset[Role]
    """The roles of senders that have no signer; none: their files are refused."""


@dataclass(slots=True)
class Watch:
    """The folders of all senders, from look to look."""

    rules: Rules
    desk: Desk
    trail: Trail
    pool: Pool
    taking: Taking
    _arrivals: dict[str, Arrivals] = field(default_factory=dict)
    _unanswered: defaultdict[str, list[Taken]] = field(default_factory=lambda: defaultdict(list))
    _later: Later = field(default_factory=Later)
    _busy: set[str] = field(default_factory=set)
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SENDERS_AT_ONCE))
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Look until the service stops."""
        self.desk.drained.append(self._stopped.set)
        for taken in await dropfolder_queries.unanswered(self.pool):
            self._unanswered[taken.sender].append(taken)
        async with asyncio.TaskGroup() as group:
            while not self._stopped.is_set():
                for sender in self._idle():
                    self._busy.add(sender)
                    group.create_task(self._visit(sender))
                await self._pause(POLL_SECONDS)

    def _idle(self) -> list[str]:
        """Senders whom nobody visits just now."""
        if not self.desk.is_ready:
            return []
        try:
            return [each for each in senders(self.rules.root) if each not in self._busy]
        except OSError as error:
            LOG.warning("drop folder does not open", cause=repr(error))
            return []

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)

    async def _visit(self, sender: str) -> None:
        """Look once into a sender's folders."""
        try:
            async with self._slots:
                with opened(self.rules.root, sender) as folder:
                    await self._answer(folder)
                    await self._look(folder)
        except (OSError, *_ALL_LATER) as error:
            LOG.warning("drop folder waits", sender=sender, cause=repr(error))
            await self._pause(RETRY_SECONDS)
        except Exception:
            self.desk.board.count("drop_files_total", "failed")
            LOG.exception("drop folder failed", sender=sender)
            await self._pause(RETRY_SECONDS)
        finally:
            self._busy.discard(sender)

    async def _answer(self, folder: Folder) -> None:
        """Write the results of what is decided."""
        waiting = [
            each
            for each in self._unanswered[folder.sender]
            if self._later.is_due(folder.sender, _result(each))
        ][:TAKEN_A_LOOK]
        ended = (
            await dropfolder_queries.ended(self.pool, [each.submission for each in waiting])
            if waiting
            else set()
        )
        for taken in waiting:
            if taken.submission in ended and not self._stopped.is_set():
                async with self._alone(folder, taken.name, _result(taken)):
                    await Results(self.desk).write(folder, taken)
                    await dropfolder_queries.note_answered(self.pool, taken)
                    self._unanswered[folder.sender].remove(taken)
                    said = {"file": taken.name, "submission": taken.submission}
                    LOG.info("drop answered", sender=taken.sender, **said)

    async def _look(self, folder: Folder) -> None:
        """Take what is whole, in the order in which it came."""
        entries = await asyncio.to_thread(folder.look)
        names = {each.name for each in entries}
        self._later.keep(folder.sender, names | set(map(_result, self._unanswered[folder.sender])))
        if not entries:
            self._arrivals.pop(folder.sender, None)
            return
        signers = await dropfolder_queries.signers_of(self.pool, folder.sender)
        known = self._arrivals.setdefault(folder.sender, Arrivals(self.rules.settle_seconds))
        whole = known.whole(entries, must_sign=bool(signers))
        due = [each for each in whole if self._later.is_due(folder.sender, each.entry.name)]
        for arrived in due[:TAKEN_A_LOOK]:
            async with self._alone(folder, name := arrived.entry.name, name):
                if not await self._taken(folder, arrived, signers):
                    return

    @asynccontextmanager
    async def _alone(self, folder: Folder, name: str, key: str) -> AsyncIterator[None]:
        """What goes wrong with one file is told and counted, and lets that file wait, by ``key``; the others go on."""
        try:
            yield
            self._later.settle(folder.sender, key)
        except _ALL_LATER:
            raise
        except Exception as error:
            seconds = self._later.fail(folder.sender, key)
            self.desk.board.count("drop_files_total", "failed")
            said = {"sender": folder.sender, "file": harmless(name), "again_in_seconds": seconds}
            LOG.exception("drop failed", cause=repr(error), exc_info=not isinstance(error, OSError), **said)

    async def _taken(self, folder: Folder, arrived: Arrived, signers: list[Signer]) -> bool:
        """Take a file or refuse it; False when it must wait, and the others with it."""
        try:
            await self._take(folder, arrived, signers)
        except Changed:
            LOG.info("drop changed", sender=folder.sender, file=harmless(arrived.entry.name))
        except InputError as error:
            problem = of_input(error)
            problem.__cause__ = error
            await self._refuse(folder, arrived, problem)
        except Problem as problem:
            if problem.status is HTTPStatus.SERVICE_UNAVAILABLE:
                return False
            await self._refuse(folder, arrived, problem)
        return True

    async def _take(self, folder: Folder, arrived: Arrived, signers: list[Signer]) -> None:
        name = arrived.entry.name
        submission, signer = await self.taking.take(folder, arrived, signers)
        taken = await dropfolder_queries.note_taken(self.pool, (folder.sender, name, submission), signer)
        self._unanswered[folder.sender].append(taken)
        await _moved(folder, arrived, Place.DONE, f"{submission:09}")
        self.desk.board.count("drop_files_total", "taken")
        LOG.info("drop taken", sender=folder.sender, file=name, submission=submission)

    async def _refuse(self, folder: Folder, arrived: Arrived, problem: Problem) -> None:
        """Say why, and move the file out of the way.

        Each is on the trail first: of a file that cannot be read nobody knows whether it was signed.
        """
        name = arrived.entry.name
        if problem.is_audited:
            self.desk.board.count("turned_away_total", problem.code)
        said = (f"DROP {harmless(name)}", problem.code, problem.detail)
        await self.trail.note(Attempt(problem.claimed, folder.sender, "drop folder", *said))
        await explain(folder, name, problem)
        await _moved(folder, arrived, Place.REJECTED, f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
        self.desk.board.count("drop_files_total", "refused")
        LOG.info("drop refused", sender=folder.sender, file=harmless(name), code=problem.code)


async def _moved(folder: Folder, arrived: Arrived, place: Place, prefix: str) -> None:
    """Move a file, then what stands beside it: without it those mean nothing.  What has come in their place stays."""
    for entry in (arrived.entry, *arrived.beside):
        if not await asyncio.to_thread(folder.move, entry, place, f"{prefix}-{harmless(entry.name)}"):
            LOG.info("drop replaced", sender=folder.sender, file=harmless(entry.name))


def _result(taken: Taken) -> str:
    """What a file's answer is called among what waits: no file in ``in`` has such a name."""
    return f"/{taken.number}"


async def watch(rules: Rules, desk: Desk, trail: Trail, where: tuple[str, Spool]) -> None:
    """Watch the folders until the service stops; ``where`` is the address of the database, and the spool.

    Raises
    ------
    PostgresError, ConnectionError
        The database did not say what is left to answer.
    """
    dsn, spool = where
    async with dropfolder_queries.writing(dsn) as pool:
        await Watch(rules, desk, trail, pool, Taking(desk, spool, rules.unsigned)).run()
