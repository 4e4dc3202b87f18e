"""Queries of tasks: what was requested, and what became of it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

import asyncpg
import msgspec

from core.errors import NotWaiting
from core.sql_files import read_queries
from service.database.connection_pools import open_pool

SQL = read_queries("service.tasks", "queries.sql")
Pool = asyncpg.Pool
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")
"""The character NUL in JSON, which PostgreSQL cannot store."""


class StoredTask(NamedTuple):
    """A task that has not ended."""

    task: int
    kind: str
    arguments: dict[str, Any]
    key: str
    sender: str
    started_at: datetime | None
    """When it was begun first; None if it was not."""
    early_ends: int
    """How often its process ended early by itself: without a result, without a signal, and with a database."""


class FormerEdit(NamedTuple):
    """An edit of a payment run that an interrupted process may have stored."""

    run: int
    what: str
    numbers: list[int]
    """The lines or payees."""
    reason: str
    by: str
    since: datetime


class TaskRow(msgspec.Struct, frozen=True, kw_only=True):
    """A task and its state, as stored."""

    task: int
    kind: str
    arguments: dict[str, Any]
    key: str
    sender: str
    requested_at: datetime
    state: str
    result: dict[str, Any] | None
    started_at: datetime | None
    ended_at: datetime | None


@asynccontextmanager
async def open_task_pool(dsn: str) -> AsyncIterator[Pool]:
    """Open a pool with few connections that may write."""
    settings = {"application_name": "crescendo tasks"}
    async with open_pool(dsn, 2, settings) as pool:
        yield pool


async def insert_task(pool: Pool, kind: str, arguments: Any, *, key: str, sender: str) -> int:
    """Store a requested task; return its number."""
    return await pool.fetchval(SQL["insert_task"], kind, msgspec.json.encode(arguments).decode(), key, sender)


async def insert_event(pool: Pool, task: int, event: str, *, result: Any = None) -> None:
    """Store what became of a task.

    Raises
    ------
    NotWaiting
        The task has ended, or has begun and cannot be cancelled any more.
    """
    content = None if result is None else _NUL.sub(r"\1\\ufffd", msgspec.json.encode(result).decode())
    try:
        await pool.execute(SQL["insert_event"], task, event, content)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise NotWaiting(str(error)) from error


async def load_unfinished_tasks(pool: Pool) -> list[StoredTask]:
    """Return the tasks that have not ended, in the order of their requests."""
    rows = await pool.fetch(SQL["unfinished_tasks"])
    return [StoredTask(**{**row, "arguments": msgspec.json.decode(row["arguments"])}) for row in rows]


async def load_received_paths(pool: Pool) -> list[str]:
    """Return the paths of the bank files that tasks name, ended ones included."""
    return [row["path"] for row in await pool.fetch(SQL["received_files"])]


async def has_edit(connection: asyncpg.Connection, edit: FormerEdit) -> bool:
    """Return whether an edit of a payment run is stored."""
    return bool(await connection.fetchval(SQL["has_edit"], *edit))


async def count_queue(pool: Pool, sender: str) -> tuple[int, int]:
    """Return how many tasks wait, of all and of one sender."""
    row = await pool.fetchrow(SQL["count_queue"], sender)
    return row["overall"], row["sender"]


async def load_task(pool: Pool, task: int) -> TaskRow | None:
    """Return one task; None if it does not exist."""
    row = await pool.fetchrow(SQL["task"], task)
    return _to_row(row) if row else None


async def load_tasks(pool: Pool, before: int, limit: int, *, sender: str | None) -> list[TaskRow]:
    """Return the tasks below number ``before``, the latest first, of one sender or of all."""
    return [_to_row(row) for row in await pool.fetch(SQL["tasks"], before, sender, limit)]


def _to_row(row: Any) -> TaskRow:
    decoded = {name: row[name] and msgspec.json.decode(row[name]) for name in ("arguments", "result")}
    return TaskRow(**{**row, **decoded})
