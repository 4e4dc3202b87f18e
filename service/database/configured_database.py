"""The database that the settings name: the embedded one, started while it is needed, or a given server."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from service.configuration.settings import Settings
from service.database.binaries import find_wheel_binaries
from service.database.cluster import ROLE, Cluster
from service.database.embedded_server import Database, run_embedded_server
from service.database.ledger_selection import LedgerCreation, check_folder
from service.terminal.console import print_note

_PORT_LINE, _STATE_LINE = 3, 7


def _ignore(_: list[str]) -> None:
    """Ignore the names of migrations."""


@asynccontextmanager
async def open_database(
    settings: Settings, progress: Callable[[str], None], creation: LedgerCreation | None = None
) -> AsyncIterator[Database]:
    """Open the ledger for the engine, brought to this version; create it where ``creation`` permits.

    Raises
    ------
    DatabaseMissing
        There is no ledger, and none may be created.
    DatabaseUnfit
        The server does not start, or another process uses the folder.
    """
    check_folder(settings, creation)
    from service.database import ledger_updates

    if settings.database:
        update = await ledger_updates.update_given_ledger(settings, creation)
        if update.rights and update.rights.excess:
            print_note(f"Warning: the role {update.rights.describe()}.")
        yield update.database
        return
    async with run_embedded_server(settings.data, settings.server, progress=progress) as server:
        yield (await ledger_updates.update_embedded_ledger(settings, server, creation)).database


@asynccontextmanager
async def open_or_attach(
    settings: Settings,
    progress: Callable[[str], None],
    creation: LedgerCreation | None = None,
    *,
    on_migrated: Callable[[list[str]], None] = _ignore,
) -> AsyncIterator[Database]:
    """Open the ledger to write a few rows, also while another process runs it; create it where ``creation`` permits.

    ``on_migrated`` receives the names of the applied migrations.

    Raises
    ------
    DatabaseMissing
        There is no ledger.
    DatabaseUnfit
        The server does not start.
    """
    check_folder(settings, creation)
    from service.database import ledger_updates

    if settings.database:
        update = await ledger_updates.update_given_ledger(settings, creation)
        on_migrated(update.applied)
        yield update.database
        return
    async with run_or_attach(settings, progress) as server:
        update = await ledger_updates.update_embedded_ledger(settings, server, creation)
        on_migrated(update.applied)
        yield update.database


@asynccontextmanager
async def open_for_work(
    settings: Settings, progress: Callable[[str], None], creation: LedgerCreation | None = None
) -> AsyncIterator[Database]:
    """Open the ledger for work: beside the engine at work in the folder, if it decides the files of others too.

    Raises
    ------
    ClockSetBack
        A clock is before the last time that the ledger has stored.
    DatabaseMissing
        There is no ledger, and none may be created.
    DatabaseUnfit
        The server does not start, or another process uses the folder and does no work for others.
    """
    from service.database import command_queries, ledger_updates

    server = None if settings.database else find_server(settings)
    if server is not None:
        with command_queries.translate_database_errors(server.dsn):
            serves_others = await command_queries.has_serving_engine(server.dsn)
        if serves_others:
            ledger = await ledger_updates.read_embedded_ledger(settings, server, requires_ledger=True)
            await command_queries.check_clocks_of(ledger.dsn)
            yield ledger
            return
    async with open_database(settings, progress, creation) as database:
        await command_queries.check_clocks_of(database.dsn)
        yield database


@asynccontextmanager
async def open_for_reading(
    settings: Settings, progress: Callable[[str], None], *, requires_ledger: bool = True
) -> AsyncIterator[Database]:
    """Open the ledger for reading, whatever its version; one that another process already runs is used as it is.

    Raises
    ------
    DatabaseMissing
        There is no ledger.
    DatabaseUnfit
        The server does not start.
    """
    check_folder(settings, None)
    from service.database import ledger_updates

    if settings.database:
        yield await ledger_updates.read_given_ledger(settings, requires_ledger=requires_ledger)
        return
    async with run_or_attach(settings, progress) as server:
        yield await ledger_updates.read_embedded_ledger(settings, server, requires_ledger=requires_ledger)


@asynccontextmanager
async def run_or_attach(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """Yield the server in the folder: that of another process, or one of our own."""
    server = find_server(settings)
    if server is not None:
        yield server
        return
    async with run_embedded_server(settings.data, settings.server, progress=progress) as server:
        yield server


def find_server(settings: Settings) -> Database | None:
    """Return the server in the folder, as its administrator, if another process runs it and it is ready, else None."""
    if sys.platform != "linux":
        return None
    data = settings.data.absolute()
    if not (data / "postgres").exists():
        return None
    cluster = Cluster.in_data_folder(data, find_wheel_binaries())
    state = cluster.read_pid_file()
    is_ready = len(state) > _STATE_LINE and state[_STATE_LINE].strip() == "ready"
    if not is_ready or cluster.find_server() is None:
        return None
    port = state[_PORT_LINE].strip()
    return Database(f"postgresql://{ROLE}:{cluster.read_password()}@127.0.0.1:{port}/{ROLE}", data)
