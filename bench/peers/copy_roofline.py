"""The best the server could do: COPY of the same rows, and nothing else."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.foreign_processes import ForeignLoad, ForeignLoadMeter
from bench.measured_servers import ServeDatabase, prepare_server
from bench.peers import copy_queries
from bench.peers.copy_queries import BatchSpan, CopyStreams, TableSums


@dataclass(frozen=True, slots=True)
class Roofline:
    """The figures of raw COPY of a journal's rows, over two connections and with one transaction a batch."""

    rows: int
    """Entries, refusals, duplicates, payees and pages of details."""
    entries: int
    batches: int
    seconds: float
    rows_a_second: float
    foreign_load: ForeignLoad


class _StoredRows(NamedTuple):
    """The rows of a journal."""

    batches: list[BatchSpan]
    streams: list[CopyStreams]
    sums: TableSums


def measure_roofline(serve: ServeDatabase, year: Path, raw: Path) -> Roofline:
    """Copy the rows of the journal in the data folder ``year`` into bare tables on the new server of the folder ``raw``.

    The server begins as that of the year did: new, with a checkpoint, without autovacuum.  All this is done by a process
    of its own, because the rows fill its memory, and the system counts a program's peak memory from that of the process
    that started it.

    Raises
    ------
    AssertionError
        The copied rows differ from the journal's in count or sums.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        # no time limit: how long it takes is what is measured
        return pool.submit(_measure_roofline, serve, year, raw).result()


def _measure_roofline(serve: ServeDatabase, year: Path, raw: Path) -> Roofline:
    return asyncio.run(_copy_to_new_server(serve, year, raw))


async def _copy_to_new_server(serve: ServeDatabase, year: Path, raw: Path) -> Roofline:
    async with serve(year) as dsn:
        stored = await _read_rows(dsn)
    await prepare_server(serve, raw)
    async with serve(raw) as dsn:
        return await _copy_rows(dsn, stored)


async def _read_rows(dsn: str) -> _StoredRows:
    """Read all rows before the clock starts: the raw copy gets them from memory."""
    async with copy_queries.open_connection(dsn) as connection:
        await copy_queries.require_no_autovacuum(connection)
        batches = await copy_queries.list_batches(connection)
        streams = [await copy_queries.read_batch(connection, batch) for batch in batches]
        return _StoredRows(batches, streams, await copy_queries.sum_tables(connection, "public"))


async def _copy_rows(dsn: str, stored: _StoredRows) -> Roofline:
    """Copy without a pause: during a pause the system would write dirty pages in time that is not measured."""
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(copy_queries.open_connection(dsn))
            for _ in range(copy_queries.CONNECTIONS)
        ]
        await copy_queries.migrate_database(connections[0])
        await copy_queries.create_tables(connections[0])
        await copy_queries.require_no_autovacuum(connections[0])
        await copy_queries.write_out(connections[0])
        meter = ForeignLoadMeter()
        seconds = await copy_queries.copy_batches(connections, stored.streams)
        foreign_load = meter.finish()
        copied = await copy_queries.sum_tables(connections[0], copy_queries.SCHEMA)
    check_sums(copied, stored.sums)
    rows = sum(batch.rows for batch in stored.batches)
    entries = sum(batch.counts.get("entry", 0) for batch in stored.batches)
    rate = round(rows / seconds)
    return Roofline(rows, entries, len(stored.batches), round(seconds, 3), rate, foreign_load)


def check_sums(copied: TableSums, stored: TableSums) -> None:
    """Compare the copied rows with the journal's.

    Raises
    ------
    AssertionError
        They differ in count or sums.
    """
    differences = [
        f"{name}: {copied[name]} copied, {stored[name]} in the journal"
        for name in stored
        if copied[name] != stored[name]
    ]
    if differences:
        raise AssertionError("; ".join(differences))
