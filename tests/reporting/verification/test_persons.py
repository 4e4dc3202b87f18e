"""Persons: a journal with signatures and agreements is proven, explained, and every breach that is planted is found."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from core.directory_entries import (
    AgreementEntry,
    CoupleEntry,
    DelegationEnd,
    DelegationEntry,
    DirectoryEntry,
    PersonEntry,
    RoleEntry,
)
from core.outcome_codes import Outcome
from core.person_decisions import StatedPerson
from core.roles import Role
from posting.book.registry import ReferenceData
from posting.store import directory_store
from posting.store.directory_store import NewChange
from reporting import code_labels
from reporting.act_history import explain
from reporting.act_narrative import render
from reporting.code_names import read_names
from reporting.verification import verify
from tests.reference_years import copy_reference, replace_text
from tests.reporting.journals import ASPR, Row, act, grant, process_files
from tests.reporting.planted_breaches import plant_breach

_JANUARY, _JULY = date(2018, 1, 1), date(2018, 7, 1)
_CREDITS = [
    grant("budget_opening_ae", "O1", "500.00", "0217"),
    grant("allotment_ae", "A1", "500.00", "0217-SGAC"),
    grant("allotment_ae", "A2", "490.00", "0217-SGAC-ASPR"),
]
"""Entries 1 to 3, from before the day on which an agreement is required."""
_OFFICER = Role.AUTHORISING_OFFICER
_DIRECTORY: Sequence[DirectoryEntry] = (
    *(PersonEntry(name.lower(), f"{name} Martin") for name in ("Anne", "Bruno", "Claire", "Denis", "Emma")),
    RoleEntry("anne", _OFFICER, "entry", _JANUARY),
    RoleEntry("bruno", _OFFICER, "validation", _JANUARY, centre="0217", ceiling="100.00"),
    DelegationEntry("D-1", "bruno", "claire", _OFFICER, ["0217-SGAC"], _JANUARY, ceiling="50.00"),
    AgreementEntry("A-1", "MINISTRY", ["commitment"], _JANUARY, "Deux connexions", ceiling="20.00"),
    RoleEntry("denis", Role.PROGRAMME_MANAGER, "entry", _JANUARY),
    RoleEntry("emma", Role.PROGRAMME_MANAGER, "validation", _JANUARY, centre="0217-SGAC"),
    *(PersonEntry(name.lower(), f"{name} Martin") for name in ("Fanny", "Gilles")),
    RoleEntry("fanny", Role.BUDGET_DIRECTORATE, "entry", _JANUARY),
    RoleEntry("gilles", Role.BUDGET_DIRECTORATE, "validation", _JANUARY),
    CoupleEntry("anne", "bruno", _JANUARY),
)
_BY_DELEGATION = {"entered_by": "anne", "validated_by": "claire", "delegation": "D-1"}
_ACTS = [
    act("commitment", "C1", "100.00", ASPR, entered_by="anne", validated_by="bruno", date="2018-08-01"),
    act(
        "commitment",
        "C2",
        "50.00",
        ASPR,
        entered_by="anne",
        validated_by="claire",
        delegation="D-1",
        date="2018-08-01",
    ),
    act("commitment", "C3", "20.00", ASPR, date="2018-08-01"),
    act("commitment", "C4", "20.01", ASPR, date="2018-08-01"),
    act("commitment", "C5", "1.00", ASPR, date="2018-05-01"),
    act("commitment", "C6", "1.00", ASPR, entered_by="bruno", validated_by="anne", date="2018-08-01"),
    grant(
        *("budget_move_ae", "M1", "5.00", "0217-SGAC-IMMO"),
        counterpart="0217-SGAC-ASPR",
        entered_by="denis",
        validated_by="emma",
        date="2018-08-01",
    ),
    grant(
        *("allotment_ae", "A3", "10.00", "0217-SGAC-ASPR"),
        entered_by="denis",
        validated_by="emma",
        date="2018-08-01",
    ),
]
"""Entries 4 to 9: signed, signed by delegation, under the agreement (C3 and C5), a move and an allotment of credits."""
_LATER = [
    act(
        "commitment",
        "C7",
        "1.00",
        ASPR,
        entered_by="anne",
        validated_by="claire",
        delegation="D-1",
        date="2018-08-01",
    ),
]
_DECREE = [
    grant("budget_opening_ae", "O2", "500.00", "0177"),
    grant(
        *("virement_ae", "V1", "5.00", "0217"),
        counterpart="0177",
        document_hash="5e" * 32,
        entered_by="fanny",
        validated_by="gilles",
        date="2018-08-01",
    ),
]
"""Entries 10 and 11: an opening from before that day, and a virement by the budget directorate."""
_ENDED = "insert into directory_end values ('{}', 1, '2018-07-31', 1)"
_ACCOUNTING = (
    "insert into person_role (person, role, hand, centre, accountant, first_day, change)"
    " values (1, 'assigned_accountant', 'both', '', '', '2018-01-01', 1)"
)
_COUPLE = (
    "with new as (insert into person (code, name, change) values ('hugo', 'Hugo', 1) returning person), accounts as ("
    " insert into person_role (person, role, hand, centre, accountant, first_day, change)"
    " select person, 'assigned_accountant', 'both', '', '', '2018-01-01', 1 from new)"
    " insert into person_couple (person, partner, first_day, last_day, change)"
    " select {columns}, '2018-01-01', {last}, 1 from new"
)
_WITHOUT_AGREEMENT = "delete from agreement_use where first_entry = 6"
_SIGNED_AND_AGREED = "update agreement_use set first_entry = 5 where first_entry = 6"
_TURNED = "update entry_signature set entered = 2, validated = 1 where entry = 4"
BREACHES = {
    "one person on both sides": (
        "update entry_signature set validated = entered where entry = 4", "two_hands", "entry 4",
    ),
    "an unknown person": ("update entry_signature set entered = 99 where entry = 4", "two_hands", "entry 4"),
    "an unknown delegation": (
        "update entry_signature set delegation = 99 where entry = 5", "two_hands", "entry 5",
    ),
    "a signature of no entry": ("update entry_signature set entry = 99 where entry = 4", "two_hands", "entry 99"),
    "entry by who only validates": (_TURNED, "signature_rights", "entry 4 "),
    "another place": (
        "update person_role set centre = '0177' where person = 2", "signature_rights", "entry 4 ",
    ),
    "another day": (
        "update person_role set first_day = '2018-08-02' where person = 1", "signature_rights", "entry 4 ",
    ),
    "a lower ceiling": ("update person_role set ceiling = 9999 where person = 2", "signature_rights", "entry 4 "),
    "no role where credits arrive": (
        "update person_role set centre = '0217-SGAC-ASPR' where person_role = 4", "signature_rights", "entry 8 ",
    ),
    "no role where credits leave": (
        "update person_role set centre = '0217-SGAC-IMMO' where person_role = 4", "signature_rights", "entry 8 ",
    ),
    "no role at the level above an allotment": (
        "update person_role set centre = '0217-SGAC-ASPR' where person_role = 4", "signature_rights", "entry 9 ",
    ),
    "no role at the programme that a virement takes from": (
        "update person_role set centre = '0217' where person_role = 6", "signature_rights", "entry 11 ",
    ),
    "no role at the programme that a virement gives to": (
        "update person_role set centre = '0177' where person_role = 6", "signature_rights", "entry 11 ",
    ),
    "a role that ended": (_ENDED.format("role"), "signature_rights", "entry 4 "),
    "a role that came later": ("update directory_effect set after_batch = 99", "signature_rights", "entry 4 "),
    "a delegation of less": ("update delegation set ceiling = 4999", "signature_rights", "entry 5 "),
    "a delegation by an owner without the role": (
        "update person_role set role = 'certifier' where person = 2", "signature_rights", "entry 5 ",
    ),
    "no delegation at all": (
        "update entry_signature set delegation = 0 where entry = 5", "signature_rights", "entry 5 ",
    ),
    "neither persons nor agreement": (_WITHOUT_AGREEMENT, "agreements", "entry 6 "),
    "a signature taken away": ("delete from entry_signature where entry = 4", "agreements", "entry 4 "),
    "an agreement of another sender": ("update agreement set sender = 'OTHER'", "agreements", "entry 6 "),
    "an agreement about other kinds": ("update agreement set kinds = '{service}'", "agreements", "entry 6 "),
    "an agreement up to less": ("update agreement set ceiling = 1999", "agreements", "entry 6 "),
    "an agreement that ended": (_ENDED.format("agreement"), "agreements", "entry 6 "),
    "persons and an agreement": (_SIGNED_AND_AGREED, "agreements", "entry 5"),
    "no day where the calendar says one": (
        "update reference_use set agreement_days = '{}'", "agreements", "reference files, use 1",
    ),
    "a later day than the calendar says": (
        "update reference_use set agreement_days = '{\"2018\": \"2018-09-01\"}'", "agreements", "reference files, use 1",
    ),
    "a day for a year that the calendar does not name": (
        "update reference_use set agreement_days = '{\"2018\": \"2018-07-01\", \"2019\": \"2019-07-01\"}'",
        "agreements",
        "reference files, use 1",
    ),
    "who orders and accounts": (_ACCOUNTING, "role_separation", "person 1"),
    "a partner of who orders that accounts": (
        _COUPLE.format(columns="1, person", last="null"), "role_separation", "person 1 and person 8",
    ),
    "who validates by delegation, and a partner that accounts": (
        _COUPLE.format(columns="person, 3", last="'2018-01-01'"), "role_separation", "person 8 and person 3",
    ),
}  # fmt: skip


async def _store(dsn: str, *entries: DirectoryEntry) -> None:
    connection = await asyncpg.connect(dsn)
    await directory_store.store_change(
        connection, NewChange(entries, "Prise de fonctions", StatedPerson("Zoé"))
    )
    await connection.close()


@pytest_asyncio.fixture
async def reference(dsn: str, tmp_path: Path) -> Path:
    """Reference data that require an agreement from July on, with which the ledger of ``dsn`` was made."""
    folder = copy_reference(tmp_path)
    replace_text(
        folder, "calendar.toml", "[exercise.2018]", f"[exercise.2018]\nagreement_required_from = {_JULY}"
    )

    async def process(sender: str, rows: Sequence[Row]) -> None:
        path = tmp_path / f"{sender}-{len(rows)}.jsonl"
        lines = [{"envelope": {"sender": sender}}, *rows]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        await process_files(dsn, tmp_path, [path], ReferenceData.load(folder))

    await process("BUDGET", _CREDITS)
    await _store(dsn, *_DIRECTORY)
    await process("MINISTRY", _ACTS)
    await _store(dsn, DelegationEnd("D-1", date(2018, 7, 31)))
    await process("MINISTRY", _LATER)
    await process("BUDGET", _DECREE)
    return folder


@pytest_asyncio.fixture
async def ledger(dsn: str, reference: Path) -> AsyncIterator[asyncpg.Connection]:
    """A connection to that ledger, whose triggers are off."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    yield connection
    await connection.close()


async def test_signatures_and_agreements_are_proven(
    ledger: asyncpg.Connection, dsn: str, reference: Path
) -> None:
    verification = await verify(dsn, folder=reference)
    assert verification.findings == []
    assert verification.rows["entry"] == 11
    codes = [row["code"] for row in await ledger.fetch("select code from refusal order by submission, line")]
    expected = [Outcome.AGREEMENT_EXCEEDED, Outcome.ENTRY_ROLE_MISSING, Outcome.VALIDATION_DAY]
    assert codes == expected
    assert await ledger.fetchval("select count(*) from agreement_use") == 1, "one run of entries"


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_planted_breach_is_found(
    ledger: asyncpg.Connection, dsn: str, reference: Path, breach: str
) -> None:
    statement, check, place = BREACHES[breach]
    places = await plant_breach(ledger, dsn, statement, check, folder=reference)
    assert [found_place for found_place in places if found_place.startswith(place)]


@pytest.mark.parametrize(
    ("setting", "today"), [("agreement_required_from = 2018-01-01", [1, 2, 3, 6, 7, 10]), ("", [])]
)
async def test_lines_are_judged_by_the_day_of_their_time(
    ledger: asyncpg.Connection, dsn: str, reference: Path, setting: str, today: list[int]
) -> None:
    """The calendar is changed after the lines were decided: what was right stays so, and what was wrong too.

    Batches from before the day was stored are judged by the calendar of today.
    """
    replace_text(reference, "calendar.toml", f"agreement_required_from = {_JULY}", setting)
    assert (await verify(dsn, folder=reference)).findings == []
    await ledger.execute(_WITHOUT_AGREEMENT)
    assert await _list_entries(dsn, reference) == [6]
    await ledger.execute("update reference_use set after_batch = null, agreement_days = null")
    assert await _list_entries(dsn, reference) == today


async def _list_entries(dsn: str, reference: Path) -> list[int]:
    """Return the entries that need an agreement and have none."""
    findings = (await verify(dsn, folder=reference)).findings
    return sorted(int(finding.place.split()[1]) for finding in findings if finding.check == "agreements")


async def test_explain_names_persons_roles_delegation_and_agreement(
    ledger: asyncpg.Connection, reference: Path
) -> None:
    names = await read_names(ledger, code_labels.load(reference))

    async def tell(act_reference: str) -> list[str]:
        return [part for part in render(await explain(ledger, names, act_reference)) if isinstance(part, str)]

    signed = await tell("C2")
    assert "  entered    by anne Anne Martin (authorising_officer)" in signed
    assert "  validated  by claire Claire Martin" in signed
    by_delegation = "by delegation D-1 (authorising_officer) of bruno Bruno Martin (authorising_officer)"
    assert f"             {by_delegation}" in signed
    assert "  agreement  A-1: Deux connexions" in await tell("C3")
    assert not [line for line in await tell("A1") if "validated" in line or "agreement" in line]
