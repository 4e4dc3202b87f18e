"""The best the server could do: COPY of the same rows, and nothing else."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.peers import copy_queries


@dataclass(frozen=True, slots=True)
class Roofline:
    """The figures of raw COPY of a journal's rows, over two connections and with one transaction a batch."""

    rows: int
    """Entries, refusals, duplicates and payees."""
    entries: int
    batches: int
    seconds: float
    rows_a_second: float


async def measure_roofline(dsn: str) -> Roofline:
    """Copy a committed journal's rows into bare tables on the same server, and time the copying alone.

    All rows are read before the clock starts, and copied without a pause: during a pause the system would write dirty
    pages in time that is not measured.  The count and sums of every table must equal the journal's.

    Raises
    ------
    AssertionError
        The copied rows differ from the journal's.
    """
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(copy_queries.open_connection(dsn))
            for _ in range(copy_queries.CONNECTIONS)
        ]
        batches = await copy_queries.list_batches(connections[0])
        await copy_queries.create_tables(connections[0])
        stack.push_async_callback(copy_queries.drop_tables, connections[0])
        streams = [await copy_queries.read_batch(connections[0], batch) for batch in batches]
        seconds = await copy_queries.copy_batches(connections, streams)
        if differences := await copy_queries.find_differences(connections[0]):
            raise AssertionError("; ".join(differences))
    rows, entries = (
        sum(batch.rows for batch in batches),
        sum(batch.counts.get("entry", 0) for batch in batches),
    )
    return Roofline(rows, entries, len(batches), round(seconds, 3), round(rows / seconds))
