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
from core.stage_timing import Stages
from ingest.queue.batch_feed import Feed, Open
from ingest.queue.dry_runs import Question, Rehearsals
from ingest.queue.form_batcher import as_columns
from ingest.resolution.resolver import resolve
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool, Spooled
from ingest.validation.file_validation import inspect, source
from posting.batch import Batch, Outcome, Passed, Piece, Rehearsed, Stage
from tests.file_strategies import File, files, openings
from tests.kernels.execution_modes import examples
from tests.posting.text_engine import SENDER, Desk

Told = dict[int, tuple[Code, int, int]]
"""Outcome, node and cents missing by line."""


def _spooled(folder: Path, rows: File) -> Spooled:
    """``rows`` as a file in a spool, proved."""
    path = folder / "acts.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = Spool(folder / "spool").receive(path, path.name, Envelope(sender="ministry"))
    inspect(found)
    return found


def _rehearse(desk: Desk, question: Question) -> Rehearsed:
    """As the pipeline does."""
    rehearsals = Rehearsals(Stages())
    rehearsals.ask(question)
    assert rehearsals.take() is question
    batch = rehearsals.batch(question, desk.loaded, desk.context)
    assert batch.rehearsal
    batch.rehearsal.told(desk.engine.rehearse(batch, batch.rehearsal))
    assert rehearsals.of() == 0
    return question.answer.result()


def _told(passes: list[Passed]) -> Told:
    """The last word on every line."""
    return {
        int(line): (Code(int(told["outcome"])), int(told["node"]), int(told["missing"]))
        for piece, decisions in passes
        for line, told in zip(piece.lines, decisions, strict=True)
    }


def _present(desk: Desk, spooled: Spooled) -> tuple[list[Outcome], Told]:
    """The real thing: a file through all its passes."""
    lines = source(spooled)
    of = Open(desk.submission(lines.lines), SENDER, lines)
    feed, outcomes, passes = Feed([of], desk.context, desk.state, Stages()), list[Outcome](), list[Passed]()

    def decide(batch: Batch) -> None:
        outcomes.append(desk.engine.evaluate(batch))
        passes.extend(zip(batch.pieces, desk.engine.decided, strict=True))

    for batch in feed.batches():
        decide(batch)
        for held in feed.again(batch):
            decide(held)
    return outcomes, _told(passes)


def _form(desk: Desk, rows: File, is_atomic: bool) -> tuple[Outcome, Told]:
    raw = as_columns(rows)
    found = resolve(raw, SENDER, desk.context)
    lines, of = np.arange(len(rows), dtype=np.int32), desk.submission(len(rows))
    said = (found.day, found.cents, found.reference, found.text, found.field, found.new_words)
    piece = Piece(of, found.acts, lines, *said, raw, Stage(1, len(rows), True), is_atomic, found.cells_before)
    outcome = desk.engine.evaluate(Batch([piece], holding=False))
    return outcome, _told([(piece, desk.engine.decided[0])])


@contextmanager
def _question() -> Iterator["asyncio.Future[Rehearsed]"]:
    loop = asyncio.new_event_loop()
    try:
        yield loop.create_future()
    finally:
        loop.close()


def _bytes(outcomes: list[Outcome]) -> list[tuple[bytes, dict[str, bytes]]]:
    return [(each.chain, {name: rows.tobytes() for name, rows in each.streams.items()}) for each in outcomes]


@examples(40)
@given(presented=files(acts_max=25))
def test_a_file_is_told_what_then_becomes_of_it(presented: list[File]) -> None:
    """Held acts and new cells among them; and a book that never saw the dry runs goes on with the same bytes."""
    desk, other = Desk(), Desk()
    for rows in [openings(), *presented]:
        with TemporaryDirectory() as folder, _question() as answer:
            spooled = _spooled(Path(folder), rows)
            found = _rehearse(desk, Question("ministry", spooled, answer))
            assert (found.batch, found.last) == (desk.engine.head.batch, desk.state.entries)
            real, undisturbed = _present(desk, spooled), _present(other, spooled)
        assert _told(found.passes) == real[1] == undisturbed[1]
        assert _bytes(real[0]) == _bytes(undisturbed[0])


@examples(40)
@given(presented=files(acts_max=12), is_atomic=st.booleans())
def test_a_form_is_told_what_then_becomes_of_it(presented: list[File], is_atomic: bool) -> None:
    desk, other = Desk(), Desk()
    for rows in [openings(), *filter(None, presented)]:
        with _question() as answer:
            found = _rehearse(desk, Question("ministry", rows, answer, is_atomic))
        (outcome, told), (undisturbed, _) = _form(desk, rows, is_atomic), _form(other, rows, is_atomic)
        assert _told(found.passes) == told
        assert _bytes([outcome]) == _bytes([undisturbed])


def test_waiting_keys_of_others_are_there_afterwards() -> None:
    desk = Desk()
    rows = [
        {"reference": "S-1", "kind": "service", "exercise": "2018", "date": "2018-05-03", "amount": "5.00"}
    ]
    piece = desk.piece([{**rows[0], "predecessor": "C-1"}])
    desk.evaluate(piece, holding=True)
    before = desk.state.book.waiting[:1].tobytes(), desk.state.book.waiting_slots.tobytes()
    assert int(desk.state.book.counters[0]["waiting"]) == 1
    with TemporaryDirectory() as folder, _question() as answer:
        spooled = _spooled(Path(folder), [{**rows[0], "reference": "S-2", "predecessor": "C-2"}])
        found = _rehearse(desk, Question("ministry", spooled, answer))
    assert [each for each, _, _ in _told(found.passes).values()] == [Code.PREDECESSOR_MISSING]
    assert int(desk.state.book.counters[0]["waiting"]) == 1
    assert (desk.state.book.waiting[:1].tobytes(), desk.state.book.waiting_slots.tobytes()) == before


def test_what_was_under_way_is_asked_again_on_a_book_loaded_anew() -> None:
    with _question() as first, _question() as second:
        rehearsals = Rehearsals(Stages())
        questions = [Question("ministry", openings(), answer) for answer in (first, second)]
        for each in questions:
            rehearsals.ask(each)
        assert rehearsals.take() is questions[0]
        rehearsals.open()
        assert rehearsals.of() == 2
        assert rehearsals.take() is questions[0]
        assert rehearsals.take() is questions[1]
        assert rehearsals.take() is None
        assert not rehearsals.is_due


def test_whoever_went_away_is_not_told() -> None:
    with _question() as answer:
        rehearsals, desk = Rehearsals(Stages()), Desk()
        question = Question("ministry", openings(), answer)
        rehearsals.ask(question)
        rehearsals.take()
        batch = rehearsals.batch(question, desk.loaded, desk.context)
        assert batch.rehearsal
        answer.cancel()
        batch.rehearsal.told(desk.engine.rehearse(batch, batch.rehearsal))
        assert rehearsals.of() == 0


def test_what_nobody_waits_for_any_more_is_passed_over() -> None:
    """Its file may be gone with who asked."""
    with _question() as gone, _question() as other:
        rehearsals = Rehearsals(Stages())
        questions = [Question("ministry", openings(), answer) for answer in (gone, other)]
        for each in questions:
            rehearsals.ask(each)
        gone.cancel()
        assert rehearsals.take() is questions[1]
        assert rehearsals.of() == 1
        assert not rehearsals.is_due
