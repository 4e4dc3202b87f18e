"""Proofs: a few at once, of one sender half of them, and a seat held until each is over."""

import asyncio
import hashlib
import threading
from pathlib import Path

import httpx
import pytest

from service.database.embedded import Database
from service.http.validation_pool import ValidationPool
from tests.databases import lock_table, wait_until_blocked
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl


class BlockedWork:
    """Work that is not over before it is let go."""

    def __init__(self) -> None:
        self.released, self.started = threading.Event(), threading.Semaphore(0)
        self.started_count = 0

    def work(self, found: str) -> str:
        self.started_count += 1
        self.started.release()
        self.released.wait()
        return found

    async def wait_for_start(self) -> None:
        await asyncio.to_thread(self.started.acquire)


async def test_one_sender_leaves_half_of_the_threads_to_the_others() -> None:
    proving, mine, other = ValidationPool(4), BlockedWork(), BlockedWork()
    asked = [asyncio.create_task(proving.run("MIN-01", mine.work, str(n))) for n in range(20)]
    for _ in range(2):
        await mine.wait_for_start()
    others = [asyncio.create_task(proving.run("MIN-02", other.work, str(n))) for n in range(2)]
    for _ in others:
        await other.wait_for_start()
    assert mine.started_count == 2
    other.released.set()
    assert await asyncio.gather(*others) == ["0", "1"]
    assert mine.started_count == 2, "what another sender gives back is not taken by who has its half"
    mine.released.set()
    assert await asyncio.gather(*asked) == [str(n) for n in range(20)]
    proving.close()


async def test_a_turn_is_given_back_by_what_fails_and_by_who_goes_away() -> None:
    proving, gate = ValidationPool(2), BlockedWork()

    def fail(told: str) -> None:
        raise ValueError(told)

    for _ in range(3):
        with pytest.raises(ValueError, match="broken"):
            await proving.run("MIN-01", fail, "broken")
    first = asyncio.create_task(proving.run("MIN-01", gate.work, "first"))
    await gate.wait_for_start()
    waits = asyncio.create_task(proving.run("MIN-01", gate.work, "never"))
    last = asyncio.create_task(proving.run("MIN-01", gate.work, "last"))
    await asyncio.sleep(0)
    waits.cancel()
    gate.released.set()
    assert await asyncio.gather(first, last) == ["first", "last"]
    assert gate.started_count == 2
    proving.close()


async def test_proofs_need_none_of_the_threads_of_everybody() -> None:
    """However many hold those, a proof goes on, and the other way round."""
    proving, gate = ValidationPool(2), BlockedWork()
    proof = asyncio.create_task(proving.run("MIN-01", gate.work, "proved"))
    await gate.wait_for_start()
    assert await asyncio.to_thread(str, 1) == "1"
    gate.released.set()
    assert await proof == "proved"
    proving.close()


async def test_a_seat_is_held_until_a_file_has_its_number(database: Database, tmp_path: Path) -> None:
    """While no number is given one sender's two files keep its two seats of four: its third is told to come again."""
    words = ("--uploads-max", "4")
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path, *words) as served,
        served.client(MINISTRY) as client,
    ):
        assert (await _send(client, to_jsonl(CREDITS), "wait=60")).status_code == 200
        piece = await _begin_upload(client)
        async with lock_table(dsn, "submission") as blocking:
            first = asyncio.create_task(_send(client, _build_file("P-1")))
            await wait_until_blocked(blocking)
            asked = [asyncio.create_task(_send(client, _build_file(f"P-{n}"))) for n in (2, 3)]
            (told,), (second,) = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
            _check_refused(told.result())
            _check_refused(await _send(client, _build_file("P-4")))
            _check_refused(await _send(client, _build_file("P-5"), "dry_run=true"))
            _check_refused(await client.patch(piece, content=b"", headers={"upload-offset": "0"}))
            other = await client.post("/v1/submissions", content=b"", headers={**JSONL, **FOREIGN})
            assert other.status_code == 422, "another sender's file is read"
            assert "crescendo_uploads 2.0" in (await client.get("/metrics")).text
        assert [(await each).status_code for each in (first, second)] == [202, 202]
        await _release_places(client)
        assert len(await fetch(dsn, "select from submission")) == 4


async def _release_places(client: httpx.AsyncClient) -> None:
    """Refused as a whole, for show, in pieces, and taken: more often than there are seats."""
    for n in range(3):
        assert (await _send(client, _BROKEN)).status_code == 422
        assert (await _send(client, _BROKEN, "dry_run=true")).status_code == 422
        assert (await _send(client, _build_file(f"P-6{n}"), "dry_run=true")).status_code == 200
    piece = await _begin_upload(client)
    for n, byte in enumerate(_PIECES[:3]):
        sent = await client.patch(piece, content=bytes([byte]), headers={"upload-offset": str(n)})
        assert sent.status_code == 204
    rest = await client.patch(f"{piece}?wait=60", content=_PIECES[3:], headers={"upload-offset": "3"})
    assert rest.json()["receipt"]["accepted"]["lines"] == 1
    assert "crescendo_uploads 0.0" in (await client.get("/metrics")).text


def _build_file(reference: str) -> bytes:
    return to_jsonl([build_commitment(reference, "0.01")])


_PIECES = _build_file("PIECES")
_BROKEN = _build_file("BROKEN") + b"{\n"
"""Only who reads it whole finds it out."""


async def _begin_upload(client: httpx.AsyncClient) -> str:
    """Where the pieces of a file go."""
    said = {**JSONL, "upload-length": str(len(_PIECES))}
    said["crescendo-sha256"] = hashlib.sha256(_PIECES).hexdigest()
    found = await client.post("/v1/uploads", headers=said)
    assert found.status_code in {200, 201}
    return found.headers["location"]


async def _send(client: httpx.AsyncClient, body: bytes, query: str = "") -> httpx.Response:
    return await client.post(f"/v1/submissions?{query}", content=body, headers=JSONL)


def _check_refused(found: httpx.Response) -> None:
    assert (found.status_code, found.json()["code"]) == (503, "try-again")
    assert found.headers["retry-after"] == "5"
    assert "many of your files are being received" in found.json()["detail"]
