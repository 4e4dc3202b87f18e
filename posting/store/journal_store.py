"""The store: PostgreSQL is the only durable truth.  Several batches are copied at once and commit in order."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import asyncpg

from core.errors import BookMoved
from posting.batch import BatchResult, Progress, Submission, Tally
from posting.book.checkpoint import CheckpointSnapshot
from posting.book.registry import CodeKind, NumbersByCode, ReferenceData, number_codes
from posting.engine import HASHED_TABLES
from posting.pgcopy import HEADER, TRAILER, list_columns
from posting.store import code_meaning_store, copy_out
from posting.store.batch_tables import TABLES
from posting.store.lease import SQL, Lease
from posting.store.migrate import LAYOUT, PARTITION_ROWS

_CHUNK_BYTES = 1 << 19
_BULK = frozenset({"index_what_came", "delete_checkpoints"})
"""Queries that read or write without a bound; how long they may take."""
_BULK_SECONDS = 86_400


class PriorSubmission(NamedTuple):
    """A submission of the same file."""

    number: int
    attempt: int
    is_cancelled: bool
    is_finished: bool
    """Whether it is decided, or cancelled."""

    def covers_resend(self, *, again: bool) -> bool:
        """Whether the file that comes once more, or ``again``, is this submission and not an attempt of its own."""
        return not (self.is_cancelled or (again and self.is_finished))


class PostgresStore:
    """One engine's hold on a database: what it reads and stores there, and its place in the order of commits."""

    def __init__(self, dsn: str, copiers: int = 6) -> None:
        self._lease = Lease(dsn, copiers)
        self._existing_partitions: set[int] = set()
        self.partition_rows = PARTITION_ROWS

    @asynccontextmanager
    async def own_lease(self, owner: str) -> AsyncIterator["PostgresStore"]:
        """Hold the lease while the body runs.

        Raises
        ------
        LeaseHeld
            Another engine is alive on this database.
        """
        try:
            await self._lease.acquire(owner)
            self.partition_rows = await self.connection.fetchval("select partition_rows from engine")
            yield self
        finally:
            await self._lease.release()

    @property
    def connection(self) -> Any:
        """The connection that holds the lease."""
        return self._lease.connection

    def limit_command_time(self, command_seconds: int) -> None:
        """Take a server for gone that answers no command of a few rows within so long."""
        self._lease.command_seconds = command_seconds

    @property
    def epoch(self) -> int:
        """Which of the engines that ever held this database: the last one writes."""
        return self._lease.epoch

    async def wait_until_broken(self) -> None:
        """Wait until a connection breaks, and raise what tells so.

        Raises
        ------
        ConnectionError
            A connection broke, and with it what was under way on it.
        """
        await self._lease.wait_until_broken()

    async def reconnect(self) -> None:
        """Fresh connections after a failed commit: what was under way is rolled back or known to be committed.

        Raises
        ------
        BookMoved
            Another engine took over meanwhile.
        """
        await self._lease.reconnect()

    async def load_numbers(self, reference: ReferenceData) -> NumbersByCode:
        """The numbers of all codes; new ones are given and stored, with what each code means in each year.

        Raises
        ------
        ReferenceDataError
            There are too many codes, or one in use means something else than it did; nothing is stored.
        """
        numbers: NumbersByCode = {kind: {} for kind in CodeKind}
        async with self._lease.borrow_connection() as connection, connection.transaction():
            for row in await connection.fetch(SQL["reference_texts"]):
                numbers[CodeKind(row["kind"])][row["code"]] = row["id"]
            new = number_codes(numbers, reference.list_codes())
            await connection.copy_records_to_table(
                "reference_text", records=new, columns=["kind", "id", "code"]
            )
            await code_meaning_store.store_meanings(connection, reference, numbers)
        return numbers

    async def number_sender(self, numbers: NumbersByCode, sender: str) -> int:
        """The number of a sender, given at its first submission."""
        if sender not in numbers[CodeKind.SENDER]:
            async with self._lease.borrow_connection() as connection:
                new = number_codes(numbers, {CodeKind.SENDER: [sender]})
                await connection.copy_records_to_table(
                    "reference_text", records=new, columns=["kind", "id", "code"]
                )
        return numbers[CodeKind.SENDER][sender]

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Rows of a named query, on the keeper's connection."""
        limit = _BULK_SECONDS if query in _BULK else None
        async with self._lease.borrow_connection() as connection:
            return await connection.fetch(SQL[query], *arguments, timeout=limit)

    async def read_copy(self, select: str) -> bytes:
        """The binary COPY stream of a query."""
        parts: list[bytes] = []
        await self.stream_rows(select, parts.append)
        return b"".join([HEADER, *parts, TRAILER])

    async def stream_rows(self, select: str, work: Callable[[bytes], None]) -> None:
        """Hand the COPY rows of a query to ``work``, many whole rows at a time, in a thread beside."""
        connection = await self._lease.free_copiers.get()
        try:
            await copy_out.stream_rows(connection, select, work)
        finally:
            self._lease.free_copiers.put_nowait(connection)

    async def find_submission(self, sender: str, file_hash: bytes) -> PriorSubmission | None:
        """The last submission of the same file by the same sender."""
        rows = await self.fetch("find_submission", sender, file_hash)
        return PriorSubmission(*rows[0]) if rows else None

    async def register_submission(self, row: tuple[Any, ...]) -> Submission:
        """Store a new submission; its number."""
        (stored,) = await self.fetch("insert_submission", *row)
        return Submission(stored["submission"], row[0], row[7])

    async def load_submission(self, number: int) -> Submission:
        """A submission as its last progress left it."""
        (row,) = await self.fetch("submission", number)
        submission = Submission(number, row["sender"], row["lines"])
        if row["pass"] is None:
            return submission
        submission.progress = Progress(row["pass"], row["next_line"], row["done"])
        submission.tally = Tally(*(row[name] for name in Tally.__slots__))
        held = [(each["pass"], each["line"], each["lines"]) for each in await self.fetch("held", number)]
        last_pass = max((run for run, *_ in held if run < submission.progress.pass_number), default=0)
        submission.to_retry = [(line, lines) for run, line, lines in held if run == last_pass]
        submission.held = [
            (line, lines) for run, line, lines in held if run == submission.progress.pass_number
        ]
        submission.accepted_in_pass = (
            await self.fetch("accepted_in_pass", number, submission.progress.pass_number)
        )[0]["accepted"] or 0
        return submission

    async def borrow_copier(self) -> asyncpg.Connection:
        """A free copying connection: waits while all are busy, which is the bound on batches in flight."""
        return await self._lease.free_copiers.get()

    async def commit(
        self, connection: asyncpg.Connection, result: BatchResult, previous: asyncio.Event
    ) -> None:
        """Store ``result`` in one transaction, after the batch before it.

        Raises
        ------
        BookMoved
            The epoch or version is not ours any more.  Nothing was stored.
        """
        await self._ensure_partitions(result)
        async with connection.transaction():
            await self._copy(connection, result)
            await previous.wait()
            await self._close_batch(connection, result)
        self._lease.free_copiers.put_nowait(connection)

    async def save_checkpoint(self, snapshot: CheckpointSnapshot) -> None:
        """Store a checkpoint whose batch is committed and whose predecessor is stored; a whole one in place of all others.

        Raises
        ------
        BookMoved
            Another engine took over meanwhile.
        """
        connection = await self._lease.free_copiers.get()
        async with connection.transaction():
            if not snapshot.previous:
                if not await connection.fetchval(SQL["is_ours"], self._lease.epoch):
                    raise BookMoved("another engine took this database over")
                await connection.execute(SQL["delete_checkpoints"])
            names = ["batch", "piece", "payload"]
            source = _enclose(snapshot.encode_rows())
            await connection.copy_to_table("checkpoint_page", source=source, columns=names, format="binary")
            await connection.execute(SQL["insert_checkpoint"], *snapshot.build_row())
        self._lease.free_copiers.put_nowait(connection)

    async def _close_batch(self, connection: asyncpg.Connection, result: BatchResult) -> None:
        counts = result.counts
        rows = tuple(counts[name] for name in HASHED_TABLES)
        head = (self._lease.epoch, result.number, LAYOUT, result.first_entry)
        arguments = (*head, *rows, result.cents, result.chain, *_build_progress_columns(result))
        if not await connection.fetchval(SQL["close_batch"], *arguments, timeout=self._lease.command_seconds):
            raise BookMoved(
                f"batch {result.number}: another engine holds this database, or went on without us"
            )
        if result.held:
            held = [(submission, result.number, *rest) for submission, *rest in result.held]
            names = ["submission", "batch", "pass", "line", "lines"]
            await connection.copy_records_to_table("held", records=held, columns=names)

    def _find_target(self, name: str, result: BatchResult) -> str:
        """The journal's rows go straight to their partition, unless they lie in two."""
        partitions = self._list_partitions(result)
        return f"entry_{partitions[0]:06}" if name == "entry" and len(partitions) == 1 else name

    def _list_partitions(self, result: BatchResult) -> range:
        first, count = result.first_entry - 1, max(result.counts["entry"], 1)
        return range(first // self.partition_rows, (first + count - 1) // self.partition_rows + 1)

    async def _ensure_partitions(self, result: BatchResult) -> None:
        for partition in self._list_partitions(result):
            if partition not in self._existing_partitions:
                async with self._lease.borrow_connection() as connection:
                    await connection.execute("select ensure_entry_partition($1)", partition)
                self._existing_partitions.add(partition)

    async def _copy(self, connection: asyncpg.Connection, result: BatchResult) -> None:
        for name, stream in result.streams.items():
            if len(stream):
                table, texts = TABLES[name]
                target, names = self._find_target(name, result), [*list_columns(table), *texts]
                source = _split_chunks(stream.data)
                await connection.copy_to_table(target, source=source, columns=names, format="binary")


def _split_chunks(stream: memoryview) -> AsyncIterator[bytes | memoryview]:
    """A whole COPY stream in pieces, so that the connection can hold back."""
    return _enclose(stream[start : start + _CHUNK_BYTES] for start in range(0, len(stream), _CHUNK_BYTES))


async def _enclose(rows: Iterable[Any]) -> AsyncIterator[Any]:
    yield HEADER
    for chunk in rows:
        yield chunk
    yield TRAILER


def _build_progress_columns(result: BatchResult) -> Iterable[list[Any]]:
    values = [
        (
            row.submission,
            row.progress.pass_number,
            row.progress.next_line,
            row.progress.is_done,
            *_list_tally(row.tally),
        )
        for row in result.progress
    ]
    return map(list, zip(*values, strict=True))


def _list_tally(tally: Any) -> tuple[int, ...]:
    lines = (tally.accepted, tally.duplicate, tally.refused, tally.suspended)
    return *lines, tally.accepted_cents, tally.duplicate_cents, tally.refused_cents, tally.suspended_cents
