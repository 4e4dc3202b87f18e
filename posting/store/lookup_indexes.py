"""Indexes that only look-ups need, brought up to date beside the engine, on a connection of their own.

Nothing here holds a writer up: summing up a BRIN index locks nobody out, and a B-tree is built only on a partition that
is full.  A B-tree finds best and takes a core for seconds; a filter over ranges of pages is made in a fraction of that.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum

import asyncpg

from posting.store.lease import FAILURES, SQL

INDEXING_FAILURES = FAILURES
"""What ends the work when the database, or a lock, is not to be had; whatever was under way is rolled back."""
_SETTINGS: Mapping[str, str] = {
    "application_name": "crescendo indexes",
    "lock_timeout": "5s",
    "maintenance_work_mem": "128MB",
    "max_parallel_maintenance_workers": "0",
    "synchronous_commit": "off",
}
"""One core at most; and an index that a power cut takes away is built again."""


class IndexType(StrEnum):
    """Sorts of look-up indexes."""

    FILTER = "filter"
    """Of a full partition that has no trees yet."""
    TREE = "tree"
    """Of a full partition."""
    TAIL = "tail"
    """The filter of the partition that is written to: once it is there, every entry that comes costs a little more."""


class LookupIndexes:
    """The look-up indexes of one journal."""

    def __init__(self, connection: asyncpg.Connection, partition_rows: int) -> None:
        self._connection, self._partition_rows = connection, partition_rows
        self._summarized_entries = 0
        """Entries whose partitions need not be looked at again."""

    async def summarize(self, entries: int) -> None:
        """Tell the BRIN indexes of what came, one index a transaction."""
        first = self._summarized_entries // self._partition_rows
        for row in await self._connection.fetch(SQL["growing_indexes"], first):
            await self._connection.execute(SQL["index_new"], row["name"])
        self._summarized_entries = entries

    async def list_missing(self, entries: int, index_type: IndexType) -> list[str]:
        """Statements that build the indexes of this sort that partitions lack when so many entries are committed."""
        if index_type is IndexType.TAIL:
            for row in await self._connection.fetch(SQL["lookups_broken"]):
                await self.build(row["statement"])
        rows = await self._connection.fetch(SQL["lookups_missing"], entries, index_type)
        return [row["statement"] for row in rows]

    async def build(self, statement: str) -> None:
        """Build one index: all of it, or nothing."""
        await self._connection.execute(statement)

    @property
    def partition_rows(self) -> int:
        """Entries of a full partition."""
        return self._partition_rows


@asynccontextmanager
async def open_indexes(dsn: str) -> AsyncIterator[LookupIndexes]:
    """The look-up indexes of a database that is migrated."""
    connection = await asyncpg.connect(dsn, server_settings=dict(_SETTINGS))
    try:
        yield LookupIndexes(connection, await connection.fetchval("select partition_rows from engine"))
    finally:
        await connection.close()
