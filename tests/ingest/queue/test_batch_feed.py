"""From files to batches: the batches, their order, and that assignments are numbered in that order."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import EngineError
from core.stage_timing import StageTimes
from ingest.queue.batch_cuts import BatchLimits
from ingest.queue.batch_feed import BatchFeed
from ingest.queue.decode_ahead import PENDING, Pending
from ingest.queue.open_submission import OpenSubmission, sort_by_progress
from ingest.spool.envelope import Envelope
from ingest.validation.file_validation import open_source, validate_without_cache
from posting.batch import Batch, Progress
from tests.file_strategies import PLACES, File, build_openings
from tests.ingest.format_writers import spool_file
from tests.posting.text_engine import SENDER, TextEngine

Batches = Iterator[Batch]


def _build_commitment(number: int, reference: str) -> File:
    """Build a commitment of ten euros; each place is an account assignment of its own."""
    at = PLACES[number]
    assignment = {"fund_centre": at.unit, "functional_area": at.area, "commitment_item": at.items[0]}
    return [
        {
            "reference": reference,
            "kind": "commitment",
            "exercise": "2018",
            "date": "2018-05-02",
            "amount": "10.00",
            **assignment,
        }
    ]


def _open_submission(
    text_engine: TextEngine, folder: Path, rows: File, *, is_atomic: bool = False
) -> OpenSubmission:
    """Validate and open ``rows`` as a file."""
    path = folder / f"{rows[0]['reference']}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    spooled = spool_file(folder, path, Envelope(sender="ministry"))
    validate_without_cache(spooled)
    lines = open_source(spooled)
    return OpenSubmission(text_engine.create_submission(lines.lines), SENDER, lines, is_atomic)


def _generate_batches(text_engine: TextEngine, *submissions: OpenSubmission | Pending | None) -> Batches:
    return BatchFeed(
        submissions, text_engine.context, text_engine.state, stages=StageTimes()
    ).produce_batches()


def _decide(text_engine: TextEngine, batch: Batch) -> list[list[int]]:
    text_engine.engine.evaluate(batch)
    return [decisions["outcome"].tolist() for decisions in text_engine.engine.decisions]


@pytest.fixture
def text_engine() -> TextEngine:
    engine = TextEngine()
    engine.decide_files(build_openings())
    return engine


@pytest.mark.parametrize("is_atomic", [False, True])
def test_other_batches_may_come_in_between(text_engine: TextEngine, tmp_path: Path, is_atomic: bool) -> None:
    """A form comes in between and uses the account assignment of the next file, new to both: the first batch numbers it."""
    first = _open_submission(text_engine, tmp_path, _build_commitment(0, "FILE"))
    second = _open_submission(text_engine, tmp_path, _build_commitment(1, "OTHER"), is_atomic=is_atomic)
    between = 0
    for batch in _generate_batches(text_engine, first, PENDING, second, None):
        assert all(outcomes == [0] for outcomes in _decide(text_engine, batch))
        piece = text_engine.build_piece(_build_commitment(min(between, 1), f"BETWEEN-{between}"))
        assert _decide(text_engine, Batch([piece], is_holding=False)) == [[0]]
        between += 1
    assert between >= 2
    assert len(text_engine.state.cell_words) == len(set(text_engine.state.cell_words.tolist()))


def test_small_files_share_a_batch_while_the_next_is_opened(text_engine: TextEngine, tmp_path: Path) -> None:
    files = [_open_submission(text_engine, tmp_path, _build_commitment(0, f"S-{n}")) for n in range(3)]
    batches = [
        len(batch.pieces)
        for batch in _generate_batches(text_engine, files[0], PENDING, files[1], PENDING, files[2], None)
    ]
    assert batches == [0, 0, 3]


def test_a_batch_of_small_files_has_a_maximum_of_pieces(text_engine: TextEngine, tmp_path: Path) -> None:
    pieces = BatchLimits().pieces
    files = [
        _open_submission(text_engine, tmp_path, _build_commitment(0, f"M-{n}")) for n in range(pieces + 3)
    ]
    assert [len(batch.pieces) for batch in _generate_batches(text_engine, *files)] == [pieces, 3]


def test_what_is_begun_comes_first_after_a_restart(text_engine: TextEngine, tmp_path: Path) -> None:
    """A file may be begun before one with a lower number, whose sender was paused."""
    files = [_open_submission(text_engine, tmp_path, _build_commitment(0, f"P-{n}")) for n in range(3)]
    files[1].submission.progress, files[2].submission.progress = Progress(1, 1), Progress(2, 0)
    assert sort_by_progress(files) == files[::-1]


def test_batches_are_decided_in_the_order_of_their_numbering(text_engine: TextEngine) -> None:
    """A broken order stops the engine: it decides nothing on an assignment that it does not know."""
    early, late = (
        text_engine.build_piece(_build_commitment(number, f"ORDER-{number}")) for number in range(2)
    )
    with pytest.raises(EngineError, match="numbered after"):
        text_engine.evaluate(late)
    assert _decide(text_engine, Batch([early], is_holding=False)) == [[0]]
    assert _decide(text_engine, Batch([late], is_holding=False)) == [[0]]
