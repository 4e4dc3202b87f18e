"""The few database connections for reading: a client that reads its response slowly does not occupy one."""

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
"""More lines than a batch has, and more bytes of CSV than the buffers between the service and a client contain."""
HELD_EVERY = 50
"""Every so many lines one waits for a predecessor that does not come, and is refused in a later pass."""
_TIMEOUT_SECONDS = 60


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ticket(place: ServicePlace) -> dict[str, Any]:
    """The ticket of a file of several batches and passes, most of whose lines are refused."""
    rows = build_unknown_centres(REFUSED, "R")
    rows[::HELD_EVERY] = [build_service(f"S{n}", f"R-NONE-{n}") for n in range(0, REFUSED, HELD_EVERY)]
    rows[7::1000] = [build_commitment(f"GOOD{n}", "0.01") for n in range(7, REFUSED, 1000)]
    async with place.service.client(MINISTRY) as client:
        response = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
    assert response.json()["state"] == "decided"
    return response.json()


@asynccontextmanager
async def _begin_download(place: ServicePlace, path: str) -> AsyncIterator[asyncio.StreamReader]:
    """Begin to download CSV, and read no more than its first lines until the end of the context."""
    url, connection = urlsplit(place.service.url), socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**12)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (url.hostname, url.port))
    reader, writer = await asyncio.open_connection(sock=connection, limit=2**12)
    headers = [f"{name}: {value}" for name, value in MINISTRY.items()]
    try:
        writer.write(format_request(f"GET {path} HTTP/1.1", "Host: crescendo", "Accept: text/csv", *headers))
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            assert b" 200 " in await reader.readuntil(b"\r\n")
            await reader.readuntil(b"FUND_CENTRE_UNKNOWN")
        yield reader
    finally:
        writer.close()


async def test_unread_responses_occupy_no_connection(place: ServicePlace, ticket: dict[str, Any]) -> None:
    async with AsyncExitStack() as downloads, place.service.client(FOREIGN) as other:
        submitted = await other.post(
            "/v1/submissions?wait=60", content=to_jsonl([build_commitment("F")]), headers=JSONL
        )
        for _ in range(CONNECTIONS_MAX + 1):
            await downloads.enter_async_context(_begin_download(place, ticket["links"]["refusals"]))
        response = await other.get(submitted.json()["links"]["self"])
        assert response.status_code == 200
        rows = await fetch(
            place.dsn,
            "select from pg_stat_activity where application_name = 'crescendo reader' and state like 'idle in%'"
            " and datname = current_database()",
        )
        assert rows == []


async def test_the_stream_equals_the_pages(
    client: httpx.AsyncClient, place: ServicePlace, ticket: dict[str, Any]
) -> None:
    steps = await fetch(place.dsn, "select pass from progress where submission = $1", ticket["submission"])
    assert len({row["pass"] for row in steps}) > 1
    assert len(steps) > 2
    path = ticket["links"]["refusals"]
    csv_text = (await client.get(path, headers={"accept": "text/csv"})).text
    lines, page = [], f"{path}?limit=1000"
    while page:
        content = (await client.get(page)).json()
        lines += content["refusals"]
        page = content["next"]
    rows = list(csv.DictReader(io.StringIO(csv_text)))
    assert all(row["missing"] == "0.00" for row in rows)
    for row, line in zip(rows, lines, strict=True):
        assert {**row, "amount": row["amount"].replace(".", ""), "missing": "0"} == {
            name: str(value) for name, value in line.items() if not name.endswith("_cents")
        }
    rows = await fetch(
        place.dsn, "select line + 1 from refusal where submission = $1 order by line", ticket["submission"]
    )
    assert [line["line"] for line in lines] == [row[0] for row in rows]
    assert len(rows) == REFUSED - REFUSED // 1000
    report = (await client.get(ticket["links"]["pain002"])).text
    assert report.count("<TxInfAndSts>") == len(rows)


async def test_a_page_reads_the_lines_after_any_line_and_as_of_any_batch(
    place: ServicePlace, ticket: dict[str, Any]
) -> None:
    """Pages equal a single query of the whole table."""
    query = "select batch, line from refusal where submission = $1 order by line"
    rows = await fetch(place.dsn, query, ticket["submission"])
    batches = sorted({row["batch"] for row in rows})
    async with open_read_pool(place.dsn) as pool:
        for last in batches:
            expected = [row["line"] for row in rows if row["batch"] <= last]
            pages = read_refused_pages(pool, ticket["submission"], size=999, last=last)
            assert [row["line"] async for page in pages for row in page] == expected
        for after in (0, 1, REFUSED // 3, REFUSED - 2, REFUSED):
            page = await read_refused_page(pool, ticket["submission"], after=after, limit=10)
            assert [row["line"] for row in page] == [row["line"] for row in rows if row["line"] >= after][:10]


async def test_a_query_that_waits_too_long_for_a_connection_is_refused_with_a_delay(
    place: ServicePlace, client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    async with lock_table(place.dsn, "submission", "access exclusive"):
        requests = [
            asyncio.create_task(client.get(ticket["links"]["self"])) for _ in range(CONNECTIONS_MAX + 1)
        ]
        (first,), _ = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
        assert first.result().status_code == 503
        assert first.result().json()["code"] == "try-again"
        assert first.result().headers["retry-after"] == "5"
    statuses = [response.status_code for response in await asyncio.gather(*requests)]
    assert sorted(statuses) == [200] * CONNECTIONS_MAX + [503]
