"""Progress of submissions: what a batch adds to their tallies, and which of their acts are held."""

import copy
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kernels.outcome_counts import CENTS, DUPLICATE, HELD, LINES, REFUSED
from posting.batch import (
    FINAL_PASS,
    Batch,
    HeldSpan,
    LineSpan,
    Piece,
    Progress,
    ProgressRow,
    Submission,
    Tally,
)
from posting.outcome_groups import ENTRY_GROUPS, OutcomeGroups

_TALLY_GROUPS: Mapping[str, tuple[int, ...]] = {
    "accepted": ENTRY_GROUPS,
    "duplicate": (DUPLICATE,),
    "refused": (REFUSED,),
}
"""The groups of outcomes that each member of a tally counts; held lines count as suspended."""


class AdvancedProgress(NamedTuple):
    """The rows to store about the submissions of a batch."""

    progress: list[ProgressRow]
    held: list[HeldSpan]


def advance(batch: Batch, piece_groups: list[OutcomeGroups]) -> AdvancedProgress:
    """Advance every submission of ``batch``; return the rows of progress and of held acts to store."""
    held_spans: list[HeldSpan] = []
    for piece, groups in zip(batch.pieces, piece_groups, strict=True):
        held_spans += _count(piece, groups)
        _set_progress(piece.submission, piece.progress_after)
    touched = {piece.submission.number: piece.submission for piece in batch.pieces}
    rows = [
        ProgressRow(
            submission.number,
            submission.progress,
            copy.copy(submission.tally),
            submission.refusal_rows,
            submission.stretch,
        )
        for submission in touched.values()
    ]
    return AdvancedProgress(rows, held_spans)


def _count(piece: Piece, groups: OutcomeGroups) -> list[HeldSpan]:
    submission, is_retry = piece.submission, piece.submission.progress.pass_number > 1
    tally = submission.tally
    for name, outcome_groups in _TALLY_GROUPS.items():
        lines, cents = groups.total(LINES, *outcome_groups), groups.total(CENTS, *outcome_groups)
        _add(tally, name, lines=lines, cents=cents)
        if is_retry:
            _add(tally, "suspended", lines=-lines, cents=-cents)
    if not is_retry:
        _add(tally, "suspended", lines=groups.total(LINES, HELD), cents=groups.total(CENTS, HELD))
    submission.accepted_in_pass += groups.total(LINES, *ENTRY_GROUPS, DUPLICATE)
    return _note_held(piece, groups.select_rows(HELD))


def _add(tally: Tally, name: str, *, lines: int, cents: int) -> None:
    setattr(tally, name, getattr(tally, name) + lines)
    setattr(tally, f"{name}_cents", getattr(tally, f"{name}_cents") + cents)


def _note_held(piece: Piece, waiting: NDArray[np.int32]) -> list[HeldSpan]:
    heads, sizes = np.unique(piece.acts["head"][waiting], return_counts=True)
    spans = list(map(LineSpan, piece.lines[heads].tolist(), sizes.tolist()))
    piece.submission.held += spans
    submission = piece.submission
    return [HeldSpan(submission.number, submission.progress.pass_number, *span) for span in spans]


def _set_progress(submission: Submission, progress: Progress) -> None:
    """Set the submission's progress; at the end of a pass with held acts, start the next pass."""
    submission.progress = progress
    if progress.is_done and submission.tally.suspended and progress.pass_number != FINAL_PASS:
        # repeat the holding pass while the last one accepted acts (the first one may have), then the final pass
        has_advanced = progress.pass_number == 1 or submission.accepted_in_pass > 0
        submission.progress = Progress(progress.pass_number + 1 if has_advanced else FINAL_PASS, 0)
        submission.to_retry, submission.held, submission.accepted_in_pass = submission.held, [], 0
