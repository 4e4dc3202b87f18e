"""Routes: a path and method, the handler that answers them, and the description for OpenAPI, in one row."""

from collections.abc import Awaitable, Callable, Sequence
from types import MethodType
from typing import Generic, NamedTuple, TypeVar

from service.http.http_messages import Request, Response
from service.http.openapi.operation import Operation

HandlerClass = TypeVar("HandlerClass")
Handler = Callable[[Request], Awaitable[Response]]


class Route(NamedTuple, Generic[HandlerClass]):
    """One row of a handler's table of routes.

    ``path`` may contain ``{parameters}``; they match digits unless ``router.PARAMETER_PATTERNS`` names another pattern.
    """

    method: str
    path: str
    handler: Callable[[HandlerClass, Request], Awaitable[Response]]
    operation: Operation
    is_open: bool = False
    """True where the router asks for no key: the route is public, or checks access itself."""
    is_page: bool = False
    """True for a page that people open and its files, which are no part of the interface that is described."""


class BoundRoute(NamedTuple):
    """A route whose handler belongs to a running service."""

    method: str
    path: str
    handler: Handler
    is_open: bool


def bind_routes(handlers: HandlerClass, routes: Sequence[Route[HandlerClass]]) -> list[BoundRoute]:
    """Bind a table of routes to the object that handles them."""
    return [
        BoundRoute(route.method, route.path, MethodType(route.handler, handlers), route.is_open)
        for route in routes
    ]
