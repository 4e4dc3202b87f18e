"""Which handler answers which path; the one place where everything that goes wrong becomes an answer."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import structlog

from core.errors import EngineError, InputError
from ingest.spool.envelope import SENDER_PATTERN
from monitoring.service_metrics import ServiceMetrics
from service.auth.failures import PermissionDenied
from service.database.failures import DATABASE_ERRORS, is_disk_full
from service.http.authentication import Authenticator
from service.http.http_messages import Receive, Request, Response, Send, respond_problem
from service.http.problems import (
    Problem,
    disk_full,
    from_input_error,
    from_permission_denied,
    not_found,
    try_again,
)

Handler = Callable[[Request], Awaitable[Response]]
OTHER_ROUTE = "other"
"""In place of a path and a method that nobody answers: whatever is asked, labels stay few."""

LOG = structlog.get_logger()
PATH_PARAMETER = re.compile(r"\{(\w+)\}")
"""A parameter in a path."""

PARAMETER_PATTERNS: Mapping[str, str] = {"sender": SENDER_PATTERN, "upload": "[0-9a-f]{64}"}
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

    def __init__(
        self, routes: Sequence[Route], authenticator: Authenticator, metrics: ServiceMetrics
    ) -> None:
        self._authenticator, self._metrics = authenticator, metrics
        self._compiled_routes = [(_compile_path(route.path), route) for route in routes]
        self._plain_routes = {(route.method, route.path): route for route in routes}
        """Most requests name a path without parameters, which needs no search."""
        self._is_stopping = False

    def mark_stopping(self) -> None:
        """What requests stand on is being closed: none is begun, and it is no fault of theirs or ours if that shows."""
        self._is_stopping = True

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        request, began = Request(scope, receive), time.monotonic()
        try:
            found = await self._respond(request)
        except Problem as problem:
            found = respond_problem(problem)
        except asyncio.CancelledError:
            # The service ends before this was answered: who waits is told so, and what to do.
            found = respond_problem(_service_stopping())
        try:
            await found.send(send)
        finally:
            method = request.method if request.route else OTHER_ROUTE
            self._metrics.increment(
                "requests_total", method, request.route or OTHER_ROUTE, str(found.status.value)
            )
            self._metrics.observe("request_seconds", time.monotonic() - began, request.route or OTHER_ROUTE)

    async def _respond(self, request: Request) -> Response:
        if self._is_stopping:
            raise _service_stopping()
        try:
            return await self._handle(request)
        except InputError as error:
            raise from_input_error(error) from error
        except Problem:
            raise
        except Exception as error:
            if self._is_stopping:
                raise _service_stopping() from error
            raise _translate_failure(request.scope["path"], error) from error

    async def _handle(self, request: Request) -> Response:
        """Ask for a key where one is needed; whoever is turned away is on the trail before they are told."""
        route = self._find_route(request)
        request.route = route.path
        try:
            if not route.is_open:
                request.optional_caller = await self._authenticator.authenticate(request)
            return await route.handler(request)
        except PermissionDenied as denied:
            problem = from_permission_denied(denied)
            await self._audit(request, problem)
            raise problem from denied
        except Problem as problem:
            await self._audit(request, problem)
            raise

    async def _audit(self, request: Request, problem: Problem) -> None:
        if problem.is_audited:
            self._metrics.increment("turned_away_total", problem.code)
            await self._authenticator.record_refusal(request, problem)

    def _find_route(self, request: Request) -> Route:
        # As it was sent: a proxy that keeps a path closed must not be got round by writing it in another way.
        path, method = request.scope["raw_path"].decode("latin-1"), _get_route_method(request)
        if (plain := self._plain_routes.get((method, path))) is not None:
            return plain
        matching = [
            (match, route) for pattern, route in self._compiled_routes if (match := pattern.fullmatch(path))
        ]
        for match, route in matching:
            if route.method == method:
                request.path_values = match.groupdict()
                return route
        if not matching:
            raise not_found(f"There is nothing at {path}")
        problem = Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", f"{method} is not for {path}")
        problem.headers["allow"] = ", ".join(sorted(_find_allowed_methods(route for _, route in matching)))
        raise problem


def _service_stopping() -> Problem:
    return try_again("The service is ending; send it again, twice does no harm")


def _translate_failure(path: str, error: Exception) -> Problem:
    """What disk or database did not do, or what nobody foresaw; the log has it whole."""
    if is_disk_full(error):
        LOG.error("disk full", path=path, cause=repr(error))
        return disk_full()
    if isinstance(error, (*DATABASE_ERRORS, EngineError)):
        LOG.warning("database does not answer", path=path, cause=repr(error))
        return try_again("The database does not answer; nothing is lost")
    LOG.error("request failed", path=path, exc_info=error)
    told = "This is our fault, and it is logged"
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", told)


def _find_allowed_methods(routes: Iterable[Route]) -> set[str]:
    methods = {route.method for route in routes}
    return methods | {"HEAD"} if "GET" in methods else methods


def _get_route_method(request: Request) -> str:
    return "GET" if request.method == "HEAD" else request.method


def _compile_path(path: str) -> re.Pattern[str]:
    return re.compile(
        PATH_PARAMETER.sub(lambda found: f"(?P<{found[1]}>{_get_parameter_pattern(found[1])})", path)
    )


def _get_parameter_pattern(parameter: str) -> str:
    return PARAMETER_PATTERNS.get(parameter) or f"[0-9]{{1,{get_digits_max(parameter)}}}"


def get_digits_max(parameter: str) -> int:
    """How many digits a number in a path may have: an entry's is stored in eight bytes, others in four."""
    return 18 if parameter == "entry" else 9
