"""Connections of a load: HTTP/1.1 over bare protocols, so that the load leaves the machine to what it measures.

An answer must have a length and be the only thing that comes; anything else is a fault, told and counted.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

_LENGTH = b"\r\ncontent-length: "
_END = b"\r\n\r\n"


class Response(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class Address(NamedTuple):
    """Where the service listens."""

    host: str
    port: int

    def build_request_head(self, key: str) -> bytes:
        """What every form of a sender begins with; the length and the body follow."""
        return (
            f"POST /v1/acts HTTP/1.1\r\nhost: {self.host}:{self.port}\r\nauthorization: Bearer {key}\r\n"
            "content-type: application/json\r\ncontent-length: "
        ).encode()


class Listener(Protocol):
    """Who is told what happens on a connection."""

    def handle_response(self, connection: "Connection", answer: Response) -> None:
        """The answer to what was sent, whole."""
        ...

    def handle_close(self, connection: "Connection", was_busy: bool) -> None:
        """The connection is gone; what was under way on it has no answer."""
        ...


class Connection(asyncio.Protocol):
    """One user's connection: one form at a time, kept open."""

    __slots__ = ("_buffer", "_head", "_listener", "_transport", "index", "is_busy", "number")

    def __init__(self, listener: Listener, number: int, head: bytes) -> None:
        self._listener, self.number, self._head = listener, number, head
        self._buffer = b""
        self.is_busy = False
        self.index = -1
        """Which form is under way."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way to send."""
        self._transport = cast("asyncio.Transport", transport)

    def send(self, index: int, body: bytes) -> None:
        """Send a form in one piece."""
        self.is_busy, self.index = True, index
        self._transport.write(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))

    def data_received(self, data: bytes) -> None:
        """Gather until the answer is whole."""
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
        """Tell; whether it is opened again is not ours to say."""
        self._listener.handle_close(self, self.is_busy)

    def close(self) -> None:
        """End it."""
        self._transport.close()


ConnectionFactory = Callable[[int], Connection]


async def open_connections(
    address: Address, made: ConnectionFactory, count: int, rate: int
) -> list[Connection]:
    """Open ``count`` connections, ``rate`` a second: as people come to work, not all in one moment."""
    loop, found = asyncio.get_running_loop(), []
    step, began = max(1, rate // 20), loop.time()
    for first in range(0, count, step):
        some = range(first, min(first + step, count))
        opening = [loop.create_connection(lambda each=each: made(each), *address) for each in some]
        found += [protocol for _, protocol in await asyncio.gather(*opening)]
        await asyncio.sleep(max(0.0, began + (first + step) / rate - loop.time()))
    return found
