"""An embedded server for tests that are not asynchronous themselves."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.database.embedded import run_embedded

SMALL_SETTINGS = {"shared_buffers": "64MB", "max_wal_size": "512MB"}


@contextmanager
def run_server(data: Path) -> Iterator[str]:
    """Keep a server in ``data`` running in another thread; its address."""
    ready, stop = threading.Event(), threading.Event()
    found: list[str] = []

    async def keep() -> None:
        async with run_embedded(data, SMALL_SETTINGS) as database:
            found.append(database.dsn)
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(keep()))
    thread.start()
    try:
        assert ready.wait(60), "the server did not start"
        yield found[0]
    finally:
        stop.set()
        thread.join()
