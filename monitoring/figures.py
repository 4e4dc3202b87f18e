"""What the live page and ``crescendo top`` show: the board's own figures, put together for people.

Everything here is read from the board, so that a figure on the page is the figure of ``/metrics``; only rates are
worked out, from two looks at the same totals.  Batches come from the database, where their proof is.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from monitoring.board import Board
from monitoring.flows import State
from monitoring.pace import WINDOW, Pace

OUTCOMES = ("accepted", "duplicate", "refused")
FORM_BAR_SECONDS = 0.25
"""What a form may take from its arrival to its answer after the commit."""


class Part(msgspec.Struct, frozen=True):
    """Lines, and the cents they asked for."""

    lines: int = 0
    cents: int = 0


class Outcomes(msgspec.Struct, frozen=True):
    """Lines committed since the service started, by what became of them."""

    accepted: Part
    duplicate: Part
    refused: Part


class Throughput(msgspec.Struct, frozen=True):
    """How fast it goes, and what has come of it since the service started."""

    lines_a_second: float
    forms_a_second: float
    window_seconds: int
    """What the rates are taken over."""
    series: list[int]
    """Lines a second, second by second, the latest last."""
    outcomes: Outcomes


class Stage(msgspec.Struct, frozen=True):
    """One stage of the work in this process."""

    stage: str
    seconds: float
    """Processor time since the service started."""
    share: float
    """Of one core, lately."""


class Queue(msgspec.Struct, frozen=True):
    """What waits."""

    uploads: int
    files: int
    lines: int
    forms: int
    oldest_seconds: float


class Commits(msgspec.Struct, frozen=True):
    """What was committed since the service started."""

    batches: int
    failed: int
    last_batch: int
    last_lines: int
    last_at: float | None
    """Seconds since 1970."""
    most_within_seconds: float | None
    """99 of 100 took at most so long."""


class Forms(msgspec.Struct, frozen=True):
    """Forms answered since the service started."""

    answered: int
    within_bar: int
    bar_seconds: float
    most_within_seconds: float | None


class Refusal(msgspec.Struct, frozen=True):
    """Lines refused for one reason since the service started."""

    reason: str
    lines: int


class Flow(msgspec.Struct, frozen=True):
    """One sender's files, from the first of the database, and its lines since the service started."""

    sender: str
    received: int
    in_treatment: int
    integrated: int
    partly_integrated: int
    refused: int
    outcomes: Outcomes


class Batch(msgspec.Struct, frozen=True):
    """A committed batch as it stands in the database, and the hash that proves it."""

    batch: int
    committed_at: datetime
    entries: int
    duplicates: int
    refusals: int
    cents: int
    chain: str


class Figures(msgspec.Struct, frozen=True):
    """Everything, at one moment."""

    at: datetime
    started_at: datetime
    state: str
    """``ready``, ``loading`` or ``stopping``."""
    throughput: Throughput
    queue: Queue
    stages: list[Stage]
    commits: Commits
    forms: Forms
    refusals: list[Refusal]
    """The most frequent reason first."""
    flows: list[Flow]
    batches: list[Batch]
    """The latest first."""


class Around(msgspec.Struct, frozen=True):
    """What the board does not know."""

    started_at: datetime
    state: str
    batches: list[Batch]


def figures(board: Board, pace: Pace, around: Around) -> Figures:
    """The figures of this moment."""
    return Figures(
        at=datetime.now(UTC),
        started_at=around.started_at,
        state=around.state,
        throughput=_throughput(board, pace),
        queue=_queue(board),
        stages=_stages(board, pace),
        commits=_commits(board),
        forms=_forms(board),
        refusals=_refusals(board),
        flows=_flows(board),
        batches=around.batches,
    )


def totals(board: Board) -> tuple[int, int]:
    """Lines committed and forms answered since the service started."""
    return round(sum(board.values("lines_total").values())), board.buckets("form_seconds")[-1][1]


def _throughput(board: Board, pace: Pace) -> Throughput:
    return Throughput(
        pace.lines_a_second, pace.forms_a_second, WINDOW, pace.series(), _outcomes(_by_sender(board).values())
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


def _count(board: Board, name: str) -> int:
    return round(_one(board, name))


def _queue(board: Board) -> Queue:
    return Queue(
        uploads=_count(board, "uploads"),
        files=_count(board, "files_waiting"),
        lines=_count(board, "file_lines_waiting"),
        forms=_count(board, "forms_waiting"),
        oldest_seconds=_one(board, "oldest_waiting_seconds"),
    )


def _stages(board: Board, pace: Pace) -> list[Stage]:
    spent = board.values("stage_seconds_total")
    return [Stage(stage, seconds, pace.share(stage)) for (stage,), seconds in spent.items()]


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
    found = [Refusal(reason, round(lines)) for (reason,), lines in board.values("refusals_total").items()]
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
