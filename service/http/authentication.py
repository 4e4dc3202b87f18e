"""The door: who comes in, how often, and who is turned away."""

import asyncio
import math
from http import HTTPStatus

from service.auth import access_queries, trust_queries
from service.auth.api_key_scheme import Known
from service.auth.api_keys import Caller
from service.auth.audit_trail import Attempt, Trail
from service.auth.certificates import Bindings
from service.auth.credentials import Holder, Way
from service.auth.failures import Stranger
from service.auth.jwt import Tokens
from service.auth.rate_limit import Rates
from service.http.http_messages import Request
from service.http.problems import Problem


class Door:
    """Knows who may come in and by which way, counts how often each sender comes, and notes whoever is turned away."""

    def __init__(self, rates: Rates, trail: Trail, *, demands_certificates: bool = False) -> None:
        self._known, self._tokens = Known(), Tokens()
        self._ways: tuple[Way, ...] = (self._known, self._tokens)
        self._bindings = Bindings(is_demanded=demands_certificates)
        self._rates, self._trail = rates, trail
        self.is_known = asyncio.Event()
        """Set once the keys were read."""

    @property
    def keys(self) -> int:
        """How many keys open something."""
        return len(self._known.by_name)

    @property
    def senders(self) -> set[str]:
        """Who has a key, or a grant for tokens, that may send acts."""
        callers = [key.caller for key in self._known.by_name.values()] + self._tokens.callers
        return {each.sender for each in callers if each.kinds}

    async def follow(self, dsn: str) -> None:
        """Know keys, issuers, grants and certificates as they come and end, for as long as the database answers.

        Raises
        ------
        ConnectionError
            It does not any more.
        """
        await access_queries.follow(dsn, self._read, "keys")

    async def _read(self, connection: access_queries.Connection) -> None:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            live, trust = await access_queries.live(connection), await trust_queries.trusted(connection)
            bound = await trust_queries.bound(connection)
        self._known.by_name, self._bindings.by_holder = live, bound
        self._tokens.trust(trust)
        self.is_known.set()

    async def caller(self, request: Request) -> Caller:
        """Who is calling.

        Raises
        ------
        Problem
            Nobody who is known, or somebody who asks too often.
        """
        try:
            holder = await self._holder(_bearer(request))
            self._bindings.check(holder, request.certificate)
        except Stranger as stranger:
            raise _unknown(stranger) from stranger
        if seconds := self._rates.wait(holder.caller.sender):
            raise _too_often(holder.caller, seconds)
        return holder.caller

    async def _holder(self, text: str) -> Holder:
        for way in self._ways:
            if way.reads(text):
                return await way.holder(text)
        raise Stranger("key-unreadable")

    async def turn_away(self, request: Request, problem: Problem) -> None:
        """Put a refused attempt on the trail."""
        who = request.caller
        action = f"{request.method} {request.scope['path']}"
        said = (who.key, who.sender) if who else (problem.claimed, "")
        code = problem.finding or problem.code
        await self._trail.note(Attempt(*said, request.address, action, code, problem.detail))


def _bearer(request: Request) -> str:
    """What stands in the header; twice is once too often, and an attempt to be noted."""
    try:
        scheme, _, text = request.header("authorization").partition(" ")
    except Problem as problem:
        problem.is_audited = True
        raise
    if scheme.lower() != "bearer":
        raise Stranger("key-missing")
    return text.strip()


def _unknown(stranger: Stranger) -> Problem:
    """One answer for no key, a wrong one, and one that was good once: nobody learns which."""
    told = "A key that is known and still good, or such a token, must stand in Authorization: Bearer"
    problem = Problem(HTTPStatus.UNAUTHORIZED, "key-unknown", told)
    problem.headers["www-authenticate"] = 'Bearer realm="crescendo"'
    problem.claimed, problem.finding = stranger.claimed, stranger.finding
    return problem


def _too_often(who: Caller, seconds: float) -> Problem:
    told = f"{who.sender} asks more often than it may"
    problem = Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate-limited", told)
    problem.headers["retry-after"] = str(math.ceil(seconds))
    return problem
