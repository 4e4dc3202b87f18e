"""Connections of a load: HTTP/1.1 over plain asyncio protocols, so that the load itself uses little of the machine.

A response must have a content length and nothing may follow it; anything else is counted as an error.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

_LENGTH = b"\r\ncontent-length: "
_END = b"\r\n\r\n"


class Response(NamedTuple):
    """The response to a form."""

    status: int
    body: bytes


class Address(NamedTuple):
    """The address of the service."""

    host: str
    port: int

    def build_request_head(self, key: str) -> bytes:
        """Return the beginning of every request of a sender; the length and the body follow it."""
        return (
            f"POST /v1/acts HTTP/1.1\r\nhost: {self.host}:{self.port}\r\nauthorization: Bearer {key}\r\n"
            "content-type: application/json\r\ncontent-length: "
        ).encode()


class Listener(Protocol):
    """The receiver of a connection's events."""

    def handle_response(self, connection: "Connection", response: Response) -> None:
        """Handle the complete response to a form."""
        ...

    def handle_close(self, connection: "Connection", was_busy: bool) -> None:
        """Handle the end of a connection; if it was busy, its form has no response."""
        ...


class Connection(asyncio.Protocol):
    """One user's connection: it stays open and sends one form at a time."""

    __slots__ = ("_buffer", "_head", "_listener", "_transport", "index", "is_busy", "number")

    def __init__(self, listener: Listener, number: int, head: bytes) -> None:
        self._listener, self.number, self._head = listener, number, head
        self._buffer = b""
        self.is_busy = False
        self.index = -1
        """The number of the form in progress."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def send(self, index: int, body: bytes) -> None:
        """Send a form in one piece."""
        self.is_busy, self.index = True, index
        self._transport.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))

    def data_received(self, data: bytes) -> None:
        """Collect data until the response is complete."""
        self._buffer = data = self._buffer + data if self._buffer else data
        end = data.find(_END)
        if end < 0:
            return
        start = data.find(_LENGTH, 0, end + 2)
        if start < 0:
            self.close()
            return
        begin = end + len(_END)
        length = int(data[start + len(_LENGTH) : data.index(b"\r", start + 2)])
        if len(data) < begin + length:
            return
        if len(data) > begin + length or not data.startswith(b"HTTP/1.1 "):
            self.close()
            return
        self._buffer, self.is_busy = b"", False
        self._listener.handle_response(self, Response(int(data[9:12]), data[begin:]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- as asyncio calls it
        """Report the end of the connection; the listener decides whether to open another."""
        self._listener.handle_close(self, self.is_busy)

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


ConnectionFactory = Callable[[int], Connection]


async def open_connections(
    address: Address, build_connection: ConnectionFactory, count: int, *, rate: int
) -> list[Connection]:
    """Open ``count`` connections at ``rate`` a second, as users arrive at work: not all at one moment."""
    loop, connections = asyncio.get_running_loop(), []
    step, start = max(1, rate // 20), loop.time()
    for first in range(0, count, step):
        numbers = range(first, min(first + step, count))
        opening = [
            loop.create_connection(lambda number=number: build_connection(number), *address)
            for number in numbers
        ]
        connections += [protocol for _, protocol in await asyncio.gather(*opening)]
        await asyncio.sleep(max(0.0, start + (first + step) / rate - loop.time()))
    return connections
