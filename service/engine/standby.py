"""The standby: a second engine that waits, and takes over when the first is gone or releases the lease.

The lease and the epoch make this safe: an engine that acquires the lease ends the connections of the previous owner,
which then cannot commit anything. So a standby need not know whether the other engine is dead.
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
    """A signal stopped the standby before it took over; nothing was begun."""


async def wait_for_turn(dsn: str, interruption: Interruption, progress: Callable[[str], None]) -> None:
    """Wait until no engine works on the database of ``dsn``.

    While the database does not answer, wait too: its own standby server may be about to replace it.

    Raises
    ------
    StandbyStopped
        A signal came first.
    """
    stopped, last_reason = asyncio.Event(), ""
    with interruption.stop_with(stopped.set, ""):
        while (reason := await _read_reason(dsn)) and not stopped.is_set():
            if reason != last_reason:
                progress(f"standing by: {reason}")
                LOG.info("standing by", reason=reason)
                last_reason = reason
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await stopped.wait()
    if stopped.is_set():
        raise StandbyStopped


async def _read_reason(dsn: str) -> str:
    """Return why the standby has to wait; empty if it can take over."""
    try:
        owner = await command_queries.read_lease_owner(dsn)
    except DATABASE_ERRORS as error:
        return f"{_UNREACHABLE}: {error}"
    return f"{owner} works on it" if owner else ""
