"""A connection by itself: how long it may take to say something, and what is said on it."""

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


async def _answer_early(scope: Any, _: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Answers with the path before anything of the body has come."""
    said = scope["path"].encode()
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]}
    )
    await send({"type": "http.response.body", "body": said})


class _Application:
    """One function that answers, and nothing behind it that ends."""

    def __init__(self, respond: Any) -> None:
        self._answering = respond

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        await self._answering(scope, receive, send)

    def mark_stopping(self) -> None:
        pass


@asynccontextmanager
async def _serve(answering: Any = _echo, tls: Tls | None = None) -> AsyncIterator[str]:
    sock = open_socket("127.0.0.1", 0)
    sock.listen()
    web = WebServer(cast(Any, _Application(answering)), tls)
    task = asyncio.create_task(web.serve(sock))
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        web.stop()
        await task
        sock.close()


@pytest.mark.parametrize("sent", [b"GET /half HTTP/1.1\r\nHost: x\r\n", b"G", b"GET / HTTP/1.1\r\nX-A: drip"])
async def test_a_head_that_never_ends_is_given_up(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.05)
    async with _serve() as url:
        assert [each.status for each in await exchange(url, sent)] == [0]


async def test_a_connection_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "FIRST_REQUEST_SECONDS", 0.05)
    async with _serve() as url:
        assert [each.status for each in await exchange(url, b"")] == [0]


async def test_a_second_head_that_never_ends_is_given_up_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    async with _serve() as url:
        found = await exchange(url, b"GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\n")
        assert [each.body for each in found] == [b"/one"]


async def _answer_endlessly(_: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Answers for as long as somebody is there, a mebibyte at a time."""
    await send({"type": "http.response.start", "status": 200, "headers": []})

    async def went_away() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    gone = asyncio.ensure_future(went_away())
    while not gone.done():
        await send({"type": "http.response.body", "body": bytes(2**20), "more_body": True})
        await asyncio.sleep(0)


async def _answer_long(_: Any, __: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Answers with far more than goes out at once."""
    length = [(b"content-length", b"%d" % 2**25)]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": bytes(2**25)})


@asynccontextmanager
async def _request_unread(url: str) -> AsyncIterator[asyncio.StreamReader]:
    """An answer of which nothing is read until somebody does: beyond a few kilobytes it stays with the service."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=2**10)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    try:
        yield reader
    finally:
        writer.close()


async def test_who_reads_nothing_of_a_long_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SLOW_READER_SECONDS", 0.05)
    over = asyncio.Event()

    async def answering(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        await _answer_endlessly(scope, receive, send)
        over.set()

    async with _serve(answering) as url, _request_unread(url), asyncio.timeout(60):
        await over.wait()


async def test_who_reads_slowly_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is looked at many times, and something has gone out each time: as far as we ask here, nothing is enough."""
    monkeypatch.setattr(connection, "SLOW_READER_SECONDS", 0.001)
    monkeypatch.setattr(connection, "SLOW_READER_BYTES", -(2**30))
    looks = 0

    def look(self: HttpConnection, before: int) -> None:
        nonlocal looks
        looks += 1
        seen.set()
        looked(self, before)

    looked, seen = HttpConnection._check_reader, asyncio.Event()
    monkeypatch.setattr(HttpConnection, "_check_reader", look)
    async with _serve(_answer_long) as url, _request_unread(url) as reader, asyncio.timeout(60):
        while looks < 3:
            await seen.wait()
            seen.clear()
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"200 OK" in head
        assert len(await reader.readexactly(2**25)) == 2**25


PAUSE_SECONDS = 0.2
"""Many times as long as somebody who reads nothing is waited for below."""


async def _answer_haltingly(scope: Any, _: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Answers piece by piece, small ones with pauses and large ones without."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for size in (1, 10, 10, 2**20, 2**20, 1):
        await send({"type": "http.response.body", "body": bytes(size), "more_body": True})
        if size < 2**20:
            await asyncio.sleep(PAUSE_SECONDS)
    await send({"type": "http.response.body", "body": scope["path"].encode()})


@pytest.mark.parametrize("is_safe", [False, True], ids=["plain", "TLS"])
async def test_who_reads_all_is_not_given_up_between_pieces_nor_between_requests(
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
            found = await client.get(path)
            assert found.content == bytes(2**21 + 22) + path.encode()
            await asyncio.sleep(PAUSE_SECONDS)


async def test_requests_one_behind_the_other_are_answered_in_order() -> None:
    """Heads are counted one by one: many small ones on a connection are not a long one."""
    one = b"POST /%d HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 20_000 + b"\r\nContent-Length: 5\r\n%s\r\n12345"
    sent = b"".join(one % (n, b"Connection: close\r\n" if n == 9 else b"") for n in range(10))
    async with _serve() as url:
        found = await exchange(url, sent)
    assert [each.body for each in found] == [b"/%d12345" % n for n in range(10)]


async def test_a_long_body_is_no_long_head() -> None:
    body = b"b" * (5 * connection.HEAD_BYTES_MAX)
    sent = b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    async with _serve() as url:
        (found,) = await exchange(url, sent)
    assert found.body == b"/" + body


async def test_nothing_is_kept_of_a_request_that_is_over() -> None:
    async with _serve() as url, httpx.AsyncClient(base_url=url) as client:
        for number in range(3):
            assert (await client.post(f"/{number}", content=b"said")).content == b"/%dsaid" % number
        (one,) = (each for each in gc.get_objects() if isinstance(each, connection.HttpConnection))
        assert (one.cycle, one.scope, one.headers) == (None, None, None)


@pytest.mark.parametrize("size", [1, 5 * connection.HEAD_BYTES_MAX])
async def test_a_body_that_comes_after_its_answer_disturbs_nobody(size: int) -> None:
    first = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
    then = b"GET /next HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    async with _serve(_answer_early) as url:
        found = await exchange(url, first + b"b" * size + then)
    assert [each.body for each in found] == [b"/early", b"/next"]


class _Wire:
    """Takes note of what goes out, piece by piece."""

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


async def test_head_and_body_go_out_in_one_piece() -> None:
    way, wire = _build_transport()
    way.write(b"head")
    way.write(b"body")
    assert wire.sent == [b"headbody"]


async def test_a_head_waits_for_no_body_that_comes_later() -> None:
    way, wire = _build_transport()
    way.write(b"head")
    await asyncio.sleep(0)
    assert wire.sent == [b"head"]
    way.write(b"body")
    await asyncio.sleep(0)
    assert wire.sent == [b"head", b"body"]


async def test_a_long_piece_waits_for_no_other() -> None:
    way, wire = _build_transport()
    way.write(long := bytes(connection.COALESCED_BYTES_MAX + 1))
    assert wire.sent == [long]


async def test_what_waits_goes_out_before_the_end_and_nothing_after_it() -> None:
    way, wire = _build_transport()
    way.write(b"head")
    way.close()
    assert (wire.sent, way.is_closing()) == ([b"head"], True)
    way.write(b"late")
    await asyncio.sleep(0)
    assert wire.sent == [b"head"]


async def test_an_answer_comes_whole() -> None:
    async with _serve() as url:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        for number in range(50):
            writer.write(b"GET /%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
            assert (await reader.read(2**16)).endswith(b"\r\n\r\n/%d" % number)
        writer.close()
