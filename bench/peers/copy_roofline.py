"""What the server could do at best: COPY of the same rows, and nothing else."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.peers import copy_queries


@dataclass(frozen=True, slots=True)
class Roofline:
    """Raw COPY of a journal's rows over two connections, one transaction a batch."""

    rows: int
    """Entries, refusals, duplicates and payees."""
    entries: int
    batches: int
    seconds: float
    rows_a_second: float


async def measure_roofline(dsn: str) -> Roofline:
    """Copy a committed journal's rows into bare tables on the same server; the time of the copying alone.

    All rows are read before the clock runs and copied without a pause: in one the system would go on writing what is
    dirty, in nobody's time. Every table's count and sums must equal the journal's before the figure is given.

    Raises
    ------
    AssertionError
        The copied rows are not the journal's.
    """
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(copy_queries.open_connection(dsn))
            for _ in range(copy_queries.CONNECTIONS)
        ]
        batches = await copy_queries.list_batches(connections[0])
        await copy_queries.create_tables(connections[0])
        stack.push_async_callback(copy_queries.drop_tables, connections[0])
        streams = [await copy_queries.read_batch(connections[0], each) for each in batches]
        seconds = await copy_queries.copy_batches(connections, streams)
        if wrong := await copy_queries.find_differences(connections[0]):
            raise AssertionError("; ".join(wrong))
    rows, entries = sum(each.rows for each in batches), sum(each.counts.get("entry", 0) for each in batches)
    return Roofline(rows, entries, len(batches), round(seconds, 3), round(rows / seconds))
