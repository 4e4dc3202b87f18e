"""The stored directory of persons: what is loaded as of a change, and what no change may do."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import date

import asyncpg
import pytest
import pytest_asyncio

from core.directory import EMPTY_DIRECTORY, Agreement, Delegation, Hand, RoleGrant
from core.directory_entries import (
    AgreementEnd,
    AgreementEntry,
    CoupleEnd,
    CoupleEntry,
    DelegationEnd,
    DelegationEntry,
    DirectoryEntry,
    PersonEntry,
    RoleEnd,
    RoleEntry,
)
from core.errors import NoSuchRecord
from core.person_decisions import StatedPerson
from core.roles import Role
from posting.store import directory_store
from posting.store.directory_draft import RefusedChange
from posting.store.directory_store import NewChange
from posting.store.migrate import migrate
from tests.databases import open_connection

JANUARY, MARCH, APRIL, JUNE = (date(2018, month, 1) for month in (1, 3, 4, 6))
ALICE, BRUNO = PersonEntry("alice", "Alice Martin"), PersonEntry("bruno", "Bruno Petit")
OFFICER = RoleEntry("alice", Role.AUTHORISING_OFFICER, "validation", JANUARY)
ACCOUNTANT = RoleEntry("alice", Role.ASSIGNED_ACCOUNTANT, "validation", APRIL, accountant="PACA")
DELEGATION = DelegationEntry("D-1", "alice", "bruno", Role.AUTHORISING_OFFICER, ["0217-SGAC"], JANUARY)
AGREEMENT = AgreementEntry(
    "A-1", "MIN-09", ["commitment"], JANUARY, "Two logins, checked by the system", JUNE
)
LONG, NOBODY = "x" * 65, "zoé"


@pytest_asyncio.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A ledger with two fund centres and an accountant."""
    async with open_connection(dsn) as connection:
        await migrate(connection)
        await connection.execute(
            "insert into reference_text values (1, 1, '0217'), (1, 2, '0217-SGAC'), (8, 1, 'PACA'), (6, 1, 'MIN-01')"
        )
        yield connection


async def store(
    connection: asyncpg.Connection, *entries: DirectoryEntry, key: str = "", places: Sequence[str] = ()
) -> int:
    return await directory_store.store_change(
        connection, NewChange(entries, "Prise de fonctions", StatedPerson("Claire", key), places)
    )


async def test_a_ledger_begins_without_persons(connection: asyncpg.Connection) -> None:
    assert await directory_store.load_directory(connection, None) == EMPTY_DIRECTORY
    assert await directory_store.load_effective_directory(connection) == EMPTY_DIRECTORY
    assert await directory_store.find_last_change(connection) == 0


async def test_what_was_stored_is_loaded(connection: asyncpg.Connection) -> None:
    role = RoleEntry("alice", Role.UO_MANAGER, "both", JANUARY, JUNE, "0217-SGAC", "PACA", "5000.5")
    everywhere = DelegationEntry("D-2", "bruno", "alice", Role.CERTIFIER, ["*"], JANUARY, JUNE, "1")
    change = await store(connection, ALICE, BRUNO, role, DELEGATION, everywhere, AGREEMENT, key="k")
    directory = await directory_store.load_directory(connection, None)
    alice, bruno = directory.persons["alice"], directory.persons["bruno"]
    assert directory.last_change == change == await directory_store.find_last_change(connection)
    assert directory.grants == (
        RoleGrant(alice, Role.UO_MANAGER, Hand.BOTH, "0217-SGAC", "PACA", JANUARY, JUNE, 500_050),
    )
    assert directory.delegations == (
        Delegation(1, "D-1", alice, bruno, Role.AUTHORISING_OFFICER, ("0217-SGAC",), JANUARY, None, None),
        Delegation(2, "D-2", bruno, alice, Role.CERTIFIER, (), JANUARY, JUNE, 100),
    )
    assert directory.agreements == (
        Agreement(1, "A-1", "MIN-09", frozenset({"commitment"}), JANUARY, JUNE, None),
    )
    row = await connection.fetchrow("select reason, by, key from directory_change")
    assert row
    assert tuple(row) == ("Prise de fonctions", "Claire", "k")


async def test_an_end_counts_from_its_own_change_on(connection: asyncpg.Connection) -> None:
    before = await store(connection, ALICE, BRUNO, OFFICER, DELEGATION, AGREEMENT)
    ends = (RoleEnd(1, APRIL), DelegationEnd("D-1", MARCH), AgreementEnd("A-1", MARCH))
    middle = await store(connection, *ends)
    last = await store(connection, RoleEnd(1, MARCH))

    async def load_last_days(change: int) -> list[date | None]:
        directory = await directory_store.load_directory(connection, change)
        terms = (*directory.grants, *directory.delegations, *directory.agreements)
        return [term.last_day for term in terms]

    assert await load_last_days(before) == [None, None, JUNE]
    assert await load_last_days(middle) == [APRIL, MARCH, MARCH]
    assert await load_last_days(last) == [MARCH, MARCH, MARCH]
    with pytest.raises(RefusedChange, match="role 1 has 2018-03-01 as its last day"):
        await store(connection, RoleEnd(1, APRIL))


async def test_a_change_holds_from_the_batch_that_notes_it(connection: asyncpg.Connection) -> None:
    change = await store(connection, ALICE)
    await store(connection, BRUNO)
    assert await directory_store.load_effective_directory(connection) == EMPTY_DIRECTORY
    await connection.execute("insert into directory_effect values ($1, 7)", change)
    directory = await directory_store.load_effective_directory(connection)
    assert (set(directory.persons), directory.last_change) == ({"alice"}, change)


async def test_roles_that_exclude_each_other_have_no_day_in_common(connection: asyncpg.Connection) -> None:
    await store(connection, ALICE, BRUNO, OFFICER)
    with pytest.raises(RefusedChange, match="nobody is authorising_officer and assigned_accountant"):
        await store(connection, ACCOUNTANT)
    with pytest.raises(RefusedChange, match="on the same days"):
        await store(connection, RoleEnd(1, APRIL), ACCOUNTANT)
    await store(connection, RoleEnd(1, date(2018, 3, 31)), ACCOUNTANT)
    with pytest.raises(RefusedChange, match="by role 2, from 2018-04-01 on"):
        await store(connection, OFFICER)
    assert len((await directory_store.load_directory(connection, None)).grants) == 2


async def test_a_delegation_gives_its_role_too(connection: asyncpg.Connection) -> None:
    accountant = RoleEntry("bruno", Role.ASSIGNED_ACCOUNTANT, "both", JANUARY)
    await store(connection, ALICE, BRUNO, OFFICER, accountant)
    with pytest.raises(RefusedChange, match="has the role assigned_accountant by role 2"):
        await store(connection, DELEGATION)
    await store(connection, RoleEnd(2, date(2017, 12, 31)), DELEGATION)
    with pytest.raises(RefusedChange, match="has the role authorising_officer by delegation D-1"):
        await store(connection, accountant)


COUPLE = CoupleEntry("alice", "bruno", JANUARY, JUNE)
BRUNO_ACCOUNTS = RoleEntry("bruno", Role.INVOICE_SERVICE, "both", APRIL)


@pytest.mark.parametrize("last", [OFFICER, BRUNO_ACCOUNTS, COUPLE, CoupleEntry("bruno", "alice", MARCH)])
async def test_no_couple_orders_and_accounts_on_one_day(
    connection: asyncpg.Connection, last: DirectoryEntry
) -> None:
    """Whichever of the three facts comes last is refused (GBCP art. 9)."""
    facts: list[DirectoryEntry] = [OFFICER, BRUNO_ACCOUNTS, COUPLE]
    facts.remove(COUPLE if isinstance(last, CoupleEntry) else last)
    await store(connection, ALICE, BRUNO, *facts)
    with pytest.raises(RefusedChange, match=r"spouse or partner of who has the role .* on the same days"):
        await store(connection, last)


async def test_a_couple_counts_on_its_days_alone(connection: asyncpg.Connection) -> None:
    await store(connection, ALICE, BRUNO, OFFICER, COUPLE)
    late = RoleEntry("bruno", Role.ASSIGNED_ACCOUNTANT, "both", date(2018, 6, 2))
    await store(connection, late)
    with pytest.raises(RefusedChange, match="spouse or partner"):
        await store(connection, CoupleEntry("bruno", "alice", JUNE))
    await store(connection, CoupleEnd(1, MARCH), BRUNO_ACCOUNTS)
    with pytest.raises(RefusedChange, match="couple 1 has 2018-03-01 as its last day"):
        await store(connection, CoupleEnd(1, APRIL))
    await store(connection, RoleEnd(1, date(2018, 3, 31)), CoupleEntry("bruno", "alice", APRIL))


async def test_a_delegation_counts_for_a_couple_too(connection: asyncpg.Connection) -> None:
    zoe = PersonEntry("zoe", "Zoé Durand")
    couple = CoupleEntry("zoe", "bruno", JANUARY)
    await store(connection, ALICE, BRUNO, zoe, OFFICER, DELEGATION, couple)
    with pytest.raises(RefusedChange, match="authorising_officer by delegation D-1"):
        await store(connection, RoleEntry("zoe", Role.CENTRAL_ACCOUNTANT, "entry", JUNE))
    for role in (Role.AUDITOR, Role.OPERATOR):
        await store(connection, RoleEntry("zoe", role, "entry", JANUARY))


async def test_a_couple_may_have_roles_of_one_side(connection: asyncpg.Connection) -> None:
    await store(connection, ALICE, BRUNO, OFFICER, CoupleEntry("bruno", "alice", JANUARY))
    await store(connection, RoleEntry("bruno", Role.CERTIFIER, "both", JANUARY))


async def test_nobody_is_a_couple_alone(connection: asyncpg.Connection) -> None:
    with pytest.raises(RefusedChange, match="state another person as the partner"):
        await store(connection, ALICE, CoupleEntry("alice", "alice", JANUARY))
    with pytest.raises(NoSuchRecord, match="the directory has no person bruno"):
        await store(connection, ALICE, COUPLE)


_RAW = {
    "role": "insert into person_role (person, role, hand, centre, accountant, first_day, change)"
    " values (2, 'central_accountant', 'both', '', '', '2018-04-01', 1)",
    "delegation": "insert into delegation (number, owner, delegate, role, centres, first_day, change)"
    " values ('D-9', 1, 2, 'assigned_accountant', '{*}', '2018-04-01', 1)",
    "couple": "insert into person_couple (person, partner, first_day, last_day, change)"
    " values (1, 2, '2018-01-01', '2018-06-01', 1)",
}


@pytest.mark.parametrize("last", ["role", "delegation", "couple"])
async def test_the_database_refuses_a_couple_of_two_sides(connection: asyncpg.Connection, last: str) -> None:
    await store(connection, ALICE, BRUNO, OFFICER)
    await connection.execute(_RAW["role" if last == "couple" else "couple"])
    with pytest.raises(
        asyncpg.CheckViolationError, match="spouses and partners of who orders do not account"
    ):
        await connection.execute(_RAW[last])
    if last != "couple":
        await connection.execute("insert into directory_end values ('couple', 1, '2018-03-31', 1)")
        await connection.execute(_RAW[last])


async def test_a_change_is_stored_whole_or_not_at_all(connection: asyncpg.Connection) -> None:
    with pytest.raises(NoSuchRecord, match="line 3: the directory has no person bruno: add the person first"):
        await store(connection, ALICE, DELEGATION, places=("line 2", "line 3"))
    assert await directory_store.load_directory(connection, None) == EMPTY_DIRECTORY
    with pytest.raises(RefusedChange, match="0 entries: state 1 to 10,000"):
        await store(connection)
    with pytest.raises(RefusedChange, match="10,001 entries"):
        await store(connection, *[ALICE] * 10_001)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (PersonEntry("alice", "Other"), "has a person alice already: state another code"),
        (PersonEntry("", "A"), "code '' is not a code"),
        (PersonEntry(LONG, "A"), "1 to 64 bytes"),
        (PersonEntry("é" * 33, "A"), "1 to 64 bytes"),
        (PersonEntry("a\0", "A"), "is not a code"),
        (PersonEntry("zoé ", "A"), "without spaces around"),
        (PersonEntry(NOBODY, "A\nB"), "name is not such a text"),
        (PersonEntry(NOBODY, "A" * 201), "1 to 200 printable characters"),
        (RoleEntry("alice", Role.AUDITOR, "both", JUNE, JANUARY), "last day 2018-01-01 is before"),
        (RoleEntry("alice", Role.AUDITOR, "both", date(1999, 1, 1)), "state a day of 2000 to 2126"),
        (RoleEntry("alice", Role.AUDITOR, "both", JUNE, ceiling="0"), "not an amount above zero"),
        (RoleEntry("alice", Role.AUDITOR, "both", JUNE, ceiling="1.234"), "not an amount above zero"),
        (RoleEntry("alice", Role.AUDITOR, "both", JUNE, ceiling="1000000000000.01"), "up to 1000000000000"),
        (RoleEntry("alice", Role.AUDITOR, "both", JUNE, centre="x\n"), "is not the code of a fund centre"),
        (DelegationEntry("D-9", "alice", "alice", Role.AUDITOR, ["*"], JUNE), "state another person"),
        (
            DelegationEntry("D-1", "alice", "bruno", Role.AUDITOR, ["*"], JUNE),
            "delegation D-1 is in the directory already",
        ),
        (DelegationEntry("D-9", "alice", "bruno", Role.AUDITOR, [], JUNE), "1 to 100 different fund centres"),
        (
            DelegationEntry("D-9", "alice", "bruno", Role.AUDITOR, ["0217"] * 2, JUNE),
            "different fund centres",
        ),
        (DelegationEntry("D-9", "alice", "bruno", Role.AUDITOR, ["0217", "*"], JUNE), "state it alone"),
        (DelegationEntry("D-9", "alice", "bruno", Role.AUDITOR, [""], JUNE), "'' is not the code"),
        (DelegationEntry(LONG, "alice", "bruno", Role.AUDITOR, ["*"], JUNE), "is not a code"),
        (
            AgreementEntry("A-1", "MIN-09", ["commitment"], JUNE, "s"),
            "agreement A-1 is in the directory already",
        ),
        (AgreementEntry("A-9", "treasury", ["commitment"], JUNE, "s"), "sender treasury is reserved"),
        (AgreementEntry("A-9", "MIN 09", ["commitment"], JUNE, "s"), "is not a name of a sender"),
        (AgreementEntry("A-9", "MIN-09", [], JUNE, "s"), "one or more, each once"),
        (AgreementEntry("A-9", "MIN-09", ["commitments"], JUNE, "s"), "no kind of act 'commitments'"),
        (AgreementEntry("A-9", "MIN-09", ["payment"], JUNE, "s"), "sent by treasury alone: leave it out"),
        (AgreementEntry("A-9", "MIN-09", ["commitment"], JUNE, " "), "separation is not such a text"),
        (AgreementEnd("A-1", JUNE), "has 2018-06-01 as its last day"),
        (RoleEnd(1, date(2200, 1, 1)), "state a day of 2000 to 2126"),
    ],
)
async def test_what_is_not_valid_is_refused_with_a_reason(
    entry: DirectoryEntry, message: str, connection: asyncpg.Connection
) -> None:
    await store(connection, ALICE, BRUNO, OFFICER, DELEGATION, AGREEMENT)
    with pytest.raises(RefusedChange, match=message):
        await store(connection, entry)
    assert await directory_store.find_last_change(connection) == 1


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (RoleEntry(NOBODY, Role.AUDITOR, "both", JUNE), "has no person zoé: add the person first"),
        (RoleEntry("alice", Role.AUDITOR, "both", JUNE, centre="PACA"), "no fund centre PACA"),
        (RoleEntry("alice", Role.AUDITOR, "both", JUNE, accountant="0217"), "no accountant 0217"),
        (DelegationEntry("D-9", NOBODY, "bruno", Role.AUDITOR, ["*"], JUNE), "has no person zoé"),
        (DelegationEntry("D-9", "alice", "bruno", Role.AUDITOR, ["0217", "9"], JUNE), "no fund centre 9"),
        (RoleEnd(2**63, JUNE), "has no role 9223372036854775808"),
        (DelegationEnd("D-9", JUNE), "has no delegation D-9"),
        (AgreementEnd("A-9", JUNE), "has no agreement A-9"),
    ],
)
async def test_what_does_not_exist_is_named(
    entry: DirectoryEntry, message: str, connection: asyncpg.Connection
) -> None:
    await store(connection, ALICE, BRUNO)
    with pytest.raises(NoSuchRecord, match=message):
        await store(connection, entry)


async def test_changes_at_one_moment_are_checked_one_after_the_other(
    connection: asyncpg.Connection, dsn: str
) -> None:
    await store(connection, ALICE)
    async with open_connection(dsn) as first, open_connection(dsn) as second:
        outcomes = await asyncio.gather(
            store(first, OFFICER), store(second, ACCOUNTANT), return_exceptions=True
        )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["RefusedChange", "int"]
    assert len((await directory_store.load_directory(connection, None)).grants) == 1
