"""The exceptions that a failure of the database raises."""

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
"""Failures after which the engine tries again with new connections: any other error of the operating system as well."""
