"""Forms of several senders in one batch, and files that let forms go before them."""

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


async def test_senders_that_share_a_batch_keep_apart_what_they_name_alike(
    client: httpx.AsyncClient, foreign: httpx.AsyncClient, place: ServicePlace
) -> None:
    both = [each for _ in range(20) for each in (client, foreign)]
    firsts = await asyncio.gather(
        *(_send_form(each, build_commitment(f"T-{at // 2}", "0.05")) for at, each in enumerate(both))
    )
    assert {found["outcome"] for found in firsts} == {"accepted"}
    assert len({found["lines"][0]["entry"] for found in firsts}) == len(both)
    shared = {found["batch"] for found in firsts[::2]} & {found["batch"] for found in firsts[1::2]}
    assert shared
    follow = [build_service(f"U-{at // 2}", f"T-{at // 2}", "0.05") for at in range(len(both))]
    served = await asyncio.gather(*(_send_form(each, row) for each, row in zip(both, follow, strict=True)))
    assert {found["outcome"] for found in served} == {"accepted"}
    query = "select entry_id, predecessor from entry where reference like 'U-%'"
    followed = {row["entry_id"]: row["predecessor"] for row in await fetch(place.dsn, query)}
    for first, second in zip(firsts, served, strict=True):
        assert followed[second["lines"][0]["entry"]] == first["lines"][0]["entry"]
        assert first["submission"] == second["submission"]


async def test_new_places_of_one_sender_are_known_to_the_next_in_the_same_batch(
    client: httpx.AsyncClient, foreign: httpx.AsyncClient, place: ServicePlace
) -> None:
    """Cells are numbered as they are met; all of a batch's come with its first piece."""
    rows = [
        build_commitment("V-1", "0.01") | {"commitment_item": "63"},
        build_commitment("V-2", "0.01", "0177-D075-DD75"),
    ]
    found = await asyncio.gather(
        *(_send_form(each, row) for each in (client, foreign) for row in rows),
    )
    assert {each["outcome"] for each in found} == {"accepted"}
    query = "select count(distinct cell) from entry where reference = $1"
    for reference in ("V-1", "V-2"):
        assert (await fetch(place.dsn, query, reference))[0]["count"] == 1


async def test_a_form_does_not_wait_behind_a_file(client: httpx.AsyncClient, place: ServicePlace) -> None:
    """While forms come the file is decided in small batches, theirs between them; and it is decided all the same."""
    before = await _send_form(client, build_commitment("W-0", "0.01"))
    body = to_jsonl(build_unknown_centres(LINES, "W"))
    sending = asyncio.create_task(client.post("/v1/submissions?wait=120", content=body, headers=JSONL))
    forms = 0
    while not sending.done():
        forms += 1
        assert (await _send_form(client, build_commitment(f"W-{forms}", "0.01")))["outcome"] == "accepted"
    receipt = (await sending).json()
    assert receipt["receipt"]["refused"]["lines"] == LINES
    query = "select batch, refusals, entries from batch where batch > $1 order by batch"
    batches = await fetch(place.dsn, query, before["batch"])
    assert max(row["refusals"] for row in batches) < max(FILE_BATCH_LINES) + ACT_LINES_MAX
    of_file = [row["batch"] for row in batches if row["refusals"]]
    assert len(of_file) >= LINES // max(FILE_BATCH_LINES)
    assert any(row["entries"] for row in batches if of_file[0] < row["batch"] < of_file[-1])
