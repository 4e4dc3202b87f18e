"""The ASGI application: find the handler of a request, authenticate the caller, translate every failure to a response."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog

from core.errors import ClockSetBack, EngineError, InputError, PersonNotProved
from core.senders import SENDER_PATTERN
from monitoring.service_metrics import ServiceMetrics
from posting.store.failures import DATABASE_ERRORS, is_disk_full
from service.auth.failures import PermissionDenied
from service.http.authentication import Authenticator
from service.http.http_messages import Receive, Request, Response, Send, respond_problem
from service.http.problems import (
    Problem,
    clock_set_back,
    disk_full,
    from_input_error,
    from_permission_denied,
    from_unproved_person,
    not_found,
    try_again,
)
from service.http.route import BoundRoute

OTHER_ROUTE = "other"
"""Metric label of requests that match no route, so that clients cannot create labels."""

LOG = structlog.get_logger()
PATH_PARAMETER = re.compile(r"\{(\w+)\}")
"""A parameter in the path of a route."""

PARAMETER_PATTERNS: Mapping[str, str] = {
    "sender": SENDER_PATTERN,
    "upload": "[0-9a-f]{64}",
    "step": "C(?:0[1-9]|1[0-6])",
}
"""Patterns of path parameters that are not numbers, by name."""


class Application:
    """The routes as an ASGI application."""

    def __init__(
        self,
        routes: Sequence[BoundRoute],
        authenticator: Authenticator,
        metrics: ServiceMetrics,
        *,
        has_full_disk: Callable[[], bool] = lambda: False,
    ) -> None:
        """``has_full_disk`` returns whether the service waits for room on a disk: then its database may be gone too."""
        self._authenticator, self._metrics, self._has_full_disk = authenticator, metrics, has_full_disk
        self._compiled_routes = [(_compile_path(route.path), route) for route in routes]
        self._plain_routes = {(route.method, route.path): route for route in routes}
        """Most requests match a path without parameters, which needs no search."""
        self._is_stopping = False

    def mark_stopping(self) -> None:
        """Answer 503 from now on: what the handlers use is being closed, and errors that follow from that are expected."""
        self._is_stopping = True

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Respond to one request."""
        if scope["type"] != "http":
            return
        request, start = Request(scope, receive), time.monotonic()
        try:
            response = await self._respond(request)
        except Problem as problem:
            response = respond_problem(problem, request.language)
        except asyncio.CancelledError:
            # The service stops before the request was handled: tell the client, and what to do.
            response = respond_problem(_service_stopping(), request.language)
        try:
            await response.send(send)
        finally:
            route = request.route or OTHER_ROUTE
            method = request.method if request.route else OTHER_ROUTE
            self._metrics.increment("requests_total", method, route, str(response.status.value))
            self._metrics.observe("request_seconds", time.monotonic() - start, route)

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
            raise self._translate_failure(request.scope["path"], error) from error

    def _translate_failure(self, path: str, error: Exception) -> Problem:
        """Translate a failure of the disk, of the database, or an unexpected one; the log has the details."""
        if isinstance(error, ClockSetBack):
            return clock_set_back()
        is_of_database = isinstance(error, (*DATABASE_ERRORS, EngineError))
        if is_of_database and self._has_full_disk():
            return disk_full()  # the engine has logged it, once for all requests
        if is_disk_full(error):
            LOG.error("disk full", path=path, cause=repr(error))
            return disk_full()
        if is_of_database:
            LOG.warning("database does not answer", path=path, cause=repr(error))
            return try_again("The database does not respond; nothing is lost")
        LOG.error("request failed", path=path, exc_info=error)
        detail = "The service has met an error, which is in its log"
        return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal-error", detail)

    async def _handle(self, request: Request) -> Response:
        """Authenticate the caller unless the route is open, and call the handler.

        A refused attempt is in the audit trail before the caller gets the response.
        """
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
        except PersonNotProved as unproved:
            problem = from_unproved_person(unproved)
            await self._audit(request, problem)
            raise problem from unproved
        except Problem as problem:
            await self._audit(request, problem)
            raise

    async def _audit(self, request: Request, problem: Problem) -> None:
        if problem.is_audited:
            self._metrics.increment("turned_away_total", problem.code)
            await self._authenticator.record_refusal(request, problem)

    def _find_route(self, request: Request) -> BoundRoute:
        # Compare the path as it was sent: a proxy that blocks a path must not be bypassed by another spelling of it.
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
        problem = Problem(
            HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", f"{path} does not support {method}"
        )
        problem.headers["allow"] = ", ".join(sorted(_find_allowed_methods(route for _, route in matching)))
        raise problem


def _service_stopping() -> Problem:
    return try_again("The service is stopping: send the request again, because repeating it does no harm")


def _find_allowed_methods(routes: Iterable[BoundRoute]) -> set[str]:
    methods = {route.method for route in routes}
    return methods | {"HEAD"} if "GET" in methods else methods


def _get_route_method(request: Request) -> str:
    return "GET" if request.method == "HEAD" else request.method


def _compile_path(path: str) -> re.Pattern[str]:
    return re.compile(
        PATH_PARAMETER.sub(lambda match: f"(?P<{match[1]}>{_get_parameter_pattern(match[1])})", path)
    )


def _get_parameter_pattern(name: str) -> str:
    return PARAMETER_PATTERNS.get(name) or f"[0-9]{{1,{get_digits_max(name)}}}"


def get_digits_max(parameter: str) -> int:
    """Return how many digits a number in a path may have: entries are stored in eight bytes, others in four."""
    return 18 if parameter == "entry" else 9
