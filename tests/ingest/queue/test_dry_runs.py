"""Dry runs: they tell what the real thing then tells, and leave no trace that any byte of it would show."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.outcome_codes import Outcome as Code
from core.stage_timing import StageTimes
from ingest.queue.batch_feed import BatchFeed
from ingest.queue.dry_runs import DryRunRequest, DryRuns
from ingest.queue.form_batcher import build_columns
from ingest.queue.open_submission import OpenSubmission
from ingest.resolution.resolver import resolve
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.file_validation import open_source, validate_without_cache
from posting.batch import Batch, BatchResult, DryRunDecisions, Piece, PieceDecisions, Progress
from tests.file_strategies import File, build_openings, files
from tests.kernels.execution_modes import run_examples
from tests.posting.text_engine import SENDER, TextEngine

Decisions = dict[int, tuple[Code, int, int]]
"""Outcome, node and cents missing by line."""


def _spool_file(folder: Path, rows: File) -> SpooledFile:
    """``rows`` as a file in a spool, proved."""
    path = folder / "acts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = Spool(folder / "spool").receive(path, path.name, Envelope(sender="ministry"))
    validate_without_cache(found)
    return found


def _run_dry(desk: TextEngine, question: DryRunRequest) -> DryRunDecisions:
    """As the pipeline does."""
    rehearsals = DryRuns(StageTimes())
    rehearsals.add(question)
    assert rehearsals.take() is question
    batch = rehearsals.build_batch(question, desk.loaded, desk.context)
    assert batch.dry_run
    batch.dry_run.complete(desk.engine.dry_run(batch, batch.dry_run))
    assert rehearsals.count() == 0
    return question.result.result()


def _list_decisions(passes: list[PieceDecisions]) -> Decisions:
    """The last word on every line."""
    return {
        int(line): (Code(int(told["outcome"])), int(told["node"]), int(told["missing"]))
        for piece, decisions in passes
        for line, told in zip(piece.lines, decisions, strict=True)
    }


def _process_file(desk: TextEngine, spooled: SpooledFile) -> tuple[list[BatchResult], Decisions]:
    """The real thing: a file through all its passes."""
    lines = open_source(spooled)
    of = OpenSubmission(desk.create_submission(lines.lines), SENDER, lines)
    feed, outcomes, passes = (
        BatchFeed([of], desk.context, desk.state, stages=StageTimes()),
        list[BatchResult](),
        list[PieceDecisions](),
    )

    def decide(batch: Batch) -> None:
        outcomes.append(desk.engine.evaluate(batch))
        passes.extend(map(PieceDecisions, batch.pieces, desk.engine.decisions))

    for batch in feed.produce_batches():
        decide(batch)
        for held in feed.retry_held(batch):
            decide(held)
    return outcomes, _list_decisions(passes)


def _process_form(desk: TextEngine, rows: File, is_atomic: bool) -> tuple[BatchResult, Decisions]:
    raw = build_columns(rows)
    found = resolve(raw, SENDER, desk.context)
    lines, of = np.arange(len(rows), dtype=np.int32), desk.create_submission(len(rows))
    said = (found.day, found.cents, found.reference, found.text, found.field, found.new_words)
    piece = Piece(
        of, found.acts, lines, *said, raw, Progress(1, len(rows), True), is_atomic, found.cells_before
    )
    outcome = desk.engine.evaluate(Batch([piece], is_holding=False))
    return outcome, _list_decisions([PieceDecisions(piece, desk.engine.decisions[0])])


@contextmanager
def _create_result() -> Iterator["asyncio.Future[DryRunDecisions]"]:
    loop = asyncio.new_event_loop()
    try:
        yield loop.create_future()
    finally:
        loop.close()


def _collect_bytes(outcomes: list[BatchResult]) -> list[tuple[bytes, dict[str, bytes]]]:
    return [(each.chain, {name: rows.tobytes() for name, rows in each.streams.items()}) for each in outcomes]


@run_examples(40)
@given(presented=files(acts_max=25))
def test_a_file_is_told_what_then_becomes_of_it(presented: list[File]) -> None:
    """Held acts and new cells among them; and a book that never saw the dry runs goes on with the same bytes."""
    desk, other = TextEngine(), TextEngine()
    for rows in [build_openings(), *presented]:
        with TemporaryDirectory() as folder, _create_result() as answer:
            spooled = _spool_file(Path(folder), rows)
            found = _run_dry(desk, DryRunRequest("ministry", spooled, answer))
            assert (found.after_batch, found.last_entry) == (desk.engine.head.batch, desk.state.entries)
            real, undisturbed = _process_file(desk, spooled), _process_file(other, spooled)
        assert _list_decisions(found.passes) == real[1] == undisturbed[1]
        assert _collect_bytes(real[0]) == _collect_bytes(undisturbed[0])


@run_examples(40)
@given(presented=files(acts_max=12), is_atomic=st.booleans())
def test_a_form_is_told_what_then_becomes_of_it(presented: list[File], is_atomic: bool) -> None:
    desk, other = TextEngine(), TextEngine()
    for rows in [build_openings(), *filter(None, presented)]:
        with _create_result() as answer:
            found = _run_dry(desk, DryRunRequest("ministry", rows, answer, is_atomic))
        (outcome, told), (undisturbed, _) = (
            _process_form(desk, rows, is_atomic),
            _process_form(other, rows, is_atomic),
        )
        assert _list_decisions(found.passes) == told
        assert _collect_bytes([outcome]) == _collect_bytes([undisturbed])


def test_waiting_keys_of_others_are_there_afterwards() -> None:
    desk = TextEngine()
    rows = [
        {"reference": "S-1", "kind": "service", "exercise": "2018", "date": "2018-05-03", "amount": "5.00"}
    ]
    piece = desk.build_piece([{**rows[0], "predecessor": "C-1"}])
    desk.evaluate(piece, holding=True)
    before = desk.state.book.waiting[:1].tobytes(), desk.state.book.waiting_slots.tobytes()
    assert int(desk.state.book.counters[0]["waiting"]) == 1
    with TemporaryDirectory() as folder, _create_result() as answer:
        spooled = _spool_file(Path(folder), [{**rows[0], "reference": "S-2", "predecessor": "C-2"}])
        found = _run_dry(desk, DryRunRequest("ministry", spooled, answer))
    assert [each for each, _, _ in _list_decisions(found.passes).values()] == [Code.PREDECESSOR_MISSING]
    assert int(desk.state.book.counters[0]["waiting"]) == 1
    assert (desk.state.book.waiting[:1].tobytes(), desk.state.book.waiting_slots.tobytes()) == before


def test_what_was_under_way_is_asked_again_on_a_book_loaded_anew() -> None:
    with _create_result() as first, _create_result() as second:
        rehearsals = DryRuns(StageTimes())
        questions = [DryRunRequest("ministry", build_openings(), answer) for answer in (first, second)]
        for each in questions:
            rehearsals.add(each)
        assert rehearsals.take() is questions[0]
        rehearsals.requeue_unfinished()
        assert rehearsals.count() == 2
        assert rehearsals.take() is questions[0]
        assert rehearsals.take() is questions[1]
        assert rehearsals.take() is None
        assert not rehearsals.is_due


def test_whoever_went_away_is_not_told() -> None:
    with _create_result() as answer:
        rehearsals, desk = DryRuns(StageTimes()), TextEngine()
        question = DryRunRequest("ministry", build_openings(), answer)
        rehearsals.add(question)
        rehearsals.take()
        batch = rehearsals.build_batch(question, desk.loaded, desk.context)
        assert batch.dry_run
        answer.cancel()
        batch.dry_run.complete(desk.engine.dry_run(batch, batch.dry_run))
        assert rehearsals.count() == 0


def test_what_nobody_waits_for_any_more_is_passed_over() -> None:
    """Its file may be gone with who asked."""
    with _create_result() as gone, _create_result() as other:
        rehearsals = DryRuns(StageTimes())
        questions = [DryRunRequest("ministry", build_openings(), answer) for answer in (gone, other)]
        for each in questions:
            rehearsals.add(each)
        gone.cancel()
        assert rehearsals.take() is questions[1]
        assert rehearsals.count() == 1
        assert not rehearsals.is_due
