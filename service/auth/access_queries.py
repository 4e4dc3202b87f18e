"""Queries about keys, pauses and the audit trail."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from core.roles import Role
from core.senders import RESERVED_SENDERS
from core.sql_files import read_queries
from service.auth import api_keys
from service.auth.api_keys import Key
from service.auth.credentials import Caller, build_caller
from service.database.connection_pools import open_pool

SQL = read_queries("service.auth", "queries.sql")
CHANNEL = "crescendo_access"
"""The channel on which changes of keys and pauses are announced."""
Pool = asyncpg.Pool
Connection = asyncpg.Connection
_NEVER = datetime.max.replace(tzinfo=UTC)


class Grant(NamedTuple):
    """What a new key may do."""

    sender: str
    roles: frozenset[Role]
    programmes: frozenset[str]
    label: str
    lifetime: timedelta | None
    certificate: bytes = b""
    """The fingerprint of the client certificate that the key is bound to; empty for none."""


class CreatedKey(NamedTuple):
    """A new key: its caller, and the token, which is not stored anywhere."""

    caller: Caller
    token: str


async def create_key(connection: asyncpg.Connection, grant: Grant) -> CreatedKey:
    """Create and store a key."""
    key = api_keys.generate_key()
    digest = api_keys.hash_secret(key.secret)
    rights = (sorted(grant.roles), sorted(grant.programmes))
    async with connection.transaction():
        await connection.execute(
            SQL["insert_key"], key.name, grant.sender, digest, *rights, grant.label, grant.lifetime
        )
        if grant.certificate:
            await connection.execute(SQL["insert_binding"], key.name, grant.certificate)
    caller = build_caller(key.name, grant.sender, grant.roles, programmes=grant.programmes)
    return CreatedKey(caller, api_keys.format_token(*key))


async def revoke_key(connection: asyncpg.Connection, key: str, reason: str) -> bool | None:
    """End a key: True if it was live, False if it had ended before, None if it does not exist."""
    if await connection.fetchval(SQL["end_key"], key, reason):
        return True
    return False if await connection.fetchval(SQL["has_key"], key) else None


async def list_keys(connection: asyncpg.Connection, sender: str | None) -> list[dict[str, Any]]:
    """List the keys of one sender, or of all, without anything secret."""
    return [dict(row.items()) for row in await connection.fetch(SQL["keys"], sender)]


class Holder(NamedTuple):
    """A live key, system or signer, as a message names it."""

    name: str
    sender: str
    roles: frozenset[str]


async def list_holders(connection: Connection | Pool) -> list[Holder]:
    """List the live keys, systems and signers."""
    rows = await connection.fetch(SQL["holders"])
    return [Holder(row["name"], row["sender"], frozenset(row["roles"])) for row in rows]


async def load_live_keys(connection: asyncpg.Connection) -> dict[str, Key]:
    """Load the keys that have not ended, by name; those of reserved senders are none."""
    rows = await connection.fetch(SQL["live_keys"])
    return {row["key"]: _to_key(row) for row in rows if row["sender"] not in RESERVED_SENDERS}


def _to_key(row: Any) -> Key:
    roles = frozenset(Role(name) for name in row["roles"])
    caller = build_caller(row["key"], row["sender"], roles, programmes=frozenset(row["programmes"]))
    return Key(caller, bytes(row["digest"]), row["expires_at"] or _NEVER)


class PauseChange(NamedTuple):
    """A sender paused or resumed, with the reason and the person who did it."""

    sender: str
    is_paused: bool
    reason: str
    key: str
    """Empty for the command line."""
    by: str


async def store_pause_change(connection: asyncpg.Connection | asyncpg.Pool, change: PauseChange) -> bool:
    """Store a pause or its end; False if the sender has neither keys nor submissions."""
    return bool(await connection.fetchval(SQL["insert_pause"], *change))


async def load_paused_senders(connection: asyncpg.Connection | asyncpg.Pool) -> dict[str, str]:
    """Load the paused senders, each with the reason."""
    return {row["sender"]: row["reason"] for row in await connection.fetch(SQL["paused"])}


@asynccontextmanager
async def open_audit_pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool with one connection, for the audit trail and for pauses."""
    settings = {"application_name": "crescendo audit"}
    async with open_pool(dsn, 1, settings) as pool:
        yield pool


async def insert_command_attempt(connection: Connection, row: tuple[Any, ...]) -> None:
    """Add a refused attempt of a command to the audit trail; the last value is the number of them that an hour may have."""
    await connection.execute(SQL["insert_command_audit"], *row)


async def insert_attempts(pool: asyncpg.Connection | asyncpg.Pool, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows to the audit trail, durably."""
    await pool.execute(SQL["insert_audit"], *map(list, zip(*rows, strict=True)))
