"""The tables and indexes that the views of analysts read, as a refresh fills and builds them.

A refresh only adds to tables beside the journal, and builds indexes on partitions to which nobody adds any more.  So what an
engine posts meanwhile does not wait, and costs nothing more.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from io import BytesIO
from typing import NamedTuple

import asyncpg

from core.errors import DatabaseUnfit
from core.sql_files import read_queries

SQL = read_queries("posting.store", "analyst_store.sql")

_PAGES_AT_ONCE = 8
"""Pages of payment details that are decoded together, at most 131,072 lines."""


class RefreshMark(NamedTuple):
    """How far the journal was read."""

    last_entry: int
    """The last entry of the journal then."""
    last_page: int
    """The last entry on a page of payment details that was read."""
    last_payee: int
    """The number of the last third party."""


class DetailPages(NamedTuple):
    """Some pages of payment details, in order."""

    first_entries: Sequence[int]
    contents: Sequence[bytes]
    last_entry: int


async def lock_refresh(connection: asyncpg.Connection) -> None:
    """Make this connection the only one that refreshes, until it ends.

    Raises
    ------
    DatabaseUnfit
        Another connection refreshes at this moment.
    """
    if not await connection.fetchval(SQL["try_refresh_lock"]):
        raise DatabaseUnfit("another refresh is at work: wait for its end, then call this again")


async def read_mark(connection: asyncpg.Connection) -> RefreshMark:
    """Return how far the last refresh read the journal; zeros before the first one."""
    (row,) = await connection.fetch(SQL["last_refresh"])
    return RefreshMark(row["last_entry"], row["last_page"], row["last_payee"])


async def read_journal_end(connection: asyncpg.Connection) -> int:
    """Return the last entry of the last batch; 0 if there is none."""
    return int(await connection.fetchval(SQL["refresh_end"]) or 0)


async def replace_titles(
    connection: asyncpg.Connection, kinds: Sequence[tuple], codes_by_year: Iterable[Sequence[tuple]]
) -> None:
    """Replace the titles of kinds and codes by these rows, and note it, in one transaction; nothing if they are the same."""
    async with connection.transaction():
        await connection.execute(SQL["create_staged_tables"])
        await connection.copy_records_to_table("staged_kind", records=kinds)
        for codes in codes_by_year:
            await connection.copy_records_to_table("staged_code", records=codes)
        if await connection.fetchval(SQL["titles_differ"]):
            await connection.execute(SQL["replace_titles"])
            await note_refresh(connection, await read_mark(connection))


async def add_payees(connection: asyncpg.Connection, after: int, last_entry: int) -> int:
    """Add the third parties with a number behind ``after`` that were registered up to an entry; return the last number."""
    return int(await connection.fetchval(SQL["add_payees"], after, last_entry) or 0)


async def stream_detail_pages(
    connection: asyncpg.Connection, after: int, last_entry: int
) -> AsyncGenerator[DetailPages, None]:
    """Yield the pages behind entry ``after`` and up to ``last_entry``, some at a time."""
    while rows := await connection.fetch(SQL["detail_pages"], after, last_entry, _PAGES_AT_ONCE):
        after = rows[-1]["last_entry"]
        yield DetailPages([row["entry_id"] for row in rows], [row["page"] for row in rows], after)


async def add_details(connection: asyncpg.Connection, csv: bytes, mark: RefreshMark) -> None:
    """Add rows of details, as CSV in the order of the table's columns, and how far they go: both or none."""
    async with connection.transaction():
        await connection.copy_to_table("analyst_detail", source=BytesIO(csv), format="csv")
        await note_refresh(connection, mark)


async def note_refresh(connection: asyncpg.Connection, mark: RefreshMark) -> None:
    """Store how far the journal was read."""
    await connection.execute(SQL["note_refresh"], *mark)


async def build_missing_indexes(
    connection: asyncpg.Connection, last_entry: int, *, includes_last: bool = False
) -> int:
    """Build the missing indexes of full partitions; of the one in use too if ``includes_last``.  Return how many were built.

    An index of a partition to which somebody adds at this moment is left to the next refresh.
    """
    rows = await connection.fetch(SQL["missing_indexes"], last_entry, includes_last)
    rows += await connection.fetch(SQL["missing_lookups"], last_entry)
    count = 0
    for row in rows:
        count += bool(await connection.fetchval(row["statement"]))
    await connection.fetch(SQL["summarise_filters"])
    return count
