"""Batches: the lines that are decided and committed together, and the result of deciding them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.merges import Merges
from core.tables.journal import Bytes, Spans

FINAL_PASS = 32767
"""The last pass over held acts: it refuses, rather than holds, an act whose predecessor is still missing."""


@dataclass(slots=True)
class Tally:
    """Lines and cents of a submission by outcome."""

    accepted: int = 0
    duplicate: int = 0
    refused: int = 0
    suspended: int = 0
    accepted_cents: int = 0
    duplicate_cents: int = 0
    refused_cents: int = 0
    suspended_cents: int = 0


class Progress(NamedTuple):
    """How far a submission has been decided: the pass over it, and the next line in that pass."""

    pass_number: int
    next_line: int
    is_done: bool = False


class RefusalStretch(NamedTuple):
    """Consecutive lines of a submission, the last ones decided, that were refused for one reason of form.

    See ``posting.refusal_stretches``.
    """

    code: int = 0
    """``core.outcome_codes.Outcome`` of the lines; 0 if there is no such stretch."""
    lines: int = 0
    """Lines that have a row each."""
    rest_lines: int = 0
    """Lines after those, which share one row once the stretch ends."""
    rest_cents: int = 0
    rest_field: int = 0
    """The faulty field of the rest; 0 if its lines differ in it."""


NO_STRETCH = RefusalStretch()


class SignatureTexts(NamedTuple):
    """Who entered and who validated acts, and by which delegation, as lines state it; empty where they do not."""

    entered: str
    validated: str
    delegation: str


class LineSpan(NamedTuple):
    """Consecutive lines of a submission that form one act."""

    first_line: int
    lines: int


@dataclass(slots=True)
class Submission:
    """A submission being processed; only the engine changes it, batch by batch."""

    number: int
    sender: str
    lines: int | None
    """None for forms, whose submission has no end."""
    progress: Progress = field(default_factory=lambda: Progress(1, 0))
    tally: Tally = field(default_factory=Tally)
    to_retry: list[LineSpan] = field(default_factory=list)
    """The acts that the current pass presents again."""
    held: list[LineSpan] = field(default_factory=list)
    """The acts held so far in the current pass."""
    accepted_in_pass: int = 0
    refusal_rows: int = 0
    """Rows of refusals stored so far: fewer than the lines refused if stretches were long."""
    stretch: RefusalStretch = NO_STRETCH
    """The stretch of refusals with which the lines decided in the first pass end."""


_NO_CLAIMS: Any = field(default_factory=lambda: np.zeros(0, np.int64))
_NO_MERGES: Any = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """The lines of one submission in a batch: whole acts, the lines of each next to each other."""

    submission: Submission
    acts: np.ndarray
    lines: NDArray[np.int32]
    """Position of each line in its submission."""
    day: NDArray[np.int32]
    cents: NDArray[np.int64]
    """The amount that each line states, valid or not: the totals of the receipt add it up."""
    reference: Spans
    text: Bytes
    field: NDArray[np.uint8]
    new_words: NDArray[np.int64]
    raw: pa.RecordBatch
    progress_after: Progress
    """The submission's progress once this piece is decided."""
    is_atomic: bool = False
    """Whether its acts are accepted all or not at all."""
    cells_before: int = 0
    """Account assignments numbered before ``new_words``: the book must know all of them when the piece is decided."""
    signatures: tuple[SignatureTexts, ...] = ()
    """The distinct signatures, to which the acts refer from 1."""
    limited_claims: NDArray[np.int64] = _NO_CLAIMS
    """Rows of claims of late interest that state no reason: the rule limits them (``posting.claim_limits``)."""
    merges: Merges = _NO_MERGES
    """Third parties that exist twice: a refusal names the code that stays in use."""

    @property
    def is_decided(self) -> bool:
        """Whether the engine has decided these lines."""
        return self.submission.progress >= self.progress_after


class PieceDecisions(NamedTuple):
    """A piece and the decisions on its lines."""

    piece: Piece
    decisions: np.ndarray


class DryRunDecisions(NamedTuple):
    """The decisions of a dry run: how the batch would have been decided."""

    passes: list[PieceDecisions]
    """Of the batch, then of each pass over its held acts: the last decision on a line counts."""
    after_batch: int
    """The last batch committed before the dry run."""
    last_entry: int
    """The last entry of that batch: later ones were undone, and are 0 in the decisions."""


class DryRunHandler(Protocol):
    """The interface to the caller of a dry run: its size, its batches in order, and where its result goes."""

    @property
    def rows(self) -> int:
        """Lines of everything that ``order_batches`` presents for the first time."""
        ...

    def order_batches(self, read: "Batch") -> "Iterator[Batch]":
        """Yield the batches of the dry run, ``read`` first, each once the one before is decided; runs in the kernel thread."""
        ...

    def complete(self, result: DryRunDecisions, /) -> None:
        """Receive the decisions."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Pieces decided and committed together.

    A piece that ends a pass of its submission with acts held is the last one decided: these acts come next, before the
    pieces behind it.
    """

    pieces: list[Piece]
    is_holding: bool = True
    """Whether acts may be held; in the last pass over held acts none is."""
    is_followed: bool = False
    """Whether further lines will be read that may share a batch with pieces which held acts leave undecided."""
    resumed: Submission | None = None
    """Without pieces: a submission that a restart found between its passes over held acts, to be resumed there."""
    side_streams: Mapping[str, NDArray[np.uint8]] = field(default_factory=dict)
    """COPY bytes by table that are stored in the batch's transaction and are not part of its hash."""
    is_answered: bool = False
    """Whether a caller waits for the decision on each line."""
    dry_run: DryRunHandler | None = None
    """Set for a dry run: the batch is decided, undone and never committed."""

    @property
    def rows(self) -> int:
        """The number of lines in all pieces."""
        return sum(len(piece.acts) for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """A submission's progress, tally and refusals after a batch."""

    submission: int
    progress: Progress
    tally: Tally
    refusal_rows: int = 0
    stretch: RefusalStretch = NO_STRETCH


class HeldSpan(NamedTuple):
    """One act of a submission that waits for its predecessor, and the pass that held it."""

    submission: int
    pass_number: int
    first_line: int
    lines: int


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Everything that one batch changed, stored in one transaction."""

    number: int
    first_entry: int
    counts: dict[str, int]
    cents: int
    chain: bytes
    streams: dict[str, NDArray[np.uint8]]
    """COPY bytes by table, without header and trailer; the journal is the table ``entry``."""
    progress: list[ProgressRow]
    held: list[HeldSpan]
    outcome_counts: NDArray[np.int64]
    """Number of lines of each kind (row) with each ``core.outcome_codes.Outcome`` (column)."""
    decisions: list[np.ndarray] = field(default_factory=list)
    """The decisions on the lines, piece by piece, if the batch ``is_answered``."""
    refused_lines: int = 0
    """Lines refused, whether or not each has a row."""
    accepted_cents: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """Sum of the accepted amounts of each kind."""
    requests_without_invoice: int = 0
    """Accepted payment requests without an invoice number, which were compared with no other."""
