"""The share of one sender in the file queue: its waiting files block neither other senders nor its own forms."""

import asyncio
from pathlib import Path

import httpx

from service.database.embedded_server import Database
from service.http.queue_limits import FILES_WAITING_MAX
from service.http.quotas import SENDER_PARTS
from tests.databases import lock_table
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import build_commitment, build_debt_charges
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

OWN_MAX = FILES_WAITING_MAX // SENDER_PARTS
SENDING = 8
"""Concurrent requests: a sender may exceed its half by the requests already under way."""


async def test_one_sender_leaves_half_of_the_file_queue_to_the_others(
    database: Database, tmp_path: Path
) -> None:
    """While nothing is committed, one sender submits until it is refused; another is accepted as if it were alone."""
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        client.timeout = 600  # a thousand files are committed one by one before the last response
        assert (await _send(client, build_debt_charges(1)[0], "wait=60")).status_code == 200
        async with lock_table(dsn):
            refused = await _send_until_refused(client)
            for response in refused:
                assert (response.status_code, response.json()["code"]) == (503, "try-again")
                assert response.headers["retry-after"] == "30"
                assert response.json()["detail"] == "Too many of your files wait"
            headers = {**JSONL, "upload-length": "1", "crescendo-sha256": "ab" * 32}
            assert (await client.post("/v1/uploads", headers=headers)).status_code == 503
            other = await client.post(
                "/v1/submissions", content=_build_file("F"), headers={**JSONL, **FOREIGN}
            )
            assert other.status_code == 202, other.text
            metrics = (await client.get("/metrics")).text
            waiting = float(metrics.split("\ncrescendo_files_waiting ")[1].split()[0])
            assert 0 < waiting <= OWN_MAX + SENDING + 1
            forms = [
                asyncio.create_task(
                    client.post("/v1/acts", json=build_commitment(f"A-{n}", "0.01"), headers=key)
                )
                for n, key in enumerate((FOREIGN, MINISTRY))
            ]
        assert [(await form).status_code for form in forms] == [200, 200]
        number = other.json()["submission"]
        ticket = await client.get(f"/v1/submissions/{number}?wait=60", headers=FOREIGN)
        while ticket.json()["state"] != "decided":
            ticket = await client.get(f"/v1/submissions/{number}?wait=60", headers=FOREIGN)
        assert (await _send(client, build_commitment("LATER", "0.01"))).status_code in {200, 202}
        rows = await fetch(
            dsn, "select sender, count(*) from submission where file_hash is not null group by 1"
        )
        assert {row["sender"] for row in rows} >= {"MIN-09", "MIN-12"}


def _build_file(reference: str) -> bytes:
    return to_jsonl([build_commitment(reference, "0.01")])


async def _send(client: httpx.AsyncClient, row: dict[str, str], query: str = "") -> httpx.Response:
    return await client.post(f"/v1/submissions?{query}", content=to_jsonl([row]), headers=JSONL)


async def _send_until_refused(client: httpx.AsyncClient) -> list[httpx.Response]:
    """Send one-line files, SENDING at once, until every concurrent sender is refused; return the refusals."""
    numbers = iter(range(2 * FILES_WAITING_MAX))

    async def send() -> httpx.Response:
        for n in numbers:
            response = await _send(client, build_commitment(f"W-{n}", "0.01"))
            if response.status_code != 202:
                return response
        raise AssertionError("nobody was refused")

    return await asyncio.gather(*(send() for _ in range(SENDING)))
