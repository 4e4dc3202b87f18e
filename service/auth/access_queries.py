"""Keys and the trail in the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from posting.store.sql_files import read_queries
from service.auth import api_keys
from service.auth.api_keys import Key
from service.auth.credentials import Caller, build_caller
from service.auth.roles import Role

SQL = read_queries("service.auth", "queries.sql")
CHANNEL = "crescendo_access"
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
    """The fingerprint of the client certificate that it is bound to; empty for none."""


async def create_key(connection: asyncpg.Connection, grant: Grant) -> tuple[Caller, str]:
    """Store a new key; who it makes of its holder, and the token, which is kept nowhere."""
    name, secret = api_keys.generate_key()
    said = (grant.sender, api_keys.hash_secret(secret), sorted(grant.roles), sorted(grant.programmes))
    async with connection.transaction():
        await connection.execute(SQL["insert_key"], name, *said, grant.label, grant.lifetime)
        if grant.certificate:
            await connection.execute(SQL["insert_binding"], name, grant.certificate)
    return build_caller(name, grant.sender, grant.roles, grant.programmes), api_keys.format_token(
        name, secret
    )


async def revoke_key(connection: asyncpg.Connection, key: str, reason: str) -> bool | None:
    """End a key: True when it was live, False when it was ended before, None when there is none."""
    if await connection.fetchval(SQL["end_key"], key, reason):
        return True
    return False if await connection.fetchval(SQL["has_key"], key) else None


async def list_keys(connection: asyncpg.Connection, sender: str | None) -> list[dict[str, Any]]:
    """Keys, of one sender or all, without anything secret."""
    return [dict(row.items()) for row in await connection.fetch(SQL["keys"], sender)]


async def load_live_keys(connection: asyncpg.Connection) -> dict[str, Key]:
    """The keys that open something, by name."""
    return {row["key"]: _to_key(row) for row in await connection.fetch(SQL["live_keys"])}


def _to_key(row: Any) -> Key:
    roles = frozenset(Role(name) for name in row["roles"])
    who = build_caller(row["key"], row["sender"], roles, frozenset(row["programmes"]))
    return Key(who, bytes(row["digest"]), row["expires_at"] or _NEVER)


class PauseChange(NamedTuple):
    """A sender paused or resumed, why, and by whom."""

    sender: str
    is_paused: bool
    reason: str
    key: str
    """Empty where the command line did it."""
    by: str


async def store_pause_change(connection: asyncpg.Connection | asyncpg.Pool, change: PauseChange) -> bool:
    """Store a pause or its end; False where nobody ever heard of that sender."""
    return bool(await connection.fetchval(SQL["insert_pause"], *change))


async def load_paused_senders(connection: asyncpg.Connection | asyncpg.Pool) -> dict[str, str]:
    """The senders that are paused, and why."""
    return {row["sender"]: row["reason"] for row in await connection.fetch(SQL["paused"])}


@asynccontextmanager
async def listen_for_changes(dsn: str) -> AsyncIterator[tuple[asyncpg.Connection, asyncio.Event]]:
    """A connection, and an event: set whenever a key was made or ended or a sender paused, or the connection is gone."""
    connection, changed = await asyncpg.connect(dsn), asyncio.Event()
    try:
        await connection.add_listener(CHANNEL, lambda *_: changed.set())
        connection.add_termination_listener(lambda _: changed.set())
        yield connection, changed
    finally:
        await connection.close()


async def follow_changes(
    dsn: str, read: Callable[[asyncpg.Connection], Awaitable[None]], subject: str
) -> None:
    """Call ``read`` now and after each change, for as long as the database answers.

    Raises
    ------
    ConnectionError
        It does not any more.
    """
    async with listen_for_changes(dsn) as (connection, changed):
        while not connection.is_closed():
            changed.clear()
            await read(connection)
            await changed.wait()
    raise ConnectionError(f"the connection that tells of {subject} is gone")


@asynccontextmanager
async def open_audit_pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """The one connection that the trail is written on, or what else a person did."""
    settings = {"application_name": "crescendo audit"}
    async with asyncpg.create_pool(dsn, min_size=0, max_size=1, server_settings=settings) as pool:
        yield pool


async def insert_attempts(pool: asyncpg.Pool, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows to the trail, durably."""
    await pool.execute(SQL["insert_audit"], *map(list, zip(*rows, strict=True)))
