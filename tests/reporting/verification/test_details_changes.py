"""Changes of bank details: a journal of them is proven, explained, and every breach that is planted is found."""

import json
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from core.directory_entries import DelegationEntry, PersonEntry, RoleEntry
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
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.file_strategies import REFERENCE
from tests.oracle.iban import add_check_digits
from tests.reporting.journals import PAID, act, process_files
from tests.reporting.planted_breaches import plant_breach
from tests.reporting.remade_hashes import remake_hashes

_IBANS = [add_check_digits("FR", f"{number:023}") for number in range(1, 4)]
_DELEGATED = {"validated_by": "emma", "delegation": "D-1"}
_ACTS = [
    act("third_party", "T1", "", PAID, payee_name="Fournisseur", iban=_IBANS[0]),
    act("bank_details", "B1", "", PAID, payee_name="Fournisseur", iban=_IBANS[1], **CHANGE_FIELDS),
    act(
        "bank_details",
        "B2",
        "",
        PAID,
        payee_name="Fournisseur",
        iban=_IBANS[2],
        **(CHANGE_FIELDS | _DELEGATED),
    ),
    act("bank_details", "B3", "", PAID, payee_name="Fournisseur", iban=_IBANS[2]),
]
"""Entries 1 to 3; the last change is refused."""
_JANUARY = date(2018, 1, 1)
_DIRECTORY = (
    PersonEntry("emma", "Emma"),
    PersonEntry("agnes", "Agnes"),
    RoleEntry("agnes", Role.AUTHORISING_OFFICER, "both", _JANUARY),
    DelegationEntry("D-1", "david", "emma", Role.ASSIGNED_ACCOUNTANT, ["*"], _JANUARY),
)
"""Emma and Agnes beside the accountants 1 and 2; Emma holds a delegation of person 2."""
BREACHES = {
    "no persons": ("delete from entry_signature where entry = 2", "entry 2 (B1)"),
    "one person": ("update entry_signature set validated = entered where entry = 2", "entry 2 (B1)"),
    "an authorising officer": (
        "update entry_signature set entered = (select person from person where code = 'agnes') where entry = 2",
        "entry 2 (B1)",
    ),
    "an accountant from the day after": (
        "update person_role set first_day = '2018-03-16' where person = 1",
        "entry 2 (B1)",
    ),
    "an owner who is no accountant": (
        "update person_role set role = 'auditor' where person = 2",
        "entry 3 (B2)",
    ),
    "no evidence": ("delete from details_evidence where entry = 2", "entry 2 (B1)"),
    "a hash that is none": (
        "update details_evidence set evidence_hash = 'letter' where entry = 3",
        "entry 3 (B2)",
    ),
    "no call back": ("update details_evidence set call_back = ' ' where entry = 3", "entry 3 (B2)"),
    "evidence of another act": ("update details_evidence set entry = 1 where entry = 2", "entry 1"),
    "no rule": ("delete from details_rule", "details_rule"),
    "a second rule": ("insert into details_rule values (3)", "details_rule"),
}


@pytest_asyncio.fixture
async def ledger(dsn: str, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a ledger with these acts, whose triggers are off and whose checks of columns are dropped."""
    await add_accountants(dsn)
    connection = await asyncpg.connect(dsn)
    await directory_store.store_change(connection, NewChange(_DIRECTORY, "test", StatedPerson("test")))
    path = tmp_path / "acts.jsonl"
    lines = [{"envelope": {"sender": "ACCOUNTANT"}}, *_ACTS]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    await process_files(dsn, tmp_path, [path], ReferenceData.load(REFERENCE))
    await connection.execute("set session_replication_role = replica")
    for name in ("evidence_hash", "call_back"):
        await connection.execute(
            f"alter table details_evidence drop constraint details_evidence_{name}_check"
        )
    yield connection
    await connection.close()


async def test_changes_with_evidence_are_proven(ledger: asyncpg.Connection, dsn: str) -> None:
    verification = await verify(dsn, folder=REFERENCE)
    assert verification.findings == []
    assert verification.rows["entry"] == 3
    assert [row["code"] for row in await ledger.fetch("select code from refusal")] == [
        Outcome.EVIDENCE_MISSING
    ]


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_planted_breach_is_found(ledger: asyncpg.Connection, dsn: str, breach: str) -> None:
    statement, place = BREACHES[breach]
    assert place in await plant_breach(ledger, dsn, statement, "details_changes")


async def test_a_change_from_before_the_rule_needs_nothing(ledger: asyncpg.Connection, dsn: str) -> None:
    """The migration of a ledger that has entries states the last of them."""
    await ledger.execute("update details_rule set after_entry = 3")
    await ledger.execute("delete from details_evidence; delete from entry_signature")
    await remake_hashes(ledger)
    assert (await verify(dsn, folder=REFERENCE)).findings == []


async def test_explain_shows_the_evidence_and_the_call_back(ledger: asyncpg.Connection) -> None:
    names = await read_names(ledger, code_labels.load(REFERENCE))
    explanation = await explain(ledger, names, "B1")
    lines = [part for part in render(explanation) if isinstance(part, str)]
    assert f"  evidence   SHA-256 {CHANGE_FIELDS['evidence_hash']}" in lines
    assert f"             the payee was called back: {CHANGE_FIELDS['call_back']}" in lines
    (line,) = explanation.accepted
    assert line.evidence
    assert line.evidence.call_back == CHANGE_FIELDS["call_back"]
    (registration,) = (await explain(ledger, names, "T1")).accepted
    assert registration.evidence is None
