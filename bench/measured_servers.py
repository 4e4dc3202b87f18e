"""Servers that are measured: each begins in the same state, whatever is measured on it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from bench.peers import copy_queries

ServeDatabase = Callable[[Path], AbstractAsyncContextManager[str]]
"""Runs the database of a data folder; yields its address.  A function of a module, as other processes call it too."""


async def prepare_server(serve: ServeDatabase, data: Path) -> None:
    """Create the server of the folder ``data``, and stop it.

    Its write-ahead log is empty: a server that has recycled files of that log writes faster than a new one.  It does not
    vacuum by itself, at moments that one measurement meets and another does not.
    """
    async with serve(data) as dsn, copy_queries.open_connection(dsn) as connection:
        await copy_queries.turn_autovacuum_off(connection)
        await connection.execute("checkpoint")
