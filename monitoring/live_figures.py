"""The figures that the live page and ``crescendo top`` show.

Batches come from the database, which holds their proof; everything else is read from the metrics, so that each figure on
the page is a figure of ``/metrics``.
"""

from datetime import datetime

import msgspec

from core.amount_fields import AmountStruct, Cents, OldCents
from monitoring.verdict import PausedSender, Verdict

FORM_TARGET_SECONDS = 0.25
"""The target for the time from a form's arrival to its answer after the commit."""


class LineTotals(msgspec.Struct, frozen=True):
    """The lines with one outcome, and the sum of their amounts in cents."""

    lines: int = 0
    cents: int = 0


class Outcomes(msgspec.Struct, frozen=True):
    """Lines committed since the service started, by outcome."""

    accepted: LineTotals
    duplicate: LineTotals
    refused: LineTotals


class StepTotals(msgspec.Struct, frozen=True):
    """The accepted amounts of one step of spending since the service started."""

    step: str
    """A name of ``monitoring.spending_steps.STEPS``."""
    cents: int


class Throughput(msgspec.Struct, frozen=True):
    """The present rates, and the outcomes since the service started."""

    lines_a_second: float
    forms_a_second: float
    window_seconds: float
    """The window that ``lines_a_second`` averages over; it averages since work began, if that is shorter."""
    series: list[int]
    """Lines a second, second by second, the latest last."""
    outcomes: Outcomes


class StageTime(msgspec.Struct, frozen=True):
    """The processor time of one pipeline stage in this process."""

    stage: str
    seconds: float
    """Since the service started."""
    share: float
    """Share of one core, over the last ten seconds."""


class QueueFigures(msgspec.Struct, frozen=True):
    """The work that waits or is in progress."""

    uploads: int
    files: int
    lines: int
    forms: int
    under_way: int
    """Lines of the files being decided that are not committed."""
    oldest_seconds: float
    empty_seconds: float | None
    """Seconds until all of it is committed at the present rate; None while nothing is committed."""


class CommitFigures(msgspec.Struct, frozen=True):
    """Batches committed since the service started."""

    batches: int
    failed: int
    last_batch: int
    last_lines: int
    last_at: float | None
    """Seconds since 1970."""
    most_within_seconds: float | None
    """99 % of the commits took at most so long."""


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
    """One sender's files since the database was created, and its lines since the service started."""

    sender: str
    received: int
    in_treatment: int
    integrated: int
    partly_integrated: int
    refused: int
    outcomes: Outcomes


class CreditFigures(AmountStruct, frozen=True):
    """The AE or the CP of a programme, in cents."""

    opened: OldCents
    available: OldCents
    """Neither reserved nor consumed; below 0 only where credits are estimated."""
    opened_cents: Cents = 0
    available_cents: Cents = 0


class ProgrammeFigures(msgspec.Struct, frozen=True):
    """The credits of a programme in a budget year."""

    year: str
    programme: str
    ae: CreditFigures
    cp: CreditFigures


class CommittedBatch(msgspec.Struct, frozen=True):
    """A committed batch of the database, with its chain hash."""

    batch: int
    committed_at: datetime
    entries: int
    duplicates: int
    refusals: int
    cents: int
    chain: str


class LiveFigures(msgspec.Struct, frozen=True):
    """All figures at one moment."""

    at: datetime
    started_at: datetime
    state: str
    """``ready``, ``loading`` or ``stopping``."""
    verdict: Verdict
    """Whether all is well, why not, and which stage limits: the sentences that page and terminal show."""
    cut_off_seconds: float | None
    """Seconds until the cut-off; None if none is set."""
    throughput: Throughput
    queue: QueueFigures
    stages: list[StageTime]
    commits: CommitFigures
    forms: FormFigures
    steps: list[StepTotals]
    """Amounts accepted since the start, by step of spending, the last step first: they do not add up."""
    paused: list[PausedSender]
    """Senders whose work waits until an operator resumes them."""
    refusals: list[RefusalCount]
    """The most frequent reason first."""
    flows: list[SenderFigures]
    programmes: list[ProgrammeFigures]
    """The programme with the smallest remaining share first."""
    batches: list[CommittedBatch]
    """The latest first."""
