"""The two roles of a database: one owns the tables and migrates them, the other one runs the service and can only add."""

from typing import NamedTuple

import asyncpg

from core.sql_files import read_queries

SQL = read_queries("posting.store", "roles.sql")

_EXCESS = (
    ("owns_tables", "owns tables"),
    ("owns_functions", "owns functions of the tables"),
    ("changes_journal", "may change or remove rows of the journal"),
    ("creates_objects", "may create objects beside the tables"),
    ("disables_triggers", "may disable triggers"),
    ("creates_roles", "may create roles"),
    ("writes_server_files", "may write files of the server"),
)


class RoleRights(NamedTuple):
    """A role, and what it may do beyond what the service needs."""

    role: str
    excess: tuple[str, ...]
    """Rights by which it could change what it wrote."""

    def describe(self) -> str:
        """Say whether the role can change what it wrote, and by which rights."""
        if not self.excess:
            return f"{self.role} adds to the journal, and cannot change what is in it"
        return (
            f"{self.role} could change what it wrote: it {', '.join(self.excess)}; "
            "docs/production.md, Roles, describes a role that cannot"
        )


async def read_rights(connection: asyncpg.Connection) -> RoleRights:
    """Return the role of the connection, and by which rights it could change what it wrote."""
    (row,) = await connection.fetch(SQL["role_rights"])
    if row["is_superuser"]:
        return RoleRights(row["role"], ("is a superuser",))
    return RoleRights(row["role"], tuple(text for name, text in _EXCESS if row[name]))


async def read_role(connection: asyncpg.Connection) -> str:
    """Return the role of the connection."""
    (row,) = await connection.fetch(SQL["service_role"])
    return row["role"]


async def grant_service(owner: asyncpg.Connection, role: str) -> None:
    """Give a role the rights that the service needs and it lacks; ``owner`` is a connection of the owner of the tables."""
    statements = [row["statement"] for row in await owner.fetch(SQL["missing_rights"], role)]
    if statements:
        # one transaction, which is flushed to disk once
        await owner.execute(";\n".join(statements))
