"""The situation of the service, read from its metrics and its state, on which the verdict depends."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from monitoring.alert_history import Reading, Values, read_metrics
from monitoring.alert_rules import FiringAlert
from monitoring.service_metrics import ServiceMetrics
from monitoring.trend import Trend
from monitoring.verdict import AccountDifference, PausedSender, Situation

STATION_STAGES: Mapping[str, tuple[str, ...]] = {
    "reading": ("prove", "read", "resolve"),
    "deciding": ("decide",),
    "writing": ("encode", "hash", "checkpoint"),
    "database": ("connection",),
}
"""The stages of each station of the page; a batch that waits for a free connection waits for the database."""


class ServiceStatus(msgspec.Struct, frozen=True):
    """The state of the service, which the metrics do not contain."""

    started_at: datetime
    state: str
    paused: Sequence[PausedSender] = ()
    differences: Sequence[AccountDifference] = ()
    firing: Sequence[FiringAlert] = ()


def read_alert_metrics(at: float, metrics: ServiceMetrics) -> Reading:
    """Read what the alert rules look at."""

    def read_buckets(name: str) -> Values:
        return {(str(bound),): float(count) for bound, count in metrics.read_buckets(name)}

    return read_metrics(at, metrics.read_values, read_buckets)


def build_situation(metrics: ServiceMetrics, trend: Trend, status: ServiceStatus) -> Situation:
    """Return the situation of this moment."""

    def read(name: str) -> float:
        return sum(metrics.read_values(name).values())

    return Situation(
        state=status.state,
        is_disk_full=read("disk_full") > 0,
        cut_off_seconds=metrics.read_values("cut_off_seconds").get(()),
        empty_seconds=read("queue_empty_seconds"),
        oldest_seconds=read("oldest_waiting_seconds"),
        lines=round(sum(map(read, ("file_lines_waiting", "file_lines_under_way", "forms_waiting")))),
        paused_lines=round(read("file_lines_paused")),
        files_lost=round(read("files_lost")),
        paused=status.paused,
        differences=status.differences,
        firing=status.firing,
        loads={name: sum(map(trend.compute_share, stages)) for name, stages in STATION_STAGES.items()},
        is_empty=not read("last_batch") and not read("submissions") and not read("uploads"),
        keys=round(read("keys")),
    )
