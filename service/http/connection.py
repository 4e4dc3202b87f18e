"""A connection: uvicorn's own, with limits to what comes before a body, and the certificate it came with."""

import asyncio
from http import HTTPStatus
from typing import Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.auth.certificates import compute_fingerprint
from service.http.http_messages import respond_problem
from service.http.problems import Problem

HEAD_BYTES_MAX = 2**16
"""What the first line and the headers of a request may have together."""
HEADERS_MAX = 100
HEAD_SECONDS = 30
"""How long a request may take from its first byte to the end of its headers."""
FIRST_REQUEST_SECONDS = 75
"""How long a connection may be open before its first request has come."""


SLOW_READER_SECONDS = 60
SLOW_READER_BYTES = 2**16
"""Of an answer that its caller does not take so much goes out in that time, or all of it; else it is given up."""

COALESCED_BYTES_MAX = 2**14
"""A longer piece of an answer waits for no other."""


class _TlsObject(Protocol):
    """The side of TLS that knows the other's certificate."""

    def getpeercert(self, binary_form: bool = False) -> bytes | None:
        """As DER."""
        ...


class _HeadTooLong(Exception):
    """More than a request may say before its body."""


class CoalescingTransport:
    """The way out of one answer: its head waits for its body until the loop's next round, and both go out in one piece.

    A call of the system for each takes twice as long as one for both, some 27 microseconds in place of 12.
    """

    __slots__ = ("_loop", "_pending", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._pending = b""

    def write(self, data: bytes) -> None:
        """Send it, or let it wait for what comes next where it is short and nothing waits."""
        if self._pending:
            self._transport.write(self._pending + data)
            self._pending = b""
        elif len(data) > COALESCED_BYTES_MAX:
            self._transport.write(data)
        elif data:
            self._pending = data
            self._loop.call_soon(self._flush)

    def is_closing(self) -> bool:
        """Whether nothing goes out any more."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Send what waits, and end the connection."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._pending and not self._transport.is_closing():
            self._transport.write(self._pending)
        self._pending = b""


class HttpConnection(HttpToolsProtocol):
    """uvicorn's connection, with limits it does not have."""

    _head_bytes = 0
    _unparsed_bytes = 0
    _is_head_too_long = False
    _head_deadline: asyncio.TimerHandle | None = None
    _reader_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Take note of the certificate; its fingerprint comes with every request of the connection."""
        super().connection_made(transport)
        # whatever does not go out at once starts the clock of who reads; with 0, TLS would take an empty buffer for a full one
        transport.set_write_buffer_limits(1)
        presenting = cast(_TlsObject | None, transport.get_extra_info("ssl_object"))
        certificate = presenting.getpeercert(binary_form=True) if presenting else None
        if certificate:
            self.app_state = {**self.app_state, "certificate": compute_fingerprint(certificate)}
        self._start_head_deadline(FIRST_REQUEST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._cancel_head_deadline()
        self._cancel_reader_deadline()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Make nothing more until what is made has gone out, which takes its time but has an end."""
        super().pause_writing()
        self._start_reader_deadline()

    def resume_writing(self) -> None:
        """Go on: it has gone out."""
        self._cancel_reader_deadline()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Read what came, unless a single piece of it has no end."""
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._unparsed_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self._is_head_too_long = True
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._head_bytes = 0
        self._start_head_deadline(HEAD_SECONDS)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count the first line."""
        self._count_head_bytes(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count_head_bytes(name + value)
        super().on_header(name, value)
        if len(self.headers) > HEADERS_MAX:
            self._refuse_head()

    def on_headers_complete(self) -> None:
        """Stop the clock; a body has its own."""
        self._unparsed_bytes = 0
        self._cancel_head_deadline()
        super().on_headers_complete()
        self.cycle.transport = cast(asyncio.Transport, CoalescingTransport(self.transport, self.loop))

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of the body."""
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Keep nothing of a request that is over: thousands of connections rest, each with its last one.

        What they keep is looked through by every search for garbage, and goes round in a circle with the connection.
        """
        super().on_response_complete()
        if self.cycle.response_complete and not self.cycle.more_body:
            self.cycle = self.scope = self.headers = None  # type: ignore[assignment]

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- uvicorn's words are not ours
        """Answer what is no request as everything else is answered, and close."""
        problem = Problem(HTTPStatus.BAD_REQUEST, "malformed-request", "This is no HTTP request")
        if self._is_head_too_long:
            told = f"First line and headers have over {HEAD_BYTES_MAX:,} bytes or {HEADERS_MAX} headers"
            problem = Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head-too-long", told)
        answer = respond_problem(problem)
        said = {**answer.build_headers(), "connection": "close"}
        lines = [f"HTTP/1.1 {answer.status.value} {answer.status.phrase}", *_format_headers(said), "", ""]
        self.transport.write("\r\n".join(lines).encode("latin-1") + cast(bytes, answer.body))
        self.transport.close()

    def _count_head_bytes(self, text: bytes) -> None:
        self._unparsed_bytes = 0
        self._head_bytes += len(text)
        if self._head_bytes > HEAD_BYTES_MAX:
            self._refuse_head()

    def _refuse_head(self) -> None:
        self._is_head_too_long = True
        raise _HeadTooLong

    def _start_head_deadline(self, seconds: float) -> None:
        self._cancel_head_deadline()
        self._head_deadline = self.loop.call_later(seconds, self.transport.close)

    def _cancel_head_deadline(self) -> None:
        if self._head_deadline:
            self._head_deadline.cancel()
            self._head_deadline = None

    def _start_reader_deadline(self) -> None:
        self._cancel_reader_deadline()
        left = self.transport.get_write_buffer_size()
        self._reader_deadline = self.loop.call_later(SLOW_READER_SECONDS, self._check_reader, left)

    def _check_reader(self, before: int) -> None:
        """Give the connection up, and what waits for it in memory, where next to nothing of that has gone out."""
        if self.transport.get_write_buffer_size() > before - SLOW_READER_BYTES:
            self.transport.abort()
        else:
            self._start_reader_deadline()

    def _cancel_reader_deadline(self) -> None:
        if self._reader_deadline:
            self._reader_deadline.cancel()
            self._reader_deadline = None


def _format_headers(said: dict[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in said.items()]
