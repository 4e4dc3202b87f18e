"""Figures of all senders, for callers with access to metrics: for Prometheus, for programs, and as a stream of events."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import msgspec

from monitoring.live_figures import LiveFigures
from monitoring.service_metrics import MEDIA_TYPE, ServiceMetrics
from reporting.proofs import BatchProof, prove_batch
from reporting.proofs_fr import translate_proof
from service.http.http_messages import JSON, Receive, Request, Response, respond
from service.http.journal_queries import JournalReader
from service.http.live.broadcaster import FiguresBroadcaster
from service.http.live.metrics_access import MetricsAccess
from service.http.name_cache import NameCache
from service.http.openapi.operation import Operation
from service.http.openapi.problem_types import FORBIDDEN, list_problems
from service.http.problems import not_found, try_again
from service.http.route import Route

STREAM_EVENTS_MAX = 300
"""A stream ends after so many events; the client reconnects, and its key is checked again."""
EVENT_STREAM = "text/event-stream"


class BatchProofResult(msgspec.Struct, frozen=True):
    """The proof of a batch, recomputed from its stored rows, and whether everything agrees."""

    holds: bool
    proof: BatchProof


class MetricsHandler:
    """Handles ``/metrics``."""

    def __init__(self, metrics: ServiceMetrics, access: MetricsAccess) -> None:
        self._metrics, self._access = metrics, access

    async def get_metrics(self, request: Request) -> Response:
        """Respond with all metrics in the text format of Prometheus."""
        await self._access.check(request)
        return Response(HTTPStatus.OK, self._metrics.render(), MEDIA_TYPE)


class LiveHandler:
    """Handles the figures of the live page."""

    def __init__(
        self,
        access: MetricsAccess,
        broadcaster: FiguresBroadcaster,
        names: NameCache,
        *,
        journal: JournalReader,
    ) -> None:
        self._access, self._broadcaster = access, broadcaster
        self._names, self._journal = names, journal

    async def get_figures(self, request: Request) -> Response:
        """Respond with figures that were computed after the request came in."""
        await self._access.check(request)
        request.allow_only()
        with self._broadcaster.open_viewer_slot(_get_viewer(request)):
            figures = await self._broadcaster.wait_for_figures()
        if figures is None:
            raise try_again("The service is stopping")
        return Response(HTTPStatus.OK, figures, JSON)

    async def stream_figures(self, request: Request) -> Response:
        """Respond with a stream of events, each with new figures."""
        await self._access.check(request)
        request.allow_only()
        self._broadcaster.check_viewer_slot(_get_viewer(request))
        body = b"" if request.method == "HEAD" else self._generate_events(request)
        return Response(HTTPStatus.OK, body, EVENT_STREAM)

    async def _generate_events(self, request: Request) -> AsyncIterator[bytes]:
        disconnected = asyncio.ensure_future(_wait_for_disconnect(request.receive))
        try:
            with self._broadcaster.open_viewer_slot(_get_viewer(request)):
                for _ in range(STREAM_EVENTS_MAX):
                    next_figures = asyncio.ensure_future(self._wait_for_figures())
                    await asyncio.wait({disconnected, next_figures}, return_when=asyncio.FIRST_COMPLETED)
                    # no time limit: it is done
                    figures = None if disconnected.done() else next_figures.result()
                    if figures is None:
                        next_figures.cancel()
                        return
                    yield b"event: figures\ndata: " + figures + b"\n\n"
        finally:
            disconnected.cancel()

    async def _wait_for_figures(self) -> bytes | None:
        """Return the next figures; None, which ends the stream, if the service stops or the database does not answer."""
        with suppress(TimeoutError):
            return await self._broadcaster.wait_for_figures()
        return None

    async def get_proof(self, request: Request) -> Response:
        """Recompute the proof of a batch; its labels are French if Accept-Language prefers French."""
        await self._access.check(request)
        request.allow_only()
        batch, names = int(request.path_values["batch"]), await self._names.load()
        proof = await self._journal.run_report(
            lambda connection: prove_batch(connection, names, batch), _get_viewer(request)
        )
        if proof is None:
            raise not_found(f"There is no batch {batch}")
        translated = translate_proof(proof) if request.language == "fr" else proof
        return respond(BatchProofResult(proof.holds, translated))


def _get_viewer(request: Request) -> str:
    """Return whose share of the viewer slots the request takes: the sender's, or without a key the address's."""
    return request.optional_caller.sender if request.optional_caller else request.address


async def _wait_for_disconnect(receive: Receive) -> None:
    """Return when the client disconnects; while the service only sends, nothing else reports that."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _describe_text(description: str, media_type: str) -> Mapping[str, Any]:
    return {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}


_EVENTS = _describe_text("A stream of events; the data of each is the JSON of `/v1/figures`", EVENT_STREAM)
_ACCESS_PROBLEMS = list_problems(
    "key-unknown", *FORBIDDEN, "rate-limited", "try-again", "disk-full", "clock-set-back"
)
"""Responses to callers without access to the figures of all senders, or beyond a limit."""

METRICS_ROUTES = (
    Route(
        "GET",
        "/metrics",
        MetricsHandler.get_metrics,
        Operation(
            "Metrics for Prometheus",
            {"200": _describe_text("The text format of Prometheus", "text/plain"), **_ACCESS_PROBLEMS},
        ),
        is_open=True,
    ),
)
LIVE_ROUTES = (
    Route(
        "GET",
        "/v1/figures",
        LiveHandler.get_figures,
        Operation(
            "The figures of the live page, computed after the request came in",
            {"200": LiveFigures, **_ACCESS_PROBLEMS},
        ),
        is_open=True,
    ),
    Route(
        "GET",
        "/v1/live",
        LiveHandler.stream_figures,
        Operation(
            f"Send the same figures about once a second for five minutes, as {EVENT_STREAM}; the name of each event is"
            " `figures`",
            {"200": _EVENTS, **_ACCESS_PROBLEMS},
        ),
        is_open=True,
    ),
    Route(
        "GET",
        "/v1/batches/{batch}/proof",
        LiveHandler.get_proof,
        Operation(
            "Hash the stored rows of a batch again, and compare the figures of the batch with these rows",
            {"200": BatchProofResult, **list_problems("not-found"), **_ACCESS_PROBLEMS},
        ),
        is_open=True,
    ),
)
"""These routes check access themselves: requests from this machine need no key."""
