"""Payment runs of persons who are proved: two of them for one payment, and every breach that is planted is found."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.directory_entries import LoginEnd, PersonEntry, RoleEnd
from core.errors import PersonNotProved
from core.period_states import PeriodAction
from core.person_decisions import StatedPerson
from posting.store import period_store
from posting.store.period_store import NewDecision
from reporting.verification import verify
from service.database.embedded_server import Database
from settlement.runs.run_queries import NoSuchRun
from tests.databases import create_database, open_connection
from tests.file_strategies import REFERENCE
from tests.proved_persons import LOGINS, PERSONS, change_directory, find_yesterday
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes
from tests.settlement.runs.small_state import SmallState, iban

_LAST_EDIT = "(select max(person_decision) from person_decision where decision = 'edit')"
_REMOVED = f"delete from person_decision where person_decision = {_LAST_EDIT}"
BREACHES = {
    "a decision without a proof": ("delete from person_decision where decision = 'release'", "release 1"),
    "a proof of another run": ("update person_decision set number = 2 where decision = 'issue'", "issue 1"),
    "a proof of another person": ("update person_decision set person = 4 where decision = 'release'", "release 1"),
    "another name than was proved": ("update payment_release set released_by = 'Claire'", "release 1"),
    "a login of another person": (
        "update person_decision set person_login = 4 where decision = 'release'", "release 1",
    ),
    "a login that began later": (
        "update person_login set first_day = '2100-01-01' where person = 3", "release 1",
    ),
    "a login that had ended": ("insert into directory_end values ('login', 3, '2018-01-02', 1)", "release 1"),
    "a login that came later": ("update person_login set change = 2 where person = 3", "release 1"),
    "no role": ("update person_role set role = 'authorising_officer' where person = 3", "release 1"),
    "a role of another hand": ("update person_role set hand = 'entry' where person = 3", "release 1"),
    "a role at one place": ("update person_role set accountant = 'PACA' where person = 3", "release 1"),
    "a role up to less": ("update person_role set ceiling = 299 where person = 3", "release 1"),
    "a role that had ended": ("insert into directory_end values ('role', 3, '2018-01-02', 1)", "release 1"),
    "a role that came later": ("update person_role set change = 2 where person = 3", "release 1"),
    "one person for both": (
        "update person_decision set person = 2, person_login = 2 where decision = 'release'", "release 1",
    ),
    "an earlier state of the directory": (
        "update person_decision set change = 1 where decision = 'period'", "period 1",
    ),
    "another day": ("update person_decision set day = day - 2 where decision = 'period'", "period 1"),
    "a change of the directory by name": (
        "delete from person_decision where decision = 'directory'", "directory 2",
    ),
    "an edit without its proof": (_REMOVED, "edit 1"),
    "an edit that states no proof": (
        f"update payment_edit set person_decision = null where person_decision = {_LAST_EDIT};{_REMOVED}", "edit 1",
    ),
    "edits with one proof": (
        f"update payment_edit set person_decision = {_LAST_EDIT} where by = 'Alice'", "edit 1",
    ),
    "a month closed by name": ("update period_decision set by = 'Bruno'", "period 1"),
}  # fmt: skip


async def open_paying_state(dsn: str, folder: Path) -> SmallState:
    """A ledger with two requests of 3.00 euros in all, and persons who prove who they are."""
    state = await SmallState(dsn, folder).open()
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests(
        {"reference": "DP-1", "payee": "P1", "amount": "1.00"},
        {"reference": "DP-2", "payee": "P1", "amount": "2.00"},
    )
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    return state


async def close_month(dsn: str) -> None:
    new = NewDecision(2018, 5, "", PeriodAction.CLOSE, "Clôture", StatedPerson("Alice", user="Alice"))
    async with open_connection(dsn) as connection:
        await period_store.store_decision(connection, new)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def template(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A run that Alice proposed and changed, Bruno released and Claire issued, and a month that Alice closed."""
    async with create_database(database) as dsn:
        state = await open_paying_state(dsn, tmp_path_factory.mktemp("proved"))
        run = await state.propose("Alice")
        await state.edit(run, "hold", 1, by="Bruno")
        await state.edit(run, "unhold", 1, by="Alice")
        await state.edit(run, "hold", 1, 2, by="Alice")
        await state.edit(run, "unhold", 1, 2, by="Alice")
        await state.release(run, "Bruno")
        await state.issue(run)
        await change_directory(dsn, PersonEntry("eve", "Eve"))
        await close_month(dsn)
        yield dsn


@pytest_asyncio.fixture
async def copy(database: Database, template: str) -> AsyncIterator[str]:
    async with create_database(database, template.rpartition("/")[2]) as dsn:
        yield dsn


async def list_findings(dsn: str) -> list[str]:
    verification = await verify(dsn, folder=REFERENCE, checks=["proved_persons"])
    assert list_hash_findings(verification) == []
    return [finding.place for finding in verification.findings]


async def test_what_proved_persons_decided_is_proven(copy: str) -> None:
    assert await list_findings(copy) == []
    async with open_connection(copy) as connection:
        rows = await connection.fetch(
            "select decision, person, proof from person_proof order by decision, person"
        )
    assert [f"{row['decision']} {row['person']} {row['proof']}" for row in rows] == [
        *(
            "directory zoe user zoe",
            "edit Alice user Alice",
            "edit Bruno user Bruno",
            "issue Claire user Claire",
        ),
        *("period Alice user Alice", "proposal Alice user Alice", "release Bruno user Bruno"),
    ]


@pytest.mark.parametrize("breach", list(BREACHES))
async def test_a_planted_breach_is_found(breach: str, copy: str) -> None:
    statement, place = BREACHES[breach]
    async with open_connection(copy) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute(statement)
        await remake_hashes(connection)
    assert place in await list_findings(copy)


async def test_edits_of_an_earlier_version_state_no_proof(copy: str) -> None:
    """They are judged by run and person: what an earlier version stored stays proven."""
    async with open_connection(copy) as connection:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("update payment_edit set person_decision = null")
        await remake_hashes(connection)
    assert await list_findings(copy) == []


async def test_a_release_needs_another_proved_person(dsn: str, tmp_path: Path) -> None:
    state = await open_paying_state(dsn, tmp_path)
    run = await state.propose("Alice")
    with pytest.raises(NoSuchRun, match="another person must"):
        await state.release(run, "Alice")
    for name, message in (
        ("root", "root is not proved by the user root"),
        ("david", "david is proved by the user david, and has no role"),
    ):
        with pytest.raises(PersonNotProved, match=message):
            await state.release(run, name)
        with pytest.raises(PersonNotProved, match=message):
            await state.propose(name)
        with pytest.raises(PersonNotProved, match=message):
            await state.edit(run, "hold", 1, by=name)
    await change_directory(dsn, RoleEnd(3, find_yesterday()), LoginEnd(4, find_yesterday()))
    with pytest.raises(PersonNotProved, match="Bruno is proved by the user Bruno, and has no role"):
        await state.release(run, "Bruno")
    with pytest.raises(PersonNotProved, match="its last login, 4, does not hold"):
        await state.release(run, "Claire")
    (row,) = await state.fetch_rows("select state from payment_state")
    assert row["state"] == "proposed"


async def test_a_run_of_before_the_directory_is_proposed_again(dsn: str, tmp_path: Path) -> None:
    state = await SmallState(dsn, tmp_path).open()
    await state.register_payees({"payee": "P1", "iban": iban(1)})
    await state.post_requests({"reference": "DP-1", "payee": "P1", "amount": "1.00"})
    run = await state.propose("Alice")
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    with pytest.raises(NoSuchRun, match="proposed or changed by Alice, who was not proved: abandon it"):
        await state.release(run, "Bruno")
