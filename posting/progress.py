"""How far submissions are: what a batch adds to their tallies, and which of their acts wait."""

import copy

import numpy as np

from core.codes import Outcome
from posting.batch import FINAL_PASS, Batch, Piece, ProgressRow, Stage, Submission

Held = list[tuple[int, int, int, int]]


def advance(batch: Batch, found: list[np.ndarray]) -> tuple[list[ProgressRow], Held]:
    """Bring every submission of ``batch`` forward; rows of progress and of held acts to store."""
    held: Held = []
    for piece, decisions in zip(batch.pieces, found, strict=True):
        held += _count(piece, decisions)
        _stand(piece.submission, piece.then)
    touched = {piece.submission.number: piece.submission for piece in batch.pieces}
    return [ProgressRow(each.number, each.stage, copy.copy(each.tally)) for each in touched.values()], held


def _count(piece: Piece, decisions: np.ndarray) -> Held:
    submission, outcome = piece.submission, decisions["outcome"]
    tally, again = submission.tally, submission.stage.run > 1
    accepted, duplicate, waits = (
        outcome == code for code in (Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.HELD)
    )
    refused = outcome > Outcome.HELD
    for name, mask in (("accepted", accepted), ("duplicate", duplicate), ("refused", refused)):
        lines, cents = int(mask.sum()), int(piece.cents[mask].sum())
        setattr(tally, name, getattr(tally, name) + lines)
        setattr(tally, f"{name}_cents", getattr(tally, f"{name}_cents") + cents)
        if again:
            tally.suspended -= lines
            tally.suspended_cents -= cents
    if not again:
        tally.suspended += int(waits.sum())
        tally.suspended_cents += int(piece.cents[waits].sum())
    submission.accepted_in_pass += int((outcome <= Outcome.DUPLICATE).sum())
    return _held_acts(piece, waits) if waits.any() else []


def _held_acts(piece: Piece, waits: np.ndarray) -> Held:
    heads = np.flatnonzero(waits & (piece.acts["head"] == np.arange(len(waits))))
    sizes = np.bincount(piece.acts["head"][waits], minlength=len(waits))[heads]
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
