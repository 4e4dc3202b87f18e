"""Figures of all senders, for those who may see them: for Prometheus, for programs, and as a stream of events."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import msgspec

from monitoring.service_metrics import MEDIA_TYPE
from reporting.proofs import BatchProof, prove_batch
from reporting.proofs_fr import translate_proof
from service.http.authentication import Authenticator
from service.http.http_messages import JSON, Receive, Request, Response, respond
from service.http.live.broadcaster import FiguresBroadcaster
from service.http.live.metrics_access import MetricsAccess
from service.http.problems import not_found, try_again
from service.http.service_context import ServiceContext

STREAM_EVENTS_MAX = 300
"""A stream ends after so many looks; whoever reads it asks again, with a key that must still be good."""
EVENT_STREAM = "text/event-stream"


class BatchProofResult(msgspec.Struct, frozen=True):
    """A batch held against its raw rows, and whether everything agrees."""

    holds: bool
    proof: BatchProof


class MetricsHandler:
    """The handler of ``/metrics``."""

    def __init__(self, desk: ServiceContext, door: Authenticator) -> None:
        self._desk, self._access = desk, MetricsAccess(desk, door)

    async def get_metrics(self, request: Request) -> Response:
        """Every metric."""
        await self._access.check(request)
        return Response(HTTPStatus.OK, self._desk.metrics.render(), MEDIA_TYPE)


class LiveHandler:
    """The handlers of what the live page shows."""

    def __init__(self, desk: ServiceContext, door: Authenticator, lookout: FiguresBroadcaster) -> None:
        self._desk, self._access, self._broadcaster = desk, MetricsAccess(desk, door), lookout

    async def get_figures(self, request: Request) -> Response:
        """The figures once, looked at after they were asked for."""
        await self._access.check(request)
        request.allow_only()
        with self._broadcaster.open_viewer_slot(_get_viewer(request)):
            found = await self._broadcaster.wait_for_figures()
        if found is None:
            raise try_again("The service is stopping")
        return Response(HTTPStatus.OK, found, JSON)

    async def stream_figures(self, request: Request) -> Response:
        """The figures again and again."""
        await self._access.check(request)
        request.allow_only()
        self._broadcaster.check_viewer_slot(_get_viewer(request))
        return Response(
            HTTPStatus.OK, b"" if request.method == "HEAD" else self._generate_events(request), EVENT_STREAM
        )

    async def _generate_events(self, request: Request) -> AsyncIterator[bytes]:
        gone = asyncio.ensure_future(_wait_for_disconnect(request.receive))
        try:
            with self._broadcaster.open_viewer_slot(_get_viewer(request)):
                for _ in range(STREAM_EVENTS_MAX):
                    looking = asyncio.ensure_future(self._broadcaster.wait_for_figures())
                    await asyncio.wait({gone, looking}, return_when=asyncio.FIRST_COMPLETED)
                    found = None if gone.done() else looking.result()
                    if found is None:
                        looking.cancel()
                        return
                    yield b"event: figures\ndata: " + found + b"\n\n"
        finally:
            gone.cancel()

    async def get_proof(self, request: Request) -> Response:
        """A batch held against its raw rows, now; named in French where Accept-Language puts it first."""
        await self._access.check(request)
        request.allow_only()
        number, names = int(request.path_values["batch"]), await self._desk.load_names()
        found = await self._desk.journal.run_report(
            lambda asked: prove_batch(asked, names, number), _get_viewer(request)
        )
        if found is None:
            raise not_found(f"There is no batch {number}")
        return respond(
            BatchProofResult(found.holds, translate_proof(found) if request.language == "fr" else found)
        )


def _get_viewer(request: Request) -> str:
    """Whose share of the seats is taken: the sender's, or that of the address where no key was asked for."""
    return request.optional_caller.sender if request.optional_caller else request.address


async def _wait_for_disconnect(receive: Receive) -> None:
    """Return once the caller is gone: nothing else tells of it while only we speak."""
    while (await receive())["type"] != "http.disconnect":
        pass
