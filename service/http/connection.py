"""uvicorn's connection with limits on request heads and slow readers, and with the fingerprint of the client certificate."""

import asyncio
from http import HTTPStatus
from typing import Any, Protocol, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.auth.certificates import compute_fingerprint
from service.http.http_messages import respond_problem
from service.http.problems import Problem

HEAD_BYTES_MAX = 2**16
"""Size of the request line and the headers together."""
HEADERS_MAX = 100
HEAD_SECONDS = 30
"""Time from the first byte of a request to the end of its headers."""
FIRST_REQUEST_SECONDS = 75
"""Time from opening a connection to the end of its first request head."""

SLOW_READER_SECONDS = 60
SLOW_READER_BYTES = 2**16
"""A client must take this many bytes of a waiting response in this time, or all of it; else the connection is closed."""

COALESCED_BYTES_MAX = 2**14
"""A longer piece of a response is sent at once, without waiting for the next."""


class _TlsObject(Protocol):
    """The TLS object of a connection."""

    def getpeercert(self, binary_form: bool = False) -> bytes | None:
        """Return the certificate of the other side as DER."""
        ...


class _HeadTooLong(Exception):
    """The head of a request exceeds the limits."""


class CoalescingTransport:
    """Sends the head and the body of a response in one write: the head waits until the loop's next iteration.

    One system call for both takes about 12 microseconds, one for each takes 27.
    """

    __slots__ = ("_loop", "_pending", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._pending = b""

    def write(self, data: bytes) -> None:
        """Send data, or keep it for the next call if it is short and nothing else waits."""
        if self._pending:
            self._transport.write(self._pending + data)
            self._pending = b""
        elif len(data) > COALESCED_BYTES_MAX:
            self._transport.write(data)
        elif data:
            self._pending = data
            self._loop.call_soon(self._flush)

    def is_closing(self) -> bool:
        """Return whether the connection is closing."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Send what waits, and close the connection."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._pending and not self._transport.is_closing():
            self._transport.write(self._pending)
        self._pending = b""


class HttpConnection(HttpToolsProtocol):
    """uvicorn's connection with additional limits."""

    _head_bytes = 0
    _unparsed_bytes = 0
    _is_head_too_long = False
    _head_deadline: asyncio.TimerHandle | None = None
    _reader_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Store the fingerprint of the client certificate in the state of every request of this connection."""
        super().connection_made(transport)
        # With a limit of 1, any unsent byte starts the deadline of the reader; with 0, TLS would call an empty buffer full.
        transport.set_write_buffer_limits(1)
        tls = cast(_TlsObject | None, transport.get_extra_info("ssl_object"))
        certificate = tls.getpeercert(binary_form=True) if tls else None
        if certificate:
            self.app_state = {**self.app_state, "certificate": compute_fingerprint(certificate)}
        self._start_head_deadline(FIRST_REQUEST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadlines."""
        self._cancel_head_deadline()
        self._cancel_reader_deadline()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Pause the handler until the written data has been sent, within a deadline."""
        super().pause_writing()
        self._start_reader_deadline()

    def resume_writing(self) -> None:
        """Continue: the written data has been sent."""
        self._cancel_reader_deadline()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse data; refuse it if a single element, such as a header, is too long."""
        self._unparsed_bytes += len(data)
        super().data_received(data)
        if self._unparsed_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
            self._is_head_too_long = True
            self.send_400_response("")

    def on_message_begin(self) -> None:
        """Start counting a request head."""
        self._head_bytes = 0
        self._start_head_deadline(HEAD_SECONDS)
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Count the request line."""
        self._count_head_bytes(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header."""
        self._count_head_bytes(name + value)
        super().on_header(name, value)
        if len(self.headers) > HEADERS_MAX:
            self._refuse_head()

    def on_headers_complete(self) -> None:
        """Cancel the deadline of the head; a body has its own."""
        self._unparsed_bytes = 0
        self._cancel_head_deadline()
        super().on_headers_complete()
        self.cycle.transport = cast(asyncio.Transport, CoalescingTransport(self.transport, self.loop))

    def on_body(self, body: bytes) -> None:
        """Pass on a piece of the body."""
        self._unparsed_bytes = 0
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Drop the references to a finished request: thousands of idle connections would each keep their last one.

        The objects form a reference cycle with the connection, which every run of the garbage collector would traverse.
        """
        super().on_response_complete()
        if self.cycle.response_complete and not self.cycle.more_body:
            self.cycle = self.scope = self.headers = None  # type: ignore[assignment]

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- uvicorn's text is not used
        """Respond to malformed input with a problem, as to other errors, and close the connection."""
        problem = Problem(HTTPStatus.BAD_REQUEST, "malformed-request", "This is not a valid HTTP request")
        if self._is_head_too_long:
            detail = f"The request head exceeds {HEAD_BYTES_MAX:,} bytes or {HEADERS_MAX} headers"
            problem = Problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "head-too-long", detail)
        response = respond_problem(problem)
        headers = {**response.build_headers(), "connection": "close"}
        lines = [
            f"HTTP/1.1 {response.status.value} {response.status.phrase}",
            *_format_headers(headers),
            "",
            "",
        ]
        self.transport.write("\r\n".join(lines).encode("latin-1") + cast(bytes, response.body))
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
        unsent_bytes = self.transport.get_write_buffer_size()
        self._reader_deadline = self.loop.call_later(SLOW_READER_SECONDS, self._check_reader, unsent_bytes)

    def _check_reader(self, unsent_bytes_before: int) -> None:
        """Close the connection, and free what waits for it in memory, if the client has taken too little of it."""
        if self.transport.get_write_buffer_size() > unsent_bytes_before - SLOW_READER_BYTES:
            self.transport.abort()
        else:
            self._start_reader_deadline()

    def _cancel_reader_deadline(self) -> None:
        if self._reader_deadline:
            self._reader_deadline.cancel()
            self._reader_deadline = None


def _format_headers(headers: dict[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]
