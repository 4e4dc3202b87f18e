"""Bodies on their way in: large, slow, cut, over long, too many at once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import psutil
import pytest

from service.database.embedded import Database
from tests.service.http.access_keys import FOREIGN, LIMITED, MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment
from tests.service.http.running_service import (
    JSONL,
    RunningService,
    create_database,
    fetch,
    run_service,
    to_jsonl,
)

MIB = 2**20


async def _send_pieces(count: int, size: int = MIB) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield bytes(size)


async def _begin_submission(
    service: RunningService, length: int, key: Mapping[str, str] = MINISTRY
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection with a request whose body is promised and not yet sent."""
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    said = [f"Host: {host}", f"Authorization: {key['authorization']}", f"Content-Length: {length}"]
    head = "\r\n".join(["POST /v1/submissions HTTP/1.1", *said, "", ""])
    writer.write(head.encode())
    await writer.drain()
    return reader, writer


async def _wait_for_bodies(folder: Path, count: int) -> None:
    """Return once so many bodies are being put together."""
    while len(list(folder.iterdir())) != count:  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # a folder tells nobody: it must be looked at


async def test_bodies_of_every_sort(database: Database, tmp_path: Path) -> None:
    incoming = tmp_path / "spool" / "incoming"
    words = ("--file-bytes-max", str(64 * MIB), "--uploads-max", "4")
    async with create_database(database) as dsn, run_service(dsn, tmp_path, *words) as service:
        async with service.client(MINISTRY) as client:
            # said to be over long: refused before it comes; not said: refused where it goes over
            told = await client.post("/v1/submissions", content=bytes(64 * MIB + 1))
            assert (told.status_code, told.json()["code"]) == (413, "limit-exceeded")
            found = await client.post("/v1/submissions", content=_send_pieces(65))
            assert (found.status_code, found.json()["code"]) == (413, "limit-exceeded")
            # memory does not grow with the body
            process = psutil.Process(service.process.pid)
            before = process.memory_info().rss
            for _ in range(3):
                found = await client.post("/v1/submissions", content=_send_pieces(60))
                assert found.json()["code"] == "format-unknown"
            assert process.memory_info().rss - before < 40 * MIB
            # as many at once as there are places, and no more
            slow = await _occupy_places(service, incoming)
            # a body that is cut leaves nothing behind, and its place is free again
            for _, writer in slow:
                writer.write(to_jsonl([build_commitment("CUT")])[:50])
                writer.close()
            await _wait_for_bodies(incoming, 0)
            found = await client.post("/v1/submissions?wait=60", content=to_jsonl(CREDITS), headers=JSONL)
            assert found.json()["receipt"]["accepted"]["lines"] == len(CREDITS)
        assert len(await fetch(dsn, "select from submission")) == 1
        await _send_slowly(service)


async def _occupy_places(
    service: RunningService, folder: Path
) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """One sender takes half of the places, by whichever of its keys, and no more; another takes the other half."""
    async with service.client() as client:

        async def is_told(key: Mapping[str, str], words: str) -> None:
            known = {**JSONL, **key}
            digest = {"upload-length": "4", "crescendo-sha256": "ab" * 32}
            assert (await client.post("/v1/uploads", headers={**known, **digest})).status_code in {200, 201}
            piece = {**key, "upload-offset": "0"}
            for full in (
                await client.post("/v1/submissions", content=to_jsonl(CREDITS), headers=known),
                await client.post("/v1/submissions?dry_run=true", content=to_jsonl(CREDITS), headers=known),
                await client.patch(f"/v1/uploads/{'ab' * 32}", content=b"1", headers=piece),
            ):
                assert (full.status_code, full.json()["code"]) == (503, "try-again")
                assert full.headers["content-type"] == "application/problem+json"
                assert full.headers["retry-after"] == "5"
                assert words in full.json()["detail"]

        slow = [await _begin_submission(service, 1000, key) for key in (MINISTRY, LIMITED)]
        await _wait_for_bodies(folder, 2)
        await is_told(MINISTRY, "many of your files")
        found = await client.post("/v1/submissions", content=b"", headers={**JSONL, **FOREIGN})
        assert found.status_code == 422, "another sender's file is read"
        slow += [await _begin_submission(service, 1000, FOREIGN) for _ in range(2)]
        await _wait_for_bodies(folder, 4)
        await is_told(FOREIGN, "many files are being received")
        return slow


async def _send_slowly(service: RunningService) -> None:
    """A body that comes byte by byte arrives whole."""
    body = to_jsonl([build_commitment("SLOW")])
    reader, writer = await _begin_submission(service, len(body))
    for n in range(len(body)):
        writer.write(body[n : n + 1])
        await writer.drain()
    assert b"202 Accepted" in await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    "text", ["GARBAGE\r\n\r\n", "POST /v1/submissions HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
async def test_what_is_no_request_is_answered_and_harms_nobody(
    text: str, database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn, run_service(dsn, tmp_path) as service:
        host, port = service.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(text.encode())
        assert b"400" in await reader.readline()
        writer.close()
        async with service.client(MINISTRY) as client:
            assert (await client.get("/readyz")).status_code == 200
