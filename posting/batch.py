"""What is decided together, and what came of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.tables.journal import Bytes, Spans

FINAL_PASS = 32767
"""The pass over held acts that no longer holds: it refuses what still misses its predecessor."""


@dataclass(slots=True)
class Tally:
    """How many lines and cents of a submission ended how."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    suspended: int = 0
    accepted_cents: int = 0
    duplicate_cents: int = 0
    refused_cents: int = 0
    suspended_cents: int = 0


class Progress(NamedTuple):
    """How far a submission is: which pass, and the next line of it."""

    pass_number: int
    next_line: int
    is_done: bool = False


@dataclass(slots=True)
class Submission:
    """A submission being worked on; the engine alone changes it, batch by batch."""

    number: int
    sender: str
    lines: int | None
    """None where it has no end: forms."""
    progress: Progress = field(default_factory=lambda: Progress(1, 0))
    tally: Tally = field(default_factory=Tally)
    to_retry: list[tuple[int, int]] = field(default_factory=list)
    """(first line, lines) of the acts that the pass under way presents again."""
    held: list[tuple[int, int]] = field(default_factory=list)
    """(first line, lines) of the acts held so far in the pass under way."""
    accepted_in_pass: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of one submission in a batch: whole acts, next to each other."""

    submission: Submission
    acts: np.ndarray
    lines: NDArray[np.int32]
    """Position of each line in its submission."""
    day: NDArray[np.int32]
    cents: NDArray[np.int64]
    """What each line asked for, faulty or not: the totals of a receipt."""
    reference: Spans
    text: Bytes
    field: NDArray[np.uint8]
    new_words: NDArray[np.int64]
    raw: pa.RecordBatch
    progress_after: Progress
    """Where the submission stands once this piece is decided."""
    is_atomic: bool = False
    """Whether its acts are accepted all or not at all."""
    cells_before: int = 0
    """Account assignments that its lines stand on, beside the new ones: they are all known when it is decided."""


PieceDecisions = tuple[Piece, np.ndarray]
"""A piece, and what became of its lines."""


class DryRunDecisions(NamedTuple):
    """What would have become of a batch."""

    passes: list[PieceDecisions]
    """Of the batch, then of the passes over what it held: the last word on a line is what counts."""
    after_batch: int
    """The batch it was decided after."""
    last_entry: int
    """The last entry of that: greater ones were taken back with everything else."""


class DryRunHandler(Protocol):
    """Whoever wants to know what would become of a batch, were it decided now."""

    @property
    def rows(self) -> int:
        """Lines of the batch and of all that ``again`` presents for the first time."""
        ...

    def retry_held(self, decided: "Batch") -> "Iterator[Batch]":
        """The batches that present what ``decided`` held; runs in the kernel thread."""
        ...

    def complete(self, result: DryRunDecisions) -> None:
        """What would have become of it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces decided and committed together."""

    pieces: list[Piece]
    is_holding: bool = True
    resumed: Submission | None = None
    """With no pieces: a submission found amid its passes over held acts, to be taken up there."""
    side_streams: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    """COPY bytes by table that are stored in the batch's transaction, and hashed with nothing."""
    is_answered: bool = False
    """Whether somebody waits to be told what became of each line."""
    dry_run: DryRunHandler | None = None
    """Who asks what would become of it; it is then not committed, but taken back."""

    @property
    def rows(self) -> int:
        """Lines in all pieces."""
        return sum(len(piece.acts) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """A submission's stage and tally after a batch."""

    submission: int
    progress: Progress
    tally: Tally


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Everything one batch changed: one value, one transaction."""

    number: int
    first_entry: int
    counts: dict[str, int]
    cents: int
    chain: bytes
    streams: dict[str, NDArray[np.uint8]]
    """COPY bytes by table, without header and trailer; the journal's under ``entry``."""
    progress: list[ProgressRow]
    held: list[tuple[int, int, int, int]]
    """(submission, pass, first line, lines) of the acts that wait."""
    outcome_counts: NDArray[np.int64]
    """Lines of each kind (row) that met each code of ``core.outcome_codes.Outcome`` (column)."""
    decisions: list[np.ndarray] = field(default_factory=list)
    """What became of each line, piece by piece, where the batch is to be answered."""
