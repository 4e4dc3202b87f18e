"""Roles of analysts for a test: roles belong to the server, so each test has its own."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, NamedTuple

from posting.store.analyst_roles import grant_analyst
from service.database.addresses import replace_user
from tests.databases import open_connection

_numbers = count()
Connection = Any
"""A connection; ``Any``, as by asyncpg's types every row that it fetches might be None."""


class AnalystRoles(NamedTuple):
    """Addresses of one database."""

    plain: str
    with_names: str


@asynccontextmanager
async def create_roles(dsn: str) -> AsyncIterator[AnalystRoles]:
    """Yield addresses for a new role that reads no names, and for one that does; drop both afterwards."""
    name = f"analyst_{os.getpid()}_{next(_numbers)}"
    plain, names = f"{name}_plain", f"{name}_names"
    async with open_connection(dsn) as owner:
        await grant_analyst(owner, plain, with_names=False, password="secret")
        await grant_analyst(owner, names, with_names=True, password="secret")
        try:
            yield AnalystRoles(replace_user(dsn, plain, "secret"), replace_user(dsn, names, "secret"))
        finally:
            for role in (plain, names):
                await owner.execute(f"drop owned by {role}")
                await owner.execute(f"drop role {role}")
