"""The board at one moment, put together for people: nothing is counted here, only rates are worked out."""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from monitoring.drain_rate import WINDOW_SECONDS
from monitoring.file_states import State
from monitoring.live_figures import (
    FORM_BAR_SECONDS,
    Commits,
    Credits,
    Figures,
    Flow,
    Forms,
    Outcomes,
    Part,
    Programme,
    Queue,
    Refusal,
    Stage,
    Throughput,
)
from monitoring.service_metrics import Board
from monitoring.trend import Trend

OUTCOMES = ("accepted", "duplicate", "refused")


class Around(msgspec.Struct, frozen=True):
    """What the board does not know."""

    started_at: datetime
    state: str


def figures(board: Board, trend: Trend, around: Around) -> Figures:
    """The figures of this moment, but for the batches: those are the database's."""
    return Figures(
        at=datetime.now(UTC),
        started_at=around.started_at,
        state=around.state,
        cut_off_seconds=board.values("cut_off_seconds").get(()),
        throughput=_throughput(board, trend),
        queue=_queue(board),
        stages=_stages(board, trend),
        commits=_commits(board),
        forms=_forms(board),
        refusals=_refusals(board),
        flows=_flows(board),
        programmes=sorted(_programmes(board), key=_left),
        batches=[],
    )


def totals(board: Board) -> tuple[int, int]:
    """Lines committed and forms answered since the service started."""
    return round(sum(board.values("lines_total").values())), board.buckets("form_seconds")[-1][1]


def _throughput(board: Board, trend: Trend) -> Throughput:
    return Throughput(
        lines_a_second=_one(board, "drain_lines_per_second"),
        forms_a_second=trend.forms_a_second,
        window_seconds=WINDOW_SECONDS,
        series=trend.series(),
        outcomes=_outcomes(_by_sender(board).values()),
    )


def _by_sender(board: Board) -> dict[str, dict[str, Part]]:
    """Lines and cents by sender and outcome."""
    cents, found = board.values("cents_total"), dict[str, dict[str, Part]]()
    for (sender, outcome), lines in sorted(board.values("lines_total").items()):
        part = Part(round(lines), round(cents.get((sender, outcome), 0)))
        found.setdefault(sender, {})[outcome] = part
    return found


def _outcomes(senders: Collection[Mapping[str, Part]]) -> Outcomes:
    """The parts of some senders, added up."""
    parts = [[each.get(name, Part()) for each in senders] for name in OUTCOMES]
    return Outcomes(
        *(Part(sum(each.lines for each in one), sum(each.cents for each in one)) for one in parts)
    )


def _one(board: Board, name: str) -> float:
    (value,) = board.values(name).values()
    return value


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _count(board: Board, name: str) -> int:
    return round(_one(board, name))


def _queue(board: Board) -> Queue:
    return Queue(
        uploads=_count(board, "uploads"),
        files=_count(board, "files_waiting"),
        lines=_count(board, "file_lines_waiting"),
        forms=_count(board, "forms_waiting"),
        under_way=_count(board, "file_lines_under_way"),
        oldest_seconds=_one(board, "oldest_waiting_seconds"),
        empty_seconds=_finite(_one(board, "queue_empty_seconds")),
    )


def _stages(board: Board, trend: Trend) -> list[Stage]:
    spent = board.values("stage_seconds_total")
    return [Stage(stage, seconds, trend.share(stage)) for (stage,), seconds in spent.items()]


def _commits(board: Board) -> Commits:
    return Commits(
        batches=_count(board, "batches_total"),
        failed=_count(board, "batches_failed_total"),
        last_batch=_count(board, "last_batch"),
        last_lines=_count(board, "batch_lines"),
        last_at=_one(board, "last_commit_timestamp_seconds") or None,
        most_within_seconds=most_within(board.buckets("commit_seconds")),
    )


def _forms(board: Board) -> Forms:
    buckets = board.buckets("form_seconds")
    within = dict(buckets)[FORM_BAR_SECONDS]
    return Forms(buckets[-1][1], within, FORM_BAR_SECONDS, most_within(buckets))


def most_within(buckets: Sequence[tuple[float, int]]) -> float | None:
    """The least bound that 99 of 100 keep; None where there is nothing yet, or where it is beyond all bounds."""
    total = buckets[-1][1]
    return next((bound for bound, count in buckets[:-1] if total and 100 * count >= 99 * total), None)


def _refusals(board: Board) -> list[Refusal]:
    counted = board.values("refusals_total").items()
    found = [Refusal(reason, round(lines)) for (reason,), lines in counted if lines]
    return sorted(found, key=lambda each: (-each.lines, each.reason))


def _flows(board: Board) -> list[Flow]:
    files, lines = board.values("submissions"), _by_sender(board)
    senders = sorted({sender for sender, _ in files} | lines.keys())
    return [_flow(sender, files, _outcomes([lines.get(sender, {})])) for sender in senders]


def _flow(sender: str, files: Mapping[tuple[str, ...], float], outcomes: Outcomes) -> Flow:
    count = {state: round(files.get((sender, state.value), 0)) for state in State}
    return Flow(
        sender=sender,
        received=sum(count.values()),
        in_treatment=count[State.IN_TREATMENT],
        integrated=count[State.INTEGRATED],
        partly_integrated=count[State.PARTLY_INTEGRATED],
        refused=count[State.REFUSED],
        outcomes=outcomes,
    )


def _programmes(board: Board) -> Iterator[Programme]:
    opened, available = board.values("budget_opened_cents"), board.values("budget_available_cents")
    for year, programme in sorted({(year, programme) for year, programme, _ in opened}):
        ae, cp = (
            Credits(round(opened[place]), round(available[place]))
            for place in ((year, programme, measure) for measure in ("ae", "cp"))
        )
        yield Programme(year, programme, ae, cp)


def _left(programme: Programme) -> float:
    """The smaller part that is left, of AE and of CP."""
    return min(each.available / each.opened if each.opened else 1 for each in (programme.ae, programme.cp))
