"""Uploads in pieces: interrupted, resumed, concurrent, and submitted once they are complete."""

import asyncio
import hashlib
import re
import signal
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from service.http.handlers.uploads import UploadState
from service.http.http_messages import Message
from service.http.request_body import BodyInterrupted, BodyStream
from tests.databases import lock_table, wait_until_blocked
from tests.service.http.access_keys import ACCOUNTANT, AUDITOR, FOREIGN, LIMITED, MINISTRY, OPERATOR
from tests.service.http.act_files import build_commitment, build_debt_charges, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import (
    JSONL,
    RunningService,
    create_database,
    fetch,
    run_service,
    to_jsonl,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


def _build_body(prefix: str, lines: int = 20) -> bytes:
    return to_jsonl([build_commitment(f"{prefix}-{n}", "0.01") for n in range(lines)])


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


async def _begin(client: httpx.AsyncClient, body: bytes, query: str = "", **headers: str) -> httpx.Response:
    hyphenated = {name.replace("_", "-"): value for name, value in headers.items()}
    declared = {"upload-length": str(len(body)), "crescendo-sha256": _hash(body), **JSONL}
    return await client.post(f"/v1/uploads?{query}", headers={**declared, **hyphenated})


async def _add(
    client: httpx.AsyncClient, body: bytes, offset: int, end: int | None = None, **headers: str
) -> httpx.Response:
    headers = {"upload-offset": str(offset), **headers}
    return await client.patch(f"/v1/uploads/{_hash(body)}?wait=60", content=body[offset:end], headers=headers)


def _list_partial_files(place: ServicePlace) -> list[Path]:
    return list((place.data / "spool" / "uploads").glob("*/*"))


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(place: ServicePlace) -> Any:
    async with place.service.client() as client:
        yield client


async def test_pieces_become_a_submission(client: httpx.AsyncClient, place: ServicePlace) -> None:
    body = _build_body("PIECES")
    response = await _begin(client, body, content_disposition='attachment; filename="pieces.jsonl"')
    assert response.status_code == 201
    path = response.headers["location"]
    assert path == f"/v1/uploads/{_hash(body)}" == response.json()["links"]["self"]
    assert response.headers["upload-offset"] == "0"
    assert msgspec.convert(response.json(), UploadState).file == "pieces.jsonl"
    last = (len(body) - 1) // 100 * 100
    for offset in range(0, last, 100):
        piece = await _add(client, body, offset, offset + 100)
        assert (piece.status_code, piece.headers["upload-offset"]) == (204, str(offset + 100))
        assert "content-length" not in piece.headers
        head = await client.head(path)
        assert head.headers["upload-offset"] == str(offset + 100)
        assert head.headers["upload-length"] == str(len(body))
        assert (await client.get(path)).json()["offset"] == offset + 100
    whole = await _add(client, body, last)
    assert whole.status_code == 200
    assert whole.headers["location"] == whole.json()["links"]["self"]
    receipt = whole.json()["receipt"]
    assert (receipt["sha256"], receipt["file"]) == (_hash(body), "pieces.jsonl")
    assert receipt["accepted"]["lines"] == 20
    assert (await client.get(path)).status_code == 404
    assert _list_partial_files(place) == []


async def test_an_upload_is_the_same_submission_as_the_whole_file(client: httpx.AsyncClient) -> None:
    body = _build_body("ONE")
    await _begin(client, body)
    number = (await _add(client, body, 0)).json()["submission"]
    whole = await client.post("/v1/submissions?wait=60", content=body, headers=JSONL)
    assert whole.json()["submission"] == number
    # a client that begins the upload again is redirected to the submission
    repeated = await _begin(client, body)
    assert (repeated.status_code, repeated.headers["location"]) == (303, f"/v1/submissions/{number}")
    assert "content-type" not in repeated.headers


async def test_a_client_that_begins_again_gets_the_offset(client: httpx.AsyncClient) -> None:
    body = _build_body("BACK")
    await _begin(client, body)
    await _add(client, body, 0, 700)
    resumed = await _begin(client, body)
    assert (resumed.status_code, resumed.headers["upload-offset"]) == (200, "700")
    wrong = await _add(client, body, 600)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "offset-differs")
    assert wrong.json()["offset"] == 700 == int(wrong.headers["upload-offset"])
    assert (await _add(client, body, 701)).status_code == 409
    assert (await _add(client, body, 700)).json()["receipt"]["accepted"]["lines"] == 20


async def test_an_empty_last_piece_submits_a_complete_upload(database: Database, tmp_path: Path) -> None:
    """The service was killed between the last byte and the submission number: an empty piece submits the file."""
    body = to_jsonl(build_debt_charges(20))
    async with create_database(database) as dsn:
        async with (
            lock_table(dsn, "submission") as blocking,
            run_service(dsn, tmp_path) as served,
            served.client(MINISTRY) as client,
        ):
            await _begin(client, body)
            adding = asyncio.create_task(_add(client, body, 0))
            await wait_until_blocked(blocking)
            served.process.kill()
            with pytest.raises(httpx.TransportError):
                await adding
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            resumed = await _begin(client, body)
            assert resumed.headers["upload-offset"] == resumed.headers["upload-length"] == str(len(body))
            assert (await _add(client, body, len(body))).json()["receipt"]["accepted"]["lines"] == 20
        assert len(await fetch(dsn, "select from submission")) == 1


# --------------------------------------------------------------------------------------------- interrupted and concurrent


async def _begin_piece(
    service: RunningService, body: bytes, sent: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection, declare the whole file as a piece and send the first bytes of it."""
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    headers = [f"Host: {host}", f"Authorization: {MINISTRY['authorization']}", "Upload-Offset: 0"]
    headers += [f"Content-Length: {len(body)}"]
    head = "\r\n".join([f"PATCH /v1/uploads/{_hash(body)} HTTP/1.1", *headers, "", ""])
    writer.write(head.encode() + body[:sent])
    await writer.drain()
    return reader, writer


async def _wait_until_free(client: httpx.AsyncClient, body: bytes) -> int:
    """Return the offset once no other request adds to the upload."""
    while (response := await _begin(client, body)).status_code == 409:
        assert response.json()["code"] == "upload-busy"
    return int(response.headers["upload-offset"])


async def _wait_until_busy(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    """Return once another request adds to the upload."""
    while (response := await _begin(client, body)).status_code != 409:
        pass
    return response


async def test_bytes_before_an_interruption_are_stored(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = to_jsonl(build_unknown_centres(9_000, "CUT-"))
    path = (await _begin(client, body)).headers["location"]
    _, writer = await _begin_piece(place.service, body, 400_000)
    while (reached := int((await client.head(path)).headers["upload-offset"])) == 0:
        pass
    writer.close()
    offset = await _wait_until_free(client, body)
    assert reached <= offset <= 400_000
    assert (await _add(client, body, offset)).json()["receipt"]["sha256"] == _hash(body)


async def test_bytes_before_a_disconnect_are_read_before_the_error() -> None:
    """On a line that breaks every few seconds, each connection must still add bytes."""
    messages = [{"type": "http.request", "body": b"abc", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return messages.pop(0)

    body = BodyStream(receive)
    assert await asyncio.to_thread(body.read, 10) == b"abc"
    for _ in range(2):
        with pytest.raises(BodyInterrupted):
            await asyncio.to_thread(body.read, 10)


async def test_bytes_before_an_abandoned_body_are_read_before_the_error() -> None:
    is_waiting = asyncio.Event()
    messages = [{"type": "http.request", "body": b"abc", "more_body": True}]

    async def receive() -> Message:
        if not messages:
            is_waiting.set()
            await asyncio.Event().wait()
        return messages.pop(0)

    body = BodyStream(receive)
    reading = asyncio.create_task(asyncio.to_thread(body.read, 10))
    await is_waiting.wait()
    body.abandon()
    assert await reading == b"abc"
    with pytest.raises(BodyInterrupted):
        await asyncio.to_thread(body.read, 10)


async def test_two_connections_do_not_mix_their_pieces(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = _build_body("CROSSED")
    await _begin(client, body)
    _, writer = await _begin_piece(place.service, body, 100)
    await _wait_until_busy(client, body)
    for response in (await _add(client, body, 0), await client.delete(f"/v1/uploads/{_hash(body)}")):
        assert (response.status_code, response.json()["code"]) == (409, "upload-busy")
        assert int(response.headers["retry-after"]) > 0
    writer.close()
    offset = await _wait_until_free(client, body)
    assert (await _add(client, body, offset)).json()["receipt"]["accepted"]["lines"] == 20


async def test_many_concurrent_uploads_of_one_file_are_one_submission(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = _build_body("MANY")

    async def upload_until_submitted() -> int:
        while True:
            response = await _begin(client, body)
            if response.status_code == 303:
                return int(response.headers["location"].rpartition("/")[2])
            if response.status_code != 409:
                offset = int(response.headers["upload-offset"])
                await _add(client, body, offset, offset + 500)

    numbers = await asyncio.gather(*(upload_until_submitted() for _ in range(8)))
    assert len(set(numbers)) == 1
    response = await client.get(f"/v1/submissions/{numbers[0]}?wait=60")
    assert response.json()["receipt"]["accepted"]["lines"] == 20
    assert _list_partial_files(place) == []


async def test_an_upload_continues_after_the_service_was_killed(database: Database, tmp_path: Path) -> None:
    body = to_jsonl([*build_debt_charges(20), *build_unknown_centres(5_000)])
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await _begin(client, body)
            assert (await _add(client, body, 0, 300_000)).status_code == 204
            _, writer = await _begin_piece(served, body, 10)
            served.process.kill()
            await served.process.wait()
            writer.close()
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            resumed = await _begin(client, body)
            assert (resumed.status_code, resumed.headers["upload-offset"]) == (200, "300000")
            whole = await _add(client, body, 300_000)
            assert whole.json()["receipt"]["accepted"]["lines"] == 20
            assert whole.json()["receipt"]["sha256"] == _hash(body)


async def test_a_stopping_service_ends_uploads_and_stores_their_bytes(
    database: Database, tmp_path: Path
) -> None:
    body = to_jsonl([*build_debt_charges(20), *build_unknown_centres(9_000)])
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            path = (await _begin(client, body)).headers["location"]
            reader, writer = await _begin_piece(served, body, 300_000)
            while (await client.head(path)).headers["upload-offset"] == "0":
                pass
            served.process.send_signal(signal.SIGTERM)
            assert b"503" in await reader.readline()
            assert await served.process.wait() == 0
            assert "request failed" not in "".join(served.log_lines)
            writer.close()
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            offset = int((await _begin(client, body)).headers["upload-offset"])
            assert 0 < offset <= 300_000
            assert (await _add(client, body, offset)).json()["receipt"]["accepted"]["lines"] == 20


# --------------------------------------------------------------------------------------------- refused


async def test_an_upload_with_another_hash_than_declared_is_deleted(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = _build_body("OTHER")
    await _begin(client, body)
    headers = {"upload-offset": "0"}
    response = await client.patch(
        f"/v1/uploads/{_hash(body)}", content=body.replace(b"0.01", b"9.01"), headers=headers
    )
    assert (response.status_code, response.json()["code"]) == (422, "envelope-mismatch")
    assert _list_partial_files(place) == []
    assert (await _begin(client, body)).status_code == 201, "the file cannot be sent again"
    assert (await _add(client, body, 0)).status_code == 200


REFUSED_WHOLE: Mapping[str, tuple[dict[str, str], Mapping[str, str], int, str]] = {
    "another count": ({"crescendo_count": "3"}, MINISTRY, 422, "envelope-mismatch"),
    "another media type": (
        {"content_type": "text/csv", "content_disposition": "attachment; filename=a.txt"},
        MINISTRY,
        422,
        "envelope-mismatch",
    ),
    "out of perimeter": ({}, LIMITED, 403, "perimeter-not-held"),
    "out of role": ({}, ACCOUNTANT, 403, "role-not-held"),
}


@pytest.mark.parametrize("name", REFUSED_WHOLE)
async def test_a_file_is_refused_whole_as_if_sent_in_one_piece(
    name: str, anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    headers, key, status, code = REFUSED_WHOLE[name]
    body = _build_body(f"WHOLE-{name[-8:]}")
    anonymous.headers.update(key)
    assert (await _begin(anonymous, body, **headers)).status_code == 201
    response = await _add(anonymous, body, 0)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert _list_partial_files(place) == []
    assert not list((place.data / "spool").glob(f"*/{_hash(body)}"))


INVALID_HEADERS: Mapping[str, tuple[dict[str, str], int, str]] = {
    "no length": ({"upload_length": ""}, 400, "malformed-request"),
    "a length that is none": ({"upload_length": "-1"}, 400, "malformed-request"),
    "a length in other digits": ({"upload_length": "1e3"}, 400, "malformed-request"),
    "an endless length": ({"upload_length": "9" * 40}, 400, "malformed-request"),
    "over long": ({"upload_length": str(2**33 + 1)}, 413, "limit-exceeded"),
    "no hash": ({"crescendo_sha256": ""}, 400, "malformed-request"),
    "a hash that is none": ({"crescendo_sha256": "../../etc/passwd"}, 422, "format-unknown"),
    "a media type unknown": ({"content_type": "image/png"}, 415, "media-type-unknown"),
    "a packed file": ({"content_encoding": "gzip"}, 415, "media-type-unknown"),
    "a name that is none": (
        {"content_disposition": f"attachment; filename={'a' * 300}"},
        422,
        "format-unknown",
    ),
    "a count that is none": ({"crescendo_count": "many"}, 422, "format-unknown"),
}


@pytest.mark.parametrize("name", INVALID_HEADERS)
async def test_invalid_headers_begin_no_upload(
    name: str, client: httpx.AsyncClient, place: ServicePlace
) -> None:
    headers, status, code = INVALID_HEADERS[name]
    response = await _begin(client, _build_body("NOT"), **headers)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert _list_partial_files(place) == []


async def test_invalid_pieces_are_refused(client: httpx.AsyncClient) -> None:
    body = _build_body("FIT")
    await _begin(client, body)
    path = f"/v1/uploads/{_hash(body)}"
    for headers in ({}, {"upload-offset": "x"}, {"upload-offset": "-1"}):
        assert (await client.patch(path, content=body, headers=headers)).status_code == 400
    compressed = {"upload-offset": "0", "content-encoding": "gzip"}
    assert (await client.patch(path, content=body, headers=compressed)).status_code == 415
    response = await client.patch(path, content=body + b"x", headers={"upload-offset": "0"})
    assert (response.status_code, response.json()["code"]) == (413, "limit-exceeded")
    assert (await client.head(path)).headers["upload-offset"] == "0"

    async def stream_body() -> AsyncIterator[bytes]:
        yield body + b"x"

    response = await client.patch(path, content=stream_body(), headers={"upload-offset": "0"})
    assert response.status_code == 413
    last = await _add(client, body, len(body))
    assert last.json()["receipt"]["accepted"]["lines"] == 20, "bytes beyond the declared length were stored"


async def test_another_size_of_the_same_hash_is_refused(client: httpx.AsyncClient) -> None:
    body = _build_body("SIZE")
    await _begin(client, body)
    response = await _begin(client, body, upload_length="1")
    assert (response.status_code, response.json()["code"]) == (409, "upload-differs")
    assert (await client.delete(f"/v1/uploads/{_hash(body)}")).status_code == 204


async def test_uploads_are_listed_deleted_and_limited(client: httpx.AsyncClient, place: ServicePlace) -> None:
    bodies = [_build_body(f"BOUND-{n}", 1) for n in range(17)]
    responses = [await _begin(client, body) for body in bodies]
    assert [response.status_code for response in responses] == [201] * 16 + [409]
    assert responses[-1].json()["code"] == "uploads-full"
    listed = (await client.get("/v1/uploads")).json()["uploads"]
    assert {upload["upload"] for upload in listed} == {_hash(body) for body in bodies[:16]}
    for upload in listed:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", upload["expires_at"])
        assert (await client.delete(upload["links"]["self"])).status_code == 204
        assert (await client.delete(upload["links"]["self"])).status_code == 404
    assert _list_partial_files(place) == []


# --------------------------------------------------------------------------------------------- another's


async def test_another_senders_upload_is_not_found_by_any_route(
    anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = _build_body("SECRET")
    anonymous.headers.update(MINISTRY)
    await _begin(anonymous, body)
    await _add(anonymous, body, 0, 100)
    anonymous.headers.update(FOREIGN)
    for method in ("GET", "HEAD", "PATCH", "DELETE"):
        headers = {"upload-offset": "100"}
        hidden = await anonymous.request(
            method, f"/v1/uploads/{_hash(body)}", headers=headers, content=body[100:]
        )
        missing = await anonymous.request(method, f"/v1/uploads/{'0' * 64}", headers=headers)
        assert hidden.status_code == missing.status_code == 404
        assert hidden.text.replace(_hash(body), "0" * 64) == missing.text
    rows = await fetch(
        place.dsn,
        "select key, action from audit where code = 'not-found' and action like '%' || $1",
        _hash(body),
    )
    assert {row["key"] for row in rows} == {"stranger2222"}
    assert {row["action"].partition(" ")[0] for row in rows} == {"GET", "HEAD", "PATCH", "DELETE"}
    assert (await anonymous.get("/v1/uploads")).json()["uploads"] == []
    # the same bytes of another sender are another upload, which starts at offset 0
    own = await _begin(anonymous, body)
    assert (own.status_code, own.headers["upload-offset"]) == (201, "0")
    theirs = (await _add(anonymous, body, 0)).json()
    assert theirs["receipt"]["sender"] == "MIN-12"
    anonymous.headers.update(MINISTRY)
    assert (await _begin(anonymous, body)).headers["upload-offset"] == "100"
    assert (await _add(anonymous, body, 100)).json()["submission"] != theirs["submission"]


@pytest.mark.parametrize("key", [AUDITOR, OPERATOR])
async def test_only_senders_may_upload(
    key: Mapping[str, str], anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    anonymous.headers.update(key)
    response = await _begin(anonymous, _build_body("NOBODY"))
    assert (response.status_code, response.json()["code"]) == (403, "role-not-held")
    response = await _add(anonymous, _build_body("NOBODY"), 0)
    assert (response.status_code, response.json()["code"]) == (403, "role-not-held")
    assert _list_partial_files(place) == []


@pytest.mark.parametrize("path", ["../../x", "%2e%2e%2f", "0" * 63, "0" * 65, "G" * 64, "A" * 64, ""])
async def test_a_path_that_is_no_hash_is_not_found(path: str, client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/v1/uploads/{path}x")).status_code == 404
