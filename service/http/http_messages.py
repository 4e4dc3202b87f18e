"""A request and its answer, as thin as ASGI allows."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import msgspec

from reporting.refusals import Language
from service.auth.credentials import Caller
from service.http.problems import MEDIA_TYPE, Problem, malformed_request

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
JSON = "application/json"
XML = "application/xml"
_NO_CONTENT = HTTPStatus.NO_CONTENT
_COMMON_HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


@dataclass(slots=True)
class Request:
    """What is asked."""

    scope: Mapping[str, Any]
    receive: Receive
    path_values: Mapping[str, str] = field(default_factory=dict)
    """Values of the route's parameters."""
    route: str = ""
    """The path as the routes have it, once one is found."""
    optional_caller: Caller | None = None
    """Who is calling, once the door has let them in."""
    _query_values: dict[str, list[str]] | None = None

    @property
    def caller(self) -> Caller:
        """Who is calling, where a route is not open to everybody."""
        if self.optional_caller is None:
            raise LookupError("the route is open: nobody was asked for a key")
        return self.optional_caller

    @property
    def method(self) -> str:
        """GET, POST ..."""
        return self.scope["method"]

    @property
    def address(self) -> str:
        """Who is at the other end, as the network says."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def certificate(self) -> bytes:
        """The fingerprint of the client certificate that the connection came with; empty when it came with none."""
        return self.scope.get("state", {}).get("certificate", b"")

    def get_header(self, name: str) -> str:
        """A header's value; empty when it is not there.

        Raises
        ------
        Problem
            It stands there twice: two readers might believe two different ones.
        """
        wanted = name.lower().encode()
        found = [value for key, value in self.scope["headers"] if key == wanted]
        if len(found) > 1:
            raise malformed_request(f"The header {name} stands there {len(found)} times")
        return found[0].decode("latin-1").strip() if found else ""

    def get_query(self, name: str) -> str:
        """A parameter behind the question mark; empty when it is not there.

        Raises
        ------
        Problem
            It stands there twice, or says nothing.
        """
        found = self._parse_query().get(name, [])
        if len(found) > 1:
            raise malformed_request(f"{name} stands in the query {len(found)} times")
        if found == [""]:
            raise _missing_value(name)
        return found[0] if found else ""

    def allow_only(self, *names: str) -> None:
        """Whether nothing but these parameters stands behind the question mark, each with a value.

        Raises
        ------
        Problem
            Something else does: a question that is half understood would get a wrong answer.
        """
        if empty := sorted(name for name, values in self._parse_query().items() if "" in values):
            raise _missing_value(empty[0])
        if unknown := sorted(self._parse_query().keys() - set(names)):
            told = f"{unknown[0][:50]!r} is no parameter here"
            raise malformed_request(f"{told}: there is {', '.join(names) or 'none'}")

    def get_text(self, name: str, length_max: int) -> str:
        """A text behind the question mark, of at most so many characters, that a database can hold."""
        found = self.get_query(name)
        if len(found) > length_max or "\0" in found:
            raise malformed_request(f"{name} may have {length_max} characters, and no NUL")
        return found

    def get_choice(self, name: str, choices: Sequence[str]) -> str:
        """One of some words, or empty when the parameter is not there."""
        found = self.get_query(name)
        if found and found not in choices:
            raise malformed_request(f"{name} must be one of {', '.join(choices)}")
        return found

    def _parse_query(self) -> dict[str, list[str]]:
        if self._query_values is None:
            text = self.scope["query_string"].decode("latin-1")
            try:
                self._query_values = parse_qs(text, keep_blank_values=True, max_num_fields=50)
            except ValueError as error:
                raise malformed_request(f"The query does not read: {error}") from error
        return self._query_values

    def get_number(self, name: str, default: int, limits: tuple[int, int]) -> int:
        """A whole number behind the question mark, within ``limits``."""
        text, (least, most) = self.get_query(name), limits
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 19 and least <= int(text) <= most):
            raise malformed_request(f"{name} must be a whole number from {least:,} to {most:,}")
        return int(text)

    def get_flag(self, name: str) -> bool:
        """A yes or no behind the question mark."""
        text = self.get_query(name)
        if text not in {"", "true", "false"}:
            raise malformed_request(f"{name} must be true or false")
        return text == "true"

    def negotiate_media_type(self, media_types: Sequence[str]) -> str:
        """The first media type of the ``Accept`` header that is one of ``forms``; the first of these by default.

        Raises
        ------
        Problem
            It is none of them.
        """
        wanted = self.get_header("accept") or media_types[0]
        for each in wanted.split(","):
            form = each.partition(";")[0].strip().lower()
            if form in {"*/*", "application/*"}:
                return media_types[0]
            if form in media_types:
                return form
        raise Problem(
            HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", f"Not as {wanted}", accepted=sorted(media_types)
        )

    def prefers(self, media_type: str, over: str) -> bool:
        """Whether the ``Accept`` header names the media type ``form``, and not ``to`` before it."""
        named = [each.partition(";")[0].strip().lower() for each in self.get_header("accept").split(",")]
        return media_type in named and over not in named[: named.index(media_type)]

    @property
    def language(self) -> Language:
        """French when the caller puts it first, else English."""
        return "fr" if self.get_header("accept-language").lower().startswith("fr") else "en"


def _missing_value(name: str) -> Problem:
    return malformed_request(f"{name[:50]!r} has no value: leave it out, or say what it is")


@dataclass(slots=True)
class Response:
    """What is answered: bytes, or pieces of them that are made as they are sent."""

    status: HTTPStatus
    body: bytes | AsyncIterator[bytes] = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def build_headers(self) -> dict[str, str]:
        """The headers, those that every answer has among them."""
        said = {**_COMMON_HEADERS, **self.headers}
        if self.body:
            said["content-type"] = self.media_type
        if isinstance(self.body, bytes) and self.status is not _NO_CONTENT:
            said["content-length"] = str(len(self.body))
        return said

    async def send(self, send: Send) -> None:
        """Send it."""
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in self.build_headers().items()]
        await send({"type": "http.response.start", "status": self.status.value, "headers": pairs})
        if isinstance(self.body, bytes):
            await send({"type": "http.response.body", "body": self.body})
            return
        async for part in self.body:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})


def respond(value: Any, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> Response:
    """A value as JSON."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, msgspec.json.encode(value), JSON, named)


def respond_problem(problem: Problem) -> Response:
    """A problem as an answer."""
    return Response(problem.status, problem.encode(), MEDIA_TYPE, problem.headers)
