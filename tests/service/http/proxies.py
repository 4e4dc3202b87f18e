"""A bad line between a sender and a service: slow, cut again and again, and now and then to nowhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PIECE_BYTES = 65_536


@dataclass(slots=True)
class Line:
    """Passes bytes on to ``target``, and cuts whatever connection brings their count to the next of ``cuts``."""

    target: str
    cuts: list[int] = field(default_factory=list)
    bytes_a_second: float = float("inf")
    url: str = ""
    sent: int = 0
    """Bytes that came from senders and were passed on, over all connections."""
    connections: int = 0
    _passed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def passed(self, count: int) -> None:
        """Return once so many bytes were passed on."""
        async with self._passed:
            await self._passed.wait_for(lambda: self.sent >= count)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it, or it is cut."""
        self.connections += 1
        address = urlsplit(self.target)
        try:
            there, back = await asyncio.open_connection(address.hostname, address.port)
        except OSError:  # the service is not there just now
            writer.transport.abort()
            return
        ways = (self._forth(reader, back), self._back(there, writer))
        tasks = [asyncio.create_task(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for each in (writer, back):
            # every second cut is a connection reset, the others end as if all was said
            each.transport.abort() if self.connections % 2 else each.close()

    async def _forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
            async with self._passed:
                self.sent += len(piece)
                self._passed.notify_all()
            if self.cuts and self.sent >= self.cuts[0]:
                del self.cuts[0]
                return
            await asyncio.sleep(len(piece) / self.bytes_a_second)

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()


@asynccontextmanager
async def line(target: str, cuts: list[int], bytes_a_second: float = float("inf")) -> AsyncIterator[Line]:
    """A bad line to ``target``, under an address of its own."""
    found = Line(target, cuts, bytes_a_second)
    server = await asyncio.start_server(found.connected, "127.0.0.1", 0)
    async with server:
        found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield found
