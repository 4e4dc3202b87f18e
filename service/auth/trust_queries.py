"""Issuers, grants and certificates in the database."""

from datetime import UTC, datetime
from typing import Any

import asyncpg

from service.auth.access_queries import SQL, Grant
from service.auth.credentials import build_caller
from service.auth.jwt import Issuer, TokenGrant, Trust
from service.auth.roles import Role
from service.configuration.settings import UsageError

_NEVER = datetime.max.replace(tzinfo=UTC)


async def add_issuer(connection: asyncpg.Connection, issuer: Issuer) -> None:
    """Believe an issuer from now on.

    Raises
    ------
    Misuse
        Its name was given before, or another name stands for its address.
    """
    async with connection.transaction():
        await connection.execute(SQL["lock_issuers"])
        if await connection.fetchval(SQL["has_issuer"], issuer.name):
            raise UsageError(f"the name {issuer.name} was given before: a name means one issuer for ever")
        if other := await connection.fetchval(SQL["issuer_of_url"], issuer.url):
            raise UsageError(f"{issuer.url} is known as {other}: end that first")
        await connection.execute(SQL["insert_issuer"], *issuer)


async def end_issuer(connection: asyncpg.Connection, name: str, reason: str) -> bool | None:
    """Believe an issuer no longer: True when it was believed, False when not any more, None when there is none."""
    if await connection.fetchval(SQL["end_issuer"], name, reason):
        return True
    return False if await connection.fetchval(SQL["has_issuer"], name) else None


async def add_grant(connection: asyncpg.Connection, who: tuple[str, str], grant: Grant) -> None:
    """Let a system, by its issuer and what that calls it, do something here.

    Raises
    ------
    Misuse
        The issuer is unknown, or the system has a grant.
    """
    async with connection.transaction():
        await connection.execute(SQL["lock_grants"])
        if not await connection.fetchval(SQL["has_issuer"], who[0]):
            raise UsageError(f"there is no issuer {who[0]}: crescendo access issuer add makes it known")
        if await connection.fetchval(SQL["live_grant"], *who):
            raise UsageError(f"{who[0]}/{who[1]} has a grant: withdraw that first")
        said = (grant.sender, sorted(grant.roles), sorted(grant.programmes), grant.lifetime)
        await connection.execute(SQL["insert_grant"], *who, *said)
        if grant.certificate:
            await connection.execute(SQL["insert_binding"], "/".join(who), grant.certificate)


async def end_grant(connection: asyncpg.Connection, who: tuple[str, str], reason: str) -> bool | None:
    """Withdraw what a system may do: True when it had a grant, False when not any more, None when it never had."""
    if await connection.fetch(SQL["end_grants"], *who, reason):
        return True
    return False if await connection.fetchval(SQL["has_grant"], *who) else None


async def add_binding(connection: asyncpg.Connection, holder: str, fingerprint: bytes) -> bool:
    """Let a holder in only over connections with this certificate, or another it is bound to; False when there is none."""
    if not await connection.fetchval(SQL["has_holder"], holder):
        return False
    await connection.execute(SQL["insert_binding"], holder, fingerprint)
    return True


async def end_binding(connection: asyncpg.Connection, holder: str, fingerprint: bytes, reason: str) -> bool:
    """Let a certificate count no longer; False when the holder was not bound to it."""
    return bool(await connection.fetch(SQL["end_binding"], holder, fingerprint, reason))


async def load_trust(connection: asyncpg.Connection) -> Trust:
    """Whose word is taken, and for whom."""
    issuers = [Issuer(*row) for row in await connection.fetch(SQL["live_issuers"])]
    grants = {_to_grant_key(row): _to_grant(row) for row in await connection.fetch(SQL["live_grants"])}
    return Trust({each.url: each for each in issuers}, grants)


async def load_bindings(connection: asyncpg.Connection) -> dict[str, frozenset[bytes]]:
    """The certificates that each holder is bound to."""
    rows = await connection.fetch(SQL["bindings"])
    return {row["holder"]: frozenset(map(bytes, row["fingerprints"] or ())) for row in rows}


async def list_trust(connection: asyncpg.Connection) -> dict[str, list[dict[str, Any]]]:
    """Everything that was ever said of issuers, grants and certificates."""
    said = (("issuers", ()), ("grants", (None,)), ("bindings_listed", ()))
    found = {name: await connection.fetch(SQL[name], *arguments) for name, arguments in said}
    return {name.removesuffix("_listed"): [dict(row.items()) for row in rows] for name, rows in found.items()}


def _to_grant_key(row: Any) -> tuple[str, str]:
    return row["issuer"], row["subject"]


def _to_grant(row: Any) -> TokenGrant:
    roles = frozenset(Role(name) for name in row["roles"])
    name = f"{row['issuer']}/{row['subject']}"
    who = build_caller(name, row["sender"], roles, frozenset(row["programmes"]))
    return TokenGrant(who, row["expires_at"] or _NEVER)
