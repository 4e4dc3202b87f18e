"""A connection by itself: how long it may take to say something, and what is said on it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from service.web import connection
from service.web.server import WebServer, listening
from tests.service.web.raw import exchanged


async def _echo(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Answers with the path and the body."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    said = scope["path"].encode() + body
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]}
    )
    await send({"type": "http.response.body", "body": said})


@asynccontextmanager
async def _served() -> AsyncIterator[str]:
    sock = listening("127.0.0.1", 0)
    sock.listen()
    web = WebServer(cast(Any, _echo))
    task = asyncio.create_task(web.serve(sock))
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        web.stop()
        await task
        sock.close()


@pytest.mark.parametrize("sent", [b"GET /half HTTP/1.1\r\nHost: x\r\n", b"G", b"GET / HTTP/1.1\r\nX-A: drip"])
async def test_a_head_that_never_ends_is_given_up(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.05)
    async with _served() as url:
        assert [each.status for each in await exchanged(url, sent)] == [0]


async def test_a_connection_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_SECONDS", 0.05)
    async with _served() as url:
        assert [each.status for each in await exchanged(url, b"")] == [0]


async def test_a_second_head_that_never_ends_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with _served() as url:
        found = await exchanged(url, b"GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\n")
        assert [each.body for each in found] == [b"/one"]


async def test_requests_one_behind_the_other_are_answered_in_order() -> None:
    """Heads are counted one by one: many small ones on a connection are not a long one."""
    one = b"POST /%d HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 20_000 + b"\r\nContent-Length: 5\r\n%s\r\n12345"
    sent = b"".join(one % (n, b"Connection: close\r\n" if n == 9 else b"") for n in range(10))
    async with _served() as url:
        found = await exchanged(url, sent)
    assert [each.body for each in found] == [b"/%d12345" % n for n in range(10)]


async def test_a_long_body_is_no_long_head() -> None:
    body = b"b" * (5 * connection.HEAD_BYTES_MAX)
    sent = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with _served() as url:
        (found,) = await exchanged(url, sent)
    assert found.body == b"/" + body
