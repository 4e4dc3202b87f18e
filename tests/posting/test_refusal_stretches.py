"""Stretches of refusals: which lines share a row depends on the order of lines alone, not on how batches are cut."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.act_fields import Field
from core.outcome_codes import FORM_FAULTS, Outcome
from core.tables.journal import Refusals
from posting import refusal_stretches
from posting.batch import NO_STRETCH, Batch, BatchResult, Submission
from posting.pgcopy import HEADER, TRAILER, decode
from tests.file_strategies import File, build_openings
from tests.kernels.execution_modes import run_examples
from tests.posting.text_engine import TextEngine

SINGLE = 4

_OPENING = build_openings()[0]
SOUND = {"reference": "OK", "exercise": "2018", "date": "2018-05-02", "kind": _OPENING["kind"]}
KINDLESS = {**SOUND, "kind": "no such kind", "amount": "2.00"}
NAMELESS = {**SOUND, "reference": "", "amount": "3.00"}
UNDATED = {key: text for key, text in _OPENING.items() if key != "date"}
YEARLESS = {**SOUND, "exercise": "next"}
OUT_OF_CALENDAR = {**SOUND, "exercise": "1999"}
HELD = {
    "reference": "S",
    "kind": "service",
    "exercise": "2018",
    "date": "2018-05-03",
    "amount": "5.00",
    "predecessor": "C",
}
LINES = (KINDLESS, NAMELESS, UNDATED, YEARLESS, OUT_OF_CALENDAR, HELD, _OPENING)


class StoredRow(NamedTuple):
    """What is compared of a stored row."""

    line: int
    lines: int
    code: Outcome
    field: Field
    amount: int


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal_stretches, "SINGLE_LINES_MAX", SINGLE)


def number_lines(rows: Sequence[dict[str, str]]) -> File:
    """Give each act a reference of its own; a line without one keeps none."""
    return [
        {**row, "reference": f"{row['reference']}-{at}" if row["reference"] else ""}
        for at, row in enumerate(rows)
    ]


def decode_refusals(result: BatchResult) -> list[StoredRow]:
    stream = b"".join([HEADER, result.streams["refusal"].tobytes(), TRAILER])
    rows = decode(Refusals, stream, 2).rows
    columns = [getattr(rows, name).tolist() for name in StoredRow._fields]
    assert rows.position.tolist() == sorted(rows.position.tolist())
    return [
        StoredRow(line, lines, Outcome(code), Field(field), amount)
        for line, lines, code, field, amount in zip(*columns, strict=True)
    ]


def decide_cut(rows: File, cuts: Sequence[int], *, is_restarted: bool) -> tuple[list[StoredRow], Submission]:
    """Decide a file in pieces; after each the submission may be loaded anew from what its batch stored."""
    engine, rows_so_far = TextEngine(), list[StoredRow]()
    submission = engine.create_submission(len(rows))
    for first, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        piece = engine.build_piece(rows[first:end], submission, first)
        result = engine.engine.evaluate(Batch([piece]))
        refusals = decode_refusals(result)
        rows_so_far += refusals
        (row,) = result.progress
        assert result.counts["refusal"] == len(refusals)
        assert row.refusal_rows == len(rows_so_far)
        assert row.tally.refused == sum(refusal.lines for refusal in rows_so_far) + row.stretch.rest_lines
        assert (
            row.tally.refused_cents == sum(refusal.amount for refusal in rows_so_far) + row.stretch.rest_cents
        )
        if is_restarted:
            submission = Submission(
                row.submission, "ministry", len(rows), row.progress, row.tally,
                refusal_rows=row.refusal_rows, stretch=row.stretch, held=submission.held,
            )  # fmt: skip
    assert submission.stretch == NO_STRETCH
    return sorted(rows_so_far), submission


def expect_rows(single_rows: Sequence[StoredRow]) -> list[StoredRow]:
    """Join rows of single lines by the rule, line by line."""
    rows, run = list[StoredRow](), list[StoredRow]()
    for row in [*single_rows, None]:
        is_form = row is not None and is_fault_of_form(row)
        if run and not (is_form and row and row.line == run[-1].line + 1 and row.code is run[-1].code):
            rows += join_rest(run)
            run = []
        if row is not None and is_form:
            run.append(row)
        elif row is not None:
            rows.append(row)
    return sorted(rows)


def is_fault_of_form(row: StoredRow) -> bool:
    return row.code in FORM_FAULTS and not (row.code is Outcome.EXERCISE_UNKNOWN and row.amount == 1999)


def join_rest(run: Sequence[StoredRow]) -> list[StoredRow]:
    single, rest = list(run[:SINGLE]), run[SINGLE:]
    if rest:
        fields = {row.field for row in rest}
        field = fields.pop() if len(fields) == 1 else Field.NONE
        single.append(
            StoredRow(rest[0].line, len(rest), rest[0].code, field, sum(row.amount for row in rest))
        )
    return single


lines_of_files = st.lists(st.tuples(st.sampled_from(LINES), st.integers(1, 11)), min_size=1, max_size=7).map(
    lambda runs: number_lines([row for row, times in runs for _ in range(times)])
)


@run_examples(150)
@given(rows=lines_of_files, data=st.data())
def test_the_rows_do_not_depend_on_the_cuts(rows: File, data: st.DataObject) -> None:
    rows = [{**row, "amount": "19.99"} if row["exercise"] == "1999" else row for row in rows]
    cuts = sorted(data.draw(st.lists(st.integers(1, max(len(rows) - 1, 1)), max_size=6)))
    cuts = [cut for cut in cuts if cut < len(rows)]  # two equal cuts make a piece without lines
    expected = expect_rows(decide_single(rows))
    for is_restarted in (False, True):
        rows_so_far, _ = decide_cut(rows, cuts, is_restarted=is_restarted)
        assert rows_so_far == expected


def decide_single(rows: File) -> list[StoredRow]:
    """Decide the file with a row for each line."""
    patch = pytest.MonkeyPatch()
    with patch.context() as context:
        context.setattr(refusal_stretches, "SINGLE_LINES_MAX", len(rows))
        rows_so_far, _ = decide_cut(rows, [], is_restarted=False)
    return rows_so_far


@pytest.mark.parametrize("cuts", [[], [3], [4], [5], [7], [1, 2, 3, 4, 5, 6, 7, 8, 9]])
def test_a_stretch_is_a_row_a_line_and_then_one_row(cuts: list[int]) -> None:
    rows_so_far, _ = decide_cut(number_lines([KINDLESS] * 10), cuts, is_restarted=True)
    assert rows_so_far == [
        *(StoredRow(line, 1, Outcome.KIND_UNKNOWN, Field.KIND, 200) for line in range(SINGLE)),
        StoredRow(SINGLE, 6, Outcome.KIND_UNKNOWN, Field.KIND, 1200),
    ]


def test_an_accepted_line_ends_a_stretch_and_stays() -> None:
    engine = TextEngine()
    rows = number_lines([*[NAMELESS] * 9, _OPENING, *[NAMELESS] * 6])
    result = engine.decide_files(rows)
    assert [(row.line, row.lines) for row in decode_refusals(result)] == [
        *((line, 1) for line in range(4)), (4, 5), *((line, 1) for line in range(10, 14)), (14, 2),
    ]  # fmt: skip
    assert result.counts["entry"] == 1
    assert result.refused_lines == 15


@pytest.mark.parametrize(
    "row", [OUT_OF_CALENDAR, {**HELD, "predecessor": "NONE"}], ids=["reference data", "predecessor"]
)
def test_other_reasons_have_a_row_a_line(row: dict[str, str]) -> None:
    result = TextEngine().decide_files(number_lines([row] * 9))
    assert [refusal.lines for refusal in decode_refusals(result)] == [1] * 9


def test_forms_have_a_row_a_line() -> None:
    engine = TextEngine()
    submission = Submission(1, "ministry", None)
    piece = engine.build_piece(number_lines([KINDLESS] * 9), submission)
    assert [row.lines for row in decode_refusals(engine.evaluate(piece))] == [1] * 9


def test_codes_of_book_and_reference_data_are_no_faults_of_form() -> None:
    of_form = {Outcome.IBAN_INVALID, Outcome.EVIDENCE_MISSING, Outcome.EVIDENCE_INVALID}
    of_form |= {Outcome.CALL_BACK_MISSING, Outcome.JUSTIFICATION_MISSING, Outcome.TWO_PERSONS_MISSING}
    after_form = {code for code in Outcome if code >= Outcome.DATE_OUTSIDE_EXERCISE} - of_form
    assert FORM_FAULTS.isdisjoint(after_form | {Outcome.DUPLICATE, Outcome.REFERENCE_CONFLICT, Outcome.HELD})
