"""The credential by which the caller of a command proves who he is: verified as that of a request, by the same code."""

from typing import NamedTuple

from core.errors import PersonNotProved
from core.person_decisions import NOBODY, StatedPerson
from service.auth import access_queries, trust_queries
from service.auth.api_key_scheme import ApiKeyScheme
from service.auth.certificates import CertificateBindings
from service.auth.credentials import AuthenticatedCaller
from service.auth.failures import AuthenticationFailed
from service.auth.jwt import TokenScheme
from service.database import command_queries

_ADDRESS = "command line"
_NO_CERTIFICATE = b""


class CommandCaller(NamedTuple):
    """Who calls a command: the name that is stated, the user of the operating system, and a key or token."""

    name: str
    user: str
    token: str = ""
    """Empty where the user is the proof."""

    def __repr__(self) -> str:
        return f"CommandCaller({self.name!r}, {self.user!r})"


async def identify_caller(connection: access_queries.Connection, caller: CommandCaller) -> StatedPerson:
    """Return the person whom a caller names, with the credential that was verified.

    Raises
    ------
    PersonNotProved
        The key or token is not accepted, and the attempt is in the audit trail; or it has a perimeter.
    """
    if not caller.token:
        return StatedPerson(caller.name, user=caller.user)
    try:
        authenticated = await _authenticate(connection, caller.token)
    except AuthenticationFailed as failure:
        await _record_attempt(connection, caller, failure)
        raise PersonNotProved(
            f"the key or token that was given is not accepted ({failure.reason}), and proves nobody: use a valid one, or none "
            "to be proved by the user of the operating system"
        ) from failure
    key = authenticated.caller
    if key.programmes:
        raise PersonNotProved(
            f"the key {key.key} is limited to {', '.join(sorted(key.programmes))}, and a decision concerns all programmes: use"
            " a key without a perimeter"
        )
    return StatedPerson(caller.name, key.key, caller.user, key.roles)


async def identify_on_database(dsn: str, caller: CommandCaller | None) -> StatedPerson:
    """Return the person whom a caller names, verified by a connection of its own; nobody without a caller.

    Raises
    ------
    PersonNotProved
        The key or token is not accepted.
    """
    if caller is None:
        return NOBODY
    if not caller.token:
        return StatedPerson(caller.name, user=caller.user)
    with command_queries.translate_database_errors(dsn):
        async with command_queries.connect(dsn) as connection:
            await command_queries.apply_migrations(connection)
            return await identify_caller(connection, caller)


async def _authenticate(connection: access_queries.Connection, token: str) -> AuthenticatedCaller:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        keys, tokens, bindings = ApiKeyScheme(), TokenScheme(), CertificateBindings()
        keys.keys_by_name = await access_queries.load_live_keys(connection)
        tokens.set_trust(await trust_queries.load_trust(connection))
        bindings.fingerprints_by_holder = await trust_queries.load_bindings(connection)
    for scheme in (keys, tokens):
        if scheme.can_read(token):
            authenticated = await scheme.authenticate(token)
            bindings.check_certificate(authenticated, _NO_CERTIFICATE)
            return authenticated
    raise AuthenticationFailed("key-unreadable")


async def _record_attempt(
    connection: access_queries.Connection, caller: CommandCaller, failure: AuthenticationFailed
) -> None:
    detail = f"user {caller.user} names {caller.name or 'nobody'}"
    row = (failure.claimed_name, "", _ADDRESS, "prove a person", failure.reason, detail, 1)
    await access_queries.insert_attempts(connection, [row])
