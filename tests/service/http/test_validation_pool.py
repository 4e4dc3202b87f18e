"""Validation threads: a few at once, half of them for one sender, and an upload quota used until each file has its number."""

import asyncio
import hashlib
import threading
from pathlib import Path

import httpx
import pytest

from service.database.embedded_server import Database
from service.http.validation_pool import ValidationPool
from tests.databases import lock_table, wait_until_blocked
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl


class BlockedWork:
    """Work that does not end before it is released."""

    def __init__(self) -> None:
        self.released, self.started = threading.Event(), threading.Semaphore(0)
        self.started_count = 0

    def work(self, result: str) -> str:
        self.started_count += 1
        self.started.release()
        self.released.wait()
        return result

    async def wait_for_start(self) -> None:
        await asyncio.to_thread(self.started.acquire)


async def test_one_sender_leaves_half_of_the_threads_to_the_others() -> None:
    pool, own, other = ValidationPool(4), BlockedWork(), BlockedWork()
    own_tasks = [asyncio.create_task(pool.run("MIN-01", own.work, str(n))) for n in range(20)]
    for _ in range(2):
        await own.wait_for_start()
    other_tasks = [asyncio.create_task(pool.run("MIN-02", other.work, str(n))) for n in range(2)]
    for _ in other_tasks:
        await other.wait_for_start()
    assert own.started_count == 2
    other.released.set()
    assert await asyncio.gather(*other_tasks) == ["0", "1"]
    assert own.started_count == 2, "a sender that uses its half does not get the threads that another returns"
    own.released.set()
    assert await asyncio.gather(*own_tasks) == [str(n) for n in range(20)]
    pool.close()


async def test_failed_and_cancelled_work_returns_its_thread() -> None:
    pool, blocked = ValidationPool(2), BlockedWork()

    def fail(message: str) -> None:
        raise ValueError(message)

    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            await pool.run("MIN-01", fail, "broken")
    first = asyncio.create_task(pool.run("MIN-01", blocked.work, "first"))
    await blocked.wait_for_start()
    waiting = asyncio.create_task(pool.run("MIN-01", blocked.work, "never"))
    last = asyncio.create_task(pool.run("MIN-01", blocked.work, "last"))
    await asyncio.sleep(0)
    waiting.cancel()
    blocked.released.set()
    assert await asyncio.gather(first, last) == ["first", "last"]
    assert blocked.started_count == 2
    pool.close()


async def test_validation_does_not_use_the_default_threads() -> None:
    """Validation goes on whatever the default threads do, and the other way round."""
    pool, blocked = ValidationPool(2), BlockedWork()
    validation = asyncio.create_task(pool.run("MIN-01", blocked.work, "validated"))
    await blocked.wait_for_start()
    assert await asyncio.to_thread(str, 1) == "1"
    blocked.released.set()
    assert await validation == "validated"
    pool.close()


async def test_the_upload_quota_is_used_until_a_file_has_its_number(
    database: Database, tmp_path: Path
) -> None:
    """While no number is assigned, one sender's two files use its half of a quota of four, and its third is refused."""
    options = ("--uploads-max", "4")
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path, *options) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
        upload = await _begin_upload(client)
        async with lock_table(dsn, "submission") as blocking:
            first = asyncio.create_task(_send(client, _build_file("P-1")))
            await wait_until_blocked(blocking)
            requests = [asyncio.create_task(_send(client, _build_file(f"P-{n}"))) for n in (2, 3)]
            (refused,), (second,) = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
            _assert_refused(refused.result())
            _assert_refused(await _send(client, _build_file("P-4")))
            _assert_refused(await _send(client, _build_file("P-5"), "dry_run=true"))
            _assert_refused(await client.patch(upload, content=b"", headers={"upload-offset": "0"}))
            other = await client.post("/v1/submissions", content=b"", headers={**JSONL, **FOREIGN})
            assert other.status_code == 422, "another sender's file is read"
            assert "crescendo_uploads 2.0" in (await client.get("/metrics")).text
        assert [(await request).status_code for request in (first, second)] == [202, 202]
        await _use_upload_quota_repeatedly(client)
        assert len(await fetch(dsn, "select from submission")) == 5


async def _use_upload_quota_repeatedly(client: httpx.AsyncClient) -> None:
    """Send files that are refused, dry runs and pieces, more often than the quota allows at once."""
    for n in range(3):
        assert (await _send(client, _BROKEN)).status_code == 422
        assert (await _send(client, _BROKEN, "dry_run=true")).status_code == 422
        assert (await _send(client, _build_file(f"P-6{n}"), "dry_run=true")).status_code == 200
    upload = await _begin_upload(client)
    for n, byte in enumerate(_PIECES[:3]):
        response = await client.patch(upload, content=bytes([byte]), headers={"upload-offset": str(n)})
        assert response.status_code == 204
    ticket = await client.patch(f"{upload}?wait=60", content=_PIECES[3:], headers={"upload-offset": "3"})
    assert ticket.json()["receipt"]["accepted"]["lines"] == 1
    assert "crescendo_uploads 0.0" in (await client.get("/metrics")).text


def _build_file(reference: str) -> bytes:
    return to_jsonl([build_commitment(reference, "0.01")])


_PIECES = _build_file("PIECES")
_BROKEN = _build_file("BROKEN") + b"{\n"
"""A file whose error is found only when it is read whole."""


async def _begin_upload(client: httpx.AsyncClient) -> str:
    """Begin the upload of a file in pieces, and return its path."""
    headers = {**JSONL, "upload-length": str(len(_PIECES))}
    headers["crescendo-sha256"] = hashlib.sha256(_PIECES).hexdigest()
    response = await client.post("/v1/uploads", headers=headers)
    assert response.status_code in {200, 201}
    return response.headers["location"]


async def _send(client: httpx.AsyncClient, body: bytes, query: str = "") -> httpx.Response:
    return await client.post(f"/v1/submissions?{query}", content=body, headers=JSONL)


def _assert_refused(response: httpx.Response) -> None:
    assert (response.status_code, response.json()["code"]) == (503, "try-again")
    assert response.headers["retry-after"] == "5"
    assert "many of your files are being received" in response.json()["detail"]
