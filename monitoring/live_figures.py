"""What the live page and ``crescendo top`` show.

Batches come from the database, where their proof is; everything else is read from the board, so that a figure on the
page is a figure of ``/metrics``.
"""

from datetime import datetime

import msgspec

FORM_TARGET_SECONDS = 0.25
"""What a form may take from its arrival to its answer after the commit."""


class OutcomeTotals(msgspec.Struct, frozen=True):
    """Lines, and the cents they asked for."""

    lines: int = 0
    cents: int = 0


class Outcomes(msgspec.Struct, frozen=True):
    """Lines committed since the service started, by what became of them."""

    accepted: OutcomeTotals
    duplicate: OutcomeTotals
    refused: OutcomeTotals


class Throughput(msgspec.Struct, frozen=True):
    """How fast it goes, and what has come of it since the service started."""

    lines_a_second: float
    forms_a_second: float
    window_seconds: float
    """What lines are averaged over, or since work began in it."""
    series: list[int]
    """Lines a second, second by second, the latest last."""
    outcomes: Outcomes


class StageTime(msgspec.Struct, frozen=True):
    """One stage of the work in this process."""

    stage: str
    seconds: float
    """Processor time since the service started."""
    share: float
    """Of one core, lately."""


class QueueFigures(msgspec.Struct, frozen=True):
    """What waits."""

    uploads: int
    files: int
    lines: int
    forms: int
    under_way: int
    """Lines of files being decided that are not committed."""
    oldest_seconds: float
    empty_seconds: float | None
    """Until all of it is committed at this pace; None while nothing moves."""


class CommitFigures(msgspec.Struct, frozen=True):
    """What was committed since the service started."""

    batches: int
    failed: int
    last_batch: int
    last_lines: int
    last_at: float | None
    """Seconds since 1970."""
    most_within_seconds: float | None
    """99 of 100 took at most so long."""


class FormFigures(msgspec.Struct, frozen=True):
    """Forms answered since the service started."""

    answered: int
    within_bar: int
    bar_seconds: float
    most_within_seconds: float | None


class RefusalCount(msgspec.Struct, frozen=True):
    """Lines refused for one reason since the service started."""

    reason: str
    lines: int


class SenderFigures(msgspec.Struct, frozen=True):
    """One sender's files, from the first of the database, and its lines since the service started."""

    sender: str
    received: int
    in_treatment: int
    integrated: int
    partly_integrated: int
    refused: int
    outcomes: Outcomes


class CreditFigures(msgspec.Struct, frozen=True):
    """One measure of a programme, in cents."""

    opened: int
    available: int
    """Neither reserved nor consumed; below 0 only where credits are estimated."""


class ProgrammeFigures(msgspec.Struct, frozen=True):
    """A programme's credits in a budget year."""

    year: str
    programme: str
    ae: CreditFigures
    cp: CreditFigures


class CommittedBatch(msgspec.Struct, frozen=True):
    """A committed batch as it stands in the database, and the hash that proves it."""

    batch: int
    committed_at: datetime
    entries: int
    duplicates: int
    refusals: int
    cents: int
    chain: str


class LiveFigures(msgspec.Struct, frozen=True):
    """Everything, at one moment."""

    at: datetime
    started_at: datetime
    state: str
    """``ready``, ``loading`` or ``stopping``."""
    cut_off_seconds: float | None
    """Until what is handed in no longer counts; None where none is set."""
    throughput: Throughput
    queue: QueueFigures
    stages: list[StageTime]
    commits: CommitFigures
    forms: FormFigures
    refusals: list[RefusalCount]
    """The most frequent reason first."""
    flows: list[SenderFigures]
    programmes: list[ProgrammeFigures]
    """The one with the least part left first."""
    batches: list[CommittedBatch]
    """The latest first."""
