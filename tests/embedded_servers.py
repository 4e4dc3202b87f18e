"""An embedded server for synchronous tests, and its databases."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

from service.database.embedded_server import run_embedded_server
from tests.databases import create_named_database

SMALL_SETTINGS = {
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "fsync": "off",
    "full_page_writes": "off",
}


@contextmanager
def run_server(data: Path) -> Iterator[str]:
    """Run a server in ``data`` in another thread; yield its address."""
    ready, stop = threading.Event(), threading.Event()
    addresses: list[str] = []

    async def serve() -> None:
        async with run_embedded_server(data, SMALL_SETTINGS) as database:
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
