"""The exceptions that a failure of the database raises."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import asyncpg

from core.errors import BookMoved, ClockSetBack, DiskFull

DATABASE_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
"""The database is unavailable, cannot be reached, or reports an error.

asyncpg raises an internal error when a connection dies in the middle of a COPY."""

RETRIED_ERRORS = (*DATABASE_ERRORS, OSError)
"""Errors after which the engine tries again with new connections; they include every error of the operating system."""

RETRY_CAUSES = (*RETRIED_ERRORS, ClockSetBack)
"""What ends an attempt of the engine so that it may try again; whoever runs it says whether it waits for the right time."""

_DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_LOST_CONNECTIONS = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
    socket.gaierror,
)
_AWAY_STATES = ("08", "53", "57P")
"""Classes of PostgreSQL's errors: the connection is lost, resources are exhausted, the server stops or starts."""


def is_disk_full(error: BaseException) -> bool:
    """Return whether the error says that the disk of this machine or of the database is full."""
    return isinstance(error, (asyncpg.DiskFullError, DiskFull)) or (
        isinstance(error, OSError) and error.errno in _DISK_FULL_ERRNOS
    )


def is_connection_lost(error: BaseException) -> bool:
    """Return whether the error, or one that caused it, says that the database is away: stopped, or out of reach."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, asyncpg.PostgresError):
            return str(getattr(cause, "sqlstate", "")).startswith(_AWAY_STATES)
        if isinstance(cause, _LOST_CONNECTIONS) and not isinstance(cause, ValueError):
            return True
        cause = cause.__cause__
    return False


def find_cause(group: BaseExceptionGroup) -> BaseException:
    """Return the first failure in a group after which the engine tries again.

    Raises
    ------
    BaseException
        Another engine has taken over, or a failure that a retry cannot mend: that is then the cause.
    """
    moved, others = group.split(BookMoved)
    failures, unexpected = (others or group).split(RETRY_CAUSES)
    if moved is not None or unexpected is not None:
        raise _find_first(moved or unexpected or group)
    return _find_first(failures or group)


def _find_first(group: BaseExceptionGroup) -> BaseException:
    first = group.exceptions[0]
    return _find_first(first) if isinstance(first, BaseExceptionGroup) else first


@contextmanager
def suppress_database_errors() -> Iterator[None]:
    """Suppress the failures that a retry mends, but no cancellation that came with one: a loop of retries ends then."""
    with suppress(*RETRIED_ERRORS):
        yield
    raise_pending_cancellation()


def raise_pending_cancellation() -> None:
    """Honour a cancellation that arrived while an attempt failed: what is raised reports the failure alone.

    Raises
    ------
    asyncio.CancelledError
        The current task was cancelled.
    """
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
