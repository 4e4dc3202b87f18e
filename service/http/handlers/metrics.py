"""Figures of all senders, for those who may see them: for Prometheus, for programs, and as a stream of events."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import msgspec

from monitoring.service_metrics import MEDIA_TYPE
from reporting.proofs import BatchProof, prove_batch
from reporting.proofs_fr import in_french
from service.http.authentication import Door
from service.http.http_messages import JSON, Answer, Receive, Request, answer
from service.http.live.broadcaster import Lookout
from service.http.live.metrics_access import Onlookers
from service.http.problems import busy, unknown
from service.http.service_context import Desk

STREAM_LOOKS = 300
"""A stream ends after so many looks; whoever reads it asks again, with a key that must still be good."""
EVENTS = "text/event-stream"


class Proved(msgspec.Struct, frozen=True):
    """A batch held against its raw rows, and whether everything agrees."""

    holds: bool
    proof: BatchProof


class Metrics:
    """The handler of ``/metrics``."""

    def __init__(self, desk: Desk, door: Door) -> None:
        self._desk, self._onlookers = desk, Onlookers(desk, door)

    async def shown(self, request: Request) -> Answer:
        """Every metric."""
        await self._onlookers.check(request)
        return Answer(HTTPStatus.OK, self._desk.board.shown(), MEDIA_TYPE)


class Live:
    """The handlers of what the live page shows."""

    def __init__(self, desk: Desk, door: Door, lookout: Lookout) -> None:
        self._desk, self._onlookers, self._lookout = desk, Onlookers(desk, door), lookout

    async def figures(self, request: Request) -> Answer:
        """The figures once, looked at after they were asked for."""
        await self._onlookers.check(request)
        request.knows_only()
        with self._lookout.watching(_name(request)):
            found = await self._lookout.next()
        if found is None:
            raise busy("The service is stopping")
        return Answer(HTTPStatus.OK, found, JSON)

    async def stream(self, request: Request) -> Answer:
        """The figures again and again."""
        await self._onlookers.check(request)
        request.knows_only()
        self._lookout.check_room(_name(request))
        return Answer(HTTPStatus.OK, b"" if request.method == "HEAD" else self._events(request), EVENTS)

    async def _events(self, request: Request) -> AsyncIterator[bytes]:
        gone = asyncio.ensure_future(_went_away(request.receive))
        try:
            with self._lookout.watching(_name(request)):
                for _ in range(STREAM_LOOKS):
                    looking = asyncio.ensure_future(self._lookout.next())
                    await asyncio.wait({gone, looking}, return_when=asyncio.FIRST_COMPLETED)
                    found = None if gone.done() else looking.result()
                    if found is None:
                        looking.cancel()
                        return
                    yield b"event: figures\ndata: " + found + b"\n\n"
        finally:
            gone.cancel()

    async def proof(self, request: Request) -> Answer:
        """A batch held against its raw rows, now; named in French where Accept-Language puts it first."""
        await self._onlookers.check(request)
        request.knows_only()
        number, names = int(request.path["batch"]), await self._desk.names()
        found = await self._desk.journal.report(
            lambda asked: prove_batch(asked, names, number), _name(request)
        )
        if found is None:
            raise unknown(f"There is no batch {number}")
        return answer(Proved(found.holds, in_french(found) if request.language == "fr" else found))


def _name(request: Request) -> str:
    """Whose share of the seats is taken: the sender's, or that of the address where no key was asked for."""
    return request.caller.sender if request.caller else request.address


async def _went_away(receive: Receive) -> None:
    """Return once the caller is gone: nothing else tells of it while only we speak."""
    while (await receive())["type"] != "http.disconnect":
        pass
