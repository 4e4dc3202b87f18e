"""The way to the database that the settings name: ours, while it is needed, or one that is given."""

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from core.errors import CrescendoError
from service.database.binaries import wheel_binaries
from service.database.cluster import ROLE, Cluster
from service.database.embedded import Database, embedded
from service.settings import Settings


class NothingKept(CrescendoError):
    """There is no database to read from."""


_PORT_LINE, _STATE_LINE = 3, 7


@asynccontextmanager
async def opened(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """The database to write to.

    Raises
    ------
    DatabaseUnfit
        It does not start, or another process holds the folder.
    """
    if settings.database:
        yield Database(settings.database)
        return
    async with embedded(settings.data, settings.server, progress=progress) as database:
        yield database


@asynccontextmanager
async def readable(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """The database to read from: also one that another process of ours keeps in the folder just now.

    Raises
    ------
    NothingKept
        No database was ever made in the folder.
    DatabaseUnfit
        It does not start.
    """
    if not settings.database and not (settings.data / "postgres").exists():
        raise NothingKept(
            f"{settings.data} holds no database: name the folder of a run with --data, or run files first"
        )
    async with reachable(settings, progress) as database:
        yield database


@asynccontextmanager
async def reachable(settings: Settings, progress: Callable[[str], None]) -> AsyncIterator[Database]:
    """The database to write a few rows to, beside whoever keeps it open; made if there is none.

    Raises
    ------
    DatabaseUnfit
        It does not start.
    """
    running = None if settings.database else kept(settings)
    if running is not None:
        yield running
        return
    async with opened(settings, progress) as database:
        yield database


def kept(settings: Settings) -> Database | None:
    """The database in the folder, if some process keeps it open and ready."""
    if sys.platform != "linux":
        return None
    data = settings.data.absolute()
    if not (data / "postgres").exists():
        return None
    cluster = Cluster.within(data, wheel_binaries())
    state = cluster.status()
    is_ready = len(state) > _STATE_LINE and state[_STATE_LINE].strip() == "ready"
    if not is_ready or cluster.postmaster() is None:
        return None
    port = state[_PORT_LINE].strip()
    return Database(f"postgresql://{ROLE}:{cluster.password()}@127.0.0.1:{port}/{ROLE}", data)
