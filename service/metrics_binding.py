"""Bindings between the metrics and what they measure: queues, uploads, store, clocks and disk."""

from datetime import UTC, datetime

from monitoring.cut_off import CutOff
from monitoring.polled_metrics import Sample, convert_to_seconds
from service.database.disk_space import DataDisks
from service.engine.timed_store import TimedStore
from service.http.service_context import ServiceContext


def bind_metrics(
    service: ServiceContext, *, store: TimedStore, cut_off: CutOff | None, disks: DataDisks
) -> None:
    """Bind the polled metrics to the state of the service, and the events of the inbox to its counters."""
    _bind_queues(service)
    _bind_clocks(service, store, cut_off)
    service.metrics.bind("disk_free_bytes", lambda: disks.measure_fullest().free)
    service.metrics.bind("disk_size_bytes", lambda: disks.measure_fullest().total)
    service.metrics.bind("clock_set_back", lambda: service.state.clock.find_setback() is not None)
    service.metrics.bind("disk_full", lambda: service.state.is_disk_full or disks.measure_fullest().is_full)


def _bind_queues(service: ServiceContext) -> None:
    inbox, metrics = service.inbox, service.metrics
    files = inbox.files
    metrics.bind("files_waiting", lambda: len(files.queue))
    metrics.bind("file_lines_waiting", lambda: files.queue.lines)
    metrics.bind("file_lines_paused", lambda: files.queue.paused_lines)
    metrics.bind("files_paused", files.queue.count_paused_files)
    metrics.bind("files_lost", lambda: len(files.missing))
    metrics.bind("senders_paused", lambda: service.sender_pauses.paused_count)
    metrics.bind("forms_waiting", inbox.forms.count)
    metrics.bind("form_bytes", lambda: service.form_quota.used)
    metrics.bind("form_bytes_of_one_sender", lambda: service.form_quota.largest_share)
    metrics.bind("oldest_waiting_seconds", lambda: max(inbox.oldest_wait_seconds, metrics.oldest_seconds))
    metrics.bind(
        "queue_empty_seconds",
        lambda: metrics.drain_rate.estimate_seconds_to_empty(_count_waiting_lines(service)),
    )
    metrics.bind("uploads", lambda: service.receiver.active_uploads)
    metrics.bind("ready", lambda: service.state.is_accepting_work)


def _count_waiting_lines(service: ServiceContext) -> int:
    """Count the lines that have no outcome yet; those of paused senders have none until an operator resumes them."""
    queue = service.inbox.files.queue
    file_lines = max(queue.lines - queue.paused_lines, 0)
    return file_lines + service.inbox.forms.count() + service.metrics.lines_under_way


def _bind_clocks(service: ServiceContext, store: TimedStore, cut_off: CutOff | None) -> None:
    metrics, stages = service.metrics, service.stages
    metrics.bind_samples("database_seconds_total", convert_to_seconds(store.nanoseconds))
    metrics.bind_samples("kernel_busy_seconds_total", lambda: [Sample(stages.kernel_busy_nanoseconds / 1e9)])
    if cut_off:
        metrics.bind_samples(
            "cut_off_seconds", lambda: [Sample(cut_off.count_remaining_seconds(datetime.now(UTC)))]
        )
