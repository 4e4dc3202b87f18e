"""The outcome of every line depends on the order of files and acts alone, never on how lines are packed into batches.

Files are cut and packed at random, forms are decided between their batches, and every line is compared with the plain model,
which decides file after file and knows no batches.  The long form draws as many cases as wanted:
``EXAMPLES_FACTOR=8 make test ARGS=tests/ingest/queue/test_decision_order.py``.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.act_fields import ACT_LINES_MAX
from core.nomenclature import CENTRES_A_YEAR, SHEETS
from core.outcome_codes import Outcome
from core.stage_timing import StageTimes
from ingest.queue.batch_cuts import UNLIMITED_LINES, BatchLimits, allow_all_lines
from ingest.queue.batch_feed import BatchFeed
from ingest.queue.open_submission import OpenSubmission
from ingest.spool.envelope import Envelope
from ingest.spool.spool import Spool
from ingest.validation.file_validation import open_source, validate_without_cache
from posting.batch import Batch, Piece, Submission
from posting.book.code_numbers import CodeKind
from posting.missing_amounts import read_missing_cents
from tests.file_strategies import PLACES, REFERENCE, File, Row, build_openings, files
from tests.kernels.execution_modes import run_examples
from tests.oracle.engine import Engine, LineResult
from tests.oracle.reference import Reference
from tests.posting.text_engine import SENDER, TextEngine, build_registry, load_reference

_PLACE = {
    "fund_centre": PLACES[0].unit,
    "functional_area": PLACES[0].area,
    "commitment_item": PLACES[0].items[0],
}


class Form(NamedTuple):
    """The lines of a form."""

    rows: File
    is_atomic: bool = False


Work = list[File | Form]
"""What is decided, in order; a form is decided when the lines before it are read, or earlier."""


class Event(NamedTuple):
    """Something that the engine decided: lines of a file for the first time, up to ``end``, or a form."""

    number: int
    end: int = 0


@dataclass
class PackedEngine:
    """An engine that packs its work as it is told to, and logs the order of its decisions."""

    limits: BatchLimits
    random: Random
    """Draws the shares of files, how far is read ahead, and which batches forms come between."""
    events: list[Event] = field(default_factory=list)
    results: dict[int, dict[int, LineResult]] = field(default_factory=dict)
    batches: int = 0

    def __post_init__(self) -> None:
        self.text_engine = TextEngine()
        self._forms: dict[int, Form] = {}

    def process(self, folder: Path, work: Work) -> None:
        """Decide ``work`` in order; each part is a submission, numbered from 1."""
        opened = [self._open(folder, part, number) for number, part in enumerate(work, 1)]
        files = [file for file in opened if isinstance(file, OpenSubmission)]
        forms = [piece for piece in opened if isinstance(piece, tuple)]
        feed = BatchFeed(
            files,
            self.text_engine.context,
            self.text_engine.state,
            stages=StageTimes(),
            limits=self.limits._replace(choose_lines_max=self._draw_lines),
        )
        ahead: list[Batch] = []
        for batch in self._read(feed, forms):
            ahead.append(batch)
            while len(ahead) > self.random.randint(0, 2):
                self._decide(feed, ahead.pop(0))
        for batch in ahead:
            self._decide(feed, batch)

    def _open(self, folder: Path, part: File | Form, number: int) -> OpenSubmission | tuple[int, Form]:
        if isinstance(part, Form):
            return number, part
        path = folder / f"{number}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in part))
        spooled = Spool(folder / "spool").receive(path, path.name, Envelope(sender="ministry"))
        validate_without_cache(spooled)
        source = open_source(spooled)
        return OpenSubmission(Submission(number, "ministry", source.lines), SENDER, source)

    def _draw_lines(self) -> int:
        return self.random.choice((1, 2, 5, UNLIMITED_LINES))

    def _read(self, feed: BatchFeed, forms: list[tuple[int, Form]]) -> Iterator[Batch]:
        """Yield batches of files, and forms in between; where forms may come, no batch leaves pieces for the next."""
        may_have_forms, batches = bool(forms), feed.produce_batches()
        batch: Batch | None = Batch([])
        while batch or forms:
            if forms and (batch is None or self.random.random() < 0.5):
                yield self._build_form_batch(*forms.pop(0))
            elif batch := next(batches, None):
                yield replace(batch, is_followed=False) if may_have_forms else batch

    def _build_form_batch(self, number: int, form: Form) -> Batch:
        submission = Submission(number, "ministry", len(form.rows))
        piece = self.text_engine.build_piece(form.rows, submission)
        return Batch([replace(piece, is_atomic=form.is_atomic)], is_holding=False)

    def _decide(self, feed: BatchFeed, read: Batch) -> None:
        for batch in feed.order_batches(read):
            passes = [piece.submission.progress.pass_number for piece in batch.pieces]
            self.text_engine.engine.evaluate(batch)
            self.batches += 1
            for piece, decisions, pass_number in zip(
                batch.pieces, self.text_engine.engine.decisions, passes, strict=False
            ):
                self._log(piece, decisions, is_first=pass_number == 1)

    def _log(self, piece: Piece, decisions: np.ndarray, *, is_first: bool) -> None:
        number = piece.submission.number
        if is_first:
            self.events.append(Event(number, piece.progress_after.next_line))
        self.results.setdefault(number, {}).update(
            zip(
                piece.lines.tolist(),
                map(_to_result, decisions, read_missing_cents(piece, decisions)),
                strict=True,
            )
        )


def _to_result(decision: np.void, missing: np.int64) -> LineResult:
    return (
        Outcome(int(decision["outcome"])).name,
        _find_centre(int(decision["node"])),
        int(missing),
    )


def _find_centre(node: int) -> str:
    """Return the code of the fund centre at position ``node`` of the book."""
    if node < 0:
        return ""
    centre = (node + build_registry().first_node) // SHEETS % CENTRES_A_YEAR
    return load_reference().list_codes()[CodeKind.CENTRE][centre - 1]


def decide_plainly(work: Work, events: list[Event]) -> dict[int, list[LineResult]]:
    """Decide ``work`` with the plain model: held acts right behind the last line of their file."""
    model = Engine(Reference.load(REFERENCE))
    opened, results = {}, dict[int, list[LineResult]]()
    ends: dict[int, int] = {}
    for number, end in events:
        part = work[number - 1]
        if isinstance(part, Form):
            results[number] = model.submit_form(part.rows, is_atomic=part.is_atomic)
            continue
        if number not in opened:
            opened[number] = model.open_file(part)
        opened[number].present_rows(end - ends.get(number, 0))
        ends[number] = end
        if end == len(part):
            _, results[number] = opened[number].finish()
    return results


def list_acts(rows: File) -> list[File]:
    """Split ``rows`` before every line that begins an act."""
    acts: list[File] = []
    for row in rows:
        if not acts or row.get("line", "1") in {"1", ""}:
            acts.append([])
        acts[-1].append(row)
    return acts


@st.composite
def works(draw: st.DrawFn, acts_max: int = 25, *, with_forms: bool = True) -> Work:
    """Draw acts, cut into many small files and forms.

    Many acts follow one commitment, and draw the same credits, or certified service, which not all of them find; they come
    in any order, so that many are held.
    """
    parts = draw(files(acts_max))[1:]
    acts = [act for rows in parts for act in list_acts(rows)]
    rows = st.builds(_build_follower, st.integers(0, 9), st.sampled_from(_FOLLOWERS), st.integers(0, 4))
    acts += [[row] for row in draw(st.lists(rows, min_size=5, max_size=acts_max))]
    if draw(st.booleans()):
        draw(st.randoms(use_true_random=False)).shuffle(acts)
    work: Work = [build_openings()]
    while acts:
        count = draw(st.integers(1, 6))
        rows, acts = [row for act in acts[:count] for row in act], acts[count:]
        is_form = with_forms and draw(st.integers(0, 3)) == 0
        work.append(Form(rows, draw(st.booleans())) if is_form else rows)
    return work


_FOLLOWERS = ("commitment", "commitment", "commitment_increase", "commitment_decrease", "service")


def _build_follower(number: int, kind: str, predecessor: int) -> Row:
    """Build an act with one of few references, after one of few commitments; two of them exhaust the credits."""
    if kind == "commitment":
        return build_commitment(f"W{predecessor}", "100.00")
    return _build_act(kind, f"{kind}-{number}", predecessor=f"W{predecessor}", amount="150.00")


limits = st.builds(
    BatchLimits, st.integers(1, 5), st.integers(1, 20), st.integers(1, 5), st.just(allow_all_lines)
)


def _pack(work: Work, batch_limits: BatchLimits, seed: int) -> PackedEngine:
    engine = PackedEngine(batch_limits, Random(seed))
    with TemporaryDirectory() as folder:
        engine.process(Path(folder), work)
    return engine


def _check(work: Work, engine: PackedEngine) -> None:
    """Check every line, and that files come in their order."""
    expected = decide_plainly(work, engine.events)
    for number, part in enumerate(work, 1):
        rows = part.rows if isinstance(part, Form) else part
        lines = engine.results[number]
        assert [lines[line] for line in range(len(rows))] == expected[number]
    first_lines = [event.number for event in engine.events if not isinstance(work[event.number - 1], Form)]
    assert first_lines == sorted(first_lines)


@run_examples(100)
@given(work=works(), batch_limits=limits, seed=st.integers(0, 2**32))
def test_outcomes_do_not_depend_on_packing(work: Work, batch_limits: BatchLimits, seed: int) -> None:
    _check(work, _pack(work, batch_limits, seed))


@run_examples(25)
@given(work=works(with_forms=False), batch_limits=limits, seed=st.integers(0, 2**32))
def test_files_alone_end_as_one_by_one(work: Work, batch_limits: BatchLimits, seed: int) -> None:
    """Without forms the order is that of the files, so that any two packings agree."""
    engine = _pack(work, batch_limits, seed)
    _check(work, engine)
    assert engine.results == _pack(work, BatchLimits(), 0).results


# ------------------------------------------------------------------------------- known cases


def _build_act(kind: str, reference: str, **fields: str) -> Row:
    return {"reference": reference, "kind": kind, "exercise": "2018", "date": "2018-05-02", **fields}


def build_commitment(reference: str, amount: str) -> Row:
    """Build a commitment at the first place."""
    return _build_act("commitment", reference, amount=amount, **_PLACE)


def build_service(reference: str, predecessor: str) -> Row:
    """Build a certification of service on a commitment."""
    return _build_act("service", reference, predecessor=predecessor, amount="1.00")


def _list_outcomes(engine: PackedEngine, number: int) -> list[str]:
    lines = engine.results[number]
    return [lines[line][0] for line in sorted(lines)]


@pytest.mark.parametrize("pieces", [1, 2, 64])
def test_a_predecessor_in_the_next_file_comes_too_late(pieces: int) -> None:
    """However many files share a batch: held acts come before the first line of the next file."""
    work: Work = [build_openings(), [build_service("S", "C")], [build_commitment("C", "10.00")]]
    engine = _pack(work, BatchLimits(pieces=pieces), 0)
    assert _list_outcomes(engine, 2) == [Outcome.PREDECESSOR_MISSING.name]
    assert _list_outcomes(engine, 3) == [Outcome.ACCEPTED.name]


def test_the_reference_of_a_held_act_is_free_for_the_next_file() -> None:
    """The act is refused before the next file begins, so that no line of that is compared with it."""
    work: Work = [
        build_openings(),
        [build_service("S", "C")],
        [build_commitment("C", "10.00"), build_service("S", "C") | {"amount": "2.00"}],
    ]
    assert _list_outcomes(_pack(work, BatchLimits(), 0), 3) == [Outcome.ACCEPTED.name] * 2


def test_small_files_share_batches_with_held_acts() -> None:
    """Held acts that find their predecessor cost one batch for each file, and those behind them share it."""
    work: Work = [build_openings()]
    for number in range(20):
        rows = [build_service(f"S{number}", f"C{number}"), build_commitment(f"C{number}", "1.00")]
        work += [rows, [build_commitment(f"D{number}", "1.00")]]
    engine = _pack(work, BatchLimits(), 0)
    assert all(set(_list_outcomes(engine, number)) == {Outcome.ACCEPTED.name} for number in range(2, 42))
    assert engine.batches == 21


def test_nothing_held_costs_no_batch() -> None:
    work: Work = [build_openings(), *([build_commitment(f"C{number}", "1.00")] for number in range(63))]
    assert _pack(work, BatchLimits(), 0).batches == 1


@pytest.mark.parametrize("seed", range(3))
def test_an_act_that_is_too_long_is_refused_alike_in_any_share(seed: int) -> None:
    """A share of a file is cut before an act begins, however long the one before it is."""
    row = build_commitment("LONG", "0.01")
    long_act = [row | {"line": str(line)} for line in range(1, 2 * ACT_LINES_MAX + 10)]
    work: Work = [build_openings(), [*long_act, build_commitment("D", "1.00")]]
    _check(work, _pack(work, BatchLimits(), seed))
