"""A TCP proxy between a client and the service that is slow and cuts connections."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PIECE_BYTES = 65_536


@dataclass(slots=True)
class SlowProxy:
    """Forwards bytes to ``target``, and cuts the connection when their count reaches the next of ``cuts``."""

    target: str
    cuts: list[int] = field(default_factory=list)
    bytes_per_second: float = float("inf")
    response_cuts: list[int] = field(default_factory=list)
    """Bytes of a connection's response after which it is cut, once for each."""
    url: str = ""
    forwarded: int = 0
    """Bytes forwarded from clients, over all connections."""
    connections: int = 0
    _forwarding: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def wait_for_bytes(self, count: int) -> None:
        """Return once ``count`` bytes were forwarded."""
        async with self._forwarding:
            await self._forwarding.wait_for(lambda: self.forwarded >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward one connection until either side closes it, or it is cut."""
        self.connections += 1
        address = urlsplit(self.target)
        try:
            upstream, back = await asyncio.open_connection(address.hostname, address.port)
        except OSError:  # the service is down
            writer.transport.abort()
            return
        ways = (self._forward_request(reader, back), self._forward_response(upstream, writer))
        tasks = [asyncio.create_task(way) for way in ways]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for side in (writer, back):
            # every second cut is a reset, the others are regular closes
            side.transport.abort() if self.connections % 2 else side.close()

    async def _forward_request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
            async with self._forwarding:
                self.forwarded += len(piece)
                self._forwarding.notify_all()
            if self.cuts and self.forwarded >= self.cuts[0]:
                del self.cuts[0]
                return
            await asyncio.sleep(len(piece) / self.bytes_per_second)

    async def _forward_response(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        forwarded = 0
        while piece := await reader.read(_PIECE_BYTES):
            writer.write(piece)
            await writer.drain()
            forwarded += len(piece)
            if self.response_cuts and forwarded >= self.response_cuts[0]:
                del self.response_cuts[0]
                return


@asynccontextmanager
async def run_proxy(
    target: str,
    cuts: list[int],
    bytes_per_second: float = float("inf"),
    *,
    response_cuts: Sequence[int] = (),
) -> AsyncIterator[SlowProxy]:
    """Run a proxy to ``target`` at an address of its own."""
    proxy = SlowProxy(target, cuts, bytes_per_second, list(response_cuts))
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    async with server:
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield proxy
