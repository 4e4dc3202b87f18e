"""What every handler works with."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.errors import InputError
from core.stage_timing import StageTimes
from ingest.queue.admission import AdmissionResult
from ingest.queue.inbox import Inbox
from ingest.spool.spooled_file import SpooledFile
from monitoring.service_metrics import ServiceMetrics
from reporting.code_labels import CodeLabels
from reporting.code_names import CodeNames, read_names
from service.auth.api_keys import Caller
from service.auth.perimeter import PerimeterCheck
from service.auth.sender_pauses import SenderPauses
from service.database.index_maintenance import IndexMaintenance
from service.http import upload_headers
from service.http.journal_queries import JournalReader
from service.http.problems import Problem, sender_paused, try_again
from service.http.quotas import DRY_RUNS, QUEUED_FILES, QUEUED_FORMS, QueueLimit, Quota
from service.http.request_body import UploadReceiver
from service.http.submission_queries import Pool, borrow_connection
from service.http.submission_waiters import SubmissionWaiters
from service.http.validation_pool import ValidationPool

FORMS_WAITING_MAX = 20_000
FORM_BYTES_MAX = 2**26
"""Forms that may wait for their turn, and bytes of all that are on their way or wait for their answer; read, a form takes
some three times its bytes."""

FILES_WAITING_MAX = 2_000
"""Submissions that may wait for their turn; each costs a few hundred bytes of memory."""

DRY_RUNS_MAX = 50
"""Dry runs that may wait: each is decided by itself."""

PAUSED_FILES_MAX = 200
"""Of them, those of one paused sender: it must not fill the room of the others."""

FILES_LIMIT = QueueLimit(FILES_WAITING_MAX, QUEUED_FILES)
FORMS_LIMIT = QueueLimit(FORMS_WAITING_MAX, QUEUED_FORMS)
DRY_RUNS_LIMIT = QueueLimit(DRY_RUNS_MAX, DRY_RUNS)


@dataclass(slots=True)
class ServiceContext:
    """The parts behind the handlers, and whether they are open."""

    inbox: Inbox
    receiver: UploadReceiver
    pool: Pool
    codes: CodeLabels
    file_bytes_max: int
    metrics: ServiceMetrics
    stages: StageTimes
    sender_pauses: SenderPauses
    journal: JournalReader
    shows_metrics_to_all: bool = False
    validation_pool: ValidationPool = field(default_factory=ValidationPool)
    form_quota: Quota = field(default_factory=lambda: Quota(FORM_BYTES_MAX))
    waiters: SubmissionWaiters = field(default_factory=SubmissionWaiters)
    index_maintenance: IndexMaintenance = field(default_factory=IndexMaintenance)
    is_ready: bool = False
    is_draining: bool = False
    _names: CodeNames | None = None
    drain_callbacks: list[Callable[[], None]] = field(default_factory=list)
    """Called when the service begins to drain."""

    def check_accepting_work(self) -> None:
        """Whether something new can be taken in.

        Raises
        ------
        Problem
            Starting or stopping.
        """
        if self.is_draining:
            raise try_again("The service is stopping; send it again in a moment")
        if not self.is_ready:
            raise try_again("The service is starting")

    def check_sender(self, sender: str, *, is_file: bool) -> None:
        """Whether a sender's work is taken: a paused one's files wait while there is room, its forms cannot.

        Files and forms have each their room, and a sender half of either.  What is on its way in is not counted.

        Raises
        ------
        Problem
            An operator has paused it, or as many wait as can, of all or of this sender.
        """
        reason = self.inbox.paused.get(sender)
        if reason is not None and not (is_file and self.inbox.files.count_paused(sender) < PAUSED_FILES_MAX):
            raise sender_paused(sender, reason)
        if is_file:
            FILES_LIMIT.check(len(self.inbox.files), self.inbox.files.count(sender))
        else:
            FORMS_LIMIT.check(self.inbox.count_forms(), self.inbox.count_forms(sender))

    def check_dry_run_queue(self, sender: str) -> None:
        """Whether there is room for one more dry run, and for one more of this sender.

        Raises
        ------
        Problem
            There is none.
        """
        DRY_RUNS_LIMIT.check(self.inbox.count_dry_runs(), self.inbox.count_dry_runs(sender))

    async def admit(self, spooled: SpooledFile, media: str, who: Caller, *, again: bool) -> AdmissionResult:
        """Hold a spooled file against what was said of it and what ``who`` may send, and give it a number.

        Raises
        ------
        InputError, Problem
            The file is refused whole, and is gone.
        """
        try:
            return await self._admit(spooled, media, who, again=again)
        except InputError as error:
            error.batch_id = spooled.envelope.batch_id
            raise

    async def _admit(self, spooled: SpooledFile, media: str, who: Caller, *, again: bool) -> AdmissionResult:
        admission = self.inbox.admission
        try:
            upload_headers.check_content(spooled, media)
            if who.programmes and await admission.find_known(spooled.identity, reprocess=again) is not None:
                # what became of a known file is told at once: it must lie where the key may look
                await admission.validate(spooled, PerimeterCheck(who))
        except (InputError, Problem):
            await admission.refuse(spooled)
            raise
        return await admission.admit(spooled, PerimeterCheck(who), reprocess=again)

    async def load_names(self) -> CodeNames:
        """What the numbers of the journal stand for."""
        if self._names is not None:
            return self._names
        is_loaded = self.is_ready  # a book that is being loaded may still give numbers to new codes
        async with borrow_connection(self.pool) as connection:
            found = await read_names(connection, self.codes)
        self._names = found if is_loaded else None
        return found

    def start_draining(self) -> None:
        """Take nothing new; who waits is answered with how far it is."""
        self.is_draining = True
        self.waiters.close()
        for each in self.drain_callbacks:
            each()
