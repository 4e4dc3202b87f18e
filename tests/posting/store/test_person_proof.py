"""Who is proved by which login on which day, and what the directory keeps for it."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import asyncpg
import pytest
import pytest_asyncio

from core.directory_entries import (
    DirectoryEntry,
    LoginEnd,
    LoginEntry,
    PersonEntry,
    RoleEnd,
    RoleEntry,
)
from core.errors import NoSuchRecord, PersonNotProved
from core.person_decisions import NOBODY, Decision, DecisionKind, StatedPerson
from core.roles import Role
from posting.store import directory_rows, person_proof
from posting.store.directory_draft import RefusedChange
from posting.store.migrate import migrate
from tests.databases import open_connection
from tests.proved_persons import FIRST_DAY, LOGINS, OPERATOR, PERSONS, change_directory, find_yesterday

RELEASE = Decision(DecisionKind.RELEASE)
ALICE = StatedPerson("Alice", user="Alice")


@pytest_asyncio.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """An empty ledger with an API key."""
    async with open_connection(dsn) as connection:
        await migrate(connection)
        await connection.execute(
            "insert into access_key (key, sender, digest, roles, programmes, label)"
            " values ('payer2222222', 'DRFIP-75', sha256('1'), '{assigned_accountant}', '{}', '')"
        )
        yield connection


async def prove(connection: asyncpg.Connection, person: StatedPerson, decision: Decision = RELEASE) -> str:
    """Prove a person; return the code and the login, or why he is not proved."""
    try:
        proved = await person_proof.prove_person(connection, person, decision)
    except PersonNotProved as unproved:
        return str(unproved)
    return f"{proved.name} {proved.login}"


async def test_a_ledger_without_persons_records_names_as_stated(connection: asyncpg.Connection) -> None:
    assert await prove(connection, StatedPerson("Anybody", user="root")) == "Anybody 0"
    assert await prove(connection, StatedPerson("", "payer2222222")) == "payer2222222 0"


async def test_the_first_person_ends_names_without_proof(connection: asyncpg.Connection, dsn: str) -> None:
    await change_directory(dsn, PersonEntry("Alice", "Alice Martin"), by=StatedPerson("Claire"))
    for person in (StatedPerson("Anybody", user="root"), ALICE, NOBODY, StatedPerson("", "payer2222222")):
        assert "is not proved by the" in await prove(connection, person)


async def test_the_directory_is_changed_by_name_until_an_operator_has_a_login(
    connection: asyncpg.Connection, dsn: str
) -> None:
    anybody = StatedPerson("Anybody")
    await change_directory(dsn, *PERSONS, by=anybody)
    await change_directory(dsn, *LOGINS[1:], by=anybody)
    await change_directory(dsn, LOGINS[0], by=anybody)
    with pytest.raises(PersonNotProved, match="Anybody is not proved by the user"):
        await change_directory(dsn, PersonEntry("eve", "Eve"), by=anybody)
    with pytest.raises(PersonNotProved, match="has no role operator"):
        await change_directory(dsn, PersonEntry("eve", "Eve"), by=ALICE)
    number = await change_directory(dsn, PersonEntry("eve", "Eve"))
    rows = await connection.fetch("select decision, number, person, proof from person_proof")
    assert [tuple(row) for row in rows] == [("directory", number, "zoe", "user zoe")]
    changes = (await directory_rows.load_directory(connection))["changes"]
    assert [(row["by"], row["proof"]) for row in changes[:2]] == [("zoe", "user zoe"), ("Anybody", "")]


async def test_an_operator_at_one_place_or_for_some_days_does_not_end_changes_by_name(
    connection: asyncpg.Connection, dsn: str
) -> None:
    await connection.execute("insert into reference_text values (1, 1, '0217')")
    login = LoginEntry("zoe", "user", "zoe", FIRST_DAY)
    operators = (
        RoleEntry("zoe", Role.OPERATOR, "both", FIRST_DAY, centre="0217"),
        RoleEntry("zoe", Role.OPERATOR, "both", FIRST_DAY, find_yesterday()),
        RoleEntry("zoe", Role.OPERATOR, "both", date(2100, 1, 1)),
    )
    anybody = StatedPerson("Anybody")
    await change_directory(dsn, PersonEntry("zoe", "Zoé"), *operators, login, by=anybody)
    await change_directory(dsn, RoleEntry("zoe", Role.OPERATOR, "both", FIRST_DAY), by=anybody)
    with pytest.raises(PersonNotProved):
        await change_directory(dsn, PersonEntry("eve", "Eve"), by=anybody)
    await change_directory(dsn, PersonEntry("eve", "Eve"))


async def test_an_operator_whose_role_has_ended_or_whose_key_may_expire_does_not_lock_the_directory(
    connection: asyncpg.Connection, dsn: str
) -> None:
    anybody, role = StatedPerson("Anybody"), RoleEntry("zoe", Role.OPERATOR, "both", FIRST_DAY)
    await change_directory(dsn, PersonEntry("zoe", "Zoé"), role, by=anybody)
    await change_directory(dsn, RoleEnd(1, find_yesterday()), by=anybody)
    await change_directory(dsn, LoginEntry("zoe", "user", "zoe", FIRST_DAY), by=anybody)
    keyed = (
        PersonEntry("yves", "Yves"),
        RoleEntry("yves", Role.OPERATOR, "both", FIRST_DAY),
        LoginEntry("yves", "key", "payer2222222", FIRST_DAY),
    )
    await change_directory(dsn, *keyed, by=anybody)
    await change_directory(dsn, role, by=anybody)
    with pytest.raises(PersonNotProved):
        await change_directory(dsn, PersonEntry("eve", "Eve"), by=anybody)
    await change_directory(dsn, PersonEntry("eve", "Eve"))


async def test_one_change_ends_nothing_twice(connection: asyncpg.Connection, dsn: str) -> None:
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    with pytest.raises(RefusedChange, match="role 3 ends twice in one change: state the earlier day alone"):
        await change_directory(dsn, RoleEnd(3, find_yesterday()), RoleEnd(3, FIRST_DAY))


async def test_every_change_before_a_batch_holds_after_it(connection: asyncpg.Connection, dsn: str) -> None:
    """A batch states the last change that it follows."""
    first = await change_directory(dsn, *PERSONS, by=StatedPerson("Claire"))
    second = await change_directory(dsn, *LOGINS, by=StatedPerson("Claire"))
    await connection.execute("insert into directory_effect values ($1, 7)", second)
    changes = (await directory_rows.load_directory(connection))["changes"]
    assert {row["change"]: row["after_batch"] for row in changes} == {first: 7, second: 7}


async def test_the_key_of_a_command_needs_the_side_of_the_decision(
    connection: asyncpg.Connection, dsn: str
) -> None:
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    await change_directory(dsn, LoginEntry("Bruno", "key", "payer2222222", FIRST_DAY))
    person = StatedPerson("Bruno", "payer2222222", "root", frozenset({Role.AUDITOR}))
    assert "the key payer2222222 has no role assigned_accountant or central_accountant" in await prove(
        connection, person
    )
    accountant = person._replace(key_roles=frozenset({Role.ASSIGNED_ACCOUNTANT}))
    assert await prove(connection, accountant) == "Bruno 6"


@pytest.mark.parametrize(
    ("entries", "person", "outcome"),
    [
        ((), ALICE, "Alice 2"),
        ((), StatedPerson("", user="Alice"), "Alice 2"),
        ((), StatedPerson("Bruno", user="Alice"), "the user Alice proves Alice: name Alice"),
        ((), StatedPerson("Alice", user="root"), "Alice is not proved by the user root"),
        ((), StatedPerson("Alice", "nokey2222222", "Alice"), "not proved by the key nokey2222222"),
        ((), StatedPerson("david", user="david"), "has no role assigned_accountant or central_accountant"),
        ((RoleEnd(2, find_yesterday()),), ALICE, "has no role assigned_accountant or central_accountant on"),
        ((LoginEnd(2, find_yesterday()),), ALICE, "its last login, 2, does not hold on"),
        ((LoginEntry("Bruno", "key", "payer2222222", FIRST_DAY),), StatedPerson("Alice", "payer2222222", "Alice"),
         "the key payer2222222 proves Bruno"),
        ((LoginEntry("Bruno", "key", "payer2222222", FIRST_DAY),), StatedPerson("", "payer2222222"), "Bruno 6"),
        ((LoginEntry("Bruno", "key", "payer2222222", date(2100, 1, 1)),), StatedPerson("", "payer2222222"),
         "its last login, 6, does not hold on"),
        ((LoginEnd(2, find_yesterday()), LoginEntry("Bruno", "user", "Alice", find_yesterday() + timedelta(days=1))),
         StatedPerson("", user="Alice"), "Bruno 6"),
    ],
)  # fmt: skip
async def test_who_is_proved(
    entries: tuple[DirectoryEntry, ...],
    person: StatedPerson,
    outcome: str,
    connection: asyncpg.Connection,
    dsn: str,
) -> None:
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    if entries:
        await change_directory(dsn, *entries)
    assert outcome in await prove(connection, person)


async def test_a_login_proves_one_person_on_a_day(connection: asyncpg.Connection, dsn: str) -> None:
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    with pytest.raises(RefusedChange, match="user Alice belongs to a person by login 2, from 2018-01-01 on"):
        await change_directory(dsn, LoginEntry("Bruno", "user", "Alice", date(2020, 1, 1)))
    with pytest.raises(NoSuchRecord, match="the ledger has no key nokey"):
        await change_directory(dsn, LoginEntry("Bruno", "key", "nokey", FIRST_DAY))
    with pytest.raises(RefusedChange, match="1 to 300 printable characters"):
        await change_directory(dsn, LoginEntry("Bruno", "user", "a\nb", FIRST_DAY))
    end = find_yesterday()
    await change_directory(dsn, LoginEnd(2, end))
    with pytest.raises(RefusedChange, match=f"login 2 has {end} as its last day"):
        await change_directory(dsn, LoginEnd(2, end))
    listing = await directory_rows.load_directory(connection)
    assert [(row["number"], row["last_day"]) for row in listing["logins"][:3]] == [
        (1, None),
        (2, end),
        (3, None),
    ]


@pytest.mark.parametrize("end", [LoginEnd(1, find_yesterday()), RoleEnd(1, find_yesterday())])
async def test_the_directory_keeps_an_operator(end: DirectoryEntry, dsn: str) -> None:
    async with open_connection(dsn) as connection:
        await migrate(connection)
    await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    with pytest.raises(RefusedChange, match="nobody could change the directory any more"):
        await change_directory(dsn, end)
    successor = (
        PersonEntry("yves", "Yves"),
        RoleEntry("yves", Role.OPERATOR, "both", FIRST_DAY),
        LoginEntry("yves", "user", "yves", FIRST_DAY),
    )
    await change_directory(dsn, *successor, end)
    with pytest.raises(PersonNotProved):
        await change_directory(dsn, PersonEntry("eve", "Eve"), by=OPERATOR)
    await change_directory(dsn, PersonEntry("eve", "Eve"), by=StatedPerson("yves", user="yves"))


async def test_a_decision_and_its_proof_are_stored_together(connection: asyncpg.Connection, dsn: str) -> None:
    change = await change_directory(dsn, *PERSONS, *LOGINS, by=StatedPerson("Claire"))
    with pytest.raises(ZeroDivisionError):
        async with person_proof.record_decision(connection, ALICE, RELEASE, number=7):
            raise ZeroDivisionError
    assert await connection.fetchval("select count(*) from person_decision") == 0
    async with person_proof.record_decision(connection, ALICE, RELEASE, number=7) as proved:
        assert proved.name == "Alice"
    row = await connection.fetchrow(
        "select decision, number, person, person_login, change from person_decision"
    )
    assert row
    assert tuple(row) == ("release", 7, 2, 2, change)
