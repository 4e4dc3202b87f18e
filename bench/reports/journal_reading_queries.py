"""How long the server takes to read the whole journal once, the unit in which reports are compared."""

import time
from pathlib import Path
from typing import NamedTuple

from bench.measured_servers import ServeDatabase
from bench.peers import copy_queries

_ROUNDS = 3


class JournalReading(NamedTuple):
    """The fastest of a few readings."""

    entries: int
    seconds: float


async def measure_journal(serve: ServeDatabase, data: Path) -> JournalReading:
    """Add up the amounts of all entries, in one process of the server, a few times; the fastest counts."""
    seconds, entries = [], 0
    async with serve(data) as dsn, copy_queries.open_connection(dsn) as connection:
        await connection.execute("set max_parallel_workers_per_gather = 0")
        for _ in range(_ROUNDS):
            start = time.perf_counter()
            (row,) = await connection.fetch("select count(*) as entries, sum(amount) as cents from entry")
            seconds.append(time.perf_counter() - start)
            entries = row["entries"]
    return JournalReading(entries, round(min(seconds), 3))
