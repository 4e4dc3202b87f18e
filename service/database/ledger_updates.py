"""The steps between a server that runs and a ledger that may be worked on: which ledger, which roles, which version."""

from dataclasses import replace
from typing import NamedTuple

import asyncpg

from core.errors import DatabaseUnfit
from posting.store.ledger_identity import StoredLedger, read_ledger
from posting.store.migrate import OWNER_NEEDED, migrate
from posting.store.roles import RoleRights, grant_service, read_rights, read_role
from service.configuration.settings import Settings, UsageError
from service.database import embedded_roles
from service.database.command_queries import CHECK_SECONDS, connect, translate_database_errors
from service.database.embedded_server import Database
from service.database.ledger_selection import LedgerCreation, check_ledger


class LedgerUpdate(NamedTuple):
    """A ledger of this version."""

    database: Database
    """Its address for the service's role."""
    applied: list[str]
    """The migrations that were missing."""
    rights: RoleRights | None = None
    """The rights of the service's role; None in an embedded server, whose roles are made here."""


async def read_embedded_ledger(settings: Settings, server: Database, *, requires_ledger: bool) -> Database:
    """Return the ledger of an embedded server for reading; its roles are created if they are missing.

    Raises
    ------
    DatabaseMissing
        The server contains no ledger.
    """
    with translate_database_errors(server.dsn):
        async with connect(server.dsn, CHECK_SECONDS) as administrator:
            stored = await read_ledger(administrator)
            if stored.has_journal or requires_ledger:
                check_ledger(settings, stored, None)
            await embedded_roles.create_roles(administrator, server.dsn)
            await embedded_roles.grant_rights(administrator)
    return replace(server, dsn=embedded_roles.build_service_address(server.dsn))


async def update_embedded_ledger(
    settings: Settings, server: Database, creation: LedgerCreation | None
) -> LedgerUpdate:
    """Create the ledger of an embedded server where that is permitted, and bring it to this version.

    Raises
    ------
    DatabaseMissing
        The server contains no ledger, and none may be created.
    """
    address = embedded_roles.build_service_address(server.dsn)
    with translate_database_errors(server.dsn):
        async with connect(server.dsn, CHECK_SECONDS) as administrator:
            identity = check_ledger(settings, await read_ledger(administrator), creation)
            await embedded_roles.create_roles(administrator, server.dsn)
            applied = await migrate(administrator, identity=identity)
            await embedded_roles.grant_rights(administrator)
    return LedgerUpdate(replace(server, dsn=address), applied)


async def check_given_ledger(settings: Settings, creation: LedgerCreation | None) -> None:
    """Check which ledger a given server contains, before anything is loaded.

    Raises
    ------
    DatabaseMissing
        The database contains no ledger, and none may be created.
    """
    address = settings.migrate_database or settings.database
    with translate_database_errors(address):
        async with connect(address, CHECK_SECONDS) as connection:
            check_ledger(settings, await _read_stored_ledger(connection), creation)


async def read_given_ledger(settings: Settings, *, requires_ledger: bool) -> Database:
    """Return the ledger of a given server for reading.

    Raises
    ------
    DatabaseMissing
        The database contains no ledger.
    """
    with translate_database_errors(settings.database):
        async with connect(settings.database, CHECK_SECONDS) as service:
            stored = await _read_stored_ledger(service)
            if stored.has_journal or requires_ledger:
                check_ledger(settings, stored, None)
    return Database(settings.database)


async def update_given_ledger(settings: Settings, creation: LedgerCreation | None) -> LedgerUpdate:
    """Create the ledger of a given server where that is permitted, and bring it to this version.

    Raises
    ------
    DatabaseMissing
        The database contains no ledger, and none may be created.
    """
    with translate_database_errors(settings.database):
        async with connect(settings.database, CHECK_SECONDS) as service:
            if settings.migrate_database:
                applied = await _update_as_owner(settings, service, creation)
            else:
                identity = check_ledger(settings, await _read_stored_ledger(service), creation)
                applied = await migrate(service, identity=identity)
            return LedgerUpdate(Database(settings.database), applied, await read_rights(service))


async def _update_as_owner(
    settings: Settings, service: asyncpg.Connection, creation: LedgerCreation | None
) -> list[str]:
    with translate_database_errors(settings.migrate_database):
        async with connect(settings.migrate_database, CHECK_SECONDS) as owner:
            if not await _is_same_database(service, owner):
                raise UsageError("--migrate-database is another database than --database: name the same one")
            identity = check_ledger(settings, await read_ledger(owner), creation)
            applied = await migrate(owner, identity=identity)
            await grant_service(owner, await read_role(service))
            return applied


async def _read_stored_ledger(service: asyncpg.Connection) -> StoredLedger:
    try:
        return await read_ledger(service)
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseUnfit(f"{error}. {OWNER_NEEDED}") from error


async def _is_same_database(first: asyncpg.Connection, second: asyncpg.Connection) -> bool:
    """Compare two databases by a lock that a session of one of them has."""
    lock = "select pg_try_advisory_lock_shared(7317, 14)"
    await first.execute(lock)
    try:
        return not await second.fetchval("select pg_try_advisory_lock(7317, 14)")
    finally:
        await first.execute("select pg_advisory_unlock_shared(7317, 14)")
        await second.execute("select pg_advisory_unlock_all()")
