"""The credential by which callers of commands prove who they are: verified as that of a request, by the same code."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
ATTEMPTS_AN_HOUR = 100
"""Refused attempts of commands that the audit trail stores in an hour: nobody fills the disk with them."""
_DETAIL_LETTERS_MAX = 500
_NO_CERTIFICATE = b""


class CommandCaller(NamedTuple):
    """Who calls a command: the name that is stated, the user of the operating system, and a key or token."""

    name: str
    user: str
    token: str = ""
    """Empty where the user is the proof."""

    def __repr__(self) -> str:
        return f"CommandCaller({self.name!r}, {self.user!r})"


class _Refusal(NamedTuple):
    """Why a caller is not the person whom a command names, for the audit trail."""

    key: str
    """Empty for none."""
    code: str
    reason: str = ""
    """What follows the names of user and person."""


@asynccontextmanager
async def act_as(connection: access_queries.Connection, caller: CommandCaller) -> AsyncIterator[StatedPerson]:
    """Yield the person whom a caller names, with the credential that was verified; record it if the body finds no proof.

    Raises
    ------
    PersonNotProved
        The credential is not accepted, or the person is not proved by it; the attempt is in the audit trail.
    """
    person = await identify_caller(connection, caller)
    try:
        yield person
    except PersonNotProved as refusal:
        await _record_attempt(connection, caller, _Refusal(person.key, "person-not-proved", f": {refusal}"))
        raise


@asynccontextmanager
async def act_on_database(dsn: str, caller: CommandCaller | None) -> AsyncIterator[StatedPerson]:
    """Yield the person whom a caller names as ``act_as`` does, by connections of its own; nobody without a caller.

    Raises
    ------
    PersonNotProved
        The credential is not accepted, or the person is not proved by it.
    """
    person = await _identify_on_database(dsn, caller)
    try:
        yield person
    except PersonNotProved as refusal:
        if caller is not None:
            with command_queries.translate_database_errors(dsn):
                async with command_queries.connect(dsn) as connection:
                    await _record_attempt(
                        connection, caller, _Refusal(person.key, "person-not-proved", f": {refusal}")
                    )
        raise


async def identify_caller(connection: access_queries.Connection, caller: CommandCaller) -> StatedPerson:
    """Return the person whom a caller names, with the credential that was verified.

    Raises
    ------
    PersonNotProved
        The key or token is not accepted, or has a perimeter; the attempt is in the audit trail.
    """
    if not caller.token:
        return StatedPerson(caller.name, user=caller.user)
    try:
        authenticated = await _authenticate(connection, caller.token)
    except AuthenticationFailed as failure:
        await _record_attempt(connection, caller, _Refusal(failure.claimed_name, failure.reason))
        raise PersonNotProved(
            f"the key or token that was given is not accepted ({failure.reason}), and proves nobody: use a valid one, or none "
            "to be proved by the user of the operating system"
        ) from failure
    key = authenticated.caller
    if key.programmes:
        await _record_attempt(connection, caller, _Refusal(key.key, "perimeter-not-held"))
        raise PersonNotProved(
            f"the key {key.key} is limited to {', '.join(sorted(key.programmes))}, and a decision concerns all programmes: use"
            " a key without a perimeter"
        )
    return StatedPerson(caller.name, key.key, caller.user, key.roles)


async def _identify_on_database(dsn: str, caller: CommandCaller | None) -> StatedPerson:
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
    connection: access_queries.Connection, caller: CommandCaller, refusal: _Refusal
) -> None:
    detail = f"user {caller.user} names {caller.name or 'nobody'}{refusal.reason}"[:_DETAIL_LETTERS_MAX]
    row = (refusal.key, "", _ADDRESS, "prove a person", refusal.code, detail, ATTEMPTS_AN_HOUR)
    await access_queries.insert_command_attempt(connection, row)
