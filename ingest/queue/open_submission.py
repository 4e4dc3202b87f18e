"""A submission with its lines, and the resolution of these lines into pieces of batches."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.stage_timing import StageTimes
from ingest.queue.held_lines import SelectedLines
from ingest.resolution.resolver import ResolutionContext, ResolvedLines, Sender, resolve
from ingest.validation.decoded_cache import LineSource
from posting.batch import Piece, Progress, Submission


@dataclass(frozen=True, slots=True)
class OpenSubmission:
    """A submission whose file is open."""

    submission: Submission
    sender: Sender
    source: LineSource
    is_atomic: bool = False
    """Whether its acts are accepted all or not at all: it is then a batch of its own, and none of its acts is held."""

    @property
    def number(self) -> int:
        """The number of the submission."""
        return self.submission.number

    @property
    def is_in_retry(self) -> bool:
        """Whether its last line is decided, and its held acts are presented again."""
        return self.submission.progress.pass_number > 1

    def build_empty_batch(self) -> pa.RecordBatch:
        """Return a record batch with the columns of the file and no line."""
        return pa.RecordBatch.from_pylist([], schema=self.source.schema)


def sort_by_progress(files: Iterable[OpenSubmission]) -> list[OpenSubmission]:
    """Sort submissions that a restart found unfinished: held acts that are being retried first, then what is begun.

    A submission with a lower number may not be begun, as its sender was paused or its file missing.
    """
    return sorted(files, key=lambda file: (not file.is_in_retry, file.submission.progress.next_line == 0))


class PieceResolver:
    """Resolves lines of submissions into pieces, on one loaded book."""

    def __init__(self, context: ResolutionContext, stages: StageTimes) -> None:
        self.context, self._stages = context, stages

    def resolve(
        self,
        file: OpenSubmission,
        lines: SelectedLines,
        progress_after: Progress,
        *,
        context: ResolutionContext | None = None,
    ) -> Piece:
        """Resolve lines; ``context`` replaces that of the book where its assignments must not be numbered."""
        with self._stages.measure("resolve"):
            resolved = resolve(lines.raw, file.sender, context or self.context)
        return build_piece(resolved, file.submission, lines.positions, progress_after=progress_after)


def build_piece(
    resolved: ResolvedLines,
    submission: Submission,
    lines: NDArray[np.int32],
    *,
    progress_after: Progress,
    is_atomic: bool = False,
) -> Piece:
    """Build the piece of all resolved lines, which stand at the positions ``lines`` of their submission."""
    return Piece(
        submission=submission,
        acts=resolved.acts,
        lines=lines,
        day=resolved.day,
        cents=resolved.cents,
        reference=resolved.reference,
        text=resolved.text,
        field=resolved.field,
        new_words=resolved.new_words,
        raw=resolved.raw,
        progress_after=progress_after,
        is_atomic=is_atomic,
        cells_before=resolved.cells_before,
        limited_claims=resolved.limited_claims,
        signatures=resolved.signatures,
        merges=resolved.merges,
    )
