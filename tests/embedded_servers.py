"""An embedded server for synchronous tests, and its databases."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from service.database.embedded_server import run_embedded_server
from tests.databases import create_named_database
from tests.folders import choose_folder

SMALL_SETTINGS = {
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "fsync": "off",
    "full_page_writes": "off",
}


@contextmanager
def run_server(data: Path) -> Iterator[str]:
    """Run a server in another thread, in ``data`` unless there is room in memory; yield its address."""
    ready, stop = threading.Event(), threading.Event()
    addresses: list[str] = []

    async def serve() -> None:
        with choose_folder(data) as folder:
            await keep(folder)

    async def keep(folder: Path) -> None:
        async with run_embedded_server(folder, SMALL_SETTINGS) as database:
            addresses.append(database.dsn)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(60), "the server did not start"
        yield addresses[0]
    finally:
        stop.set()
        thread.join()


@contextmanager
def create_ledger(server: str, name: str) -> Iterator[str]:
    """Yield the address of a new, empty ledger of the server with that address; drop it afterwards."""
    with asyncio.Runner() as runner:
        database = AsyncExitStack()
        dsn = runner.run(database.enter_async_context(create_named_database(server, name)))
        try:
            yield dsn
        finally:
            runner.run(database.aclose())
