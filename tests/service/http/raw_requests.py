"""Raw HTTP: send bytes, and parse the bytes of the responses."""

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

_TIMEOUT_SECONDS = 60
"""Longer than any response takes, so that a failing test ends."""


class Reply(NamedTuple):
    """One response; status 0 if the connection was closed without one."""

    status: int
    headers: dict[str, str]
    body: bytes


async def exchange(url: str, request_bytes: bytes) -> list[Reply]:
    """Send ``request_bytes``, and return all responses until the other side closes."""
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
    """Return a request with ``Connection: close``."""
    return "\r\n".join((line, *headers, "Connection: close", "", "")).encode("latin-1") + body


def _parse_replies(text: bytes) -> list[Reply]:
    replies = []
    while text.startswith(b"HTTP/1.1 "):
        head, _, rest = text.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (header_line.partition(":") for header_line in lines)
        }
        length = int(headers.get("content-length", len(rest)))
        replies.append(Reply(int(line.split()[1]), headers, rest[:length]))
        text = rest[length:]
    return replies or [Reply(0, {}, b"")]
