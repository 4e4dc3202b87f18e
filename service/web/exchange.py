"""A request and its answer, as thin as ASGI allows."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import msgspec

from reporting.refusals import Language
from service.access.keys import Caller
from service.web.problems import MEDIA_TYPE, Problem, malformed

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
JSON = "application/json"
_ALWAYS: Mapping[bytes, bytes] = {
    b"cache-control": b"no-store",
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
}


@dataclass(slots=True)
class Request:
    """What is asked."""

    scope: Mapping[str, Any]
    receive: Receive
    path: Mapping[str, str] = field(default_factory=dict)
    """Values of the route's parameters."""
    route: str = ""
    """The path as the routes have it, once one is found."""
    caller: Caller | None = None
    """Who is calling, once the door has let them in."""
    _query: dict[str, list[str]] | None = None

    @property
    def who(self) -> Caller:
        """Who is calling, where a route is not open to everybody."""
        if self.caller is None:
            raise LookupError("the route is open: nobody was asked for a key")
        return self.caller

    @property
    def method(self) -> str:
        """GET, POST ..."""
        return self.scope["method"]

    @property
    def address(self) -> str:
        """Who is at the other end, as the network says."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    def header(self, name: str) -> str:
        """A header's value; empty when it is not there.

        Raises
        ------
        Problem
            It stands there twice: two readers might believe two different ones.
        """
        wanted = name.lower().encode()
        found = [value for key, value in self.scope["headers"] if key == wanted]
        if len(found) > 1:
            raise malformed(f"The header {name} stands there {len(found)} times")
        return found[0].decode("latin-1").strip() if found else ""

    def query(self, name: str) -> str:
        """A parameter behind the question mark; empty when it is not there."""
        if self._query is None:
            text = self.scope["query_string"].decode("latin-1")
            try:
                self._query = parse_qs(text, keep_blank_values=True, max_num_fields=50)
            except ValueError as error:
                raise malformed(f"The query does not read: {error}") from error
        found = self._query.get(name, [])
        if len(found) > 1:
            raise malformed(f"{name} stands in the query {len(found)} times")
        return found[0] if found else ""

    def number(self, name: str, default: int, limits: tuple[int, int]) -> int:
        """A whole number behind the question mark, within ``limits``."""
        text, (least, most) = self.query(name), limits
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 19 and least <= int(text) <= most):
            raise malformed(f"{name} must be a whole number from {least:,} to {most:,}")
        return int(text)

    def flag(self, name: str) -> bool:
        """A yes or no behind the question mark."""
        text = self.query(name)
        if text not in {"", "true", "false"}:
            raise malformed(f"{name} must be true or false")
        return text == "true"

    @property
    def language(self) -> Language:
        """French when the caller puts it first, else English."""
        return "fr" if self.header("accept-language").lower().startswith("fr") else "en"


@dataclass(slots=True)
class Answer:
    """What is answered: bytes, or pieces of them that are made as they are sent."""

    status: HTTPStatus
    body: bytes | AsyncIterator[bytes] = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        """Send it."""
        said = {**_ALWAYS, b"content-type": self.media_type.encode()}
        for name, value in self.headers.items():
            said[name.encode()] = value.encode("latin-1")
        if isinstance(self.body, bytes):
            said[b"content-length"] = b"%d" % len(self.body)
        await send({"type": "http.response.start", "status": self.status.value, "headers": said.items()})
        if isinstance(self.body, bytes):
            await send({"type": "http.response.body", "body": self.body})
            return
        async for part in self.body:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})


def answer(value: Any, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> Answer:
    """A value as JSON."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, msgspec.json.encode(value), JSON, named)


def refusal(problem: Problem) -> Answer:
    """A problem as an answer."""
    return Answer(problem.status, problem.body(), MEDIA_TYPE, problem.headers)
