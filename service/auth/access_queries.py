"""Keys and the trail in the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from posting.store.sql_files import queries
from service.auth import api_keys
from service.auth.api_keys import Caller, Key
from service.auth.roles import Role

SQL = queries("service.auth", "queries.sql")
CHANNEL = "crescendo_access"
Pool = asyncpg.Pool
Connection = asyncpg.Connection
_EVER = datetime.max.replace(tzinfo=UTC)


class Grant(NamedTuple):
    """What a new key may do."""

    sender: str
    roles: frozenset[Role]
    programmes: frozenset[str]
    label: str
    lifetime: timedelta | None
    certificate: bytes = b""
    """The fingerprint of the client certificate that it is bound to; empty for none."""


async def create(connection: asyncpg.Connection, grant: Grant) -> tuple[Caller, str]:
    """Store a new key; who it makes of its holder, and the token, which is kept nowhere."""
    name, secret = api_keys.made()
    said = (grant.sender, api_keys.digest(secret), sorted(grant.roles), sorted(grant.programmes))
    async with connection.transaction():
        await connection.execute(SQL["insert_key"], name, *said, grant.label, grant.lifetime)
        if grant.certificate:
            await connection.execute(SQL["insert_binding"], name, grant.certificate)
    return api_keys.caller(name, grant.sender, grant.roles, grant.programmes), api_keys.token(name, secret)


async def revoke(connection: asyncpg.Connection, key: str, reason: str) -> bool | None:
    """End a key: True when it was live, False when it was ended before, None when there is none."""
    if await connection.fetchval(SQL["end_key"], key, reason):
        return True
    return False if await connection.fetchval(SQL["has_key"], key) else None


async def listed(connection: asyncpg.Connection, sender: str | None) -> list[dict[str, Any]]:
    """Keys, of one sender or all, without anything secret."""
    return [dict(row.items()) for row in await connection.fetch(SQL["keys"], sender)]


async def live(connection: asyncpg.Connection) -> dict[str, Key]:
    """The keys that open something, by name."""
    return {row["key"]: _key(row) for row in await connection.fetch(SQL["live_keys"])}


def _key(row: Any) -> Key:
    roles = frozenset(Role(name) for name in row["roles"])
    who = api_keys.caller(row["key"], row["sender"], roles, frozenset(row["programmes"]))
    return Key(who, bytes(row["digest"]), row["expires_at"] or _EVER)


class Change(NamedTuple):
    """A sender paused or resumed, why, and by whom."""

    sender: str
    is_paused: bool
    reason: str
    key: str
    """Empty where the command line did it."""
    by: str


async def pause(connection: asyncpg.Connection | asyncpg.Pool, change: Change) -> bool:
    """Store a pause or its end; False where nobody ever heard of that sender."""
    return bool(await connection.fetchval(SQL["insert_pause"], *change))


async def paused(connection: asyncpg.Connection | asyncpg.Pool) -> dict[str, str]:
    """The senders that are paused, and why."""
    return {row["sender"]: row["reason"] for row in await connection.fetch(SQL["paused"])}


@asynccontextmanager
async def told_of_changes(dsn: str) -> AsyncIterator[tuple[asyncpg.Connection, asyncio.Event]]:
    """A connection, and an event: set whenever a key was made or ended or a sender paused, or the connection is gone."""
    connection, changed = await asyncpg.connect(dsn), asyncio.Event()
    try:
        await connection.add_listener(CHANNEL, lambda *_: changed.set())
        connection.add_termination_listener(lambda _: changed.set())
        yield connection, changed
    finally:
        await connection.close()


async def follow(dsn: str, read: Callable[[asyncpg.Connection], Awaitable[None]], what: str) -> None:
    """Call ``read`` now and after each change, for as long as the database answers.

    Raises
    ------
    ConnectionError
        It does not any more.
    """
    async with told_of_changes(dsn) as (connection, changed):
        while not connection.is_closed():
            changed.clear()
            await read(connection)
            await changed.wait()
    raise ConnectionError(f"the connection that tells of {what} is gone")


@asynccontextmanager
async def writing(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    """The one connection that the trail is written on, or what else a person did."""
    settings = {"application_name": "crescendo audit"}
    async with asyncpg.create_pool(dsn, min_size=0, max_size=1, server_settings=settings) as pool:
        yield pool


async def write(pool: asyncpg.Pool, rows: Iterable[tuple[Any, ...]]) -> None:
    """Add rows to the trail, durably."""
    await pool.execute(SQL["insert_audit"], *map(list, zip(*rows, strict=True)))
