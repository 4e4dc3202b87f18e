"""The exceptions that a database raises which is gone, unreachable or full."""

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
"""What asyncpg and the network raise for a database that is gone, cannot be reached, or refuses."""

_DISK_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def is_disk_full(error: BaseException) -> bool:
    """Return whether the error says that the disk of the service or of its database is full."""
    return isinstance(error, asyncpg.DiskFullError) or (
        isinstance(error, OSError) and error.errno in _DISK_FULL_ERRNOS
    )
