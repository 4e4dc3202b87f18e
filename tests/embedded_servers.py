"""An embedded server for synchronous tests."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.database.embedded_server import run_embedded_server

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
