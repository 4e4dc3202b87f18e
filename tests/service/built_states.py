"""States that are built once for each server: a test gets a copy, as to submit the acts again takes ten times as long."""

import atexit
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from service.database.embedded_server import Database
from tests.databases import create_lasting_database
from tests.service.small_state import State, copy_state


@asynccontextmanager
async def copy_built_state(
    database: Database, folder: Path, name: str, build: Callable[[State], Awaitable[None]]
) -> AsyncIterator[State]:
    """Open a copy of the State ``name`` in ``folder``; ``build`` submits its acts when a test first needs it."""
    built_states = _list_built_states(database.dsn)
    if name not in built_states:
        state = State(await create_lasting_database(database), _create_folder())
        await build(state)
        built_states[name] = state
    async with copy_state(database, built_states[name], folder) as state:
        yield state


@cache
def _list_built_states(_server: str) -> dict[str, State]:
    """Return the States of a server, by name."""
    return {}


def _create_folder() -> Path:
    """Create a folder that is removed when the process ends, as the files of a test may be removed with it."""
    folder = Path(mkdtemp(prefix="state-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
