"""The board at one moment, put together for people: nothing is counted here, only rates are worked out."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from monitoring.drain_rate import WINDOW_SECONDS
from monitoring.file_states import FileState
from monitoring.live_figures import (
    FORM_TARGET_SECONDS,
    CommitFigures,
    CreditFigures,
    FormFigures,
    LiveFigures,
    Outcomes,
    OutcomeTotals,
    ProgrammeFigures,
    QueueFigures,
    RefusalCount,
    SenderFigures,
    StageTime,
    Throughput,
)
from monitoring.service_metrics import ServiceMetrics
from monitoring.trend import Trend

OUTCOMES = ("accepted", "duplicate", "refused")


class ServiceStatus(msgspec.Struct, frozen=True):
    """What the board does not know."""

    started_at: datetime
    state: str


def build_figures(board: ServiceMetrics, trend: Trend, around: ServiceStatus) -> LiveFigures:
    """The figures of this moment, but for the batches: those are the database's."""
    return LiveFigures(
        at=datetime.now(UTC),
        started_at=around.started_at,
        state=around.state,
        cut_off_seconds=board.read_values("cut_off_seconds").get(()),
        throughput=_build_throughput(board, trend),
        queue=_build_queue(board),
        stages=_list_stages(board, trend),
        commits=_build_commits(board),
        forms=_build_forms(board),
        refusals=_list_refusals(board),
        flows=_list_senders(board),
        programmes=sorted(_list_programmes(board), key=_compute_remaining_share),
        batches=[],
    )


def count_totals(board: ServiceMetrics) -> tuple[int, int]:
    """Lines committed and forms answered since the service started."""
    return round(sum(board.read_values("lines_total").values())), board.read_buckets("form_seconds")[-1][1]


def _build_throughput(board: ServiceMetrics, trend: Trend) -> Throughput:
    return Throughput(
        lines_a_second=_read_value(board, "drain_lines_per_second"),
        forms_a_second=trend.forms_a_second,
        window_seconds=WINDOW_SECONDS,
        series=trend.list_rates(),
        outcomes=_sum_outcomes(_group_by_sender(board).values()),
    )


def _group_by_sender(board: ServiceMetrics) -> dict[str, dict[str, OutcomeTotals]]:
    """Lines and cents by sender and outcome."""
    cents, found = board.read_values("cents_total"), dict[str, dict[str, OutcomeTotals]]()
    for (sender, outcome), lines in sorted(board.read_values("lines_total").items()):
        part = OutcomeTotals(round(lines), round(cents.get((sender, outcome), 0)))
        found.setdefault(sender, {})[outcome] = part
    return found


def _sum_outcomes(senders: Collection[Mapping[str, OutcomeTotals]]) -> Outcomes:
    """The parts of some senders, added up."""
    parts = [[each.get(name, OutcomeTotals()) for each in senders] for name in OUTCOMES]
    return Outcomes(
        *(OutcomeTotals(sum(each.lines for each in one), sum(each.cents for each in one)) for one in parts)
    )


def _read_value(board: ServiceMetrics, name: str) -> float:
    (value,) = board.read_values(name).values()
    return value


def _replace_infinite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _read_count(board: ServiceMetrics, name: str) -> int:
    return round(_read_value(board, name))


def _build_queue(board: ServiceMetrics) -> QueueFigures:
    return QueueFigures(
        uploads=_read_count(board, "uploads"),
        files=_read_count(board, "files_waiting"),
        lines=_read_count(board, "file_lines_waiting"),
        forms=_read_count(board, "forms_waiting"),
        under_way=_read_count(board, "file_lines_under_way"),
        oldest_seconds=_read_value(board, "oldest_waiting_seconds"),
        empty_seconds=_replace_infinite(_read_value(board, "queue_empty_seconds")),
    )


def _list_stages(board: ServiceMetrics, trend: Trend) -> list[StageTime]:
    spent = board.read_values("stage_seconds_total")
    return [StageTime(stage, seconds, trend.compute_share(stage)) for (stage,), seconds in spent.items()]


def _build_commits(board: ServiceMetrics) -> CommitFigures:
    return CommitFigures(
        batches=_read_count(board, "batches_total"),
        failed=_read_count(board, "batches_failed_total"),
        last_batch=_read_count(board, "last_batch"),
        last_lines=_read_count(board, "batch_lines"),
        last_at=_read_value(board, "last_commit_timestamp_seconds") or None,
        most_within_seconds=find_p99_bound(board.read_buckets("commit_seconds")),
    )


def _build_forms(board: ServiceMetrics) -> FormFigures:
    buckets = board.read_buckets("form_seconds")
    within = dict(buckets)[FORM_TARGET_SECONDS]
    return FormFigures(buckets[-1][1], within, FORM_TARGET_SECONDS, find_p99_bound(buckets))


def find_p99_bound(buckets: Sequence[tuple[float, int]]) -> float | None:
    """The least bound that 99 of 100 keep; None where there is nothing yet, or where it is beyond all bounds."""
    total = buckets[-1][1]
    return next((bound for bound, count in buckets[:-1] if total and 100 * count >= 99 * total), None)


def _list_refusals(board: ServiceMetrics) -> list[RefusalCount]:
    counted = board.read_values("refusals_total").items()
    found = [RefusalCount(reason, round(lines)) for (reason,), lines in counted if lines]
    return sorted(found, key=lambda each: (-each.lines, each.reason))


def _list_senders(board: ServiceMetrics) -> list[SenderFigures]:
    files, lines = board.read_values("submissions"), _group_by_sender(board)
    senders = sorted({sender for sender, _ in files} | lines.keys())
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


def _list_programmes(board: ServiceMetrics) -> Iterator[ProgrammeFigures]:
    opened, available = board.read_values("budget_opened_cents"), board.read_values("budget_available_cents")
    for year, programme in sorted({(year, programme) for year, programme, _ in opened}):
        ae, cp = (
            CreditFigures(round(opened[place]), round(available[place]))
            for place in ((year, programme, measure) for measure in ("ae", "cp"))
        )
        yield ProgrammeFigures(year, programme, ae, cp)


def _compute_remaining_share(programme: ProgrammeFigures) -> float:
    """The smaller part that is left, of AE and of CP."""
    return min(each.available / each.opened if each.opened else 1 for each in (programme.ae, programme.cp))
