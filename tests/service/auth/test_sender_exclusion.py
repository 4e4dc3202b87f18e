"""A sender that opens credits has no other right to send, whatever its keys; and a manager is no accountant."""

from pathlib import Path

import asyncpg
import pytest

from core.senders import RESERVED_SENDERS
from posting.store.migrate import migrate
from service.auth.access_queries import Grant, create_key, revoke_key
from service.auth.roles import Role
from service.auth.sender_exclusion import require_compatible_sender
from service.configuration.settings import UsageError
from tests.databases import open_connection
from tests.service.command_line import run_crescendo

_OPENS = frozenset({Role.BUDGET_DIRECTORATE})
_SPENDS = frozenset({Role.AUTHORISING_OFFICER})
_READS = frozenset({Role.AUDITOR})


@pytest.mark.parametrize(("first", "second"), [(_OPENS, _SPENDS), (_SPENDS, _OPENS)])
async def test_one_sender_does_not_open_and_spend(
    dsn: str, first: frozenset[Role], second: frozenset[Role]
) -> None:
    async with open_connection(dsn) as connection:
        await migrate(connection)
        await require_compatible_sender(connection, "DB", first)
        created = await create_key(connection, Grant("DB", first, frozenset(), "", None))
        with pytest.raises(UsageError, match="who opens credits sends nothing else"):
            await require_compatible_sender(connection, "DB", second)
        for sender, roles in (("DB", first), ("DB", _READS), ("MIN-09", second)):
            await require_compatible_sender(connection, sender, roles)
        await revoke_key(connection, created.caller.key, "moved")
        await require_compatible_sender(connection, "DB", second)


async def test_the_database_has_no_key_of_a_manager_who_is_accountant(dsn: str) -> None:
    both = frozenset({Role.PROGRAMME_MANAGER, Role.ASSIGNED_ACCOUNTANT})
    async with open_connection(dsn) as connection:
        await migrate(connection)
        with pytest.raises(asyncpg.CheckViolationError, match="manager_not_accountant"):
            await create_key(connection, Grant("MIN-09", both, frozenset(), "", None))


_INSERTS = {
    "access_key": "(key, sender, digest, roles, programmes, label)"
    " values ('x', $1, decode(repeat('00', 32), 'hex'), $2, '{}', '')",
    "access_grant": "(issuer, subject, sender, roles, programmes) values ('state', 'x', $1, $2, '{}')",
    "signer": "(signer, sender, public_key, roles, programmes, language, pain002, valid_from, expires_at)"
    " values ('x', $1, decode(repeat('00', 32), 'hex'), $2, '{}', 'en', false, now(), 'infinity')",
}


@pytest.mark.parametrize("table", _INSERTS)
async def test_the_database_gives_the_directorate_no_other_role(table: str, dsn: str) -> None:
    async with open_connection(dsn) as connection:
        await migrate(connection)
        await connection.execute(
            "insert into access_issuer values ('state', 'https://id.example', 'us', 'sub', '')"
        )
        insert = f"insert into {table} {_INSERTS[table]}"
        for role in ("programme_manager", "operator", "auditor"):
            with pytest.raises(asyncpg.CheckViolationError, match="directorate_alone"):
                await connection.execute(insert, "S", ["budget_directorate", role])
        await connection.execute(insert, "S", ["budget_directorate"])


@pytest.mark.parametrize("sender", sorted(RESERVED_SENDERS))
async def test_no_key_is_created_for_a_reserved_sender(sender: str, dsn: str, tmp_path: Path) -> None:
    words = ("create", sender, "--role", "assigned_accountant", "--database", dsn, "--data", tmp_path)
    result = await run_crescendo("access", *words)
    assert (result.code, "reserved" in result.err) == (2, True)
    async with open_connection(dsn) as connection:
        await migrate(connection)
        with pytest.raises(asyncpg.CheckViolationError, match="sender_not_reserved"):
            await connection.execute(
                f"insert into access_key {_INSERTS['access_key']}", sender, ["assigned_accountant"]
            )
