"""Forms of several senders in one batch, and forms that are decided between the batches of a file."""

import asyncio
from typing import Any

import httpx
import pytest
import pytest_asyncio

from core.act_fields import ACT_LINES_MAX
from ingest.queue.scheduling import FILE_BATCH_LINES
from tests.service.http.access_keys import FOREIGN
from tests.service.http.act_files import build_commitment, build_service, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINES = 60_000


@pytest_asyncio.fixture(loop_scope="module")
async def foreign(place: ServicePlace) -> Any:
    async with place.service.client(FOREIGN) as client:
        yield client


async def _send_form(client: httpx.AsyncClient, row: dict[str, str]) -> Any:
    return (await client.post("/v1/acts", json=row)).json()


async def test_equal_references_of_two_senders_in_one_batch_stay_separate(
    client: httpx.AsyncClient, foreign: httpx.AsyncClient, place: ServicePlace
) -> None:
    clients = [sender for _ in range(20) for sender in (client, foreign)]
    firsts = await asyncio.gather(
        *(_send_form(sender, build_commitment(f"T-{n // 2}", "0.05")) for n, sender in enumerate(clients))
    )
    assert {result["outcome"] for result in firsts} == {"accepted"}
    assert len({result["lines"][0]["entry"] for result in firsts}) == len(clients)
    shared = {result["batch"] for result in firsts[::2]} & {result["batch"] for result in firsts[1::2]}
    assert shared
    rows = [build_service(f"U-{n // 2}", f"T-{n // 2}", "0.05") for n in range(len(clients))]
    seconds = await asyncio.gather(
        *(_send_form(sender, row) for sender, row in zip(clients, rows, strict=True))
    )
    assert {result["outcome"] for result in seconds} == {"accepted"}
    query = "select entry_id, predecessor from entry where reference like 'U-%'"
    predecessors = {row["entry_id"]: row["predecessor"] for row in await fetch(place.dsn, query)}
    for first, second in zip(firsts, seconds, strict=True):
        assert predecessors[second["lines"][0]["entry"]] == first["lines"][0]["entry"]
        assert first["submission"] == second["submission"]


async def test_cells_numbered_for_one_sender_are_used_for_the_next_in_the_batch(
    client: httpx.AsyncClient, foreign: httpx.AsyncClient, place: ServicePlace
) -> None:
    """Cells are numbered in order of appearance; the first piece of a batch stores all new cells of the batch."""
    rows = [
        build_commitment("V-1", "0.01") | {"commitment_item": "63"},
        build_commitment("V-2", "0.01", "0177-D075-DD75"),
    ]
    results = await asyncio.gather(
        *(_send_form(sender, row) for sender in (client, foreign) for row in rows),
    )
    assert {result["outcome"] for result in results} == {"accepted"}
    query = "select count(distinct cell) from entry where reference = $1"
    for reference in ("V-1", "V-2"):
        assert (await fetch(place.dsn, query, reference))[0]["count"] == 1


async def test_a_form_does_not_wait_behind_a_file(client: httpx.AsyncClient, place: ServicePlace) -> None:
    """While forms come, a file is decided in small batches with the forms between them, and is decided to its end."""
    first_form = await _send_form(client, build_commitment("W-0", "0.01"))
    body = to_jsonl(build_unknown_centres(LINES, "W"))
    sending = asyncio.create_task(client.post("/v1/submissions?wait=120", content=body, headers=JSONL))
    forms = 0
    while not sending.done():
        forms += 1
        assert (await _send_form(client, build_commitment(f"W-{forms}", "0.01")))["outcome"] == "accepted"
    ticket = (await sending).json()
    assert ticket["receipt"]["refused"]["lines"] == LINES
    query = "select batch, refusals, entries from batch where batch > $1 order by batch"
    batches = await fetch(place.dsn, query, first_form["batch"])
    assert max(row["refusals"] for row in batches) < max(FILE_BATCH_LINES) + ACT_LINES_MAX
    file_batches = [row["batch"] for row in batches if row["refusals"]]
    assert len(file_batches) >= LINES // max(FILE_BATCH_LINES)
    assert any(row["entries"] for row in batches if file_batches[0] < row["batch"] < file_batches[-1])
