"""Indexes that only look-ups need, maintained beside the engine on a connection of their own.

Summarising a BRIN index blocks no writer, and a B-tree is built only on a full partition, to which nobody adds.  A B-tree
gives the fastest look-ups but takes a core for seconds; a filter over ranges of pages (BRIN) is built in a fraction of that
time.

Only the owner of a table may build an index on it: functions of the owner do, see ``0014_roles.sql``.  The filter of the
partition that is being written to is built at a moment at which nobody writes; a writer that comes meanwhile waits for it.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from enum import StrEnum

import asyncpg

from posting.store.connections import SQL
from posting.store.limited_connections import open_limited_connection

_SETTINGS: Mapping[str, str] = {
    "application_name": "crescendo indexes",
    "lock_timeout": "5s",
    "maintenance_work_mem": "128MB",
    "max_parallel_maintenance_workers": "0",
    "synchronous_commit": "off",
}
"""One core at most; without synchronous commit, as an index that a power cut destroys is built again."""


class IndexType(StrEnum):
    """Types of look-up indexes."""

    FILTER = "filter"
    """The BRIN filter of a full partition that has no B-trees yet."""
    TREE = "tree"
    """The B-trees of a full partition."""
    TAIL = "tail"
    """The BRIN filter of the partition that is being written to: it makes every further entry a little more expensive."""


class LookupIndexes:
    """The look-up indexes of one journal."""

    def __init__(self, connection: asyncpg.Connection, partition_rows: int) -> None:
        self._connection, self._partition_rows = connection, partition_rows
        self._summarized_entries = 0
        """Entries whose partitions need no further summarising."""

    async def summarize(self, entries: int) -> None:
        """Summarise the new rows in the BRIN indexes, one index per transaction."""
        first = self._summarized_entries // self._partition_rows
        for row in await self._connection.fetch(SQL["growing_indexes"], first):
            await self._connection.execute(SQL["summarise_index"], row["name"])
        self._summarized_entries = entries

    async def list_missing(self, entries: int, index_type: IndexType) -> list[str]:
        """Return statements that build the missing indexes of this type, given the number of committed entries."""
        rows = await self._connection.fetch(SQL["lookups_missing"], entries, index_type)
        return [row["statement"] for row in rows]

    async def build(self, statement: str) -> bool:
        """Build one index completely, or not at all; return whether it is built, as a writer must not wait for its turn."""
        return bool(await self._connection.fetchval(statement))

    @property
    def partition_rows(self) -> int:
        """The number of entries in a full partition."""
        return self._partition_rows


async def build_filters(dsn: str, entries: int) -> None:
    """Build the missing filters over the first ``entries``, two at a time, when nobody writes any more.

    A filter of a partition that another session has locked is left to the next run: what is committed needs none.
    """
    async with open_indexes(dsn) as first, open_indexes(dsn) as second:
        types = (IndexType.FILTER, IndexType.TAIL)
        missing = [statement for kind in types for statement in await first.list_missing(entries, kind)]
        builds = (_build_all(first, missing[::2]), _build_all(second, missing[1::2]))
        # both end before their connections are closed
        for error in await asyncio.gather(*builds, return_exceptions=True):
            if error is not None:
                raise error


async def _build_all(indexes: LookupIndexes, statements: Sequence[str]) -> None:
    for statement in statements:
        with suppress(asyncpg.LockNotAvailableError):
            await indexes.build(statement)


@asynccontextmanager
async def open_indexes(dsn: str) -> AsyncIterator[LookupIndexes]:
    """Open the look-up indexes of a migrated database."""
    async with open_limited_connection(dsn, _SETTINGS) as connection:
        (row,) = await connection.fetch("select partition_rows from engine")
        yield LookupIndexes(connection, row["partition_rows"])
