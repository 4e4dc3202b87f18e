"""Authentication of requests: the credential, the client certificate, the rate limit, and the audit of refusals."""

import asyncio
import math
from collections.abc import Callable
from http import HTTPStatus

from service.auth import access_queries, trust_queries
from service.auth.api_key_scheme import ApiKeyScheme
from service.auth.audit_trail import Attempt, AuditTrail
from service.auth.certificates import CertificateBindings
from service.auth.credentials import AuthenticatedCaller, Caller, CredentialScheme
from service.auth.failures import AuthenticationFailed
from service.auth.jwt import TokenScheme
from service.auth.rate_limit import RateLimiter
from service.database.change_listener import follow_changes
from service.http.http_messages import Request
from service.http.problems import Problem


class Authenticator:
    """Authenticates callers by API key or signed token, limits the rate of each sender, and audits refused requests."""

    def __init__(
        self,
        rate_limiter: RateLimiter,
        audit_trail: AuditTrail,
        *,
        requires_certificates: bool = False,
        check_clocks: Callable[[], None] = lambda: None,
    ) -> None:
        """``check_clocks`` raises a problem while a clock is set back: then whether a credential has ended cannot be told."""
        self._check_clocks = check_clocks
        self._api_keys, self._tokens = ApiKeyScheme(), TokenScheme()
        self._schemes: tuple[CredentialScheme, ...] = (self._api_keys, self._tokens)
        self._bindings = CertificateBindings(is_required=requires_certificates)
        self._rate_limiter, self._audit_trail = rate_limiter, audit_trail
        self.keys_loaded = asyncio.Event()
        """Set once the keys have been read from the database."""

    @property
    def key_count(self) -> int:
        """How many keys are live."""
        return len(self._api_keys.keys_by_name)

    @property
    def senders(self) -> set[str]:
        """The senders with a key or a grant for tokens that may send acts."""
        callers = [key.caller for key in self._api_keys.keys_by_name.values()] + self._tokens.callers
        return {caller.sender for caller in callers if caller.kinds}

    async def follow(self, dsn: str) -> None:
        """Load keys, issuers, grants and certificates, and reload them after each change, while the database is there.

        Raises
        ------
        ConnectionError
            The connection to the database is gone.
        """
        await follow_changes(dsn, access_queries.CHANNEL, self._reload, subject="keys")

    async def _reload(self, connection: access_queries.Connection) -> None:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            keys = await access_queries.load_live_keys(connection)
            trust = await trust_queries.load_trust(connection)
            bindings = await trust_queries.load_bindings(connection)
        self._api_keys.keys_by_name, self._bindings.fingerprints_by_holder = keys, bindings
        self._tokens.set_trust(trust)
        self.keys_loaded.set()

    async def authenticate(self, request: Request) -> Caller:
        """Return the caller of a request.

        Raises
        ------
        Problem
            The credential is missing or not accepted, the sender exceeds its rate limit, or a clock is set back.
        """
        self._check_clocks()
        try:
            authenticated = await self._authenticate_token(_read_bearer_token(request))
            self._bindings.check_certificate(authenticated, request.certificate)
        except AuthenticationFailed as failure:
            raise _key_unknown(failure) from failure
        if seconds := self._rate_limiter.take(authenticated.caller.sender):
            raise _rate_limited(authenticated.caller, seconds)
        return authenticated.caller

    async def _authenticate_token(self, text: str) -> AuthenticatedCaller:
        for scheme in self._schemes:
            if scheme.can_read(text):
                return await scheme.authenticate(text)
        raise AuthenticationFailed("key-unreadable")

    async def record_refusal(self, request: Request, problem: Problem) -> None:
        """Write a refused request to the audit trail."""
        caller = request.optional_caller
        await self._audit_trail.record(
            Attempt(
                key=caller.key if caller else problem.claimed_name,
                sender=caller.sender if caller else "",
                address=request.address,
                action=f"{request.method} {request.scope['path']}",
                code=problem.audit_code or problem.code,
                detail=problem.detail,
            )
        )


def _read_bearer_token(request: Request) -> str:
    """Return the bearer token; a repeated Authorization header is refused and audited."""
    try:
        scheme, _, text = request.get_header("authorization").partition(" ")
    except Problem as problem:
        problem.is_audited = True
        raise
    if scheme.lower() != "bearer":
        raise AuthenticationFailed("key-missing")
    return text.strip()


def _key_unknown(failure: AuthenticationFailed) -> Problem:
    """Return the same problem for every reason, so that an attacker does not learn which one applied."""
    detail = (
        "The header Authorization: Bearer must contain a valid key or token; an operator issues a new one"
    )
    problem = Problem(HTTPStatus.UNAUTHORIZED, "key-unknown", detail)
    problem.headers["www-authenticate"] = 'Bearer realm="crescendo"'
    problem.claimed_name, problem.audit_code = failure.claimed_name, failure.reason
    return problem


def _rate_limited(caller: Caller, seconds: float) -> Problem:
    detail = f"{caller.sender} sends more requests than its rate limit allows"
    problem = Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate-limited", detail)
    problem.headers["retry-after"] = str(math.ceil(seconds))
    return problem
