"""Pools of connections whose opening, commands and closing have time limits."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from posting.store.failures import DATABASE_ERRORS
from posting.store.limited_connections import CLOSE_SECONDS, OPEN_SECONDS, SESSION_LIMITS

POOL_COMMAND_SECONDS = 60
"""Limit on a command of a pool, which reads or writes few rows; a server that takes longer counts as unavailable."""


@asynccontextmanager
async def open_pool(
    dsn: str,
    connections_max: int,
    settings: Mapping[str, str],
    *,
    command_seconds: float = POOL_COMMAND_SECONDS,
    **options: Any,
) -> AsyncIterator[asyncpg.Pool]:
    """Open a pool of at most ``connections_max``, each opened when it is needed, with ``options`` of ``asyncpg.connect``."""
    limits = {"timeout": OPEN_SECONDS, "command_timeout": command_seconds}
    pool = asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=connections_max,
        server_settings={**SESSION_LIMITS, **settings},
        **limits,
        **options,
    )
    async with pool:
        try:
            yield pool
        finally:
            await _close_in_time(pool)


async def _close_in_time(pool: asyncpg.Pool) -> None:
    """Close a pool in order, or cut its connections if the server does not answer."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except (*DATABASE_ERRORS, OSError):
        pool.terminate()
