"""The door: who comes in, how often, and who is turned away."""

import asyncio
import math
from http import HTTPStatus

from service.access import postgres
from service.access.keys import Caller, Key, parts
from service.access.rates import Rates
from service.access.trail import Attempt, Trail
from service.web.exchange import Request
from service.web.problems import Problem


class Door:
    """Knows the keys, counts how often each sender comes, and notes whoever is turned away."""

    def __init__(self, rates: Rates, trail: Trail) -> None:
        self._keys: dict[str, Key] = {}
        self._rates, self._trail = rates, trail
        self.is_known = asyncio.Event()
        """Set once the keys were read."""

    @property
    def keys(self) -> int:
        """How many keys open something."""
        return len(self._keys)

    @property
    def senders(self) -> set[str]:
        """Who has a key that may send acts."""
        return {key.caller.sender for key in self._keys.values() if key.caller.kinds}

    async def follow(self, dsn: str) -> None:
        """Know the keys as they are made and ended, for as long as the database answers.

        Raises
        ------
        ConnectionError
            It does not any more.
        """
        async with postgres.told_of_changes(dsn) as (connection, changed):
            while not connection.is_closed():
                changed.clear()
                self._keys = await postgres.live(connection)
                self.is_known.set()
                await changed.wait()
        raise ConnectionError("the connection that tells of keys is gone")

    def caller(self, request: Request) -> Caller:
        """Who is calling.

        Raises
        ------
        Problem
            Nobody who is known, or somebody who asks too often.
        """
        scheme, _, text = request.header("authorization").partition(" ")
        found = parts(text.strip()) if scheme.lower() == "bearer" else None
        key = self._keys.get(found[0]) if found else None
        if not (found and key and key.opens(found[1])):
            raise _unknown(found[0] if found else "")
        if seconds := self._rates.wait(key.caller.sender):
            raise _too_often(key.caller, seconds)
        return key.caller

    async def turn_away(self, request: Request, problem: Problem) -> None:
        """Put a refused attempt on the trail."""
        who = request.caller
        action = f"{request.method} {request.scope['path']}"
        said = (who.key, who.sender) if who else (problem.claimed, "")
        await self._trail.note(Attempt(*said, request.address, action, problem.code, problem.detail))


def _unknown(key: str) -> Problem:
    """One answer for no key, a wrong one, and one that was good once: nobody learns which."""
    told = "A key that is known and still good must stand in Authorization: Bearer"
    problem = Problem(HTTPStatus.UNAUTHORIZED, "key-unknown", told)
    problem.headers["www-authenticate"] = 'Bearer realm="crescendo"'
    problem.claimed = key
    return problem


def _too_often(who: Caller, seconds: float) -> Problem:
    told = f"{who.sender} asks more often than it may"
    problem = Problem(HTTPStatus.TOO_MANY_REQUESTS, "rate-limited", told)
    problem.headers["retry-after"] = str(math.ceil(seconds))
    return problem
