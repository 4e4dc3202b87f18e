"""The way to the database that the settings name: ours, while it is needed, or one that is given."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.errors import CrescendoError
from service.configuration.settings import Settings
from service.database.binaries import find_wheel_binaries
from service.database.cluster import ROLE, Cluster
from service.database.embedded import Database, run_embedded


class DatabaseMissing(CrescendoError):
    """There is no database to read from."""


_PORT_LINE, _STATE_LINE = 3, 7


@asynccontextmanager
async def open_database(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """The database to write to.

    Raises
    ------
    DatabaseUnfit
        It does not start, or another process holds the folder.
    """
    if settings.database:
        yield Database(settings.database)
        return
    async with run_embedded(settings.data, settings.server, progress=progress) as database:
        yield database


@asynccontextmanager
async def open_for_reading(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """The database to read from: also one that another process of ours keeps in the folder just now.

    Raises
    ------
    NothingKept
        No database was ever made in the folder.
    DatabaseUnfit
        It does not start.
    """
    if not settings.database and not (settings.data / "postgres").exists():
        raise DatabaseMissing(
            f"{settings.data} holds no database: name the folder of a run with --data, or run files first"
        )
    async with open_or_attach(settings, progress) as database:
        yield database


@asynccontextmanager
async def open_or_attach(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """The database to write a few rows to, beside whoever keeps it open; made if there is none.

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


def find_running(settings: Settings) -> Database | None:
    """The database in the folder, if some process keeps it open and ready."""
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
