"""What the service reads, beside the engine, on a few connections of its own."""

import errno
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

import asyncpg

from monitoring.file_states import Ended, State, Stock
from monitoring.live_figures import Batch
from posting.store.sql_files import queries
from service.auth.api_keys import Caller
from service.database.command_queries import read_receipts
from service.results.receipts import Receipt

SQL = queries("service.http", "queries.sql")
READERS = 6
BORROWED_SECONDS = 10
"""So long a question waits for one of the connections; then the database counts as one that does not answer."""

DATABASE_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
Pool = asyncpg.Pool
Row = Mapping[str, Any]


def is_disk_full(error: BaseException) -> bool:
    """Whether it says that our disk, or the database's, has no room."""
    return isinstance(error, asyncpg.DiskFullError) or (
        isinstance(error, OSError) and error.errno in _NO_ROOM
    )


@asynccontextmanager
async def reading(dsn: str) -> AsyncIterator[Pool]:
    """Connections that only read."""
    settings = {"application_name": "crescendo reader", "default_transaction_read_only": "on"}
    # where the address names several servers: the one that is written to, which sessions of ours do not show
    where = {"min_size": 0, "max_size": READERS, "target_session_attrs": "primary"}
    async with asyncpg.create_pool(dsn, server_settings=settings, **where) as pool:
        yield pool


@asynccontextmanager
async def borrowed(pool: Pool) -> AsyncIterator[asyncpg.Connection]:
    """One of the connections, for a question; never while somebody reads an answer: they are few, for everybody.

    Raises
    ------
    TimeoutError
        None has become free.
    """
    async with pool.acquire(timeout=BORROWED_SECONDS) as connection:
        yield cast(asyncpg.Connection, connection)


async def _rows(pool: Pool, query: str, *arguments: Any) -> list[Row]:
    async with borrowed(pool) as connection:
        return await connection.fetch(SQL[query], *arguments)


async def _value(pool: Pool, query: str, *arguments: Any) -> Any:
    async with borrowed(pool) as connection:
        return await connection.fetchval(SQL[query], *arguments)


async def bank_files(pool: Pool) -> dict[str, int]:
    """Acts, and cents, that stand in files for the bank."""
    (row,) = await _rows(pool, "bank_files")
    return dict(row.items())


async def sender_of(pool: Pool, submission: int) -> str | None:
    """Who sent a submission; None when there is none of that number."""
    return await _value(pool, "sender_of", submission)


async def is_submission_seen(pool: Pool, submission: int, who: Caller) -> bool | None:
    """Whether a caller is to see a submission; None when there is none of that number."""
    return await _value(pool, "submission_seen", submission, *_sight(who))


async def submissions_of(pool: Pool, who: Caller, before: int, limit: int) -> list[int]:
    """Numbers of the submissions that a caller is to see, below ``before``, the latest first."""
    rows = await _rows(pool, "submissions_of", *_sight(who), before, limit)
    return [row["submission"] for row in rows]


def _sight(who: Caller) -> tuple[str | None, list[str] | None]:
    """The sender and the programmes that a caller sees; None for all."""
    return None if who.reads_all else who.sender, sorted(who.programmes) or None


async def refused_page(pool: Pool, submission: int, after: int, limit: int) -> list[Row]:
    """Refused lines of a submission behind line ``after`` (from 1), in the order of the file."""
    return await _rows(pool, "refused_page", submission, after - 1, limit, None)


async def last_batch_of(pool: Pool, submission: int) -> int:
    """The last batch that has lines of a submission; 0 before the first."""
    return await _value(pool, "last_batch_of", submission) or 0


async def refused_pages(pool: Pool, submission: int, size: int, last: int) -> AsyncIterator[list[Row]]:
    """All lines of a submission refused up to batch ``last``, in the order of the file, ``size`` at a time.

    What is refused stays so: pages of the same ``last`` fit together, however long their reader takes over each.
    """
    after, is_full = -1, True
    while is_full and (rows := await _rows(pool, "refused_page", submission, after, size, last)):
        yield rows
        after, is_full = rows[-1]["line"], len(rows) == size


async def refused_by_lot(pool: Pool, submission: int, first: list[int]) -> dict[int, int]:
    """Refused lines of a submission by lot; ``first`` has the first line of each, from 0."""
    rows = await _rows(pool, "refused_by_lot", submission, first)
    return {row["lot"]: row["lines"] for row in rows}


async def last_batches(pool: Pool, limit: int, last: int) -> list[Batch]:
    """The last batches up to number ``last``, the latest first."""
    return [Batch(**row) for row in await _rows(pool, "last_batches", limit, last)]


async def stock(pool: Pool) -> Stock:
    """All files, by sender and by what has become of them."""
    rows = await _rows(pool, "stock")
    ended = [Ended(row["sender"], State(row["state"]), row["files"]) for row in rows]
    under_way = [
        (number, row["sender"])
        for row in rows
        if row["state"] == State.IN_TREATMENT
        for number in row["submissions"]
    ]
    return Stock(
        [each for each in ended if each.state != State.IN_TREATMENT],
        under_way,
        max((row["last"] for row in rows), default=0),
    )


async def standing(connection: asyncpg.Connection, submission: int) -> tuple[Receipt, datetime]:
    """The receipt of a submission, and when it came to stand as it does."""
    (receipt,) = await read_receipts(connection, [submission])
    (row,) = await connection.fetch(SQL["stands_since"], submission, receipt.last_batch)
    return receipt, row["at"]
