"""Connections: time limits on heads and slow readers, pipelining, and coalesced writes."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest

from service.http import connection
from service.http.connection import HttpConnection
from service.http.tls import Tls, TlsFiles
from service.http.web_server import WebServer, open_socket
from tests.service.http.certificates import CertificateAuthority
from tests.service.http.raw_requests import exchange


async def _echo(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Respond with the path and the body."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    content = scope["path"].encode() + body
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(content))]}
    )
    await send({"type": "http.response.body", "body": content})


async def _answer_early(scope: Any, _: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Respond with the path before the body has arrived."""
    content = scope["path"].encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(content))]}
    )
    await send({"type": "http.response.body", "body": content})


class _Application:
    """An ASGI application that consists of one function."""

    def __init__(self, respond: Any) -> None:
        self._answering = respond

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        await self._answering(scope, receive, send)

    def mark_stopping(self) -> None:
        pass


@asynccontextmanager
async def _serve(respond: Any = _echo, tls: Tls | None = None) -> AsyncIterator[str]:
    sock = open_socket("127.0.0.1", 0)
    sock.listen()
    web = WebServer(cast(Any, _Application(respond)), tls)
    task = asyncio.create_task(web.serve(sock))
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        web.stop()
        await task
        sock.close()


@pytest.mark.parametrize("sent", [b"GET /half HTTP/1.1\r\nHost: x\r\n", b"G", b"GET / HTTP/1.1\r\nX-A: drip"])
async def test_an_endless_request_head_times_out(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.05)
    async with _serve() as url:
        assert [reply.status for reply in await exchange(url, sent)] == [0]


async def test_a_silent_connection_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_REQUEST_SECONDS", 0.05)
    async with _serve() as url:
        assert [reply.status for reply in await exchange(url, b"")] == [0]


async def test_an_endless_second_request_head_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with _serve() as url:
        replies = await exchange(url, b"GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\n")
        assert [reply.body for reply in replies] == [b"/one"]


async def _answer_endlessly(_: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Respond with a mebibyte at a time until the client disconnects."""
    await send({"type": "http.response.start", "status": 200, "headers": []})

    async def went_away() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    disconnected = asyncio.ensure_future(went_away())
    while not disconnected.done():
        await send({"type": "http.response.body", "body": bytes(2**20), "more_body": True})
        await asyncio.sleep(0)


async def _answer_long(_: Any, __: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Respond with far more than fits into the socket buffers."""
    length = [(b"content-length", b"%d" % 2**25)]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": bytes(2**25)})


@asynccontextmanager
async def _request_unread(url: str) -> AsyncIterator[asyncio.StreamReader]:
    """Send a request and read nothing: all but a few kilobytes of the response stay with the service."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**10)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try:
        yield reader
    finally:
        writer.close()


async def test_a_client_that_reads_nothing_of_a_long_response_is_disconnected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "SLOW_READER_SECONDS", 0.05)
    over = asyncio.Event()

    async def answering(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        await _answer_endlessly(scope, receive, send)
        over.set()

    async with _serve(answering) as url, _request_unread(url), asyncio.timeout(60):
        await over.wait()


async def test_a_slow_reader_gets_the_whole_response(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader is checked many times; the test lowers the required bytes so that any progress is enough."""
    monkeypatch.setattr(connection, "SLOW_READER_SECONDS", 0.001)
    monkeypatch.setattr(connection, "SLOW_READER_BYTES", -(2**30))
    looks = 0

    def look(self: HttpConnection, before: int) -> None:
        nonlocal looks
        looks += 1
        checked.set()
        looked(self, before)

    looked, checked = HttpConnection._check_reader, asyncio.Event()
    monkeypatch.setattr(HttpConnection, "_check_reader", look)
    async with _serve(_answer_long) as url, _request_unread(url) as reader, asyncio.timeout(60):
        while looks < 3:
            await checked.wait()
            checked.clear()
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"200 OK" in head
        assert len(await reader.readexactly(2**25)) == 2**25


PAUSE_SECONDS = 0.2
"""Many times as long as the deadline for a client that reads nothing."""


async def _answer_haltingly(scope: Any, _: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Respond piece by piece: small ones with pauses, large ones without."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for size in (1, 10, 10, 2**20, 2**20, 1):
        await send({"type": "http.response.body", "body": bytes(size), "more_body": True})
        if size < 2**20:
            await asyncio.sleep(PAUSE_SECONDS)
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.mark.parametrize("is_safe", [False, True], ids=["plain", "TLS"])
async def test_a_reader_is_not_disconnected_between_pieces_or_requests(
    is_safe: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "SLOW_READER_SECONDS", PAUSE_SECONDS / 10)
    authority = CertificateAuthority(tmp_path)
    pair = authority.issue("service")
    tls = Tls(TlsFiles(pair.certificate, pair.key, None)) if is_safe else None
    trusting = ssl.create_default_context(cafile=authority.pair.certificate)
    limits = httpx.Limits(max_connections=1)
    async with (
        _serve(_answer_haltingly, tls) as url,
        httpx.AsyncClient(base_url=url, verify=trusting, limits=limits, timeout=60) as client,
    ):
        for path in ("/first", "/second"):
            response = await client.get(path)
            assert response.content == bytes(2**21 + 22) + path.encode()
            await asyncio.sleep(PAUSE_SECONDS)


async def test_pipelined_requests_are_answered_in_order() -> None:
    """The head limit applies to each request, not to the connection."""
    template = (
        b"POST /%d HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 20_000 + b"\r\nContent-Length: 5\r\n%s\r\n12345"
    )
    requests = b"".join(template % (n, b"Connection: close\r\n" if n == 9 else b"") for n in range(10))
    async with _serve() as url:
        replies = await exchange(url, requests)
    assert [reply.body for reply in replies] == [b"/%d12345" % n for n in range(10)]


async def test_a_long_body_does_not_count_as_head() -> None:
    body = b"b" * (5 * connection.HEAD_BYTES_MAX)
    request = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with _serve() as url:
        (reply,) = await exchange(url, request)
    assert reply.body == b"/" + body


async def test_finished_requests_are_released() -> None:
    async with _serve() as url, httpx.AsyncClient(base_url=url) as client:
        for number in range(3):
            assert (await client.post(f"/{number}", content=b"said")).content == b"/%dsaid" % number
        (http_connection,) = (
            candidate for candidate in gc.get_objects() if isinstance(candidate, connection.HttpConnection)
        )
        assert (http_connection.cycle, http_connection.scope, http_connection.headers) == (None, None, None)


@pytest.mark.parametrize("size", [1, 5 * connection.HEAD_BYTES_MAX])
async def test_a_body_that_arrives_after_its_response_is_ignored(size: int) -> None:
    first = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    then = b"GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with _serve(_answer_early) as url:
        replies = await exchange(url, first + b"b" * size + then)
    assert [reply.body for reply in replies] == [b"/early", b"/next"]


class _Wire:
    """A transport that records what is written."""

    def __init__(self) -> None:
        self.sent = list[bytes]()
        self.is_over = False

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def is_closing(self) -> bool:
        return self.is_over

    def close(self) -> None:
        self.is_over = True


def _build_transport() -> tuple[connection.CoalescingTransport, _Wire]:
    wire = _Wire()
    return connection.CoalescingTransport(cast(Any, wire), asyncio.get_running_loop()), wire


async def test_head_and_body_are_sent_in_one_write() -> None:
    way, wire = _build_transport()
    way.write(b"head")
    way.write(b"body")
    assert wire.sent == [b"headbody"]


async def test_a_head_does_not_wait_for_a_later_body() -> None:
    way, wire = _build_transport()
    way.write(b"head")
    await asyncio.sleep(0)
    assert wire.sent == [b"head"]
    way.write(b"body")
    await asyncio.sleep(0)
    assert wire.sent == [b"head", b"body"]


async def test_a_long_piece_is_sent_at_once() -> None:
    way, wire = _build_transport()
    way.write(long := bytes(connection.COALESCED_BYTES_MAX + 1))
    assert wire.sent == [long]


async def test_pending_data_is_sent_before_the_connection_closes() -> None:
    way, wire = _build_transport()
    way.write(b"head")
    way.close()
    assert (wire.sent, way.is_closing()) == ([b"head"], True)
    way.write(b"late")
    await asyncio.sleep(0)
    assert wire.sent == [b"head"]


async def test_a_response_arrives_whole() -> None:
    async with _serve() as url:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for number in range(50):
            writer.write(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
            assert (await reader.read(2**16)).endswith(b"\r\n\r\n/%d" % number)
        writer.close()
