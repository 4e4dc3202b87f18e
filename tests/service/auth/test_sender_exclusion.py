"""A sender that opens credits has no other right to send, whatever its keys; and a manager is no accountant."""

import asyncpg
import pytest

from posting.store.migrate import migrate
from service.auth.access_queries import Grant, create_key, revoke_key
from service.auth.roles import Role
from service.auth.sender_exclusion import require_compatible_sender
from service.configuration.settings import UsageError
from tests.databases import open_connection

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
