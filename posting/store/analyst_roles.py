"""The roles of analysts: each reads the views of ``analysis_v1``, with personal data or without, and no table."""

from typing import NamedTuple

import asyncpg

from core.errors import CrescendoError
from posting.store.analyst_store import SQL

PERSONAL_VIEWS = ("officer", "officer_role", "third_party_name")
"""The views with names, accounts and codes of persons."""


class RoleMissing(CrescendoError):
    """There is no such role, and this connection may not create it; the message says who can."""


class AnalystRights(NamedTuple):
    """What a role may do after a grant."""

    role: str
    is_new: bool
    excess: str
    """By which other right it reads personal data or tables; empty if it reads views alone."""


async def grant_analyst(
    owner: asyncpg.Connection, role: str, *, with_names: bool, password: str = ""
) -> AnalystRights:
    """Let a role read the views; the right to read personal data is taken from it unless ``with_names``.

    ``owner`` is a connection of the owner of the tables. A role that is missing is created, with a password if one is given.

    Raises
    ------
    RoleMissing
        There is no such role, and the connection may not create one.
    """
    async with owner.transaction():
        is_new = not await owner.fetchval(SQL["role_exists"], role)
        if is_new:
            await _create_role(owner, role, password)
        for row in await owner.fetch(SQL["grant_statements"], role, with_names, PERSONAL_VIEWS):
            await owner.execute(row["statement"])
        (rights,) = await owner.fetch(SQL["role_excess"], role, [] if with_names else PERSONAL_VIEWS)
    return AnalystRights(role, is_new, _describe_excess(rights))


async def _create_role(owner: asyncpg.Connection, role: str, password: str) -> None:
    login = "select format('create role %I login', $1::name) || case when $2 = '' then '' else format(' password %L', $2) end"
    statement = str(await owner.fetchval(login, role, password))
    try:
        async with owner.transaction():
            await owner.execute(statement)
    except asyncpg.InsufficientPrivilegeError as error:
        raise RoleMissing(
            f"There is no role {role}, and the role of this connection may not create one: let an administrator of the "
            f"server run: create role \"{role}\" login password '...'; then call this again"
        ) from error


def _describe_excess(rights: asyncpg.Record) -> str:
    if rights["is_superuser"]:
        return "it is a superuser"
    if rights["reads_tables"]:
        return "it reads tables of the ledger by other grants"
    return "it reads names by a grant to PUBLIC or to another role" if rights["reads_names"] else ""
