"""Files to batches: what is given, in which order, and that nothing of it is numbered before its turn."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import EngineError
from core.stage_timing import StageTimes
from ingest.queue.batch_feed import PIECES_MAX, BatchFeed
from ingest.queue.decode_ahead import PENDING, Pending
from ingest.queue.open_submission import OpenSubmission
from ingest.spool.envelope import Envelope
from ingest.validation.file_validation import open_source, validate_without_cache
from posting.batch import Batch
from tests.file_strategies import PLACES, File, build_openings
from tests.ingest.format_writers import spool_file
from tests.posting.text_engine import SENDER, TextEngine

Batches = Iterator[Batch]


def _build_commitment(place: int, reference: str) -> File:
    """A commitment of ten euros; each place is an account assignment of its own."""
    at = PLACES[place]
    where = {"fund_centre": at.unit, "functional_area": at.area, "commitment_item": at.items[0]}
    return [
        {
            "reference": reference,
            "kind": "commitment",
            "exercise": "2018",
            "date": "2018-05-02",
            "amount": "10.00",
            **where,
        }
    ]


def _open_submission(
    desk: TextEngine, folder: Path, rows: File, *, is_atomic: bool = False
) -> OpenSubmission:
    """``rows`` as a file that was proved and is open."""
    path = folder / f"{rows[0]['reference']}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = spool_file(folder, path, Envelope(sender="ministry"))
    validate_without_cache(found)
    lines = open_source(found)
    return OpenSubmission(desk.create_submission(lines.lines), SENDER, lines, is_atomic)


def _generate_batches(desk: TextEngine, *submissions: OpenSubmission | Pending | None) -> Batches:
    return BatchFeed(submissions, desk.context, desk.state, stages=StageTimes()).produce_batches()


def _decide(desk: TextEngine, batch: Batch) -> list[list[int]]:
    desk.engine.evaluate(batch)
    return [one["outcome"].tolist() for one in desk.engine.decisions]


@pytest.fixture
def desk() -> TextEngine:
    found = TextEngine()
    found.decide_files(build_openings())
    return found


@pytest.mark.parametrize("is_atomic", [False, True])
def test_others_may_give_a_batch_wherever_this_one_gives_up_its_turn(
    desk: TextEngine, tmp_path: Path, is_atomic: bool
) -> None:
    """Whoever comes between uses the account assignment of the next file, new to both: it is known to who is first."""
    first = _open_submission(desk, tmp_path, _build_commitment(0, "FILE"))
    second = _open_submission(desk, tmp_path, _build_commitment(1, "OTHER"), is_atomic=is_atomic)
    between = 0
    for batch in _generate_batches(desk, first, PENDING, second, None):
        assert all(outcomes == [0] for outcomes in _decide(desk, batch))
        piece = desk.build_piece(_build_commitment(min(between, 1), f"BETWEEN-{between}"))
        assert _decide(desk, Batch([piece], is_holding=False)) == [[0]]
        between += 1
    assert between >= 2
    assert len(desk.state.cell_words) == len(set(desk.state.cell_words.tolist()))


def test_small_files_share_a_batch_while_the_next_is_coming(desk: TextEngine, tmp_path: Path) -> None:
    files = [_open_submission(desk, tmp_path, _build_commitment(0, f"S-{n}")) for n in range(3)]
    found = [
        len(batch.pieces)
        for batch in _generate_batches(desk, files[0], PENDING, files[1], PENDING, files[2], None)
    ]
    assert found == [0, 0, 3]


def test_files_that_wait_together_are_not_without_number(desk: TextEngine, tmp_path: Path) -> None:
    files = [_open_submission(desk, tmp_path, _build_commitment(0, f"M-{n}")) for n in range(PIECES_MAX + 3)]
    assert [len(batch.pieces) for batch in _generate_batches(desk, *files)] == [PIECES_MAX, 3]


def test_lines_that_were_numbered_behind_others_are_not_decided_before_them(desk: TextEngine) -> None:
    """Whoever breaks the order stops the engine, and decides nothing on an assignment that it does not know."""
    early, late = (desk.build_piece(_build_commitment(place, f"ORDER-{place}")) for place in range(2))
    with pytest.raises(EngineError, match="numbered behind"):
        desk.evaluate(late)
    assert _decide(desk, Batch([early], is_holding=False)) == [[0]]
    assert _decide(desk, Batch([late], is_holding=False)) == [[0]]
