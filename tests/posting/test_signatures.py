"""Who entered and who validated: each refusal on a small directory, from the texts of lines to what is stored."""

from datetime import date

import pytest

from core.directory import Agreement, Delegation, Directory, Hand, RoleGrant
from core.outcome_codes import Outcome
from core.roles import Role
from core.tables.signatures import AgreementUses, DirectoryEffects, EntrySignatures
from posting.batch import BatchResult
from posting.book.checkpoint import NO_CHECKPOINT
from posting.book.code_numbers import CodeKind, NumbersByCode, number_codes
from posting.book.empty_book import create_empty_book
from posting.book.registry import Registry
from posting.pgcopy import HEADER, TRAILER, decode
from posting.recovery.book_loading import LoadedBook
from tests.file_strategies import PLACES, File, Row, build_openings
from tests.posting.text_engine import SECRET, START, TextEngine, load_reference

ANNE, BRUNO, CLAIRE, DENIS, EMMA = range(1, 6)
_CODES = ("anne", "bruno", "claire", "denis", "emma")
_AT, _ELSEWHERE = PLACES[0], PLACES[3]
_YEAR = (date(2018, 1, 1), date(2018, 12, 31))
_OFFICER, _ACCOUNTANT = Role.AUTHORISING_OFFICER, Role.ASSIGNED_ACCOUNTANT
DIRECTORY = Directory(
    {code: number for number, code in enumerate(_CODES, 1)},
    (
        RoleGrant(ANNE, _OFFICER, Hand.ENTRY, "", "", *_YEAR, None),
        RoleGrant(BRUNO, _OFFICER, Hand.VALIDATION, _AT.unit[:4], "", *_YEAR, 100_00),
        RoleGrant(CLAIRE, _OFFICER, Hand.BOTH, _AT.unit, "", date(2018, 3, 1), date(2018, 4, 30), None),
        RoleGrant(DENIS, _ACCOUNTANT, Hand.BOTH, "", "", *_YEAR, None),
    ),
    (
        Delegation(1, "D-1", BRUNO, EMMA, _OFFICER, (_AT.unit,), date(2018, 5, 1), date(2018, 5, 31), 50_00),
        Delegation(2, "D-2", CLAIRE, EMMA, _OFFICER, (), *_YEAR, None),
    ),
    (Agreement(7, "A-7", "ministry", frozenset({"commitment"}), *_YEAR, 20_00),),
    9,
)
_D013, _D075 = "0177-D013", "0177-D075"
_MANAGER = Role.BOP_MANAGER
MOVERS = Directory(
    DIRECTORY.persons,
    (
        RoleGrant(ANNE, Role.PROGRAMME_MANAGER, Hand.ENTRY, "0177", "", *_YEAR, None),
        RoleGrant(BRUNO, _MANAGER, Hand.BOTH, _D013, "", *_YEAR, None),
        RoleGrant(CLAIRE, _MANAGER, Hand.BOTH, _D075, "", *_YEAR, None),
        RoleGrant(DENIS, _MANAGER, Hand.BOTH, _D013, "", *_YEAR, None),
        RoleGrant(DENIS, _MANAGER, Hand.BOTH, _D075, "", *_YEAR, 10_00),
    ),
    (
        Delegation(1, "D-1", DENIS, EMMA, _MANAGER, (_D013,), *_YEAR, None),
        Delegation(2, "D-2", DENIS, EMMA, _MANAGER, (_D013, _D075), *_YEAR, None),
        Delegation(3, "D-3", BRUNO, EMMA, _MANAGER, (), *_YEAR, None),
    ),
    (),
    9,
)
"""Bruno has a role at one BOP, Claire at the other one, Denis one at each, and Anne at the programme above both."""
_COMMITMENT = {
    "exercise": "2018",
    "line": "1",
    "kind": "commitment",
    "fund_centre": _AT.unit,
    "functional_area": _AT.area,
    "commitment_item": _AT.items[0],
}


def _start(directory: Directory = DIRECTORY) -> TextEngine:
    """Start an engine with credits; its registry is its own, because the directory is part of it."""
    numbers: NumbersByCode = {}
    number_codes(numbers, {**load_reference().list_codes(), CodeKind.SENDER: ["ministry"]})
    state = create_empty_book(Registry(load_reference(), numbers))
    harness = TextEngine(LoadedBook(state, START, SECRET, NO_CHECKPOINT))
    harness.decide_files(build_openings())
    harness.engine.follow_directory(directory)
    return harness


def _commit(reference: str, day: str, amount: str, **signature: str) -> Row:
    return _COMMITMENT | {"reference": reference, "date": day, "amount": amount} | signature


def _sign(entered: str, validated: str, delegation: str = "") -> Row:
    return {"entered_by": entered, "validated_by": validated, "delegation": delegation}


def _read(result: BatchResult, table: type, name: str) -> list[tuple]:
    stream = result.streams.get(name)
    rows, *_ = decode(table, HEADER + (b"" if stream is None else stream.tobytes()) + TRAILER)
    return list(zip(*(column.tolist() for column in rows), strict=True))


def _decide(harness: TextEngine, *rows: Row) -> list[Outcome]:
    harness.decide_files(list(rows))
    return [
        Outcome(code)
        for rows_of_piece in harness.engine.decisions
        for code in rows_of_piece["outcome"].tolist()
    ]


@pytest.mark.parametrize(
    ("day", "amount", "signature", "outcome"),
    [
        ("2018-05-02", "100.00", _sign("anne", "bruno"), Outcome.ACCEPTED),
        ("2018-05-02", "100.01", _sign("anne", "bruno"), Outcome.VALIDATION_CEILING),
        ("2018-05-02", "1.00", _sign("anne", "anne"), Outcome.SAME_PERSON),
        ("2018-05-02", "1.00", _sign("anne", ""), Outcome.PERSON_MISSING),
        ("2018-05-02", "1.00", _sign("", "bruno"), Outcome.PERSON_MISSING),
        ("2018-05-02", "1.00", _sign("", "", "D-1"), Outcome.PERSON_MISSING),
        ("2018-05-02", "1.00", _sign("anne", "nobody"), Outcome.PERSON_UNKNOWN),
        ("2018-05-02", "1.00", _sign("nobody", "bruno"), Outcome.PERSON_UNKNOWN),
        ("2018-05-02", "1.00", _sign("bruno", "claire"), Outcome.ENTRY_ROLE_MISSING),
        ("2018-05-02", "1.00", _sign("denis", "bruno"), Outcome.ENTRY_ROLE_MISSING),
        ("2018-05-02", "1.00", _sign("claire", "bruno"), Outcome.ENTRY_DAY),
        ("2018-04-30", "1.00", _sign("claire", "bruno"), Outcome.ACCEPTED),
        ("2018-05-02", "1.00", _sign("bruno", "anne"), Outcome.ENTRY_ROLE_MISSING),
        ("2018-05-02", "1.00", _sign("anne", "denis"), Outcome.VALIDATION_ROLE_MISSING),
        ("2018-05-01", "1.00", _sign("anne", "claire"), Outcome.VALIDATION_DAY),
        ("2018-05-01", "50.00", _sign("anne", "emma", "D-1"), Outcome.ACCEPTED),
        ("2018-05-01", "50.01", _sign("anne", "emma", "D-1"), Outcome.VALIDATION_CEILING),
        ("2018-06-01", "1.00", _sign("anne", "emma", "D-1"), Outcome.VALIDATION_DAY),
        ("2018-05-01", "1.00", _sign("anne", "emma"), Outcome.VALIDATION_ROLE_MISSING),
        ("2018-05-01", "1.00", _sign("anne", "emma", "D-2"), Outcome.DELEGATION_OWNER),
        ("2018-04-01", "1.00", _sign("anne", "emma", "D-2"), Outcome.ACCEPTED),
        ("2018-05-01", "1.00", _sign("anne", "bruno", "D-1"), Outcome.DELEGATION_NOT_HELD),
        ("2018-05-01", "1.00", _sign("anne", "emma", "D-9"), Outcome.DELEGATION_UNKNOWN),
    ],
)
def test_a_line_names_two_persons_who_may_do_it(
    day: str, amount: str, signature: Row, outcome: Outcome
) -> None:
    assert _decide(_start(), _commit("EJ-1", day, amount, **signature)) == [outcome]


def test_a_role_holds_at_its_place_alone() -> None:
    harness = _start()
    elsewhere = {
        "fund_centre": _ELSEWHERE.unit,
        "functional_area": _ELSEWHERE.area,
        "commitment_item": _ELSEWHERE.items[1],
    }
    rows = [
        _commit("EJ-1", "2018-04-02", "1.00", **_sign("anne", "bruno")) | elsewhere,
        _commit("EJ-2", "2018-04-02", "1.00", **_sign("claire", "bruno")) | elsewhere,
    ]
    assert _decide(harness, *rows) == [Outcome.VALIDATION_PLACE, Outcome.ENTRY_PLACE]


@pytest.mark.parametrize(
    ("arrival", "departure", "amount", "signature", "outcome"),
    [
        (_D013, _D075, "10.00", _sign("anne", "denis"), Outcome.ACCEPTED),
        (_D013, _D075, "10.01", _sign("anne", "denis"), Outcome.VALIDATION_CEILING),
        (_D013, _D075, "1.00", _sign("anne", "bruno"), Outcome.VALIDATION_PLACE),
        (_D013, _D075, "1.00", _sign("anne", "claire"), Outcome.VALIDATION_PLACE),
        (_D013, _D075, "1.00", _sign("bruno", "denis"), Outcome.ENTRY_PLACE),
        (_D013, _D075, "1.00", _sign("claire", "denis"), Outcome.ENTRY_PLACE),
        (_D075, _D013, "1.00", _sign("claire", "denis"), Outcome.ENTRY_PLACE),
        (_D013, _D075, "1.00", _sign("anne", "emma", "D-1"), Outcome.VALIDATION_PLACE),
        (_D013, _D075, "1.00", _sign("anne", "emma", "D-2"), Outcome.ACCEPTED),
        (_D013, _D075, "1.00", _sign("anne", "emma", "D-3"), Outcome.DELEGATION_OWNER),
        (f"{_D013}-DD13", f"{_D013}-DR13", "1.00", _sign("anne", "bruno"), Outcome.ACCEPTED),
        (f"{_D013}-DD13", f"{_D075}-DD75", "1.00", _sign("anne", "bruno"), Outcome.VALIDATION_PLACE),
    ],
)
def test_credits_are_moved_by_who_has_a_role_at_both_ends(
    arrival: str, departure: str, amount: str, signature: Row, outcome: Outcome
) -> None:
    move = {"kind": "budget_move_ae", "reference": "MV-1", "exercise": "2018", "date": "2018-05-02"}
    place = {"fund_centre": arrival, "counterpart": departure, "commitment_item": "HT2", "amount": amount}
    assert _decide(_start(MOVERS), move | place | signature) == [outcome]


@pytest.mark.parametrize(
    ("arrival", "signature", "outcome"),
    [
        (_D013, _sign("anne", "bruno"), Outcome.VALIDATION_PLACE),
        (_D013, _sign("bruno", "denis"), Outcome.ENTRY_PLACE),
        (f"{_D013}-DD13", _sign("anne", "bruno"), Outcome.ACCEPTED),
        (f"{_D013}-DD13", _sign("bruno", "denis"), Outcome.ACCEPTED),
        (f"{_D013}-DD13", _sign("anne", "claire"), Outcome.VALIDATION_PLACE),
        (f"{_D013}-DD13", _sign("anne", "emma", "D-1"), Outcome.ACCEPTED),
        (_D013, _sign("anne", "emma", "D-1"), Outcome.VALIDATION_PLACE),
    ],
)
def test_credits_are_allotted_by_who_has_a_role_at_the_level_above(
    arrival: str, signature: Row, outcome: Outcome
) -> None:
    allotment = {
        "kind": "allotment_ae",
        "reference": "MAD-1",
        "exercise": "2018",
        "date": "2018-05-02",
        "amount": "1.00",
    }
    place = {"fund_centre": arrival, "commitment_item": "HT2"}
    assert _decide(_start(MOVERS), allotment | place | signature) == [outcome]


def test_a_ceiling_is_that_of_the_whole_act() -> None:
    """An act is not split into lines to stay below it; the line that is reported is the first."""
    lines: File = [
        _commit("EJ-1", "2018-05-02", "60.00", **_sign("anne", "bruno")) | {"line": "1"},
        _commit("EJ-1", "2018-05-02", "40.01", **_sign("anne", "bruno")) | {"line": "2"},
    ]
    assert _decide(_start(), *lines) == [Outcome.VALIDATION_CEILING, Outcome.ACT_REFUSED]


def test_what_follows_is_judged_at_the_place_of_its_predecessor() -> None:
    harness = _start()
    service = {"kind": "service", "exercise": "2018", "line": "1", "predecessor": "EJ-1", "amount": "1.00"}
    rows = [
        _commit("EJ-1", "2018-04-02", "1.00", **_sign("claire", "bruno")),
        service | {"reference": "SF-1", "date": "2018-04-03"} | _sign("claire", "bruno"),
    ]
    assert _decide(harness, *rows) == [Outcome.ACCEPTED, Outcome.ACCEPTED]


def test_the_batch_stores_persons_agreements_and_the_directory_that_it_follows() -> None:
    harness = _start()
    result = harness.decide_files(
        [
            _commit("EJ-1", "2018-05-02", "1.00", **_sign("anne", "emma", "D-1")),
            _commit("EJ-2", "2018-05-02", "20.00"),
            _commit("EJ-3", "2018-05-02", "20.00"),
            _commit("EJ-4", "2018-05-02", "20.01"),
            _commit("EJ-5", "2018-05-02", "1.00"),
            _commit("EJ-6", "2018-05-02", "1.00", **_sign("anne", "anne")),
        ]
    )
    first = result.first_entry
    assert _read(result, EntrySignatures, "entry_signature") == [(first, ANNE, EMMA, 1)]
    uses = [(first + 1, first + 2, 7), (first + 4, first + 4, 7)]
    assert _read(result, AgreementUses, "agreement_use") == uses
    assert _read(result, DirectoryEffects, "directory_effect") == [(9, 1)]
    assert (
        _read(
            harness.decide_files([_commit("EJ-7", "2018-05-02", "1.00")]),
            DirectoryEffects,
            "directory_effect",
        )
        == []
    )
