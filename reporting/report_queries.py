"""Queries of the reports; all of them only read.

The statements of one report stand in the SQL file with the name of its module, all others in ``queries.sql``.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Any, NamedTuple

import asyncpg

from core.sql_files import read_all_queries

SQL: Mapping[str, str] = read_all_queries("reporting")

Connection = asyncpg.Connection
Row = Mapping[str, Any]
_ROWS_AT_ONCE = 2_000
_MEMORY_SETTINGS = "set local work_mem = '128MB'"
"""More than the lists of the account assignments of a State need: the planner only builds a list that it expects to fit."""
_JOIN_SETTINGS = f"""
{_MEMORY_SETTINGS};
set local enable_nestloop = off;
set local max_parallel_workers_per_gather = 0
"""


async def fetch(connection: Connection, query: str, *arguments: Any) -> list[Row]:
    """Return the rows of a named query."""
    return [dict(row) for row in await connection.fetch(SQL[query], *arguments)]


async def stream(connection: Connection, statement: str, *arguments: Any) -> AsyncGenerator[list[Row], None]:
    """Yield the rows of a statement, a few thousand at a time; the caller closes the generator."""
    async with connection.transaction():
        cursor = await connection.cursor(statement, *arguments)
        while rows := await cursor.fetch(_ROWS_AT_ONCE):
            yield [dict(row) for row in rows]


class JournalPart(NamedTuple):
    """The entries that a report reads: those before ``entry_end`` that were posted up to ``last_day``."""

    entry_end: int
    last_day: date | None = None

    def limit(self, statement: str) -> str:
        """Return a statement that sees these entries alone: its table ``entry`` is a view of them."""
        day = f" and day <= date '{self.last_day.isoformat()}'" if self.last_day else ""
        entries = f"select * from entry where entry_id < {int(self.entry_end)}{day}"  # noqa: S608
        # whole numbers and a date of this module alone
        return f"with entry as not materialized ({entries})\nselect * from (\n{statement}\n) as_of"


async def read_part(connection: Connection, batch: int | None, last_day: date | None = None) -> JournalPart:
    """Return the part of the journal up to a batch, or up to the last one, and up to a posting date."""
    number = await find_batch_or_last(connection, batch)
    end = (await fetch_one(connection, "entry_end_of_batch", number))["entry_end"]
    return JournalPart(end, last_day)


def _set_for_joins(connection: Connection) -> AbstractAsyncContextManager[None]:
    """Set the connection, while the body runs, for statements that join entries of the whole journal with one another.

    The planner cannot know how many rows their steps give.  It takes hundreds for millions, and then compares each with each:
    for the entries of a State's year this does not end.  So such a statement has no nested loops, and memory for its hashes;
    and no parallel workers, each of which would take that memory again.
    """
    return _set_locally(connection, _JOIN_SETTINGS)


@asynccontextmanager
async def _set_locally(connection: Connection, settings: str) -> AsyncIterator[None]:
    """Set the connection while the body runs.

    The transaction is rolled back, as it only reads: inside another one the settings would otherwise stay until its end.
    """
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(settings)
        yield
    finally:
        await transaction.rollback()


async def fetch_part_of_journal(
    connection: Connection, part: JournalPart, statement: str, *arguments: Any
) -> list[Row]:
    """Return the rows of a statement that joins entries of a part of the journal with one another."""
    async with _set_for_joins(connection):
        return [dict(row) for row in await connection.fetch(part.limit(statement), *arguments)]


async def add_up_part_of_journal(
    connection: Connection, part: JournalPart, statement: str, *arguments: Any
) -> list[Row]:
    """Return the rows of a statement that adds up entries of a part of the journal without joins.

    The statement selects entries by lists of account assignments (``in``), which take a few MB in each worker.  So parallel
    workers are allowed, in contrast to statements with joins: without them the reconciliation took half as long again.
    """
    async with _set_locally(connection, _MEMORY_SETTINGS):
        return [dict(row) for row in await connection.fetch(part.limit(statement), *arguments)]


async def stream_part_of_journal(
    connection: Connection, part: JournalPart, statement: str, *arguments: Any
) -> AsyncGenerator[list[Row], None]:
    """Yield the rows of such a statement, a few thousand at a time, so it reads the journal once; the caller closes this."""
    async with _set_for_joins(connection):
        cursor = await connection.cursor(part.limit(statement), *arguments)
        while rows := await cursor.fetch(_ROWS_AT_ONCE):
            yield [dict(row) for row in rows]


async def fetch_as_of(connection: Connection, query: str, *arguments: Any, batch: int | None) -> list[Row]:
    """Return the rows of a named query that reads entries alone, as of a batch; None for the last one."""
    if batch is None:
        return await fetch(connection, query, *arguments)
    return await fetch_part_of_journal(connection, await read_part(connection, batch), SQL[query], *arguments)


async def fetch_one(connection: Connection, query: str, *arguments: Any) -> Row:
    """Return the only row of a named query."""
    (row,) = await fetch(connection, query, *arguments)
    return row


async def find_batch_or_last(connection: Connection, batch: int | None) -> int:
    """Return ``batch``, or the last one if it is None; 0 if there is none yet."""
    return batch if batch is not None else int((await fetch_one(connection, "last_batch"))["batch"])
