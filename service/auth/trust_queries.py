"""Queries about token issuers, grants and certificate bindings."""

from datetime import UTC, datetime
from typing import Any

import asyncpg

from core.roles import Role
from core.senders import RESERVED_SENDERS
from service.auth.access_queries import SQL, Grant
from service.auth.credentials import SystemIdentity, build_caller
from service.auth.jwt import Issuer, TokenGrant, Trust
from service.configuration.settings import UsageError

_NEVER = datetime.max.replace(tzinfo=UTC)


async def add_issuer(connection: asyncpg.Connection, issuer: Issuer) -> None:
    """Trust an issuer from now on.

    Raises
    ------
    UsageError
        The name was used before, or the address is trusted under another name.
    """
    async with connection.transaction():
        await connection.execute(SQL["lock_issuers"])
        if await connection.fetchval(SQL["has_issuer"], issuer.name):
            raise UsageError(
                f"the name {issuer.name} was used before, and a name always means the same issuer: choose another name"
            )
        if other := await connection.fetchval(SQL["issuer_of_url"], issuer.url):
            raise UsageError(f"{issuer.url} is already trusted as {other}: end that issuer first")
        await connection.execute(SQL["insert_issuer"], *issuer)


async def end_issuer(connection: asyncpg.Connection, name: str, reason: str) -> bool | None:
    """Stop trusting an issuer: True if it was trusted, False if it had ended before, None if it does not exist."""
    if await connection.fetchval(SQL["end_issuer"], name, reason):
        return True
    return False if await connection.fetchval(SQL["has_issuer"], name) else None


async def add_grant(connection: asyncpg.Connection, system: SystemIdentity, grant: Grant) -> None:
    """Grant rights to a system that authenticates with tokens.

    Raises
    ------
    UsageError
        The issuer is unknown, or the system has a grant already.
    """
    async with connection.transaction():
        await connection.execute(SQL["lock_grants"])
        if not await connection.fetchval(SQL["has_issuer"], system.issuer):
            raise UsageError(f"there is no issuer {system.issuer}: add it with crescendo access issuer add")
        if await connection.fetchval(SQL["live_grant"], *system):
            raise UsageError(f"{system.name} has a grant: withdraw it first")
        rights = (grant.sender, sorted(grant.roles), sorted(grant.programmes), grant.lifetime)
        await connection.execute(SQL["insert_grant"], *system, *rights)
        if grant.certificate:
            await connection.execute(SQL["insert_binding"], system.name, grant.certificate)


async def end_grant(connection: asyncpg.Connection, system: SystemIdentity, reason: str) -> bool | None:
    """Withdraw the grant of a system: True if it had one, False if it had ended before, None if it never had one."""
    if await connection.fetch(SQL["end_grants"], *system, reason):
        return True
    return False if await connection.fetchval(SQL["has_grant"], *system) else None


async def add_binding(connection: asyncpg.Connection, holder: str, fingerprint: bytes) -> bool:
    """Accept a key or system only on connections with this certificate, or another it is bound to; False if unknown."""
    if not await connection.fetchval(SQL["has_holder"], holder):
        return False
    await connection.execute(SQL["insert_binding"], holder, fingerprint)
    return True


async def end_binding(
    connection: asyncpg.Connection, holder: str, fingerprint: bytes, *, reason: str
) -> bool:
    """End the binding to a certificate; False if there was none."""
    return bool(await connection.fetch(SQL["end_binding"], holder, fingerprint, reason))


async def load_trust(connection: asyncpg.Connection) -> Trust:
    """Load the trusted issuers and the grants of their systems; grants of reserved senders are none."""
    issuers = [Issuer(*row) for row in await connection.fetch(SQL["live_issuers"])]
    rows = await connection.fetch(SQL["live_grants"])
    grants = {_to_identity(row): _to_grant(row) for row in rows if row["sender"] not in RESERVED_SENDERS}
    return Trust({issuer.url: issuer for issuer in issuers}, grants)


async def load_bindings(connection: asyncpg.Connection) -> dict[str, frozenset[bytes]]:
    """Load the fingerprints that each key or system is bound to; an empty set where all bindings have ended."""
    rows = await connection.fetch(SQL["bindings"])
    return {row["holder"]: frozenset(map(bytes, row["fingerprints"] or ())) for row in rows}


async def list_trust(connection: asyncpg.Connection) -> dict[str, list[dict[str, Any]]]:
    """List all issuers, grants and bindings, past ones too."""
    queries = (("issuers", ()), ("grants", (None,)), ("bindings_listed", ()))
    results = {name: await connection.fetch(SQL[name], *arguments) for name, arguments in queries}
    return {
        name.removesuffix("_listed"): [dict(row.items()) for row in rows] for name, rows in results.items()
    }


def _to_identity(row: Any) -> SystemIdentity:
    return SystemIdentity(row["issuer"], row["subject"])


def _to_grant(row: Any) -> TokenGrant:
    roles = frozenset(Role(name) for name in row["roles"])
    caller = build_caller(
        _to_identity(row).name, row["sender"], roles, programmes=frozenset(row["programmes"])
    )
    return TokenGrant(caller, row["expires_at"] or _NEVER)
