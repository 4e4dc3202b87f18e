"""Agreements of senders: each line that names nobody is judged as by plain rules, and the entries under each are listed."""

from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.act_fields import Field
from core.calendar import Calendar, Exercise
from core.catalog import KIND_NUMBERS
from core.directory import Agreement
from core.outcome_codes import Outcome
from core.periods import to_period
from core.senders import TREASURY
from core.tables.columns import allocate_records, seal
from core.tables.journal import Acts, Bytes, Spans
from posting.agreements import AgreementRules, list_uses, mark_lines
from posting.batch import Piece, Progress, Submission

_EPOCH = date(1970, 1, 1)
_MIDDLE = date(2018, 7, 1)
_KINDS = ("commitment", "service", "payment_request")
_SENDERS = ("ministry", "ministry", "other", TREASURY)
_days = st.integers(-3, 3).map(lambda shift: _MIDDLE + timedelta(shift))


class ActLine(NamedTuple):
    """What counts of a line."""

    kind: str
    exercise: int
    day: date
    amount: int
    is_signed: bool
    is_faulty: bool


class Judged(NamedTuple):
    """A line as it is judged: its agreement, or its refusal."""

    agreement: int
    refusal: Outcome | None


lines_of_acts = st.lists(
    st.lists(
        st.builds(
            ActLine,
            st.sampled_from(_KINDS),
            st.sampled_from((2018, 2018, 2019)),
            _days,
            st.sampled_from((1, 10, 99)),
            st.sampled_from((False, False, True)),
            st.sampled_from((False, False, False, True)),
        ),
        min_size=1,
        max_size=3,
    ),
    max_size=8,
)
_agreements = st.builds(
    Agreement,
    st.just(0),
    st.just(""),
    st.sampled_from(_SENDERS),
    st.frozensets(st.sampled_from(_KINDS), min_size=1),
    _days,
    st.none() | _days,
    st.sampled_from((None, 10, 11, 99, 109)),
)
agreements = st.lists(_agreements, max_size=4).map(
    lambda drawn: [
        item._replace(agreement=number, number=f"A-{number}") for number, item in enumerate(drawn, 1)
    ]
)
calendars = st.builds(
    lambda day: Calendar(
        {
            2018: Exercise(2018, frozenset({7}), 0, agreement_required_from=day),
            2019: Exercise(2019, frozenset({7}), 0),
        }
    ),
    st.none() | _days,
)


def _build_piece(sender: str, acts: list[list[ActLine]]) -> Piece:
    records = allocate_records(Acts, sum(map(len, acts)))
    row = 0
    for act in acts:
        head = row
        for line in act:
            records[row]["head"], records[row]["kind"] = head, KIND_NUMBERS[line.kind]
            records[row]["period"] = to_period(line.exercise, 7)
            records[row]["day"], records[row]["amount"] = (line.day - _EPOCH).days, line.amount
            records[row]["signature"] = 3 if line.is_signed else 0
            records[row]["fault"] = Outcome.FIELD_INVALID if line.is_faulty else 0
            row += 1
    empty = np.zeros(row, np.int32)
    return Piece(
        Submission(1, sender, row),
        records,
        lines=empty,
        day=empty,
        cents=np.zeros(row, np.int64),
        reference=seal(Spans(empty, empty)),
        text=seal(Bytes(np.zeros(0, np.uint8))),
        field=np.zeros(row, np.uint8),
        new_words=np.zeros(0, np.int64),
        raw=pa.RecordBatch.from_pydict({}),
        progress_after=Progress(1, row),
    )


def _judge_line(line: ActLine, cents: int, own: list[Agreement], calendar: Calendar) -> Judged:
    """Judge a line of an act of ``cents`` by the agreements of its sender."""
    in_time = [item for item in own if item.first_day <= line.day <= (item.last_day or date.max)]
    covering = [
        item
        for item in in_time
        if line.kind in item.kinds and (item.ceiling is None or cents <= item.ceiling)
    ]
    if line.is_signed:
        return Judged(0, None)
    if covering:
        return Judged(covering[0].agreement, None)
    required_from = calendar.exercises[line.exercise].agreement_required_from
    if line.is_faulty or required_from is None or line.day < required_from:
        return Judged(0, None)
    return Judged(0, Outcome.AGREEMENT_EXCEEDED if in_time else Outcome.AGREEMENT_MISSING)


@given(st.sampled_from(_SENDERS), lines_of_acts, agreements, calendars)
def test_lines_are_judged_like_one_after_the_other(
    sender: str, acts: list[list[ActLine]], all_agreements: list[Agreement], calendar: Calendar
) -> None:
    piece = _build_piece(sender, acts)
    numbers = mark_lines(piece, all_agreements, AgreementRules.from_calendar(calendar))
    own = [item for item in all_agreements if item.sender == sender and sender != TREASURY]
    calendar_of_sender = (
        calendar
        if sender != TREASURY
        else Calendar({year: Exercise(year, frozenset(), 0) for year in (2018, 2019)})
    )
    lines = [(line, sum(other.amount for other in act)) for act in acts for line in act]
    expected = [_judge_line(line, cents, own, calendar_of_sender) for line, cents in lines]
    assert (numbers.tolist() if numbers is not None else [0] * len(lines)) == [
        row.agreement for row in expected
    ]
    assert piece.acts["fault"].tolist() == [
        Outcome.FIELD_INVALID if line.is_faulty else row.refusal or 0
        for (line, _), row in zip(lines, expected, strict=True)
    ]
    assert piece.field.tolist() == [Field.ENTERED_BY if row.refusal else 0 for row in expected]


@pytest.mark.parametrize(
    ("kind", "shift", "cents", "outcome"),
    [
        ("service", -1, 1, Outcome.AGREEMENT_MISSING),
        ("service", 0, 10, Outcome.ACCEPTED),
        ("service", 0, 11, Outcome.AGREEMENT_EXCEEDED),
        ("commitment", 0, 1, Outcome.AGREEMENT_EXCEEDED),
        ("service", 1, 10, Outcome.ACCEPTED),
        ("service", 2, 1, Outcome.AGREEMENT_MISSING),
    ],
)
def test_an_agreement_covers_its_days_kinds_and_amounts(
    kind: str, shift: int, cents: int, outcome: Outcome
) -> None:
    calendar = Calendar({2018: Exercise(2018, frozenset(), 0, agreement_required_from=date(2018, 1, 1))})
    day = _MIDDLE + timedelta(shift)
    piece = _build_piece("ministry", [[ActLine(kind, 2018, day, cents, is_signed=False, is_faulty=False)]])
    last = _MIDDLE + timedelta(1)
    agreement = Agreement(4, "A-4", "ministry", frozenset({"service"}), _MIDDLE, last, 10)
    mark_lines(piece, [agreement], AgreementRules.from_calendar(calendar))
    assert piece.acts["fault"].tolist() == [outcome]


def test_of_a_sender_without_agreements_nothing_is_computed_unless_the_calendar_asks() -> None:
    piece = _build_piece(
        "ministry", [[ActLine("service", 2018, _MIDDLE, 1, is_signed=False, is_faulty=False)]]
    )
    free = AgreementRules.from_calendar(Calendar({2018: Exercise(2018, frozenset(), 0)}))
    other = Agreement(1, "A-1", "other", frozenset({"service"}), _MIDDLE, None, None)
    assert mark_lines(piece, [other], free) is None
    assert not piece.acts["fault"].any()


@pytest.mark.parametrize("kind", KIND_NUMBERS)
def test_an_agreement_covers_the_kinds_that_it_names_alone(kind: str) -> None:
    calendar = Calendar({2018: Exercise(2018, frozenset(), 0, agreement_required_from=date(2018, 1, 1))})
    acts = [[ActLine(other, 2018, _MIDDLE, 1, is_signed=False, is_faulty=False)] for other in KIND_NUMBERS]
    piece = _build_piece("ministry", acts)
    agreement = Agreement(4, "A-4", "ministry", frozenset({kind}), _MIDDLE, _MIDDLE, None)
    numbers = mark_lines(piece, [agreement], AgreementRules.from_calendar(calendar))
    assert numbers is not None
    assert np.flatnonzero(numbers).tolist() == [list(KIND_NUMBERS).index(kind)]
    assert np.flatnonzero(piece.acts["fault"] == 0).tolist() == [list(KIND_NUMBERS).index(kind)]


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 2), st.booleans()), max_size=30),
)
def test_uses_list_each_entry_with_its_agreement_once(steps: list[tuple[int, int, bool]]) -> None:
    """Entries rise by 1 or more from line to line; a line that is not accepted has none."""
    entry = np.cumsum([step for step, _, _ in steps], dtype=np.int64)
    number = np.array([number for _, number, _ in steps], np.int32)
    entry[[at for at, (_, _, is_refused) in enumerate(steps) if is_refused]] = 0
    runs = list(zip(*(column.tolist() for column in list_uses(entry, number)), strict=True))
    listed = [(at, agreement) for first, last, agreement in runs for at in range(first, last + 1)]
    pairs = zip(entry.tolist(), number.tolist(), strict=True)
    assert listed == [(at, agreement) for at, agreement in pairs if at and agreement]
    for (_, last, agreement), (first, _, next_agreement) in pairwise(runs):
        assert (first, next_agreement) != (last + 1, agreement)
