"""The database that the settings name: the embedded one, started while it is needed, or a given server."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.errors import CrescendoError
from service.configuration.settings import Settings
from service.database.binaries import find_wheel_binaries
from service.database.cluster import ROLE, Cluster
from service.database.embedded_server import Database, run_embedded


class DatabaseMissing(CrescendoError):
    """The folder contains no database to read from."""


_PORT_LINE, _STATE_LINE = 3, 7


@asynccontextmanager
async def open_database(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """Open the database for writing.

    Raises
    ------
    DatabaseUnfit
        It does not start, or another process uses the folder.
    """
    if settings.database:
        yield Database(settings.database)
        return
    async with run_embedded(settings.data, settings.server, progress=progress) as database:
        yield database


@asynccontextmanager
async def open_for_reading(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """Open the database for reading; one that another process already runs in the folder is used as it is.

    Raises
    ------
    DatabaseMissing
        No database was ever created in the folder.
    DatabaseUnfit
        It does not start.
    """
    if not settings.database and not (settings.data / "postgres").exists():
        raise DatabaseMissing(
            f"{settings.data} contains no database: name the right folder with --data, or process files first"
        )
    async with open_or_attach(settings, progress) as database:
        yield database


@asynccontextmanager
async def open_or_attach(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """Open the database to write a few rows, also while another process runs it; create it if there is none.

    Raises
    ------
    DatabaseUnfit
        It does not start.
    """
    running = None if settings.database else find_running(settings)
    if running is not None:
        yield running
        return
    async with open_database(settings, progress) as database:
        yield database


@asynccontextmanager
async def open_for_work(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """Open the database for work: beside the engine at work in the folder, if it decides the files of others too.

    Raises
    ------
    DatabaseUnfit
        It does not start, or another process uses the folder and does no work for others.
    """
    running = None if settings.database else find_running(settings)
    if running is not None and await _serves_others(running.dsn):
        yield running
        return
    async with open_database(settings, progress) as database:
        yield database


async def _serves_others(dsn: str) -> bool:
    """Return whether the engine at work decides the files that other processes register."""
    from service.database import command_queries

    with command_queries.translate_database_errors(dsn):
        return await command_queries.has_serving_engine(dsn)


def find_running(settings: Settings) -> Database | None:
    """Return the database in the folder if another process runs it and it is ready, else None."""
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
