"""The door: who comes in, how often, and who is turned away."""

import asyncio
import math
from http import HTTPStatus

from service.auth import access_queries, trust_queries
from service.auth.api_key_scheme import ApiKeyScheme
from service.auth.audit_trail import Attempt, AuditTrail
from service.auth.certificates import CertificateBindings
from service.auth.credentials import AuthenticatedCaller, Caller, CredentialScheme
from service.auth.failures import AuthenticationFailed
from service.auth.jwt import TokenScheme
from service.auth.rate_limit import RateLimiter
from service.http.http_messages import Request
from service.http.problems import Problem


class Authenticator:
    """Knows who may come in and by which way, counts how often each sender comes, and notes whoever is turned away."""

    def __init__(
        self, rate_limiter: RateLimiter, audit_trail: AuditTrail, *, requires_certificates: bool = False
    ) -> None:
        self._api_keys, self._tokens = ApiKeyScheme(), TokenScheme()
        self._schemes: tuple[CredentialScheme, ...] = (self._api_keys, self._tokens)
        self._bindings = CertificateBindings(is_required=requires_certificates)
        self._rate_limiter, self._audit_trail = rate_limiter, audit_trail
        self.keys_loaded = asyncio.Event()
        """Set once the keys were read."""

    @property
    def key_count(self) -> int:
        """How many keys open something."""
        return len(self._api_keys.keys_by_name)

    @property
    def senders(self) -> set[str]:
        """Who has a key, or a grant for tokens, that may send acts."""
        callers = [key.caller for key in self._api_keys.keys_by_name.values()] + self._tokens.callers
        return {each.sender for each in callers if each.kinds}

    async def follow(self, dsn: str) -> None:
        """Know keys, issuers, grants and certificates as they come and end, for as long as the database answers.

        Raises
        ------
        ConnectionError
            It does not any more.
        """
        await access_queries.follow_changes(dsn, self._reload, "keys")

    async def _reload(self, connection: access_queries.Connection) -> None:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            live, trust = (
                await access_queries.load_live_keys(connection),
                await trust_queries.load_trust(connection),
            )
            bound = await trust_queries.load_bindings(connection)
        self._api_keys.keys_by_name, self._bindings.fingerprints_by_holder = live, bound
        self._tokens.set_trust(trust)
        self.keys_loaded.set()

    async def authenticate(self, request: Request) -> Caller:
        """Who is calling.

        Raises
        ------
        Problem
            Nobody who is known, or somebody who asks too often.
        """
        try:
            holder = await self._authenticate_token(_read_bearer_token(request))
            self._bindings.check_certificate(holder, request.certificate)
        except AuthenticationFailed as stranger:
            raise _key_unknown(stranger) from stranger
        if seconds := self._rate_limiter.take(holder.caller.sender):
            raise _rate_limited(holder.caller, seconds)
        return holder.caller

    async def _authenticate_token(self, text: str) -> AuthenticatedCaller:
        for way in self._schemes:
            if way.can_read(text):
                return await way.authenticate(text)
        raise AuthenticationFailed("key-unreadable")

    async def record_refusal(self, request: Request, problem: Problem) -> None:
        """Put a refused attempt on the trail."""
        who = request.optional_caller
        action = f"{request.method} {request.scope['path']}"
        said = (who.key, who.sender) if who else (problem.claimed_name, "")
        code = problem.audit_code or problem.code
        await self._audit_trail.record(Attempt(*said, request.address, action, code, problem.detail))


def _read_bearer_token(request: Request) -> str:
    """What stands in the header; twice is once too often, and an attempt to be noted."""
    try:
        scheme, _, text = request.get_header("authorization").partition(" ")
    except Problem as problem:
        problem.is_audited = True
        raise
    if scheme.lower() != "bearer":
        raise AuthenticationFailed("key-missing")
    return text.strip()


def _key_unknown(stranger: AuthenticationFailed) -> Problem:
    """One answer for no key, a wrong one, and one that was good once: nobody learns which."""
    told = "A key that is known and still good, or such a token, must stand in Authorization: Bearer"
    problem = Problem(HTTPStatus.UNAUTHORIZED, "key-unknown", told)
    problem.headers["www-authenticate"] = 'Bearer realm="crescendo"'
    problem.claimed_name, problem.audit_code = stranger.claimed_name, stranger.reason
    return problem


def _rate_limited(who: Caller, seconds: float) -> Problem:
    told = f"{who.sender} asks more often than it may"
    problem = Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate-limited", told)
    problem.headers["retry-after"] = str(math.ceil(seconds))
    return problem
