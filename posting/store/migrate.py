"""Migrations: numbered SQL files that bring the database to this version, each applied once and never changed afterwards."""

import secrets

import asyncpg

from core.errors import DatabaseUnfit
from posting.store.layout import LAYOUT, check_layout
from posting.store.ledger_identity import LedgerIdentity, read_ledger
from posting.store.limited_connections import BULK_SECONDS, LOCK_SECONDS
from posting.store.migration_files import Migration, list_migrations
from posting.store.roles import SQL

PARTITION_ROWS = 1 << 21
"""Entries in a partition of a new journal; a look-up may have to read all of the partition that is being written to."""
SERVER_VERSION_MIN = 150000
_MIGRATION_LOCK = 7317
OWNER_NEEDED = (
    "Run crescendo db migrate with --migrate-database (or CRESCENDO_MIGRATE_DATABASE), the address of the role that owns "
    "the tables"
)
"""What to do where the role does not own the tables."""


async def migrate(
    connection: asyncpg.Connection,
    partition_rows: int = PARTITION_ROWS,
    identity: LedgerIdentity | None = None,
) -> list[str]:
    """Bring the database to this version; return the names of the applied migrations.

    A ledger without a name gets ``identity``, by default the name of its database. A database that is of this version
    already is only read, so any role may call this.

    Raises
    ------
    LedgerOutdated
        The ledger has the layout of an earlier version.
    DatabaseUnfit
        The server is too old, a migration differs from the one that was applied, or one is missing and the role does
        not own the tables.
    """
    version = connection.get_server_version()
    if version.major * 10000 < SERVER_VERSION_MIN:
        raise DatabaseUnfit(f"PostgreSQL {version.major} is too old; 15 or newer is needed")
    try:
        await _check_stored_layout(connection)
        if not await _find_missing(connection):
            return []
        return await _apply_missing(connection, partition_rows, identity)
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnfit(f"{error}. {OWNER_NEEDED}") from error


async def _apply_missing(
    connection: asyncpg.Connection, partition_rows: int, identity: LedgerIdentity | None
) -> list[str]:
    if await connection.fetchval(SQL["owns_journal"]) is False:
        raise DatabaseUnfit(f"the database is of an older version. {OWNER_NEEDED}")
    async with connection.transaction():
        # the server limits the wait for the lock, and says so: its limit must come first
        await connection.execute(
            "select pg_advisory_xact_lock($1)", _MIGRATION_LOCK, timeout=2 * LOCK_SECONDS
        )
        await connection.execute(
            "create table if not exists migration (name text primary key, digest bytea not null,"
            " applied_at timestamptz not null default clock_timestamp())"
        )
        missing = await _find_missing(connection)
        for migration in missing:
            await connection.execute(migration.sql, timeout=BULK_SECONDS)
            await connection.execute(
                "insert into migration (name, digest) values ($1, $2)", migration.name, migration.digest
            )
        await store_identity(connection, partition_rows, identity)
    return [migration.name for migration in missing]


async def store_identity(
    connection: asyncpg.Connection,
    partition_rows: int = PARTITION_ROWS,
    identity: LedgerIdentity | None = None,
) -> None:
    """Store the secret, the size of partitions and the name of a ledger that has none yet; the migrations are applied."""
    await connection.execute(
        "insert into engine (layout, secret, partition_rows) values ($1, $2, $3) on conflict do nothing",
        LAYOUT,
        secrets.token_bytes(16),
        partition_rows,
    )
    name, number = identity or LedgerIdentity.derive_from((await read_ledger(connection)).database)
    await connection.execute(
        "insert into ledger (name, number) values ($1, $2) on conflict do nothing", name, number
    )


async def _check_stored_layout(connection: asyncpg.Connection) -> None:
    stored = await read_ledger(connection)
    if stored.has_journal:
        check_layout(stored.layout)


async def _find_missing(connection: asyncpg.Connection) -> list[Migration]:
    """Return the migrations that are not applied; all of them in an empty database."""
    if await connection.fetchval("select to_regclass('migration')") is None:
        return list(list_migrations())
    rows = await connection.fetch("select name, digest from migration")
    applied = {row["name"]: row["digest"] for row in rows}
    _check_drift(applied)
    return [migration for migration in list_migrations() if migration.name not in applied]


def _check_drift(applied: dict[str, bytes]) -> None:
    shipped_digests = {migration.name: migration.digest for migration in list_migrations()}
    for name, digest in applied.items():
        if name not in shipped_digests:
            raise DatabaseUnfit(f"migration {name} was applied by a newer version; run that version or newer")
        if shipped_digests[name] != digest:
            raise DatabaseUnfit(
                f"migration {name} differs from the one that was applied; restore the file, and add a new migration instead"
            )
