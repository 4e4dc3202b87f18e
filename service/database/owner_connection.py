"""A connection of the owner of the tables: of the embedded server, or by the address that the settings name for migrations."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from service.configuration.settings import Settings
from service.database.command_queries import connect, translate_database_errors
from service.database.configured_database import open_or_attach, run_or_attach


@asynccontextmanager
async def open_as_owner(
    settings: Settings, progress: Callable[[str], None]
) -> AsyncIterator[asyncpg.Connection]:
    """Open the ledger, brought to this version, as the owner of its tables, who in an embedded server may create roles.

    Raises
    ------
    DatabaseMissing
        There is no ledger.
    DatabaseUnfit
        The server does not start, or cannot be used.
    """
    async with open_or_attach(settings, progress) as ledger:
        if settings.database:
            address = settings.migrate_database or ledger.dsn
            with translate_database_errors(address):
                async with connect(address) as connection:
                    yield connection
            return
        async with run_or_attach(settings, progress) as server:
            with translate_database_errors(server.dsn):
                async with connect(server.dsn) as administrator:
                    yield administrator
