"""The metrics at one moment, as figures for the live page: nothing is counted here, only rates are computed."""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from monitoring.drain_rate import WINDOW_SECONDS
from monitoring.file_states import FileState
from monitoring.live_figures import (
    FORM_TARGET_SECONDS,
    CommitFigures,
    CreditFigures,
    FormFigures,
    LineTotals,
    LiveFigures,
    Outcomes,
    ProgrammeFigures,
    QueueFigures,
    RefusalCount,
    SenderFigures,
    StageTime,
    StepTotals,
    Throughput,
)
from monitoring.service_metrics import Bucket, ServiceMetrics
from monitoring.situation import ServiceStatus, build_situation
from monitoring.spending_steps import sum_steps
from monitoring.trend import Trend
from monitoring.verdict import judge

OUTCOMES = ("accepted", "duplicate", "refused")


class Totals(NamedTuple):
    """Lines committed and forms answered since the service started."""

    lines: int
    forms: int


def build_figures(metrics: ServiceMetrics, trend: Trend, status: ServiceStatus) -> LiveFigures:
    """Return the figures of this moment, without the batches: those are read from the database."""
    return LiveFigures(
        at=datetime.now(UTC),
        started_at=status.started_at,
        state=status.state,
        verdict=judge(build_situation(metrics, trend, status)),
        cut_off_seconds=metrics.read_values("cut_off_seconds").get(()),
        throughput=_build_throughput(metrics, trend),
        queue=_build_queue(metrics),
        stages=_list_stages(metrics, trend),
        commits=_build_commits(metrics),
        forms=_build_forms(metrics),
        steps=_list_steps(metrics),
        paused=list(status.paused),
        refusals=_list_refusals(metrics),
        flows=_list_senders(metrics, [pause.sender for pause in status.paused]),
        programmes=sorted(_list_programmes(metrics), key=_compute_remaining_share),
        batches=[],
    )


def count_totals(metrics: ServiceMetrics) -> Totals:
    """Count the lines committed and the forms answered since the service started."""
    lines = round(sum(metrics.read_values("lines_total").values()))
    return Totals(lines, metrics.read_buckets("form_seconds")[-1][1])


def _build_throughput(metrics: ServiceMetrics, trend: Trend) -> Throughput:
    return Throughput(
        lines_a_second=_read_value(metrics, "drain_lines_per_second"),
        forms_a_second=trend.forms_a_second,
        window_seconds=WINDOW_SECONDS,
        series=trend.list_rates(),
        outcomes=_sum_outcomes(_group_by_sender(metrics).values()),
    )


def _group_by_sender(metrics: ServiceMetrics) -> dict[str, dict[str, LineTotals]]:
    """Return the lines and cents by sender and outcome."""
    cents, by_sender = metrics.read_values("cents_total"), dict[str, dict[str, LineTotals]]()
    for (sender, outcome), lines in sorted(metrics.read_values("lines_total").items()):
        totals = LineTotals(round(lines), round(cents.get((sender, outcome), 0)))
        by_sender.setdefault(sender, {})[outcome] = totals
    return by_sender


def _sum_outcomes(senders: Collection[Mapping[str, LineTotals]]) -> Outcomes:
    """Add up the totals of some senders, by outcome."""
    by_outcome = [[sender.get(name, LineTotals()) for sender in senders] for name in OUTCOMES]
    return Outcomes(
        *(
            LineTotals(sum(total.lines for total in totals), sum(total.cents for total in totals))
            for totals in by_outcome
        )
    )


def _read_value(metrics: ServiceMetrics, name: str) -> float:
    (value,) = metrics.read_values(name).values()
    return value


def _replace_infinite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _read_count(metrics: ServiceMetrics, name: str) -> int:
    return round(_read_value(metrics, name))


def _build_queue(metrics: ServiceMetrics) -> QueueFigures:
    return QueueFigures(
        uploads=_read_count(metrics, "uploads"),
        files=_read_count(metrics, "files_waiting"),
        lines=_read_count(metrics, "file_lines_waiting"),
        forms=_read_count(metrics, "forms_waiting"),
        under_way=_read_count(metrics, "file_lines_under_way"),
        oldest_seconds=_read_value(metrics, "oldest_waiting_seconds"),
        empty_seconds=_replace_infinite(_read_value(metrics, "queue_empty_seconds")),
    )


def _list_stages(metrics: ServiceMetrics, trend: Trend) -> list[StageTime]:
    spent = metrics.read_values("stage_seconds_total")
    return [StageTime(stage, seconds, trend.compute_share(stage)) for (stage,), seconds in spent.items()]


def _build_commits(metrics: ServiceMetrics) -> CommitFigures:
    return CommitFigures(
        batches=_read_count(metrics, "batches_total"),
        failed=_read_count(metrics, "batches_failed_total"),
        last_batch=_read_count(metrics, "last_batch"),
        last_lines=_read_count(metrics, "batch_lines"),
        last_at=_read_value(metrics, "last_commit_timestamp_seconds") or None,
        most_within_seconds=find_p99_bound(metrics.read_buckets("commit_seconds")),
    )


def _build_forms(metrics: ServiceMetrics) -> FormFigures:
    buckets = metrics.read_buckets("form_seconds")
    within = dict(buckets)[FORM_TARGET_SECONDS]
    return FormFigures(buckets[-1][1], within, FORM_TARGET_SECONDS, find_p99_bound(buckets))


def find_p99_bound(buckets: Sequence[Bucket]) -> float | None:
    """Return the smallest bucket bound with 99 % of the observations; None without any, or if beyond all bounds."""
    total = buckets[-1][1]
    return next((bound for bound, count in buckets[:-1] if total and 100 * count >= 99 * total), None)


def _list_steps(metrics: ServiceMetrics) -> list[StepTotals]:
    cents = metrics.read_values("accepted_cents_by_kind_total").items()
    sums = sum_steps({kind: value for (kind,), value in cents})
    return [StepTotals(step, total) for step, total in sums.items()]


def _list_refusals(metrics: ServiceMetrics) -> list[RefusalCount]:
    lines_by_reason = metrics.read_values("refusals_total").items()
    refusals = [RefusalCount(reason, round(lines)) for (reason,), lines in lines_by_reason if lines]
    return sorted(refusals, key=lambda refusal: (-refusal.lines, refusal.reason))


def _list_senders(metrics: ServiceMetrics, paused: Iterable[str]) -> list[SenderFigures]:
    """Return the senders that have sent something, and those that are paused."""
    files, lines = metrics.read_values("submissions"), _group_by_sender(metrics)
    senders = sorted({sender for sender, _ in files} | lines.keys() | set(paused))
    return [_build_sender(sender, files, _sum_outcomes([lines.get(sender, {})])) for sender in senders]


def _build_sender(sender: str, files: Mapping[tuple[str, ...], float], outcomes: Outcomes) -> SenderFigures:
    count = {state: round(files.get((sender, state.value), 0)) for state in FileState}
    return SenderFigures(
        sender=sender,
        received=sum(count.values()),
        in_treatment=count[FileState.IN_TREATMENT],
        integrated=count[FileState.INTEGRATED],
        partly_integrated=count[FileState.PARTLY_INTEGRATED],
        refused=count[FileState.REFUSED],
        outcomes=outcomes,
    )


def _list_programmes(metrics: ServiceMetrics) -> Iterator[ProgrammeFigures]:
    opened_cents, available = (
        metrics.read_values("budget_opened_cents"),
        metrics.read_values("budget_available_cents"),
    )
    for year, programme in sorted({(year, programme) for year, programme, _ in opened_cents}):
        ae, cp = (
            CreditFigures(round(opened_cents[labels]), round(available[labels]))
            for labels in ((year, programme, measure) for measure in ("ae", "cp"))
        )
        yield ProgrammeFigures(year, programme, ae, cp)


def _compute_remaining_share(programme: ProgrammeFigures) -> float:
    """Return the smaller of the shares of AE and of CP that remain."""
    measures = (programme.ae, programme.cp)
    return min(measure.available / measure.opened if measure.opened else 1 for measure in measures)
