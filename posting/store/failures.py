"""The exceptions that a failure of the database raises."""

import errno
import socket

import asyncpg

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

_DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_disk_full(error: BaseException) -> bool:
    """Return whether the error says that the disk of this machine or of the database is full."""
    return isinstance(error, asyncpg.DiskFullError) or (
        isinstance(error, OSError) and error.errno in _DISK_FULL_ERRNOS
    )
