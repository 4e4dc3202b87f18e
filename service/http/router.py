"""Which handler answers which path; the one place where everything that goes wrong becomes an answer."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import structlog

from core.errors import EngineError, InputError
from ingest.spool.envelope import SENDER
from monitoring.service_metrics import Board
from service.http.authentication import Door
from service.http.http_messages import Answer, Receive, Request, Send, refusal
from service.http.problems import Problem, busy, disk_full, of_input, unknown
from service.http.submission_queries import DATABASE_FAILURES, is_disk_full

Handler = Callable[[Request], Awaitable[Answer]]
OTHER = "other"
"""In place of a path and a method that nobody answers: whatever is asked, labels stay few."""

LOG = structlog.get_logger()
PARAMETER = re.compile(r"\{(\w+)\}")
"""A parameter in a path."""

SHAPES: Mapping[str, str] = {"sender": SENDER, "upload": "[0-9a-f]{64}"}
"""What a parameter of that name looks like, where it is no number."""


class Route(NamedTuple):
    """A path, with ``{parameters}`` that match digits unless they have a shape, and who answers it."""

    method: str
    path: str
    handler: Handler
    is_open: bool = False
    """Answered without asking for a key."""


class Application:
    """The routes as an ASGI application."""

    def __init__(self, routes: Sequence[Route], door: Door, board: Board) -> None:
        self._door, self._board = door, board
        self._routes = [(_pattern(route.path), route) for route in routes]
        self._plain = {(route.method, route.path): route for route in routes}
        """Most requests name a path without parameters, which needs no search."""
        self._is_ending = False

    def end(self) -> None:
        """What requests stand on is being closed: none is begun, and it is no fault of theirs or ours if that shows."""
        self._is_ending = True

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request, began = Request(scope, receive), time.monotonic()
        try:
            found = await self._answered(request)
        except Problem as problem:
            found = refusal(problem)
        except asyncio.CancelledError:
            # The service ends before this was answered: who waits is told so, and what to do.
            found = refusal(_ending())
        try:
            await found.send(send)
        finally:
            method = request.method if request.route else OTHER
            self._board.count("requests_total", method, request.route or OTHER, str(found.status.value))
            self._board.took("request_seconds", time.monotonic() - began, request.route or OTHER)

    async def _answered(self, request: Request) -> Answer:
        if self._is_ending:
            raise _ending()
        try:
            return await self._let_in(request)
        except InputError as error:
            raise of_input(error) from error
        except Problem:
            raise
        except Exception as error:
            if self._is_ending:
                raise _ending() from error
            raise _failed(request.scope["path"], error) from error

    async def _let_in(self, request: Request) -> Answer:
        """Ask for a key where one is needed; whoever is turned away is on the trail before they are told."""
        route = self._route(request)
        request.route = route.path
        try:
            if not route.is_open:
                request.caller = await self._door.caller(request)
            return await route.handler(request)
        except Problem as problem:
            if problem.is_audited:
                self._board.count("turned_away_total", problem.code)
                await self._door.turn_away(request, problem)
            raise

    def _route(self, request: Request) -> Route:
        # As it was sent: a proxy that keeps a path closed must not be got round by writing it in another way.
        path, method = request.scope["raw_path"].decode("latin-1"), _method(request)
        if (plain := self._plain.get((method, path))) is not None:
            return plain
        matching = [(match, route) for pattern, route in self._routes if (match := pattern.fullmatch(path))]
        for match, route in matching:
            if route.method == method:
                request.path = match.groupdict()
                return route
        if not matching:
            raise unknown(f"There is nothing at {path}")
        problem = Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", f"{method} is not for {path}")
        problem.headers["allow"] = ", ".join(sorted(_allowed(route for _, route in matching)))
        raise problem


def _ending() -> Problem:
    return busy("The service is ending; send it again, twice does no harm")


def _failed(path: str, error: Exception) -> Problem:
    """What disk or database did not do, or what nobody foresaw; the log has it whole."""
    if is_disk_full(error):
        LOG.error("disk full", path=path, cause=repr(error))
        return disk_full()
    if isinstance(error, (*DATABASE_FAILURES, EngineError)):
        LOG.warning("database does not answer", path=path, cause=repr(error))
        return busy("The database does not answer; nothing is lost")
    LOG.error("request failed", path=path, exc_info=error)
    told = "This is our fault, and it is logged"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", told)


def _allowed(routes: Iterable[Route]) -> set[str]:
    methods = {route.method for route in routes}
    return methods | {"HEAD"} if "GET" in methods else methods


def _method(request: Request) -> str:
    return "GET" if request.method == "HEAD" else request.method


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(PARAMETER.sub(lambda found: f"(?P<{found[1]}>{_shape(found[1])})", path))


def _shape(parameter: str) -> str:
    return SHAPES.get(parameter) or f"[0-9]{{1,{digits(parameter)}}}"


def digits(parameter: str) -> int:
    """How many digits a number in a path may have: an entry's is stored in eight bytes, others in four."""
    return 18 if parameter == "entry" else 9
