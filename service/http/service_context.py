"""The parts of the running service, assembled once; each handler gets only the parts that it needs."""

from dataclasses import dataclass
from pathlib import Path

from core.stage_timing import StageTimes
from ingest.queue.inbox import Inbox
from monitoring.service_metrics import ServiceMetrics
from posting.store.ledger_clock import LedgerClock
from reporting.code_labels import CodeLabels
from service.auth.sender_pauses import SenderPauses
from service.database.index_maintenance import IndexMaintenance
from service.database.read_pool import Pool
from service.http.file_admission import FileAdmission
from service.http.journal_queries import JournalReader
from service.http.name_cache import NameCache
from service.http.queue_limits import QueueLimits
from service.http.quotas import Quota
from service.http.request_body import UploadReceiver
from service.http.service_state import ServiceState
from service.http.submission_waiters import SubmissionWaiters
from service.http.task_requests import TaskRequests
from service.http.tickets import SubmissionTickets
from service.http.validation_pool import ValidationPool
from service.tasks.task_queries import Pool as TaskPool
from service.tasks.task_runner import TaskRunner

FORM_BYTES_MAX = 2**26
"""Bytes of all forms that are being received or wait for their commit; parsed, a form takes about three times its bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceContext:
    """The parts of the running service."""

    inbox: Inbox
    receiver: UploadReceiver
    pool: Pool
    journal: JournalReader
    labels: CodeLabels
    names: NameCache
    state: ServiceState
    limits: QueueLimits
    admission: FileAdmission
    tickets: SubmissionTickets
    waiters: SubmissionWaiters
    form_quota: Quota
    validation_pool: ValidationPool
    sender_pauses: SenderPauses
    index_maintenance: IndexMaintenance
    tasks: TaskRequests
    task_pool: TaskPool
    task_runner: TaskRunner
    data: Path
    """The data folder."""
    metrics: ServiceMetrics
    stages: StageTimes
    file_bytes_max: int
    is_metrics_public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredParts:
    """The parts that files and database connections belong to; they are opened and closed outside."""

    inbox: Inbox
    clock: LedgerClock
    receiver: UploadReceiver
    pool: Pool
    journal: JournalReader
    sender_pauses: SenderPauses
    validation_pool: ValidationPool
    task_pool: TaskPool
    task_runner: TaskRunner
    data: Path
    metrics: ServiceMetrics


def build_context(
    stored: StoredParts,
    labels: CodeLabels,
    stages: StageTimes,
    *,
    file_bytes_max: int,
    is_metrics_public: bool,
) -> ServiceContext:
    """Assemble the parts of a service."""
    state, waiters = ServiceState(stored.clock), SubmissionWaiters()
    state.call_on_drain(waiters.close)
    state.call_on_drain(stored.task_runner.close)
    state.call_on_drain(stored.receiver.stop_appending)
    return ServiceContext(
        inbox=stored.inbox,
        receiver=stored.receiver,
        pool=stored.pool,
        journal=stored.journal,
        labels=labels,
        names=NameCache(stored.pool, labels, state),
        state=state,
        limits=QueueLimits(state, stored.inbox),
        admission=FileAdmission(stored.inbox.files.admission),
        tickets=SubmissionTickets(stored.pool, stored.inbox, waiters),
        waiters=waiters,
        form_quota=Quota(FORM_BYTES_MAX),
        validation_pool=stored.validation_pool,
        sender_pauses=stored.sender_pauses,
        index_maintenance=IndexMaintenance(),
        tasks=TaskRequests(stored.task_pool, stored.task_runner, state),
        task_pool=stored.task_pool,
        task_runner=stored.task_runner,
        data=stored.data,
        metrics=stored.metrics,
        stages=stages,
        file_bytes_max=file_bytes_max,
        is_metrics_public=is_metrics_public,
    )
