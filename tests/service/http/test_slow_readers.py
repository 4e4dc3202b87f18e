"""The few connections that answers are read on: nobody who reads slowly keeps one from the others."""

import asyncio
import csv
import io
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio

from service.database.read_pool import CONNECTIONS_MAX, open_read_pool
from service.results.refused_line_queries import read_refused_page, read_refused_pages
from tests.databases import lock_table
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import build_commitment, build_service, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.raw_requests import format_request
from tests.service.http.running_service import JSONL, fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = 60_000
"""More than a batch, and as CSV more than the buffers between the service and who does not read."""
HELD_EVERY = 50
"""Each of so many lines waits for what does not come, and is refused in a later pass than the lines around it."""
_HANGS_SECONDS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ticket(place: ServicePlace) -> dict[str, Any]:
    """A file of several batches and passes, whose lines are refused."""
    rows = build_unknown_centres(REFUSED, "R")
    rows[::HELD_EVERY] = [build_service(f"S{n}", f"R-NONE-{n}") for n in range(0, REFUSED, HELD_EVERY)]
    rows[7::1000] = [build_commitment(f"GOOD{n}", "0.01") for n in range(7, REFUSED, 1000)]
    async with place.service.client(MINISTRY) as client:
        found = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
    assert found.json()["state"] == "decided"
    return found.json()


@asynccontextmanager
async def _begin_download(place: ServicePlace, path: str) -> AsyncIterator[asyncio.StreamReader]:
    """An answer as CSV whose first lines have come, and of which nobody reads more."""
    at, buffers = urlsplit(place.service.url), socket.socket()
    buffers.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**12)
    buffers.setblocking(False)
    await asyncio.get_running_loop().sock_connect(buffers, (at.hostname, at.port))
    reader, writer = await asyncio.open_connection(sock=buffers, limit=2**12)
    named = [f"{name}: {value}" for name, value in MINISTRY.items()]
    try:
        writer.write(format_request(f"GET {path} HTTP/1.1", "Host: crescendo", "Accept: text/csv", *named))
        async with asyncio.timeout(_HANGS_SECONDS):
            assert b" 200 " in await reader.readuntil(b"\r\n")
            await reader.readuntil(b"FUND_CENTRE_UNKNOWN")
        yield reader
    finally:
        writer.close()


async def test_answers_that_nobody_reads_keep_no_connection_from_the_others(
    place: ServicePlace, ticket: dict[str, Any]
) -> None:
    async with AsyncExitStack() as unread, place.service.client(FOREIGN) as other:
        sent = await other.post(
            "/v1/submissions?wait=60", content=to_jsonl([build_commitment("F")]), headers=JSONL
        )
        for _ in range(CONNECTIONS_MAX + 1):
            await unread.enter_async_context(_begin_download(place, ticket["links"]["refusals"]))
        found = await other.get(sent.json()["links"]["self"])
        assert found.status_code == 200
        rows = await fetch(
            place.dsn,
            "select from pg_stat_activity where application_name = 'crescendo reader' and state like 'idle in%'"
            " and datname = current_database()",
        )
        assert rows == []


async def test_the_stream_says_what_the_pages_say(
    client: httpx.AsyncClient, place: ServicePlace, ticket: dict[str, Any]
) -> None:
    steps = await fetch(place.dsn, "select pass from progress where submission = $1", ticket["submission"])
    assert len({row["pass"] for row in steps}) > 1
    assert len(steps) > 2
    path = ticket["links"]["refusals"]
    text = (await client.get(path, headers={"accept": "text/csv"})).text
    lines, page = [], f"{path}?limit=1000"
    while page:
        found = (await client.get(page)).json()
        lines += found["refusals"]
        page = found["next"]
    told = [{name: str(value) for name, value in line.items()} for line in lines]
    assert list(csv.DictReader(io.StringIO(text))) == told
    rows = await fetch(
        place.dsn, "select line + 1 from refusal where submission = $1 order by line", ticket["submission"]
    )
    assert [line["line"] for line in lines] == [row[0] for row in rows]
    assert len(rows) == REFUSED - REFUSED // 1000
    report = (await client.get(ticket["links"]["pain002"])).text
    assert report.count("<TxInfAndSts>") == len(rows)


async def test_a_page_reads_the_batches_it_needs(place: ServicePlace, ticket: dict[str, Any]) -> None:
    """Line by line behind any place, and as of a batch: as one search through all of it would have it."""
    whole = "select batch, line from refusal where submission = $1 order by line"
    rows = await fetch(place.dsn, whole, ticket["submission"])
    batches = sorted({row["batch"] for row in rows})
    async with open_read_pool(place.dsn) as pool:
        for last in batches:
            known = [row["line"] for row in rows if row["batch"] <= last]
            pages = read_refused_pages(pool, ticket["submission"], 999, last)
            assert [row["line"] async for page in pages for row in page] == known
        for after in (0, 1, REFUSED // 3, REFUSED - 2, REFUSED):
            page = await read_refused_page(pool, ticket["submission"], after, 10)
            assert [row["line"] for row in page] == [row["line"] for row in rows if row["line"] >= after][:10]


async def test_who_waits_too_long_for_a_connection_is_told_to_come_again(
    place: ServicePlace, client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    async with lock_table(place.dsn, "submission", "access exclusive"):
        asking = [
            asyncio.create_task(client.get(ticket["links"]["self"])) for _ in range(CONNECTIONS_MAX + 1)
        ]
        (first,), _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        assert first.result().status_code == 503
        assert first.result().json()["code"] == "try-again"
        assert first.result().headers["retry-after"] == "5"
    found = [each.status_code for each in await asyncio.gather(*asking)]
    assert sorted(found) == [200] * CONNECTIONS_MAX + [503]
