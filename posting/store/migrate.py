"""Migrations: numbered SQL files that bring the database to this version, each applied once and never changed afterwards."""

import secrets

import asyncpg

from core.errors import DatabaseUnfit
from posting.store.migration_files import list_migrations

LAYOUT = 3
"""The version of the journal's rows, over which a batch's hash is computed."""

PARTITION_ROWS = 1 << 21
"""Entries in a partition of a new journal; a look-up may have to read all of the partition that is being written to."""
SERVER_VERSION_MIN = 150000
_MIGRATION_LOCK = 7317


async def migrate(connection: asyncpg.Connection, partition_rows: int = PARTITION_ROWS) -> list[str]:
    """Bring the database to this version; return the names of the applied migrations.

    Raises
    ------
    DatabaseUnfit
        The server is too old, or a migration differs from the one that was applied.
    """
    version = connection.get_server_version()
    if version.major * 10000 < SERVER_VERSION_MIN:
        raise DatabaseUnfit(f"PostgreSQL {version.major} is too old; 15 or newer is needed")
    async with connection.transaction():
        await connection.execute("select pg_advisory_xact_lock($1)", _MIGRATION_LOCK)
        await connection.execute(
            "create table if not exists migration (name text primary key, digest bytea not null,"
            " applied_at timestamptz not null default clock_timestamp())"
        )
        applied = {
            row["name"]: row["digest"] for row in await connection.fetch("select name, digest from migration")
        }
        _check_drift(applied)
        new = [migration for migration in list_migrations() if migration.name not in applied]
        for migration in new:
            await connection.execute(migration.sql)
            await connection.execute(
                "insert into migration (name, digest) values ($1, $2)", migration.name, migration.digest
            )
        await connection.execute(
            "insert into engine (layout, secret, partition_rows) values ($1, $2, $3) on conflict do nothing",
            LAYOUT,
            secrets.token_bytes(16),
            partition_rows,
        )
    return [migration.name for migration in new]


def _check_drift(applied: dict[str, bytes]) -> None:
    shipped_digests = {migration.name: migration.digest for migration in list_migrations()}
    for name, digest in applied.items():
        if name not in shipped_digests:
            raise DatabaseUnfit(f"migration {name} was applied by a newer version; run that version or newer")
        if shipped_digests[name] != digest:
            raise DatabaseUnfit(
                f"migration {name} differs from the one that was applied; restore the file, and add a new migration instead"
            )
