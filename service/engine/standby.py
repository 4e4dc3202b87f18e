"""A second engine that waits for its turn, and takes over when the first is gone or lets go.

The lease and the epoch make it safe: whoever takes the lease ends the connections of whoever had it, and nothing that
one still does can be committed.  So a standby need not know whether the other is dead.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

import structlog

from core.errors import CrescendoError
from posting.store.failures import DATABASE_ERRORS
from service.database import command_queries
from service.terminal.signals import Interruption

LOG = structlog.get_logger()
POLL_SECONDS = 1
_UNREACHABLE = "the database does not answer"


class StandbyStopped(CrescendoError):
    """Asked to stop before its turn came; nothing was begun."""


async def wait_for_turn(dsn: str, interruption: Interruption, progress: Callable[[str], None]) -> None:
    """Wait until no engine works on the database of ``dsn``.

    A database that does not answer is waited for as well: its own standby may be about to take its place.

    Raises
    ------
    StoodDown
        A signal came first.
    """
    stopped, before = asyncio.Event(), ""
    with interruption.stop_with(stopped.set, ""):
        while (reason := await _read_reason(dsn)) and not stopped.is_set():
            if reason != before:
                progress(f"standing by: {reason}")
                LOG.info("standing by", reason=reason)
                before = reason
            with suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), POLL_SECONDS)
    if stopped.is_set():
        raise StandbyStopped


async def _read_reason(dsn: str) -> str:
    """Why it is not our turn; empty when it is."""
    try:
        holder = await command_queries.read_lease_owner(dsn)
    except DATABASE_ERRORS as error:
        return f"{_UNREACHABLE}: {error}"
    return f"{holder} works on it" if holder else ""
