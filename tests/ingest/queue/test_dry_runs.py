"""Dry runs return the decisions that a real run then makes, and leave no trace in any byte of it."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import FileUnreadable
from core.outcome_codes import Outcome as Code
from core.stage_timing import StageTimes
from ingest.queue.batch_feed import BatchFeed
from ingest.queue.dry_runs import DryRunRequest, DryRuns
from ingest.queue.form_batcher import build_columns
from ingest.queue.open_submission import OpenSubmission, build_piece
from ingest.resolution.resolver import resolve
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.file_validation import open_source, validate_without_cache
from posting.batch import Batch, BatchResult, DryRunDecisions, PieceDecisions, Progress
from tests.file_strategies import File, build_openings, files
from tests.kernels.execution_modes import run_examples
from tests.posting.text_engine import SENDER, TextEngine

Decisions = dict[int, tuple[Code, int, int]]
"""Outcome, node and missing cents by line."""


def _spool_file(folder: Path, rows: File) -> SpooledFile:
    """Spool and validate ``rows`` as a file."""
    path = folder / "acts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    spooled = Spool(folder / "spool").receive(path, path.name, Envelope(sender="ministry"))
    validate_without_cache(spooled)
    return spooled


def _run_dry(text_engine: TextEngine, question: DryRunRequest) -> DryRunDecisions:
    """Run a dry run as the pipeline does."""
    rehearsals = DryRuns(StageTimes())
    rehearsals.add(question)
    assert rehearsals.take() is question
    batch = rehearsals.build_batch(question, text_engine.loaded, text_engine.context)
    assert batch.dry_run
    batch.dry_run.complete(text_engine.engine.dry_run(batch, batch.dry_run))
    assert rehearsals.count() == 0
    return question.result.result()


def _list_decisions(passes: list[PieceDecisions]) -> Decisions:
    """Return the last decision on every line."""
    return {
        int(line): (Code(int(decision["outcome"])), int(decision["node"]), int(decision["missing"]))
        for piece, decisions in passes
        for line, decision in zip(piece.lines, decisions, strict=True)
    }


def _process_file(text_engine: TextEngine, spooled: SpooledFile) -> tuple[list[BatchResult], Decisions]:
    """Process a file for real, through all its passes."""
    lines = open_source(spooled)
    of = OpenSubmission(text_engine.create_submission(lines.lines), SENDER, lines)
    feed, outcomes, passes = (
        BatchFeed([of], text_engine.context, text_engine.state, stages=StageTimes()),
        list[BatchResult](),
        list[PieceDecisions](),
    )

    for read in feed.produce_batches():
        for batch in feed.order_batches(read):
            outcomes.append(text_engine.engine.evaluate(batch))
            passes.extend(map(PieceDecisions, batch.pieces, text_engine.engine.decisions))
    return outcomes, _list_decisions(passes)


def _process_form(text_engine: TextEngine, rows: File, is_atomic: bool) -> tuple[BatchResult, Decisions]:
    piece = build_piece(
        resolve(build_columns(rows), SENDER, text_engine.context),
        text_engine.create_submission(len(rows)),
        np.arange(len(rows), dtype=np.int32),
        progress_after=Progress(1, len(rows), True),
        is_atomic=is_atomic,
    )
    outcome = text_engine.engine.evaluate(Batch([piece], is_holding=False))
    return outcome, _list_decisions([PieceDecisions(piece, text_engine.engine.decisions[0])])


@contextmanager
def _create_result() -> Iterator["asyncio.Future[DryRunDecisions]"]:
    loop = asyncio.new_event_loop()
    try:
        yield loop.create_future()
    finally:
        loop.close()


def _collect_bytes(outcomes: list[BatchResult]) -> list[tuple[bytes, dict[str, bytes]]]:
    return [
        (outcome.chain, {name: rows.tobytes() for name, rows in outcome.streams.items()})
        for outcome in outcomes
    ]


@run_examples(40)
@given(presented=files(acts_max=25))
def test_the_dry_run_of_a_file_equals_its_processing(presented: list[File]) -> None:
    """Held acts and new cells among them; a book without the dry runs goes on with the same bytes."""
    text_engine, other = TextEngine(), TextEngine()
    for rows in [build_openings(), *presented]:
        with TemporaryDirectory() as folder, _create_result() as answer:
            spooled = _spool_file(Path(folder), rows)
            dry_run = _run_dry(text_engine, DryRunRequest("ministry", spooled, answer))
            assert (dry_run.after_batch, dry_run.last_entry) == (
                text_engine.engine.head.batch,
                text_engine.state.entries,
            )
            real, undisturbed = _process_file(text_engine, spooled), _process_file(other, spooled)
        assert _list_decisions(dry_run.passes) == real[1] == undisturbed[1]
        assert _collect_bytes(real[0]) == _collect_bytes(undisturbed[0])


@run_examples(40)
@given(presented=files(acts_max=12), is_atomic=st.booleans())
def test_the_dry_run_of_a_form_equals_its_processing(presented: list[File], is_atomic: bool) -> None:
    text_engine, other = TextEngine(), TextEngine()
    for rows in [build_openings(), *filter(None, presented)]:
        with _create_result() as answer:
            dry_run = _run_dry(text_engine, DryRunRequest("ministry", rows, answer, is_atomic))
        (outcome, decisions), (undisturbed, _) = (
            _process_form(text_engine, rows, is_atomic),
            _process_form(other, rows, is_atomic),
        )
        assert _list_decisions(dry_run.passes) == decisions
        assert _collect_bytes([outcome]) == _collect_bytes([undisturbed])


def test_held_keys_of_others_survive_a_dry_run() -> None:
    text_engine = TextEngine()
    rows = [
        {"reference": "S-1", "kind": "service", "exercise": "2018", "date": "2018-05-03", "amount": "5.00"}
    ]
    piece = text_engine.build_piece([{**rows[0], "predecessor": "C-1"}])
    text_engine.evaluate(piece, holding=True)
    before = text_engine.state.book.waiting[:1].tobytes(), text_engine.state.book.waiting_slots.tobytes()
    assert int(text_engine.state.book.counters[0]["waiting"]) == 1
    with TemporaryDirectory() as folder, _create_result() as answer:
        spooled = _spool_file(Path(folder), [{**rows[0], "reference": "S-2", "predecessor": "C-2"}])
        dry_run = _run_dry(text_engine, DryRunRequest("ministry", spooled, answer))
    assert [code for code, _, _ in _list_decisions(dry_run.passes).values()] == [Code.PREDECESSOR_MISSING]
    assert int(text_engine.state.book.counters[0]["waiting"]) == 1
    assert (
        text_engine.state.book.waiting[:1].tobytes(),
        text_engine.state.book.waiting_slots.tobytes(),
    ) == before


def test_dry_runs_under_way_run_again_on_a_new_book() -> None:
    with _create_result() as first, _create_result() as second:
        rehearsals = DryRuns(StageTimes())
        requests = [DryRunRequest("ministry", build_openings(), answer) for answer in (first, second)]
        for request in requests:
            rehearsals.add(request)
        assert rehearsals.take() is requests[0]
        rehearsals.requeue_requests()
        assert rehearsals.count() == 2
        assert rehearsals.take() is requests[0]
        assert rehearsals.take() is requests[1]
        assert rehearsals.take() is None
        assert not rehearsals.is_due


def test_an_abandoned_dry_run_delivers_nothing() -> None:
    with _create_result() as answer:
        rehearsals, text_engine = DryRuns(StageTimes()), TextEngine()
        question = DryRunRequest("ministry", build_openings(), answer)
        rehearsals.add(question)
        rehearsals.take()
        batch = rehearsals.build_batch(question, text_engine.loaded, text_engine.context)
        assert batch.dry_run
        answer.cancel()
        batch.dry_run.complete(text_engine.engine.dry_run(batch, batch.dry_run))
        assert rehearsals.count() == 0


def test_abandoned_dry_runs_are_skipped() -> None:
    """Its file may have been removed by the caller."""
    with _create_result() as abandoned, _create_result() as other:
        rehearsals = DryRuns(StageTimes())
        requests = [DryRunRequest("ministry", build_openings(), answer) for answer in (abandoned, other)]
        for request in requests:
            rehearsals.add(request)
        abandoned.cancel()
        assert rehearsals.take() is requests[1]
        assert rehearsals.count() == 1
        assert not rehearsals.is_due


def test_a_file_that_can_no_longer_be_read_ends_its_own_dry_run() -> None:
    with _create_result() as answer, TemporaryDirectory() as folder:
        rehearsals, text_engine = DryRuns(StageTimes()), TextEngine()
        spooled = _spool_file(Path(folder), build_openings())
        question = DryRunRequest("ministry", spooled, answer)
        spooled.path.unlink()
        rehearsals.add(question)
        assert rehearsals.take() is question
        assert list(rehearsals.produce_batches(question, text_engine.loaded, text_engine.context)) == []
        assert rehearsals.count() == 0
        with pytest.raises(FileUnreadable, match=r"acts.jsonl: .*No such file"):
            answer.get_loop().run_until_complete(answer)
