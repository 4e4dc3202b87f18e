"""The connections of the service beside those of its engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from service.auth.access_queries import open_audit_pool
from service.database.read_pool import Pool, open_read_pool
from service.http.journal_queries import JournalReader, open_journal
from service.tasks.task_queries import open_task_pool


class Pools(NamedTuple):
    """The connections beside those of the engine."""

    readers: Pool
    journal: JournalReader
    audit: Pool
    tasks: Pool


@asynccontextmanager
async def open_pools(dsn: str) -> AsyncIterator[Pools]:
    """Open all of them while the body runs."""
    async with (
        open_read_pool(dsn) as readers,
        open_journal(dsn) as journal,
        open_audit_pool(dsn) as audit,
        open_task_pool(dsn) as tasks,
    ):
        yield Pools(readers, journal, audit, tasks)
