"""Requests and responses: a thin layer over ASGI."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

import msgspec

from reporting.refusals import Language
from service.auth.credentials import Caller
from service.http.problems import MEDIA_TYPE, Problem, bad_request

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
    "vary": "accept-language",
    "x-content-type-options": "nosniff",
}


@dataclass(slots=True)
class Request:
    """A request, read-only but for the fields that the router fills in."""

    scope: Mapping[str, Any]
    receive: Receive
    path_values: Mapping[str, str] = field(default_factory=dict)
    """Values of the route's parameters."""
    route: str = ""
    """The path of the route, with its parameters, once the route is found."""
    optional_caller: Caller | None = None
    """The caller, once authenticated; None on open routes."""
    _query_values: dict[str, list[str]] | None = None

    @property
    def caller(self) -> Caller:
        """The caller, on routes that require a key."""
        if self.optional_caller is None:
            raise LookupError("the route is open: the request has no authenticated caller")
        return self.optional_caller

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.scope["method"]

    @property
    def address(self) -> str:
        """The IP address of the client; empty if unknown."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def certificate(self) -> bytes:
        """The fingerprint of the client certificate of the connection; empty without one."""
        return self.scope.get("state", {}).get("certificate", b"")

    def get_header(self, name: str) -> str:
        """Return the value of a header; empty without it.

        Raises
        ------
        Problem
            The header is repeated: a proxy and the service might use different values.
        """
        key = name.lower().encode()
        values = [value for header, value in self.scope["headers"] if header == key]
        if len(values) > 1:
            raise bad_request(f"The header {name} is given {len(values)} times")
        return values[0].decode("latin-1").strip() if values else ""

    def get_query(self, name: str) -> str:
        """Return the value of a query parameter; empty without it.

        Raises
        ------
        Problem
            The parameter is repeated or has no value.
        """
        values = self._parse_query().get(name, [])
        if len(values) > 1:
            raise bad_request(f"The parameter {name} is given {len(values)} times")
        if values == [""]:
            raise _missing_value(name)
        return values[0] if values else ""

    def allow_only(self, *names: str) -> None:
        """Check that the query has no parameters but these, and that each has a value.

        Raises
        ------
        Problem
            It has others: ignoring a parameter could give a response to another question.
        """
        if empty := sorted(name for name, values in self._parse_query().items() if "" in values):
            raise _missing_value(empty[0])
        if unknown := sorted(self._parse_query().keys() - set(names)):
            allowed = (
                f"This route has the parameters {', '.join(names)}"
                if names
                else "This route has no parameters"
            )
            raise bad_request(f"The parameter {unknown[0][:50]!r} is unknown. {allowed}")

    def get_text(self, name: str, length_max: int) -> str:
        """Return a query parameter of limited length that PostgreSQL can store, so without NUL; empty without it."""
        text = self.get_query(name)
        if len(text) > length_max or "\0" in text:
            raise bad_request(f"The parameter {name} may have at most {length_max} characters and no NUL")
        return text

    def get_choice(self, name: str, choices: Sequence[str]) -> str:
        """Return a query parameter that must be one of ``choices``; empty without it."""
        text = self.get_query(name)
        if text and text not in choices:
            raise bad_request(f"The parameter {name} must be one of {', '.join(choices)}")
        return text

    def _parse_query(self) -> dict[str, list[str]]:
        if self._query_values is None:
            text = self.scope["query_string"].decode("latin-1")
            try:
                self._query_values = parse_qs(text, keep_blank_values=True, max_num_fields=50)
            except ValueError as error:
                raise bad_request(f"The query cannot be parsed: {error}") from error
        return self._query_values

    def get_number(self, name: str, default: int, *, minimum: int, maximum: int) -> int:
        """Return a query parameter that must be a whole number from ``minimum`` to ``maximum``."""
        text = self.get_query(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 19 and minimum <= int(text) <= maximum):
            raise bad_request(f"The parameter {name} must be a whole number from {minimum:,} to {maximum:,}")
        return int(text)

    def get_flag(self, name: str) -> bool:
        """Return a query parameter that must be true or false; False without it."""
        text = self.get_query(name)
        if text not in {"", "true", "false"}:
            raise bad_request(f"The parameter {name} must be true or false")
        return text == "true"

    def negotiate_media_type(self, media_types: Sequence[str]) -> str:
        """Return the first media type of the ``Accept`` header that is in ``media_types``; by default the first of these.

        Raises
        ------
        Problem
            None of them is accepted.
        """
        accept = self.get_header("accept") or media_types[0]
        for media_type in _split_accept(accept):
            if media_type in {"*/*", "application/*"}:
                return media_types[0]
            if media_type in media_types:
                return media_type
        detail = f"The service cannot respond in the media types {accept}"
        raise Problem(HTTPStatus.NOT_ACCEPTABLE, "not-acceptable", detail, accepted=sorted(media_types))

    def prefers(self, media_type: str, over: str) -> bool:
        """Return whether the ``Accept`` header names ``media_type``, and not ``over`` before it."""
        accepted = _split_accept(self.get_header("accept"))
        return media_type in accepted and over not in accepted[: accepted.index(media_type)]

    @property
    def language(self) -> Language:
        """French if the first Accept-Language begins with it, else English; it never raises: errors are written in it."""
        languages = (value for name, value in self.scope["headers"] if name == b"accept-language")
        return "fr" if next(languages, b"").strip().lower().startswith(b"fr") else "en"


def _split_accept(header: str) -> list[str]:
    """Return the media types of an ``Accept`` header in order, without parameters."""
    return [part.partition(";")[0].strip().lower() for part in header.split(",")]


def _missing_value(name: str) -> Problem:
    return bad_request(f"The parameter {name[:50]!r} has no value: give a value, or leave the parameter out")


@dataclass(slots=True)
class Response:
    """A response; its body is bytes, or an iterator that produces them while they are sent."""

    status: HTTPStatus
    body: bytes | AsyncIterator[bytes] = b""
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    def build_headers(self) -> dict[str, str]:
        """Return all headers, including those of every response."""
        headers = {**_COMMON_HEADERS, **self.headers}
        if self.body:
            headers["content-type"] = self.media_type
        if isinstance(self.body, bytes) and self.status is not _NO_CONTENT:
            headers["content-length"] = str(len(self.body))
        return headers

    async def send(self, send: Send) -> None:
        """Send the response."""
        pairs = [(name.encode(), value.encode("latin-1")) for name, value in self.build_headers().items()]
        await send({"type": "http.response.start", "status": self.status.value, "headers": pairs})
        if isinstance(self.body, bytes):
            await send({"type": "http.response.body", "body": self.body})
            return
        async for piece in self.body:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})


def respond(value: Any, status: HTTPStatus = HTTPStatus.OK, **headers: str) -> Response:
    """Return a response with ``value`` as JSON; header names are written with underscores for hyphens."""
    header_values = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, msgspec.json.encode(value), JSON, header_values)


def respond_problem(problem: Problem, language: Language = "en") -> Response:
    """Return a problem as a response whose texts are in ``language``."""
    headers = {**problem.headers, "content-language": language}
    return Response(problem.status, problem.encode(language), MEDIA_TYPE, headers)
