"""Progress of submissions: every line is counted once, and held acts are retried in passes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from core.outcome_codes import Outcome
from core.tables.columns import allocate_records
from core.tables.journal import Decisions
from posting.batch import FINAL_PASS, Batch, BatchResult, Piece, Progress, Submission, Tally
from posting.outcome_groups import group_by_outcome
from posting.submission_progress import advance
from tests.file_strategies import File, files
from tests.posting.text_engine import TextEngine

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_COUNTED = {
    "accepted": {Outcome.ACCEPTED},
    "duplicate": {Outcome.DUPLICATE},
    "suspended": {Outcome.HELD},
    "refused": set(Outcome) - {Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.HELD},
}


@few
@given(presented=files(acts_max=25))
def test_every_line_is_counted_once(presented: list[File]) -> None:
    """A batch ends behind the first file with held acts; totals are those of the stated amounts."""
    harness = TextEngine()
    pieces = [harness.build_piece(rows) for rows in presented]
    while pieces:
        outcome = harness.engine.evaluate(Batch(pieces))
        _check_counts(pieces, harness.engine.decisions, outcome)
        assert not any(piece.submission.to_retry for piece in pieces[: len(outcome.progress) - 1])
        pieces = pieces[len(outcome.progress) :]
        harness.state.clear_waiting()


def _check_counts(pieces: list[Piece], batch_decisions: list[np.ndarray], outcome: BatchResult) -> None:
    for piece, decisions, row in zip(pieces, batch_decisions, outcome.progress, strict=False):
        line_outcomes = [Outcome(code) for code in decisions["outcome"].tolist()]
        counts = {
            name: [at for at, line_outcome in enumerate(line_outcomes) if line_outcome in codes]
            for name, codes in _COUNTED.items()
        }
        cents = {f"{name}_cents": sum(piece.cents[places].tolist()) for name, places in counts.items()}
        assert row.submission == piece.submission.number
        assert row.tally == Tally(**{name: len(places) for name, places in counts.items()}, **cents)
        held = [
            (line, lines) for number, run, line, lines in outcome.held if (number, run) == (row.submission, 1)
        ]
        assert [line for first, lines in held for line in range(first, first + lines)] == counts["suspended"]
        assert row.progress == (Progress(2, 0) if held else Progress(1, len(piece.lines), True))
        assert piece.submission.to_retry == held


def test_later_batches_do_not_change_a_row_of_progress() -> None:
    harness = TextEngine()
    whole, submission = [_service(at) for at in range(4)], harness.create_submission(4)
    first, second = (harness.build_piece(whole[at : at + 2], submission, at) for at in (0, 2))
    rows = [harness.engine.evaluate(Batch([piece])).progress[0] for piece in (first, second)]
    assert [row.tally.suspended for row in rows] == [2, 4]
    assert [row.progress for row in rows] == [Progress(1, 2, False), Progress(2, 0)]


@pytest.mark.parametrize(
    ("run", "accepted", "still_held", "then"),
    [
        (1, 0, 2, Progress(2, 0)),
        (2, 1, 1, Progress(3, 0)),
        (2, 0, 2, Progress(FINAL_PASS, 0)),
        (3, 2, 0, Progress(3, 9, True)),
        (FINAL_PASS, 0, 0, Progress(FINAL_PASS, 9, True)),
    ],
)
def test_passes_are_repeated_while_one_accepts_acts(
    run: int, accepted: int, still_held: int, then: Progress
) -> None:
    """The first pass is always repeated; the final one holds nothing."""
    harness = TextEngine()
    submission = Submission(1, "ministry", 9, Progress(run, 0), Tally(suspended=2 if run > 1 else 0))
    piece = harness.build_piece([_service(0), _service(1)], submission)
    outcomes = [Outcome.ACCEPTED] * accepted + [Outcome.HELD] * still_held
    outcomes += [Outcome.PREDECESSOR_MISSING] * (2 - len(outcomes))
    decisions = allocate_records(Decisions, 2)
    decisions["outcome"] = outcomes
    batch = Batch([replace(piece, progress_after=Progress(run, 9, True))])
    advance(batch, [group_by_outcome(piece, decisions)])
    assert submission.progress == then
    assert submission.tally.suspended == still_held
    assert submission.to_retry == [(at, 1) for at in range(accepted, accepted + still_held)]


def _service(at: int) -> dict[str, str]:
    row = {"kind": "service", "exercise": "2018", "date": "2018-05-02", "amount": "1.00", "predecessor": "EJ"}
    return row | {"reference": f"SF-{at}"}
