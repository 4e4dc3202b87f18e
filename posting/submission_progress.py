"""How far submissions are: what a batch adds to their tallies, and which of their acts wait."""

import copy
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kernels.outcome_counts import CENTS, DUPLICATE, HELD, LINES, REFUSED
from posting.batch import FINAL_PASS, Batch, Piece, ProgressRow, Stage, Submission, Tally
from posting.outcome_groups import ENTERED, Sorted

Held = list[tuple[int, int, int, int]]

_COUNTED: Mapping[str, tuple[int, ...]] = {
    "accepted": ENTERED,
    "duplicate": (DUPLICATE,),
    "refused": (REFUSED,),
}
"""Members of a tally, and the ways of ending that count for them; what is held counts as suspended."""


def advance(batch: Batch, found: list[Sorted]) -> tuple[list[ProgressRow], Held]:
    """Bring every submission of ``batch`` forward; rows of progress and of held acts to store."""
    held: Held = []
    for piece, ended in zip(batch.pieces, found, strict=True):
        held += _count(piece, ended)
        _stand(piece.submission, piece.then)
    touched = {piece.submission.number: piece.submission for piece in batch.pieces}
    return [ProgressRow(each.number, each.stage, copy.copy(each.tally)) for each in touched.values()], held


def _count(piece: Piece, ended: Sorted) -> Held:
    submission, again = piece.submission, piece.submission.stage.run > 1
    tally = submission.tally
    for name, ways in _COUNTED.items():
        lines, cents = ended.total(LINES, *ways), ended.total(CENTS, *ways)
        _add(tally, name, lines, cents)
        if again:
            _add(tally, "suspended", -lines, -cents)
    if not again:
        _add(tally, "suspended", ended.total(LINES, HELD), ended.total(CENTS, HELD))
    submission.accepted_in_pass += ended.total(LINES, *ENTERED, DUPLICATE)
    return _held_acts(piece, ended.rows(HELD))


def _add(tally: Tally, name: str, lines: int, cents: int) -> None:
    setattr(tally, name, getattr(tally, name) + lines)
    setattr(tally, f"{name}_cents", getattr(tally, f"{name}_cents") + cents)


def _held_acts(piece: Piece, waiting: NDArray[np.int32]) -> Held:
    heads, sizes = np.unique(piece.acts["head"][waiting], return_counts=True)
    found = list(zip(piece.lines[heads].tolist(), sizes.tolist(), strict=True))
    piece.submission.held += found
    return [(piece.submission.number, piece.submission.stage.run, line, lines) for line, lines in found]


def _stand(submission: Submission, then: Stage) -> None:
    """Where the submission stands now; at the end of a pass, what comes next."""
    submission.stage = then
    if then.done and submission.tally.suspended and then.run != FINAL_PASS:
        # another holding pass while the last one helped (the first always may have), then the final one
        helped = then.run == 1 or submission.accepted_in_pass > 0
        submission.stage = Stage(then.run + 1 if helped else FINAL_PASS, 0)
        submission.waiting, submission.held, submission.accepted_in_pass = submission.held, [], 0
