"""Random walks of persons, roles, places, days and amounts, decided as by the plain model of the table of roles.

Texts of lines go through the reading and the engine, with a directory and a day from which agreements are required.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from core.calendar import Calendar
from core.catalog import KIND_NUMBERS
from core.directory import Agreement, Delegation, Directory, Hand, RoleGrant
from core.outcome_codes import Outcome
from core.roles import Role
from posting.book.checkpoint import NO_CHECKPOINT
from posting.book.code_numbers import CodeKind, NumbersByCode, number_codes
from posting.book.empty_book import create_empty_book
from posting.book.registry import ReferenceData, Registry
from posting.recovery.book_loading import LoadedBook
from tests.file_strategies import PLACES, REFERENCE, File, Row, files
from tests.kernels.execution_modes import run_examples
from tests.oracle.engine import Engine
from tests.oracle.reference import Reference
from tests.posting.text_engine import SECRET, START, TextEngine, load_reference

_USUAL_DAY = date(2018, 5, 2)
"""The day of the acts; credits are opened before, when no agreement is required yet."""
_BEFORE = {"date": "2018-04-02"}
_REQUIRED_FROM = date(2018, 5, 1)
_SENDER = "ministry"
_CODES = ("anne", "bruno", "claire", "denis", "emma")
_ABLE = (1, 2)
_OTHERS = (3, 4, 5)
_ALWAYS = (date(2018, 1, 1), None)
_ABLE_ROLES = (
    Role.PROGRAMME_MANAGER,
    Role.BUDGET_DIRECTORATE,
    Role.AUTHORISING_OFFICER,
    Role.ASSIGNED_ACCOUNTANT,
)
_EVERYTHING = tuple(
    RoleGrant(person, role, Hand.BOTH, "", "", *_ALWAYS, None) for person in _ABLE for role in _ABLE_ROLES
)
_CENTRES = sorted({place.unit[:length] for place in PLACES for length in (4, 9, 14)} | {"9999"})
_OFFICER, _ACCOUNTANT = Role.AUTHORISING_OFFICER, Role.ASSIGNED_ACCOUNTANT
_roles = st.sampled_from(
    (_OFFICER, _OFFICER, _OFFICER, _ACCOUNTANT, Role.PROGRAMME_MANAGER)
) | st.sampled_from(list(Role))
_days = st.integers(-2, 2).map(lambda shift: _USUAL_DAY + timedelta(shift))
_terms = st.just(_ALWAYS) | st.tuples(_days, st.none() | _days)
_ceilings = st.sampled_from((None, 1_00, 10_00, 20_00))
_places = st.tuples(
    st.sampled_from(("", "", *_CENTRES)), st.sampled_from(("", "", "", "ECOL", "PACA", "gone"))
)
_hands = st.sampled_from((Hand.BOTH, *Hand))
_kinds = st.just(frozenset(KIND_NUMBERS)) | st.frozensets(st.sampled_from([*KIND_NUMBERS]), min_size=1)


@st.composite
def _grants(draw: st.DrawFn) -> RoleGrant:
    person, (centre, accountant), (first, last) = draw(st.sampled_from(_OTHERS)), draw(_places), draw(_terms)
    return RoleGrant(person, draw(_roles), draw(_hands), centre, accountant, first, last, draw(_ceilings))


@st.composite
def _delegations(draw: st.DrawFn) -> Delegation:
    owner, delegate, *_ = draw(st.permutations(range(1, len(_CODES) + 1)))
    centres, (first, last) = draw(st.lists(st.sampled_from(_CENTRES), max_size=2)), draw(_terms)
    return Delegation(0, "", owner, delegate, draw(_roles), tuple(centres), first, last, draw(_ceilings))


@st.composite
def _agreements(draw: st.DrawFn) -> Agreement:
    sender, (first, last) = draw(st.sampled_from((_SENDER, _SENDER, "other"))), draw(_terms)
    return Agreement(0, "", sender, draw(_kinds), first, last, draw(_ceilings))


class Walk(NamedTuple):
    """A directory, and the files that are decided by it."""

    directory: Directory
    files: list[File]


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    """Draw a directory, and files whose acts name persons of it, nobody, or what it does not contain."""
    directory = Directory(
        {code: number for number, code in enumerate(_CODES, 1)},
        (*_EVERYTHING, *draw(st.lists(_grants(), min_size=2, max_size=9))),
        tuple(
            item._replace(delegation=number, number=f"D-{number}")
            for number, item in enumerate(draw(st.lists(_delegations(), min_size=1, max_size=4)), 1)
        ),
        tuple(
            item._replace(agreement=number, number=f"A-{number}")
            for number, item in enumerate(draw(st.lists(_agreements(), max_size=2)), 1)
        ),
        1,
    )
    openings, *others = draw(files(acts_max=12))
    signed_files = [draw(_sign_file(file, directory)) for file in others]
    return Walk(directory, [[row | _BEFORE for row in openings], *signed_files])


@st.composite
def _sign_file(draw: st.DrawFn, rows: Sequence[Row], directory: Directory) -> File:
    """Draw who signs: mostly the same on all lines of an act, and persons who may do everything."""
    signed_rows: File = []
    signature: Row = {}
    for row in rows:
        if row.get("line", "1") == "1" or draw(st.integers(0, 9)) == 0:
            signature = draw(_signatures(directory))
        # The rule of late interest needs the payments before the file: what states a reason is not limited by it.
        signed_rows.append(
            row | signature | ({"reason": "A59"} if row.get("kind") == "late_interest" else {})
        )
    return signed_rows


@st.composite
def _signatures(draw: st.DrawFn, directory: Directory) -> Row:
    manner, codes = draw(st.integers(0, 19)), st.sampled_from(_CODES)
    able = st.sampled_from((("anne", "bruno"), ("bruno", "anne")))
    if manner == 0:
        unsure = codes | st.sampled_from(("", "nobody"))
        pairs = st.tuples(unsure, unsure)
    elif manner < 4:
        pairs = st.just(("", ""))
    else:
        others = st.sampled_from(_CODES[2:])
        pairs = able | st.tuples(others, able.map(max)) | st.tuples(able.map(min), others)
    entered, validated = draw(pairs)
    numbers = {item.number: _CODES[item.delegate - 1] for item in directory.delegations}
    delegation = draw(st.sampled_from(("", *numbers))) if entered and draw(st.booleans()) else ""
    if draw(st.integers(0, 39)) == 0:
        delegation = "D-9"
    if delegation in numbers and draw(st.integers(0, 4)):
        validated = numbers[delegation]
    return {"entered_by": entered, "validated_by": validated, "delegation": delegation}


@cache
def _load_plain() -> Reference:
    plain = Reference.load(REFERENCE)
    exercises = {
        year: replace(
            exercise, agreement_required_from=_REQUIRED_FROM if year == _REQUIRED_FROM.year else None
        )
        for year, exercise in plain.exercises.items()
    }
    return plain._replace(exercises=exercises)


@cache
def _load_with_agreements() -> ReferenceData:
    return replace(load_reference(), calendar=Calendar(dict(_load_plain().exercises)))


def _start(directory: Directory) -> TextEngine:
    numbers: NumbersByCode = {}
    number_codes(numbers, {**load_reference().list_codes(), CodeKind.SENDER: [_SENDER]})
    state = create_empty_book(Registry(_load_with_agreements(), numbers))
    harness = TextEngine(LoadedBook(state, START, SECRET, NO_CHECKPOINT))
    harness.engine.follow_directory(directory)
    return harness


def _decide(harness: TextEngine, rows: File) -> list[str]:
    harness.decide_files(rows)
    return [
        Outcome(code).name for decided in harness.engine.decisions for code in decided["outcome"].tolist()
    ]


@run_examples(300)
@given(walks())
def test_a_walk_is_decided_as_by_the_plain_model(walk: Walk) -> None:
    harness, plain = _start(walk.directory), Engine(_load_plain(), walk.directory)
    for rows in walk.files:
        expected = [outcome for outcome, _, _ in plain.submit_form(rows, _SENDER, is_atomic=False)]
        assert _decide(harness, rows) == expected
