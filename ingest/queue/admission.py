"""Admission of a spooled file: it is validated and registered under a number, or refused and removed.

All callers share this one path: the service awaits it, ``crescendo run`` calls it from the thread that takes in files.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple, Protocol
from weakref import WeakValueDictionary

import pyarrow as pa

from core.errors import InputError, SenderForbidden
from core.stage_timing import StageTimes
from ingest.queue.file_queue import QueuedFile
from ingest.queue.sender_rules import check_sender_name, create_sender_check
from ingest.spool.file_claims import FileIdentity
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import MemoryAllowance
from ingest.validation.file_totals import FileTotals
from ingest.validation.file_validation import ValidatedFile, validate_file
from posting.batch import Submission
from posting.store.journal_store import PostgresStore
from posting.store.submission_rows import FileStatements, NewSubmission, PriorSubmission


class LineCheck(Protocol):
    """Checks all lines of a file during its validation, and refuses the file by an exception."""

    def check_lines(self, lines: pa.RecordBatch) -> None:
        """Check some lines."""
        ...

    @property
    def programmes(self) -> Sequence[str] | None:
        """The programmes that the checked lines name; None if a line belongs to one that it does not name."""
        ...


RunInThread = Callable[..., Awaitable[Any]]
"""Called with a sender, a function and its arguments: runs the function in a thread and returns its result."""


def run_in_default_thread(_: str, work: Callable[..., Any], *arguments: Any) -> Awaitable[Any]:
    """Run work in a thread of the event loop's default pool; the sender does not matter."""
    return asyncio.to_thread(work, *arguments)


class AdmissionHooks(NamedTuple):
    """What the caller of an admission does at its steps."""

    reopen_missing: Callable[[int, SpooledFile], QueuedFile | None] = lambda *_: None
    """Called for a file that is a known submission: takes the submission up again if its file was missing."""
    remove_derived_files: Callable[[SpooledFile], Awaitable[None] | None] = lambda _: None
    """Called for a file that is not registered: removes what its validation wrote, if nothing else needs it."""
    on_new: Callable[[QueuedFile], None] = lambda _: None
    """Called for a submission that is registered now, by us or another process, while its file is still claimed."""


class RegisteredSubmission(NamedTuple):
    """A submission that was just registered, and its file."""

    submission: Submission
    file: ValidatedFile


class AdmissionResult(NamedTuple):
    """The number of a submission, and how it came about."""

    number: int
    new: RegisteredSubmission | None = None
    """None if the file is a submission that was known before."""
    returned: QueuedFile | None = None
    """The known submission, if its file was missing and has come again."""

    @property
    def is_new(self) -> bool:
        """Whether the submission was not known before."""
        return self.new is not None


async def remove_undecided_files(spool: Spool, store: PostgresStore) -> None:
    """Remove files that a crash left in the spool before they got a number; files with a number stay."""
    for identity in await asyncio.to_thread(spool.reclaim_undecided_files):
        prior = await store.find_submission(*identity)
        spool.release(identity, is_needed=prior is not None)


class Admission:
    """Admits files; files of one identity are admitted one after the other."""

    def __init__(
        self,
        spool: Spool,
        store: PostgresStore,
        stages: StageTimes,
        *,
        hooks: AdmissionHooks = AdmissionHooks(),  # noqa: B008
        allowance: MemoryAllowance | None = None,
        run_in_thread: RunInThread = run_in_default_thread,
    ) -> None:
        """Admit into ``spool`` and ``store``; ``allowance`` is for decoded lines that are kept for the first reading."""
        self._spool, self._store, self._stages = spool, store, stages
        self._hooks, self._allowance = hooks, allowance or MemoryAllowance(0)
        self._run_in_thread = run_in_thread
        self._locks: WeakValueDictionary[FileIdentity, asyncio.Lock] = WeakValueDictionary()
        """A lock exists while it is owned or awaited."""

    def is_admitting(self, row: Any) -> bool:
        """Return whether the file of a submission's row is being admitted here; it is queued when that ends."""
        lock = self._locks.get(FileIdentity(row["sender"], bytes(row["file_hash"])))
        return lock is not None and lock.locked()

    async def find_earlier_submission(self, identity: FileIdentity, *, reprocess: bool) -> int | None:
        """Return the submission that a file is already; None if it must be decided, for the first time or once more."""
        prior = await self._store.find_submission(*identity)
        return prior.number if prior and prior.covers_resend(again=reprocess) else None

    async def find_original(self, spooled: SpooledFile, *, reprocess: bool) -> SpooledFile | None:
        """Return a file as it was read at its registration; None if it must be decided, as in ``find_earlier_submission``."""
        prior = await self._store.find_submission(*spooled.identity)
        if prior is None or not prior.covers_resend(again=reprocess):
            return None
        return spooled.restore_statements(prior.statements)

    async def admit(
        self,
        spooled: SpooledFile,
        check: LineCheck | None = None,
        *,
        reprocess: bool = False,
        is_internal: bool = False,
    ) -> AdmissionResult:
        """Validate and register a file; the same file of the same sender is one submission.

        ``check`` sees the lines of a file that is not known yet; without one the file comes from a command, and its sender
        decides what it may contain.  ``is_internal`` states that Crescendo itself wrote the file, and the command that
        registers it: only then may the sender be one of its own.  What is registered was checked, so that a submission
        left unfinished needs no mark.  ``reprocess`` decides a file once more that was decided
        before; a file that was cancelled is a new attempt in any case.  A file that is refused is removed from the
        spool, unless an earlier submission needs it.

        Raises
        ------
        InputError, or what ``check`` raises
            The file is refused whole, and nothing was changed.
        """
        async with self._lock_identity(spooled.identity):
            with self._abandon_on_failure(spooled):
                prior = await self._store.find_submission(*spooled.identity)
            check = await self._check_sender(spooled, check, prior, is_internal=is_internal)
            if prior and prior.covers_resend(again=reprocess):
                original = spooled.restore_statements(prior.statements)
                result = AdmissionResult(
                    prior.number, returned=self._hooks.reopen_missing(prior.number, original)
                )
                await self._remove_derived_files(spooled)
            else:
                result = await self._register(spooled, check, prior)
            await self._release(spooled, is_needed=True)
            return result

    async def _check_sender(
        self,
        spooled: SpooledFile,
        check: LineCheck | None,
        prior: PriorSubmission | None,
        *,
        is_internal: bool,
    ) -> LineCheck:
        """Refuse a file from outside whose sender is one of our own; return the check of its lines."""
        try:
            if check is None:
                with self._abandon_on_failure(spooled, SenderForbidden):
                    return await create_sender_check(self._store, spooled, is_internal=is_internal)
            check_sender_name(spooled.envelope.sender, spooled.name, is_internal=is_internal)
        except SenderForbidden:
            await self._discard(spooled, prior)
            raise
        return check

    async def refuse(self, spooled: SpooledFile) -> None:
        """Release a file that must not be admitted; it stays if an earlier submission needs it."""
        async with self._lock_identity(spooled.identity):
            with self._abandon_on_failure(spooled):
                prior = await self._store.find_submission(*spooled.identity)
            await self._discard(spooled, prior)

    async def validate(self, spooled: SpooledFile, check: LineCheck) -> FileTotals:
        """Validate a file in a thread, and check all its lines.

        Raises
        ------
        InputError, or what ``check`` raises
            The file is refused whole.
        """
        validated = await self._validate(spooled, check)
        return validated.totals

    async def _register(
        self, spooled: SpooledFile, check: LineCheck, prior: PriorSubmission | None
    ) -> AdmissionResult:
        """Validate and register a file; if another process has registered it meanwhile, return that submission as known."""
        try:
            validated = await self._validate(spooled, check)
        except BaseException as error:  # refused, or the disk is full: then the more so
            if isinstance(error, InputError):
                error.batch_id = spooled.envelope.batch_id
            await self._discard(spooled, prior)
            raise
        attempt, lines = prior.attempt + 1 if prior else 1, validated.totals.lines
        row = _build_row(spooled, validated, attempt, programmes=check.programmes)
        with self._abandon_on_failure(spooled):
            await asyncio.to_thread(self._spool.write_envelope, spooled)
            submission = await self._store.register_submission(row)
            number, original = (submission.number, spooled) if submission else await self._find_prior(spooled)
        self._hooks.on_new(QueuedFile(number, original, lines, time.monotonic()))
        if submission is None:
            await self._remove_derived_files(spooled)
            return AdmissionResult(number)
        return AdmissionResult(submission.number, RegisteredSubmission(submission, validated))

    async def _find_prior(self, spooled: SpooledFile) -> tuple[int, SpooledFile]:
        """Return the submission that another process has registered a file as, and the file as it is read there."""
        prior = await self._store.find_submission(*spooled.identity)
        assert prior is not None  # noqa: S101 -- another process has stored it, and no row is ever removed
        return prior.number, spooled.restore_statements(prior.statements)

    async def _validate(self, spooled: SpooledFile, check: LineCheck) -> ValidatedFile:
        def work() -> ValidatedFile:
            with self._stages.measure("prove"):
                return validate_file(spooled, self._allowance, check.check_lines)

        validated: ValidatedFile = await self._run_in_thread(spooled.envelope.sender, work)
        return validated

    async def _discard(self, spooled: SpooledFile, prior: PriorSubmission | None) -> None:
        """Release a file that is not admitted, and remove what was derived from it."""
        await self._remove_derived_files(spooled)
        await self._release(spooled, is_needed=prior is not None)

    async def _remove_derived_files(self, spooled: SpooledFile) -> None:
        if removal := self._hooks.remove_derived_files(spooled):
            await removal

    async def _release(self, spooled: SpooledFile, *, is_needed: bool) -> None:
        await asyncio.to_thread(self._spool.release, spooled.identity, is_needed=is_needed)

    @contextmanager
    def _abandon_on_failure(self, spooled: SpooledFile, *refusals: type[Exception]) -> Iterator[None]:
        """Abandon a file if the body fails, but for ``refusals``: whether it is needed is not known, the next start asks."""
        try:
            yield
        except refusals:
            raise
        except BaseException:
            self._spool.abandon(spooled.identity)
            raise

    @asynccontextmanager
    async def _lock_identity(self, identity: FileIdentity) -> AsyncIterator[None]:
        """Lock an identity: only one caller at a time decides about a file."""
        lock = self._locks.setdefault(identity, asyncio.Lock())
        async with lock:
            yield


def _build_row(
    spooled: SpooledFile, validated: ValidatedFile, attempt: int, *, programmes: Sequence[str] | None
) -> NewSubmission:
    """Build the row of a new submission; ``programmes`` are those that its lines name, if known."""
    envelope = spooled.envelope
    file = (spooled.sha256, spooled.name, str(spooled.format), spooled.size_bytes)
    totals = (validated.totals.lines, validated.totals.cents)
    statements = FileStatements(
        envelope.charset, validated.extra_columns, envelope.atomic, envelope.sepa_only
    )
    return NewSubmission(envelope.sender, envelope.batch_id, *file, attempt, *totals, programmes, *statements)
