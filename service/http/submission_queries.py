"""What the service reads, beside the engine, on a few connections of its own."""

import errno
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, cast

import asyncpg

from monitoring.file_states import EndedFiles, FileState, StoredFiles
from monitoring.live_figures import CommittedBatch
from posting.store.sql_files import read_queries
from service.auth.api_keys import Caller
from service.results.receipt_queries import read_receipts
from service.results.receipts import Receipt

SQL = read_queries("service.http", "queries.sql")
CONNECTIONS_MAX = 6
BORROW_SECONDS = 10
"""So long a question waits for one of the connections; then the database counts as one that does not answer."""

DATABASE_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
_DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
Pool = asyncpg.Pool
Row = Mapping[str, Any]


def is_disk_full(error: BaseException) -> bool:
    """Whether it says that our disk, or the database's, has no room."""
    return isinstance(error, asyncpg.DiskFullError) or (
        isinstance(error, OSError) and error.errno in _DISK_FULL_ERRNOS
    )


@asynccontextmanager
async def open_read_pool(dsn: str) -> AsyncIterator[Pool]:
    """Connections that only read."""
    settings = {"application_name": "crescendo reader", "default_transaction_read_only": "on"}
    # where the address names several servers: the one that is written to, which sessions of ours do not show
    where = {"min_size": 0, "max_size": CONNECTIONS_MAX, "target_session_attrs": "primary"}
    async with asyncpg.create_pool(dsn, server_settings=settings, **where) as pool:
        yield pool


@asynccontextmanager
async def borrow_connection(pool: Pool) -> AsyncIterator[asyncpg.Connection]:
    """One of the connections, for a question; never while somebody reads an answer: they are few, for everybody.

    Raises
    ------
    TimeoutError
        None has become free.
    """
    async with pool.acquire(timeout=BORROW_SECONDS) as connection:
        yield cast(asyncpg.Connection, connection)


async def _fetch_rows(pool: Pool, query: str, *arguments: Any) -> list[Row]:
    async with borrow_connection(pool) as connection:
        return await connection.fetch(SQL[query], *arguments)


async def _fetch_value(pool: Pool, query: str, *arguments: Any) -> Any:
    async with borrow_connection(pool) as connection:
        return await connection.fetchval(SQL[query], *arguments)


async def read_bank_file_totals(pool: Pool) -> dict[str, int]:
    """Acts, and cents, that stand in files for the bank."""
    (row,) = await _fetch_rows(pool, "bank_files")
    return dict(row.items())


async def find_sender(pool: Pool, submission: int) -> str | None:
    """Who sent a submission; None when there is none of that number."""
    return await _fetch_value(pool, "sender_of", submission)


async def can_see_submission(pool: Pool, submission: int, who: Caller) -> bool | None:
    """Whether a caller is to see a submission; None when there is none of that number."""
    return await _fetch_value(pool, "submission_seen", submission, *_build_visibility(who))


async def list_submissions(pool: Pool, who: Caller, before: int, limit: int) -> list[int]:
    """Numbers of the submissions that a caller is to see, below ``before``, the latest first."""
    rows = await _fetch_rows(pool, "submissions_of", *_build_visibility(who), before, limit)
    return [row["submission"] for row in rows]


def _build_visibility(who: Caller) -> tuple[str | None, list[str] | None]:
    """The sender and the programmes that a caller sees; None for all."""
    return None if who.can_read_all_senders else who.sender, sorted(who.programmes) or None


async def read_refused_page(pool: Pool, submission: int, after: int, limit: int) -> list[Row]:
    """Refused lines of a submission behind line ``after`` (from 1), in the order of the file."""
    return await _fetch_rows(pool, "refused_page", submission, after - 1, limit, None)


async def find_last_batch(pool: Pool, submission: int) -> int:
    """The last batch that has lines of a submission; 0 before the first."""
    return await _fetch_value(pool, "last_batch_of", submission) or 0


async def read_refused_pages(pool: Pool, submission: int, size: int, last: int) -> AsyncIterator[list[Row]]:
    """All lines of a submission refused up to batch ``last``, in the order of the file, ``size`` at a time.

    What is refused stays so: pages of the same ``last`` fit together, however long their reader takes over each.
    """
    after, is_full = -1, True
    while is_full and (rows := await _fetch_rows(pool, "refused_page", submission, after, size, last)):
        yield rows
        after, is_full = rows[-1]["line"], len(rows) == size


async def count_refused_by_lot(pool: Pool, submission: int, first: list[int]) -> dict[int, int]:
    """Refused lines of a submission by lot; ``first`` has the first line of each, from 0."""
    rows = await _fetch_rows(pool, "refused_by_lot", submission, first)
    return {row["lot"]: row["lines"] for row in rows}


async def read_last_batches(pool: Pool, limit: int, last: int) -> list[CommittedBatch]:
    """The last batches up to number ``last``, the latest first."""
    return [CommittedBatch(**row) for row in await _fetch_rows(pool, "last_batches", limit, last)]


async def read_file_stock(pool: Pool) -> StoredFiles:
    """All files, by sender and by what has become of them."""
    rows = await _fetch_rows(pool, "stock")
    ended = [EndedFiles(row["sender"], FileState(row["state"]), row["files"]) for row in rows]
    under_way = [
        (number, row["sender"])
        for row in rows
        if row["state"] == FileState.IN_TREATMENT
        for number in row["submissions"]
    ]
    return StoredFiles(
        [each for each in ended if each.state != FileState.IN_TREATMENT],
        under_way,
        max((row["last"] for row in rows), default=0),
    )


async def read_status(connection: asyncpg.Connection, submission: int) -> tuple[Receipt, datetime]:
    """The receipt of a submission, and when it came to stand as it does."""
    (receipt,) = await read_receipts(connection, [submission])
    (row,) = await connection.fetch(SQL["stands_since"], submission, receipt.last_batch)
    return receipt, row["at"]
