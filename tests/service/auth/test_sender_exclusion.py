"""One sender never orders and accounts, nor opens credits and does anything else, whatever its keys."""

import asyncio
from itertools import combinations, product
from pathlib import Path

import asyncpg
import pytest

from core.roles import ACCOUNTING_ROLES, ORDERING_ROLES, Role, find_exclusion
from core.senders import RESERVED_SENDERS
from posting.store.migrate import migrate
from service.auth.access_queries import Grant, create_key, revoke_key
from service.auth.sender_exclusion import require_compatible_sender
from service.configuration.settings import UsageError
from tests.databases import open_connection, wait_until_blocked
from tests.service.command_line import create_ledger, run_crescendo

_OPENS = frozenset({Role.BUDGET_DIRECTORATE})
_SPENDS = frozenset({Role.AUTHORISING_OFFICER})
_PAYS = frozenset({Role.ASSIGNED_ACCOUNTANT})
_READS = frozenset({Role.AUDITOR})


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [
        (_OPENS, _SPENDS, "who opens credits sends nothing else"),
        (_SPENDS, _OPENS, "who opens credits sends nothing else"),
        (_SPENDS, _PAYS, "who orders does not account"),
        (_PAYS, _SPENDS, "who orders does not account"),
        (frozenset({Role.UO_MANAGER}), frozenset({Role.CENTRAL_ACCOUNTANT}), "who orders does not account"),
        (frozenset({Role.BUDGET_CONTROLLER}), frozenset({Role.CERTIFIER}), "who controls commitments"),
    ],
)
async def test_one_sender_does_not_serve_two_sides(
    dsn: str, first: frozenset[Role], second: frozenset[Role], reason: str
) -> None:
    async with open_connection(dsn) as connection:
        await migrate(connection)
        await require_compatible_sender(connection, "DB", first)
        created = await create_key(connection, Grant("DB", first, frozenset(), "", None))
        with pytest.raises(UsageError, match=f"has the key {created.caller.key} with .*: {reason}"):
            await require_compatible_sender(connection, "DB", second)
        for sender, roles in (("DB", first), ("DB", _READS), ("MIN-09", second)):
            await require_compatible_sender(connection, sender, roles)
        await revoke_key(connection, created.caller.key, "moved")
        await require_compatible_sender(connection, "DB", second)


async def test_the_commands_refuse_a_second_side_and_name_the_other_key(
    empty_dsn: str, tmp_path: Path
) -> None:
    place = ("--database", empty_dsn, "--data", tmp_path)
    await create_ledger("--database", empty_dsn)
    created = await run_crescendo("access", "create", "MIN-09", "--role", "certifier", *place, "--json")
    assert created.code == 0, created.err
    issuer = ("--issuer", "https://id.example", "--audience", "us", "--jwks", "https://id.example/keys")
    assert (await run_crescendo("access", "issuer", "add", "state", *issuer, *place)).code == 0
    system = ("grant", "MIN-09", "--issuer", "state", "--subject", "pays")
    public_key = tmp_path / "key.pem"
    public_key.write_text(_PUBLIC_KEY)
    signer = ("signer", "add", "MIN-09", "--key", public_key)
    for command in (("create", "MIN-09"), system, signer):
        refused = await run_crescendo("access", *command, "--role", "central_accountant", *place)
        assert refused.code == 2, refused.err
        assert f"has the key {created.json()['key']} with certifier: who orders does not account" in " ".join(
            refused.err.split()
        )


_PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""


# ------------------------------------------------------------------------------------------------- the database

_INSERTS = {
    "access_key": "(key, sender, digest, roles, programmes, label)"
    " values ('x', $1, decode(repeat('00', 32), 'hex'), $2, '{}', '')",
    "access_grant": "(issuer, subject, sender, roles, programmes) values ('state', 'x', $1, $2, '{}')",
    "signer": "(signer, sender, public_key, roles, programmes, language, pain002, valid_from, expires_at)"
    " values ('x', $1, decode(repeat('00', 32), 'hex'), $2, '{}', 'en', false, now(), 'infinity')",
}
_ENDS = {
    "access_key": "insert into access_key_end (key, reason) values ('x', '')",
    "access_grant": "insert into access_issuer_end (issuer, reason) values ('state', '')",
    "signer": "insert into signer_end (signer, reason) values ('x', '')",
}


async def _prepare(connection: asyncpg.Connection) -> None:
    await migrate(connection)
    await connection.execute(
        "insert into access_issuer values ('state', 'https://id.example', 'us', 'sub', '')"
    )


async def _insert(connection: asyncpg.Connection, table: str, sender: str, *roles: str) -> None:
    await connection.execute(f"insert into {table} {_INSERTS[table]}", sender, list(roles))


@pytest.mark.parametrize("table", _INSERTS)
async def test_the_database_gives_the_directorate_no_other_role(table: str, dsn: str) -> None:
    async with open_connection(dsn) as connection:
        await _prepare(connection)
        for role in ("programme_manager", "operator", "auditor", "central_accountant"):
            with pytest.raises(asyncpg.CheckViolationError, match="directorate_alone"):
                await _insert(connection, table, "S", "budget_directorate", role)
        await _insert(connection, table, "S", "budget_directorate")


@pytest.mark.parametrize("table", _INSERTS)
async def test_the_database_accepts_no_two_roles_that_exclude_each_other(table: str, dsn: str) -> None:
    async with open_connection(dsn) as connection:
        await _prepare(connection)
        for first, second in combinations(Role, 2):
            transaction = connection.transaction()
            await transaction.start()
            if find_exclusion([first, second]):
                with pytest.raises(asyncpg.CheckViolationError):
                    await _insert(connection, table, "S", first, second)
            else:
                await _insert(connection, table, "S", first, second)
            await transaction.rollback()


async def test_the_database_knows_the_sides_of_the_roles(dsn: str) -> None:
    async with open_connection(dsn) as connection:
        await migrate(connection)
        row = await connection.fetchrow(
            "select ordering_roles() as ordering, accounting_roles() as accounting"
        )
        assert row is not None
        assert (set(row["ordering"]), set(row["accounting"])) == (ORDERING_ROLES, ACCOUNTING_ROLES)


@pytest.mark.parametrize(("first", "second"), list(product(_INSERTS, _INSERTS)))
async def test_the_database_gives_one_sender_one_side(first: str, second: str, dsn: str) -> None:
    """A key, system or signer that has ended does not count; another sender may have the other side."""
    insert = f"insert into {second} {_INSERTS[second]}".replace("'x'", "'y'").replace("'00'", "'01'")
    async with open_connection(dsn) as connection:
        await _prepare(connection)
        await _insert(connection, first, "MIN-09", "bop_manager", "operator")
        await connection.execute(insert, "DRFIP-75", ["assigned_accountant"])
        if second != "access_grant":
            insert = insert.replace("'y'", "'z'").replace("'01'", "'02'")
        with pytest.raises(asyncpg.CheckViolationError, match=r"MIN-09 has the (key|system|signer) .*x: who"):
            await connection.execute(insert, "MIN-09", ["assigned_accountant"])
        await connection.execute(_ENDS[first])
        await connection.execute(insert, "MIN-09", ["assigned_accountant"])


async def test_two_commands_at_once_do_not_give_one_sender_both_sides(dsn: str) -> None:
    """The second waits for the first, and then sees its key."""
    insert = f"insert into access_key {_INSERTS['access_key']}"
    async with open_connection(dsn) as first, open_connection(dsn) as second:
        await migrate(first)
        transaction = first.transaction()
        await transaction.start()
        await first.execute(insert, "MIN-09", ["certifier"])
        waiting = asyncio.create_task(
            second.execute(insert.replace("'x'", "'y'"), "MIN-09", ["central_accountant"])
        )
        async with asyncio.timeout(60):
            await wait_until_blocked(first)
        await transaction.commit()
        with pytest.raises(asyncpg.CheckViolationError, match="has the key x"):
            await waiting


@pytest.mark.parametrize("sender", sorted(RESERVED_SENDERS))
async def test_no_key_is_created_for_a_reserved_sender(sender: str, dsn: str, tmp_path: Path) -> None:
    words = ("create", sender, "--role", "assigned_accountant", "--database", dsn, "--data", tmp_path)
    result = await run_crescendo("access", *words)
    assert (result.code, "reserved" in result.err) == (2, True)
    async with open_connection(dsn) as connection:
        await migrate(connection)
        with pytest.raises(asyncpg.CheckViolationError, match="sender_not_reserved"):
            await _insert(connection, "access_key", sender, "assigned_accountant")
