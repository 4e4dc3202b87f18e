"""Changes of bank details: what they must state, by every sender, and that no other kind needs it."""

from dataclasses import replace
from datetime import date

import pytest

from core.calendar import Calendar
from core.catalog import KIND_NUMBERS
from core.directory import Agreement, Directory, Hand, RoleGrant
from core.outcome_codes import Outcome
from core.roles import Role
from core.tables.signatures import DetailsEvidence
from posting.book.checkpoint import NO_CHECKPOINT
from posting.book.code_numbers import CodeKind, NumbersByCode, number_codes
from posting.book.empty_book import create_empty_book
from posting.book.registry import Registry
from posting.pgcopy import HEADER, TRAILER, decode
from posting.recovery.book_loading import LoadedBook
from tests.accountants import ACCOUNTANTS, CHANGE_FIELDS
from tests.file_strategies import Row
from tests.oracle.iban import add_check_digits
from tests.posting.text_engine import SECRET, START, TextEngine, load_reference

_IBAN, _NEW_IBAN = (add_check_digits("FR", f"{number:023}") for number in (1, 2))
_COMMON = {"exercise": "2018", "date": "2018-05-02", "payee": "P1"}
_PAYEE = _COMMON | {"kind": "third_party", "reference": "T1", "payee_name": "Entreprise", "iban": _IBAN}
_CHANGE = _COMMON | {"kind": "bank_details", "payee_name": "Entreprise", "iban": _NEW_IBAN} | CHANGE_FIELDS
_SINCE = date(2018, 1, 1)
_NOBODY = {"entered_by": "", "validated_by": ""}
_WITH_OFFICERS = replace(
    ACCOUNTANTS,
    persons={"anne": 3, "bruno": 4, **ACCOUNTANTS.persons},
    grants=(
        *ACCOUNTANTS.grants,
        *(RoleGrant(at, Role.AUTHORISING_OFFICER, Hand.BOTH, "", "", _SINCE, None, None) for at in (3, 4)),
    ),
    agreements=(Agreement(1, "A-1", "ministry", frozenset({"bank_details"}), _SINCE, None, None),),
)
"""Beside the accountants two authorising officers, and an agreement of the sender for this very kind."""


def _start(directory: Directory, *, requires_agreements: bool = False) -> TextEngine:
    """Start an engine with a payee; its calendar may ask for agreements from the first day of the year on."""
    reference = load_reference()
    if requires_agreements:
        exercises = reference.calendar.exercises.items()
        dated = {year: replace(item, agreement_required_from=date(year, 1, 1)) for year, item in exercises}
        reference = replace(reference, calendar=Calendar(dated))
    numbers: NumbersByCode = {}
    number_codes(numbers, {**reference.list_codes(), CodeKind.SENDER: ["ministry"]})
    state = create_empty_book(Registry(reference, numbers))
    harness = TextEngine(LoadedBook(state, START, SECRET, NO_CHECKPOINT))
    harness.engine.follow_directory(directory)
    payee = _PAYEE | {"entered_by": "chloe", "validated_by": "david"}
    assert _decide(harness, payee) == [Outcome.ACCEPTED]
    return harness


def _decide(harness: TextEngine, *rows: Row) -> list[Outcome]:
    harness.decide_files(list(rows))
    (decisions,) = harness.engine.decisions
    return [Outcome(int(code)) for code in decisions["outcome"]]


@pytest.mark.parametrize("requires_agreements", [False, True])
@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({}, Outcome.ACCEPTED),
        ({"evidence_hash": "5E" * 32}, Outcome.ACCEPTED),
        ({"evidence_hash": ""}, Outcome.EVIDENCE_MISSING),
        ({"evidence_hash": "5e" * 31}, Outcome.EVIDENCE_INVALID),
        ({"evidence_hash": "5e" * 33}, Outcome.EVIDENCE_INVALID),
        ({"evidence_hash": "5g" * 32}, Outcome.EVIDENCE_INVALID),
        ({"evidence_hash": " " + "5e" * 32}, Outcome.EVIDENCE_INVALID),
        ({"evidence_hash": "5e" * 36}, Outcome.FIELD_INVALID),
        ({"call_back": ""}, Outcome.CALL_BACK_MISSING),
        ({"call_back": "   "}, Outcome.CALL_BACK_MISSING),
        ({"call_back": "x" * 140}, Outcome.ACCEPTED),
        ({"call_back": "x" * 141}, Outcome.FIELD_INVALID),
        ({"call_back": "M.\nPetit"}, Outcome.FIELD_INVALID),
        (_NOBODY, Outcome.TWO_PERSONS_MISSING),
        ({"entered_by": ""}, Outcome.PERSON_MISSING),
        ({"validated_by": "chloe"}, Outcome.SAME_PERSON),
        ({"entered_by": "anne"}, Outcome.ENTRY_ROLE_MISSING),
        ({"validated_by": "bruno"}, Outcome.VALIDATION_ROLE_MISSING),
        ({"entered_by": "anne", "validated_by": "bruno"}, Outcome.ENTRY_ROLE_MISSING),
    ],
)
def test_a_change_states_its_evidence_and_two_persons(
    fields: Row, outcome: Outcome, *, requires_agreements: bool
) -> None:
    """An agreement of the sender for this kind changes nothing, nor does the day from which the calendar asks for persons."""
    harness = _start(_WITH_OFFICERS, requires_agreements=requires_agreements)
    assert _decide(harness, _CHANGE | {"reference": "B1"} | fields) == [outcome]


def test_each_line_of_a_file_is_judged_by_itself() -> None:
    rows = [_CHANGE | {"reference": f"B{at}"} for at in range(4)]
    rows[1] |= {"evidence_hash": ""}
    rows[2] |= _NOBODY
    outcomes = [Outcome.ACCEPTED, Outcome.EVIDENCE_MISSING, Outcome.TWO_PERSONS_MISSING, Outcome.ACCEPTED]
    assert _decide(_start(ACCOUNTANTS), *rows) == outcomes


@pytest.mark.parametrize("kind", ["third_party", "payee_block"])
def test_no_other_kind_needs_it(kind: str) -> None:
    row = _PAYEE | {"kind": kind, "payee": "P2" if kind == "third_party" else "P1", "reference": "X1"}
    assert _decide(_start(ACCOUNTANTS), row) == [Outcome.ACCEPTED]


def test_the_evidence_of_accepted_changes_is_stored() -> None:
    harness = _start(ACCOUNTANTS)
    other = {"reference": "B2", "evidence_hash": "ab" * 32, "call_back": "M. Petit"}
    rows = [_CHANGE | {"reference": "B1"}, _CHANGE | {"reference": "B0", "call_back": ""}, _CHANGE | other]
    result = harness.decide_files([*rows, _PAYEE | {"payee": "P2", "reference": "T2"}])
    stream = HEADER + result.streams["details_evidence"].tobytes() + TRAILER
    stored, texts = decode(DetailsEvidence, stream, 2)
    assert stored.entry.tolist() == [2, 3]
    assert [texts.decode_row(row) for row in range(4)] == [
        *(CHANGE_FIELDS["evidence_hash"], CHANGE_FIELDS["call_back"]),
        *("ab" * 32, "M. Petit"),
    ]
    assert (
        "details_evidence" not in harness.decide_files([_PAYEE | {"payee": "P3", "reference": "T3"}]).streams
    )


def test_a_change_that_is_no_line_of_its_own_file_stores_nothing_twice() -> None:
    """A change that is sent again is a duplicate: its evidence is stored once."""
    harness = _start(ACCOUNTANTS)
    change = _CHANGE | {"reference": "B1"}
    assert _decide(harness, change) == [Outcome.ACCEPTED]
    again = harness.decide_files([change])
    assert "details_evidence" not in again.streams
    assert KIND_NUMBERS["bank_details"] in harness.state.book.items["kind"][: harness.state.entries + 1]
