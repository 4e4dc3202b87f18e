"""The roles of an embedded server: one administers it, one owns the tables, and all work runs as the service's.

The password of the service's role is derived from that of the administrator, which the data folder contains: there is nothing
more to store, and it does not reveal the other.
"""

import hashlib
import hmac
from urllib.parse import urlsplit

import asyncpg

from core.sql_files import read_queries
from posting.store.roles import grant_service
from service.database.addresses import replace_user

SQL = read_queries("service.database", "roles.sql")

OWNER = "crescendo_owner"
"""Owns database and tables, and migrates them. Nobody can connect as it: the administrator takes its role."""
SERVICE = "crescendo_service"
"""Adds to the journal, and can change nothing that is in it."""


def build_service_address(administrator: str) -> str:
    """Return the address of the service's role, given that of the administrator."""
    password = (urlsplit(administrator).password or "").encode()
    derived = hmac.new(password, SERVICE.encode(), hashlib.sha256).hexdigest()
    return replace_user(administrator, SERVICE, derived)


async def create_roles(administrator: asyncpg.Connection, address: str) -> None:
    """Create the roles where they are missing, and continue as the owner of the tables; ``address`` is the administrator's."""
    password = urlsplit(build_service_address(address)).password
    async with administrator.transaction():
        await administrator.execute("set local lock_timeout = '10s'")
        await administrator.fetch(SQL["lock_roles"])
        for row in await administrator.fetch(SQL["missing_roles"], OWNER, SERVICE, password):
            await administrator.execute(row["statement"])
        for row in await administrator.fetch(SQL["foreign_objects"], OWNER):
            await administrator.execute(row["statement"])
    await administrator.execute(f"set role {OWNER}")


async def grant_rights(owner: asyncpg.Connection) -> None:
    """Give the service's role the rights that it lacks."""
    await grant_service(owner, SERVICE)
