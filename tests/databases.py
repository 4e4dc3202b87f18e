"""Databases created for a test, and locks that block other connections."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import NamedTuple

import asyncpg

from posting.store.migrate import migrate, store_identity
from service.database.addresses import replace_user
from service.database.embedded_server import Database

_numbers = count()
_TEMPLATE = "ledger_template"
EMPTY = "template1"
"""The template of a database without tables."""


@asynccontextmanager
async def create_database(database: Database, template: str = _TEMPLATE) -> AsyncIterator[str]:
    """Yield the address of a new database, a copy of ``template``; drop it afterwards with all its connections.

    By default it is a new, empty ledger: to copy one takes a fifth of the time that the migrations take.
    """
    async with create_named_database(database.dsn, f"test_{next(_numbers)}", template) as dsn:
        yield dsn


@asynccontextmanager
async def create_named_database(server: str, name: str, template: str = _TEMPLATE) -> AsyncIterator[str]:
    """Yield the address of a new database of the server with that address; drop it afterwards."""
    async with open_connection(server) as admin:
        await _copy_database(admin, server, name, template)
        try:
            dsn = replace_path(server, name)
            if template == _TEMPLATE:
                async with open_connection(dsn) as connection:
                    await store_identity(connection)
            yield dsn
        finally:
            await admin.execute(f"drop database {name} with (force)")


async def create_lasting_database(database: Database) -> str:
    """Create an empty ledger that lasts as long as its server, a template of others; return its address."""
    name = f"lasting_{next(_numbers)}"
    dsn = replace_path(database.dsn, name)
    async with open_connection(database.dsn) as admin:
        await _copy_database(admin, database.dsn, name, _TEMPLATE)
    async with open_connection(dsn) as connection:
        await store_identity(connection)
    return dsn


async def _copy_database(admin: asyncpg.Connection, server: str, name: str, template: str) -> None:
    if template == _TEMPLATE:
        await _create_template(admin, server)
    await admin.execute(f"create database {name} template {template} strategy file_copy")


async def _create_template(admin: asyncpg.Connection, server: str) -> None:
    """Create a database with all migrations, unless the server has it: a ledger but for its name and secret."""
    if await admin.fetchval("select exists (select from pg_database where datname = $1)", _TEMPLATE):
        return
    await admin.execute(f"create database {_TEMPLATE}")
    async with open_connection(replace_path(server, _TEMPLATE)) as connection:
        await migrate(connection)
        await connection.execute("set session_replication_role = replica")
        await connection.execute("delete from pending_evidence where relation = 'ledger'")
        await connection.execute("delete from ledger")
        await connection.execute("delete from engine")


@asynccontextmanager
async def open_connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Yield a connection, closed afterwards."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def lock_table(
    dsn: str, table: str = "progress", mode: str = "share"
) -> AsyncIterator[asyncpg.Connection]:
    """Block writes to ``table`` while the body runs; with a stronger mode, reads too."""
    async with open_connection(dsn) as connection, connection.transaction():
        await connection.execute(f"lock table {table} in {mode} mode")
        yield connection


async def wait_until_blocked(connection: asyncpg.Connection) -> None:
    """Return once a connection is blocked by a lock."""
    while not await connection.fetchval("select exists (select from pg_locks where not granted)"):  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # the server sends no notification: poll it


class RoleAddresses(NamedTuple):
    """The addresses of one database for its two roles."""

    service: str
    owner: str


@asynccontextmanager
async def create_role_database(database: Database) -> AsyncIterator[RoleAddresses]:
    """Yield a new, empty database of a role that owns it, and a second role for the service; as docs/production.md says."""
    name = f"roles_{os.getpid()}_{next(_numbers)}"
    owner, service = f"{name}_owner", f"{name}_service"
    async with open_connection(database.dsn) as admin:
        for role in (owner, service):
            await admin.execute(f"create role {role} login password 'secret'")
        await admin.execute(f"create database {name} owner {owner}")
        try:
            base = replace_path(database.dsn, name)
            yield RoleAddresses(replace_user(base, service, "secret"), replace_user(base, owner, "secret"))
        finally:
            await admin.execute(f"drop database {name} with (force)")
            for role in (owner, service):
                await admin.execute(f"drop role {role}")


def replace_path(dsn: str, name: str) -> str:
    """Return the address of another database of the same server."""
    return f"{dsn.rpartition('/')[0]}/{name}"
