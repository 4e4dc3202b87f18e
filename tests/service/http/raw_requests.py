"""Requests as no library would write them: bytes to the port, and the bytes that come back."""

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 60
"""No answer takes so long; without an end, a test that fails would never tell."""


class Reply(NamedTuple):
    """One answer, as it stands on the wire; status 0 where the connection was closed without one."""

    status: int
    headers: dict[str, str]
    body: bytes


async def exchange(url: str, request_bytes: bytes) -> list[Reply]:
    """Everything that is answered to ``sent`` until the other side closes."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(request_bytes)
        await writer.drain()
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            return _parse_replies(await reader.read())
    except ConnectionError:
        return [Reply(0, {}, b"")]
    finally:
        writer.close()


def format_request(line: str, *headers: str, body: bytes = b"") -> bytes:
    """A request that asks for the connection to be closed after it."""
    return "\r\n".join((line, *headers, "Connection: close", "", "")).encode("latin-1") + body


def _parse_replies(text: bytes) -> list[Reply]:
    found = []
    while text.startswith(b"HTTP/1.1 "):
        head, _, rest = text.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        length = int(headers.get("content-length", len(rest)))
        found.append(Reply(int(line.split()[1]), headers, rest[:length]))
        text = rest[length:]
    return found or [Reply(0, {}, b"")]
