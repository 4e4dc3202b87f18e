"""Request bodies: large, slow, truncated, too long, too many at once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import psutil
import pytest

from service.database.embedded_server import Database
from tests.service.http.access_keys import FOREIGN, LIMITED, MINISTRY
from tests.service.http.act_files import build_commitment, build_debt_charges
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
    """Open a connection and send a request head whose body has not been sent yet."""
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    headers = [f"Host: {host}", f"Authorization: {key['authorization']}", f"Content-Length: {length}"]
    head = "\r\n".join(["POST /v1/submissions HTTP/1.1", *headers, "", ""])
    writer.write(head.encode())
    await writer.drain()
    return reader, writer


async def _wait_for_bodies(folder: Path, count: int) -> None:
    """Return once the folder contains so many bodies under way."""
    while len(list(folder.iterdir())) != count:  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # a folder sends no notification: it must be polled


async def test_large_truncated_and_concurrent_bodies(database: Database, tmp_path: Path) -> None:
    incoming = tmp_path / "spool" / "incoming"
    options = ("--file-bytes-max", str(64 * MIB), "--uploads-max", "4")
    async with create_database(database) as dsn, run_service(dsn, tmp_path, *options) as service:
        async with service.client(MINISTRY) as client:
            # a declared length over the limit is refused before the body comes, an undeclared one where it exceeds it
            response = await client.post("/v1/submissions", content=bytes(64 * MIB + 1))
            assert (response.status_code, response.json()["code"]) == (413, "limit-exceeded")
            response = await client.post("/v1/submissions", content=_send_pieces(65))
            assert (response.status_code, response.json()["code"]) == (413, "limit-exceeded")
            # memory does not grow with the body
            process = psutil.Process(service.process.pid)
            before = process.memory_info().rss
            for _ in range(3):
                response = await client.post("/v1/submissions", content=_send_pieces(60))
                assert response.json()["code"] == "format-unknown"
            assert process.memory_info().rss - before < 40 * MIB
            # no more concurrent bodies than the quota allows
            slow = await _exhaust_upload_quota(service, incoming)
            # a truncated body leaves nothing in the folder and returns its share of the quota
            for _, writer in slow:
                writer.write(to_jsonl([build_commitment("CUT")])[:50])
                writer.close()
            await _wait_for_bodies(incoming, 0)
            rows = to_jsonl(build_debt_charges(2))
            response = await client.post("/v1/submissions?wait=60", content=rows, headers=JSONL)
            assert response.json()["receipt"]["accepted"]["lines"] == 2
        assert len(await fetch(dsn, "select from submission")) == 1
        await _send_slowly(service)


async def _exhaust_upload_quota(
    service: RunningService, folder: Path
) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Exhaust the quota: one sender gets half of it, whichever of its keys it uses; another gets the other half."""
    async with service.client() as client:

        async def assert_refused(key: Mapping[str, str], text: str) -> None:
            headers = {**JSONL, **key}
            declared = {"upload-length": "4", "crescendo-sha256": "ab" * 32}
            assert (await client.post("/v1/uploads", headers={**headers, **declared})).status_code in {
                200,
                201,
            }
            patch_headers = {**key, "upload-offset": "0"}
            for response in (
                await client.post(
                    "/v1/submissions", content=to_jsonl(build_debt_charges(2)), headers=headers
                ),
                await client.post(
                    "/v1/submissions?dry_run=true", content=to_jsonl(build_debt_charges(2)), headers=headers
                ),
                await client.patch(f"/v1/uploads/{'ab' * 32}", content=b"1", headers=patch_headers),
            ):
                assert (response.status_code, response.json()["code"]) == (503, "try-again")
                assert response.headers["content-type"] == "application/problem+json"
                assert response.headers["retry-after"] == "5"
                assert text in response.json()["detail"]

        slow = [await _begin_submission(service, 1000, key) for key in (MINISTRY, LIMITED)]
        await _wait_for_bodies(folder, 2)
        await assert_refused(MINISTRY, "many of your files")
        response = await client.post("/v1/submissions", content=b"", headers={**JSONL, **FOREIGN})
        assert response.status_code == 422, "another sender's file is read"
        slow += [await _begin_submission(service, 1000, FOREIGN) for _ in range(2)]
        await _wait_for_bodies(folder, 4)
        await assert_refused(FOREIGN, "many files are being received")
        return slow


async def _send_slowly(service: RunningService) -> None:
    """Send a body byte by byte, and check that it arrives whole."""
    body = to_jsonl([build_commitment("SLOW")])
    reader, writer = await _begin_submission(service, len(body))
    for position in range(len(body)):
        writer.write(body[position : position + 1])
        await writer.drain()
    assert b"202 Accepted" in await reader.readline()
    writer.close()


@pytest.mark.parametrize(
    "text", ["GARBAGE\r\n\r\n", "POST /v1/submissions HTTP/1.1\r\nContent-Length: x\r\n\r\n"]
)
async def test_a_malformed_request_is_answered_and_does_not_harm_the_service(
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
