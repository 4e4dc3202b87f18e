"""The store: PostgreSQL contains the only durable state.  Several batches are copied at once and commit in order."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import asyncpg

from core.errors import BookMoved
from core.period_states import PeriodDecision
from posting.batch import BatchResult, LineSpan, Submission
from posting.book.checkpoint import CheckpointSnapshot
from posting.book.code_numbers import CodeKind, NumbersByCode, number_codes
from posting.book.registry import ReferenceData
from posting.hash_chain import HASHED_TABLES
from posting.pgcopy import HEADER, TRAILER, list_columns
from posting.store import code_meaning_store, copy_out, period_store, progress_columns, reference_use
from posting.store.batch_tables import TABLES
from posting.store.connections import SQL, EngineConnections
from posting.store.layout import LAYOUT
from posting.store.lease import Lease
from posting.store.ledger_clock import LedgerClock
from posting.store.limited_connections import BULK_SECONDS
from posting.store.migrate import PARTITION_ROWS
from posting.store.submission_rows import FileStatements, NewSubmission, PriorSubmission

_CHUNK_BYTES = 1 << 19
_BULK = frozenset({"summarise_indexes", "delete_checkpoints", "carried_by_cell"})
"""Queries without a bound on the rows that they read or write."""


class PostgresStore:
    """The store of the engine that owns the lease: its reads and writes, and the order of its commits."""

    def __init__(self, dsn: str, copiers: int = 6) -> None:
        self._connections = EngineConnections(dsn, copiers)
        self._lease, self.clock = Lease(self._connections), LedgerClock()
        self._existing_partitions: set[int] = set()
        self.partition_rows = PARTITION_ROWS

    @asynccontextmanager
    async def own_lease(self, owner: str) -> AsyncIterator["PostgresStore"]:
        """Own the lease while the body runs.

        Raises
        ------
        LeaseHeld
            Another running engine owns the lease of this database.
        """
        try:
            await self._lease.acquire(owner)
            async with self.borrow_connection() as connection:
                self.partition_rows = await connection.fetchval("select partition_rows from engine")
            yield self
        finally:
            await self._lease.release()

    @asynccontextmanager
    async def open_without_lease(self) -> AsyncIterator["PostgresStore"]:
        """Connect while the body runs, to register files that the engine at work decides."""
        try:
            await self._connections.connect()
            yield self
        finally:
            async with self._connections.close():
                pass

    @asynccontextmanager
    async def borrow_connection(self) -> AsyncIterator[Any]:
        """Borrow the connection that owns the lease, one user at a time: the renewal of the lease uses it too."""
        async with self._connections.borrow() as connection:
            yield connection

    def limit_command_time(self, command_seconds: int) -> None:
        """Treat the server as unavailable if a command of a few rows takes longer than this."""
        self._connections.command_seconds = command_seconds

    @property
    def epoch(self) -> int:
        """The number of this engine among all that ever owned the lease: only the last one may write."""
        return self._lease.epoch

    async def wait_until_broken(self) -> None:
        """Wait until a connection breaks, then raise.

        Raises
        ------
        ConnectionError
            A connection broke; the commands running on it failed.
        """
        await self._connections.wait_until_broken()

    async def reconnect(self) -> None:
        """Open new connections after a failed commit; all former transactions are then rolled back or committed.

        Raises
        ------
        BookMoved
            Another engine has taken over.
        """
        await self._lease.reconnect()

    async def load_numbers(self, reference: ReferenceData) -> NumbersByCode:
        """Return the numbers of all codes; new codes are numbered and stored, with their meaning in each year.

        Raises
        ------
        ReferenceDataError
            There are too many codes, or a code in use has changed its meaning; nothing is stored.
        """
        numbers: NumbersByCode = {kind: {} for kind in CodeKind}
        async with self._connections.borrow() as connection, connection.transaction():
            for row in await connection.fetch(SQL["reference_texts"]):
                numbers[CodeKind(row["kind"])][row["code"]] = row["id"]
            new, columns = number_codes(numbers, reference.list_codes()), ["kind", "id", "code"]
            await connection.copy_records_to_table("reference_text", records=new, columns=columns)
            await code_meaning_store.store_meanings(connection, reference, numbers)
            await period_store.store_starts(connection, reference.calendar)
            await reference_use.note_use(connection, reference, numbers)
        return numbers

    async def load_period_states(self) -> period_store.EffectiveStates:
        """Return the states of periods after the last batch."""
        async with self._connections.borrow() as connection:
            return await period_store.load_effective_states(connection)

    async def load_period_decisions(self, after: int) -> list[PeriodDecision]:
        """Return the decisions about periods with numbers above ``after``, in order."""
        async with self._connections.borrow() as connection:
            return await period_store.load_decisions(connection, after)

    async def number_sender(self, numbers: NumbersByCode, sender: str) -> int:
        """Return the number of a sender, which is assigned at its first submission."""
        if sender not in numbers[CodeKind.SENDER]:
            async with self._connections.borrow() as connection:
                new = number_codes(numbers, {CodeKind.SENDER: [sender]})
                await connection.copy_records_to_table(
                    "reference_text", records=new, columns=["kind", "id", "code"]
                )
        return numbers[CodeKind.SENDER][sender]

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Return the rows of a named query, read on the lease's connection."""
        limit = BULK_SECONDS if query in _BULK else None
        async with self._connections.borrow() as connection:
            return await connection.fetch(SQL[query], *arguments, timeout=limit)

    async def read_copy(self, select: str) -> bytes:
        """Return the binary COPY stream of a query."""
        chunks: list[bytes] = []
        await self.stream_rows(select, chunks.append)
        return b"".join([HEADER, *chunks, TRAILER])

    async def stream_rows(self, select: str, work: Callable[[bytes], None]) -> None:
        """Call ``work`` with the COPY rows of a query, many whole rows at a time, in another thread."""
        async with self._connections.lend_copier() as connection:
            await copy_out.stream_rows(connection, select, work)

    async def find_submission(self, sender: str, file_hash: bytes) -> PriorSubmission | None:
        """Return the last submission of the same file by the same sender."""
        rows = await self.fetch("find_submission", sender, file_hash)
        if not rows:
            return None
        number, attempt, is_cancelled, is_over, *statements = rows[0]
        return PriorSubmission(number, attempt, is_cancelled, is_over, FileStatements(*statements))

    async def register_submission(self, row: NewSubmission) -> Submission | None:
        """Store a new submission and return it with its number; None if another process has stored the same attempt."""
        async with self._connections.borrow() as connection, connection.transaction():
            await connection.execute(SQL["lock_submissions"])
            number = await connection.fetchval(SQL["insert_submission"], *row)
        return None if number is None else Submission(number, row.sender, row.declared_lines)

    async def load_submission(self, number: int) -> Submission:
        """Return a submission as its last stored progress describes it."""
        (row,) = await self.fetch("submission", number)
        submission = Submission(number, row["sender"], row["lines"])
        if row["pass"] is None:
            return submission
        progress_columns.restore_progress(submission, row)
        pass_number = submission.progress.pass_number
        held = [
            (act["pass"], LineSpan(act["line"], act["lines"])) for act in await self.fetch("held", number)
        ]
        last_pass = max((held_in for held_in, _ in held if held_in < pass_number), default=0)
        submission.to_retry = [span for held_in, span in held if held_in == last_pass]
        submission.held = [span for held_in, span in held if held_in == pass_number]
        (row,) = await self.fetch("accepted_in_pass", number, pass_number)
        submission.accepted_in_pass = row["accepted"] or 0
        return submission

    async def borrow_copier(self) -> asyncpg.Connection:
        """Return a free copying connection; waiting while all are busy bounds the batches in flight."""
        # no time limit: a broken connection ends the attempt, and all its tasks
        return await self._connections.free_copiers.get()

    def lend_copier(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """Lend a free copying connection to a reader."""
        return self._connections.lend_copier()

    async def commit(
        self, connection: asyncpg.Connection, result: BatchResult, previous: asyncio.Event
    ) -> None:
        """Store ``result`` in one transaction that commits after the previous batch.

        Raises
        ------
        BookMoved
            The epoch or version in the database is no longer this engine's.  Nothing was stored.
        ClockSetBack
            The database's clock is before the last stored time.  Nothing was stored.
        """
        decision_time = time.monotonic()  # what the engine has decided is committed at once
        await self._ensure_partitions(result)
        async with connection.transaction():
            await self.copy_rows(connection, result)
            await previous.wait()  # no time limit: if the previous commit fails, the attempt ends
            await self.close_batch(connection, result, decision_time)
        self._connections.free_copiers.put_nowait(connection)

    async def save_checkpoint(self, snapshot: CheckpointSnapshot) -> None:
        """Store a checkpoint whose batch is committed and whose predecessor is stored; a full one replaces all others.

        Raises
        ------
        BookMoved
            Another engine has taken over.
        """
        connection = await self.borrow_copier()
        async with connection.transaction():
            if not snapshot.previous:
                if not await connection.fetchval(SQL["is_own_epoch"], self._lease.epoch):
                    raise BookMoved("another engine has taken this database over")
                await connection.execute(SQL["delete_checkpoints"])
            names = ["batch", "piece", "payload"]
            source = _enclose(snapshot.encode_rows())
            await connection.copy_to_table("checkpoint_page", source=source, columns=names, format="binary")
            await connection.execute(SQL["insert_checkpoint"], *snapshot.build_row())
        self._connections.free_copiers.put_nowait(connection)

    async def close_batch(
        self, connection: asyncpg.Connection, result: BatchResult, decision_time: float
    ) -> None:
        """Store that the batch is complete, as the last statement of its transaction; see ``commit``.

        ``decision_time`` is the moment of its decisions on the monotonic clock.
        """
        rows = tuple(result.counts[name] for name in HASHED_TABLES)
        head = (self._lease.epoch, result.number, LAYOUT, result.first_entry)
        totals = (result.cents, result.chain, result.refused_lines, time.monotonic() - decision_time)
        arguments = (*head, *rows, *totals, *progress_columns.build_columns(result.progress))
        limit = self._connections.command_seconds
        committed_at = await connection.fetchval(SQL["close_batch"], *arguments, timeout=limit)
        if committed_at is None:
            raise BookMoved(f"batch {result.number}: another engine owns this database, or committed more")
        self.clock.follow_commit(result.number, committed_at)
        if result.held:
            held = [(submission, result.number, *rest) for submission, *rest in result.held]
            names = ["submission", "batch", "pass", "line", "lines"]
            await connection.copy_records_to_table("held", records=held, columns=names)

    def _find_target(self, name: str, result: BatchResult) -> str:
        """Return the table to copy to: the partition itself for journal rows that lie in one partition."""
        partitions = self._list_partitions(result)
        return f"entry_{partitions[0]:06}" if name == "entry" and len(partitions) == 1 else name

    def _list_partitions(self, result: BatchResult) -> range:
        first, count = result.first_entry - 1, max(result.counts["entry"], 1)
        return range(first // self.partition_rows, (first + count - 1) // self.partition_rows + 1)

    async def _ensure_partitions(self, result: BatchResult) -> None:
        for partition in self._list_partitions(result):
            if partition not in self._existing_partitions:
                async with self._connections.borrow() as connection:
                    await connection.execute("select ensure_entry_partition($1)", partition)
                self._existing_partitions.add(partition)

    async def copy_rows(self, connection: asyncpg.Connection, result: BatchResult) -> None:
        """Copy the rows of a batch, as the first step of its transaction; see ``commit``."""
        for name, stream in result.streams.items():
            if len(stream):
                table, texts = TABLES[name]
                target, names = self._find_target(name, result), [*list_columns(table), *texts]
                source = _split_chunks(stream.data)
                await connection.copy_to_table(target, source=source, columns=names, format="binary")


def _split_chunks(stream: memoryview) -> AsyncIterator[bytes | memoryview]:
    """Split a COPY stream into chunks, so that the connection can apply back pressure."""
    return _enclose(stream[start : start + _CHUNK_BYTES] for start in range(0, len(stream), _CHUNK_BYTES))


async def _enclose(rows: Iterable[Any]) -> AsyncIterator[Any]:
    yield HEADER
    for chunk in rows:
        yield chunk
    yield TRAILER
