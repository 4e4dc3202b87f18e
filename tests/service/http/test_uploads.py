"""Files that come in pieces: cut, taken up again, crossed, and made a submission once they are whole."""

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

from service.database.embedded import Database
from service.http.handlers.uploads import UploadState
from service.http.http_messages import Message
from service.http.request_body import BodyInterrupted, BodyStream
from tests.databases import lock_table, wait_until_blocked
from tests.service.http.access_keys import ACCOUNTANT, AUDITOR, FOREIGN, LIMITED, MINISTRY, OPERATOR
from tests.service.http.act_files import CREDITS, build_commitment, build_unknown_centres
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
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    said = {"upload-length": str(len(body)), "crescendo-sha256": _hash(body), **JSONL, **said}
    return await client.post(f"/v1/uploads?{query}", headers=said)


async def _add(
    client: httpx.AsyncClient, body: bytes, offset: int, end: int | None = None, **headers: str
) -> httpx.Response:
    said = {"upload-offset": str(offset), **headers}
    return await client.patch(f"/v1/uploads/{_hash(body)}?wait=60", content=body[offset:end], headers=said)


def _list_partial_files(place: ServicePlace) -> list[Path]:
    return list((place.data / "spool" / "uploads").glob("*/*"))


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(place: ServicePlace) -> Any:
    async with place.service.client() as client:
        yield client


async def test_pieces_become_a_submission(client: httpx.AsyncClient, place: ServicePlace) -> None:
    body = _build_body("PIECES")
    begun = await _begin(client, body, content_disposition='attachment; filename="pieces.jsonl"')
    assert begun.status_code == 201
    here = begun.headers["location"]
    assert here == f"/v1/uploads/{_hash(body)}" == begun.json()["links"]["self"]
    assert begun.headers["upload-offset"] == "0"
    assert msgspec.convert(begun.json(), UploadState).file == "pieces.jsonl"
    last = (len(body) - 1) // 100 * 100
    for offset in range(0, last, 100):
        found = await _add(client, body, offset, offset + 100)
        assert (found.status_code, found.headers["upload-offset"]) == (204, str(offset + 100))
        assert "content-length" not in found.headers
        told = await client.head(here)
        assert told.headers["upload-offset"] == str(offset + 100)
        assert told.headers["upload-length"] == str(len(body))
        assert (await client.get(here)).json()["offset"] == offset + 100
    whole = await _add(client, body, last)
    assert whole.status_code == 200
    assert whole.headers["location"] == whole.json()["links"]["self"]
    receipt = whole.json()["receipt"]
    assert (receipt["sha256"], receipt["file"]) == (_hash(body), "pieces.jsonl")
    assert receipt["accepted"]["lines"] == 20
    assert (await client.get(here)).status_code == 404
    assert _list_partial_files(place) == []


async def test_it_is_the_submission_that_it_would_have_been_in_one_piece(client: httpx.AsyncClient) -> None:
    body = _build_body("ONE")
    await _begin(client, body)
    number = (await _add(client, body, 0)).json()["submission"]
    whole = await client.post("/v1/submissions?wait=60", content=body, headers=JSONL)
    assert whole.json()["submission"] == number
    # and who begins it anew is sent there, with nothing to send
    known = await _begin(client, body)
    assert (known.status_code, known.headers["location"]) == (303, f"/v1/submissions/{number}")
    assert "content-type" not in known.headers


async def test_who_comes_back_is_told_where_to_go_on(client: httpx.AsyncClient) -> None:
    body = _build_body("BACK")
    await _begin(client, body)
    await _add(client, body, 0, 700)
    found = await _begin(client, body)
    assert (found.status_code, found.headers["upload-offset"]) == (200, "700")
    wrong = await _add(client, body, 600)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "offset-differs")
    assert wrong.json()["offset"] == 700 == int(wrong.headers["upload-offset"])
    assert (await _add(client, body, 701)).status_code == 409
    assert (await _add(client, body, 700)).json()["receipt"]["accepted"]["lines"] == 20


async def test_the_last_byte_may_be_said_to_be_there_again(database: Database, tmp_path: Path) -> None:
    """Killed between the last byte and the number: the whole is there, and an empty piece brings it in."""
    body = to_jsonl(CREDITS)
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
            found = await _begin(client, body)
            assert found.headers["upload-offset"] == found.headers["upload-length"] == str(len(body))
            assert (await _add(client, body, len(body))).json()["receipt"]["accepted"]["lines"] == len(
                CREDITS
            )
        assert len(await fetch(dsn, "select from submission")) == 1


# --------------------------------------------------------------------------------------------- cut and crossed


async def _begin_piece(
    service: RunningService, body: bytes, sent: int
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection that has promised the whole file and sent the first bytes of it."""
    host, port = service.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    said = [f"Host: {host}", f"Authorization: {MINISTRY['authorization']}", "Upload-Offset: 0"]
    said += [f"Content-Length: {len(body)}"]
    head = "\r\n".join([f"PATCH /v1/uploads/{_hash(body)} HTTP/1.1", *said, "", ""])
    writer.write(head.encode() + body[:sent])
    await writer.drain()
    return reader, writer


async def _wait_until_free(client: httpx.AsyncClient, body: bytes) -> int:
    """The offset, once nobody is at work on the upload any more."""
    while (found := await _begin(client, body)).status_code == 409:
        assert found.json()["code"] == "upload-busy"
    return int(found.headers["upload-offset"])


async def _wait_until_busy(client: httpx.AsyncClient, body: bytes) -> httpx.Response:
    """Return once somebody is at work on the upload."""
    while (found := await _begin(client, body)).status_code != 409:
        pass
    return found


async def test_what_came_before_a_cut_stays(client: httpx.AsyncClient, place: ServicePlace) -> None:
    body = to_jsonl(build_unknown_centres(9_000, "CUT-"))
    here = (await _begin(client, body)).headers["location"]
    _, writer = await _begin_piece(place.service, body, 400_000)
    while (there := int((await client.head(here)).headers["upload-offset"])) == 0:
        pass
    writer.close()
    offset = await _wait_until_free(client, body)
    assert there <= offset <= 400_000
    assert (await _add(client, body, offset)).json()["receipt"]["sha256"] == _hash(body)


async def test_what_came_before_a_break_is_read_before_it_is_told() -> None:
    """On a line that is cut every few seconds, each connection must bring something."""
    coming = [{"type": "http.request", "body": b"abc", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> Message:
        return coming.pop(0)

    body = BodyStream(receive)
    assert await asyncio.to_thread(body.read, 10) == b"abc"
    for _ in range(2):
        with pytest.raises(BodyInterrupted):
            await asyncio.to_thread(body.read, 10)


async def test_what_came_before_it_is_given_up_is_read_first() -> None:
    is_waiting = asyncio.Event()
    coming = [{"type": "http.request", "body": b"abc", "more_body": True}]

    async def receive() -> Message:
        if not coming:
            is_waiting.set()
            await asyncio.Event().wait()
        return coming.pop(0)

    body = BodyStream(receive)
    reading = asyncio.create_task(asyncio.to_thread(body.read, 10))
    await is_waiting.wait()
    body.abandon()
    assert await reading == b"abc"
    with pytest.raises(BodyInterrupted):
        await asyncio.to_thread(body.read, 10)


async def test_two_connections_at_once_do_not_mix(client: httpx.AsyncClient, place: ServicePlace) -> None:
    body = _build_body("CROSSED")
    await _begin(client, body)
    _, writer = await _begin_piece(place.service, body, 100)
    await _wait_until_busy(client, body)
    for found in (await _add(client, body, 0), await client.delete(f"/v1/uploads/{_hash(body)}")):
        assert (found.status_code, found.json()["code"]) == (409, "upload-busy")
        assert int(found.headers["retry-after"]) > 0
    writer.close()
    offset = await _wait_until_free(client, body)
    assert (await _add(client, body, offset)).json()["receipt"]["accepted"]["lines"] == 20


async def test_many_at_once_bring_one_file(client: httpx.AsyncClient, place: ServicePlace) -> None:
    body = _build_body("MANY")

    async def insist() -> int:
        while True:
            found = await _begin(client, body)
            if found.status_code == 303:
                return int(found.headers["location"].rpartition("/")[2])
            if found.status_code != 409:
                offset = int(found.headers["upload-offset"])
                await _add(client, body, offset, offset + 500)

    numbers = await asyncio.gather(*(insist() for _ in range(8)))
    assert len(set(numbers)) == 1
    found = await client.get(f"/v1/submissions/{numbers[0]}?wait=60")
    assert found.json()["receipt"]["accepted"]["lines"] == 20
    assert _list_partial_files(place) == []


async def test_an_upload_survives_a_kill_and_goes_on(database: Database, tmp_path: Path) -> None:
    body = to_jsonl([*CREDITS, *build_unknown_centres(5_000)])
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await _begin(client, body)
            assert (await _add(client, body, 0, 300_000)).status_code == 204
            _, writer = await _begin_piece(served, body, 10)
            served.process.kill()
            await served.process.wait()
            writer.close()
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            found = await _begin(client, body)
            assert (found.status_code, found.headers["upload-offset"]) == (200, "300000")
            whole = await _add(client, body, 300_000)
            assert whole.json()["receipt"]["accepted"]["lines"] == len(CREDITS)
            assert whole.json()["receipt"]["sha256"] == _hash(body)


async def test_a_stop_lets_uploads_go_and_keeps_what_has_arrived(database: Database, tmp_path: Path) -> None:
    body = to_jsonl([*CREDITS, *build_unknown_centres(9_000)])
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            here = (await _begin(client, body)).headers["location"]
            reader, writer = await _begin_piece(served, body, 300_000)
            while (await client.head(here)).headers["upload-offset"] == "0":
                pass
            served.process.send_signal(signal.SIGTERM)
            assert b"503" in await reader.readline()
            assert await served.process.wait() == 0
            assert "request failed" not in "".join(served.log_lines)
            writer.close()
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            offset = int((await _begin(client, body)).headers["upload-offset"])
            assert 0 < offset <= 300_000
            assert (await _add(client, body, offset)).json()["receipt"]["accepted"]["lines"] == len(CREDITS)


# --------------------------------------------------------------------------------------------- refused


async def test_other_bytes_than_declared_leave_nothing(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = _build_body("OTHER")
    await _begin(client, body)
    said = {"upload-offset": "0"}
    found = await client.patch(
        f"/v1/uploads/{_hash(body)}", content=body.replace(b"0.01", b"9.01"), headers=said
    )
    assert (found.status_code, found.json()["code"]) == (422, "envelope-mismatch")
    assert _list_partial_files(place) == []
    assert (await _begin(client, body)).status_code == 201, "and it may be sent again"
    assert (await _add(client, body, 0)).status_code == 200


WHOLE: Mapping[str, tuple[dict[str, str], Mapping[str, str], int, str]] = {
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


@pytest.mark.parametrize("name", WHOLE)
async def test_a_file_refused_whole_is_refused_as_in_one_piece(
    name: str, anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    said, key, status, code = WHOLE[name]
    body = _build_body(f"WHOLE-{name[-8:]}")
    anonymous.headers.update(key)
    assert (await _begin(anonymous, body, **said)).status_code == 201
    found = await _add(anonymous, body, 0)
    assert (found.status_code, found.json()["code"]) == (status, code)
    assert _list_partial_files(place) == []
    assert not list((place.data / "spool").glob(f"*/{_hash(body)}"))


NOT_BEGUN: Mapping[str, tuple[dict[str, str], int, str]] = {
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


@pytest.mark.parametrize("name", NOT_BEGUN)
async def test_what_cannot_be_is_not_begun(name: str, client: httpx.AsyncClient, place: ServicePlace) -> None:
    headers, status, code = NOT_BEGUN[name]
    found = await _begin(client, _build_body("NOT"), **headers)
    assert (found.status_code, found.json()["code"]) == (status, code), found.text
    assert _list_partial_files(place) == []


async def test_pieces_that_do_not_fit_are_not_taken(client: httpx.AsyncClient) -> None:
    body = _build_body("FIT")
    await _begin(client, body)
    here = f"/v1/uploads/{_hash(body)}"
    for said in ({}, {"upload-offset": "x"}, {"upload-offset": "-1"}):
        assert (await client.patch(here, content=body, headers=said)).status_code == 400
    packed = {"upload-offset": "0", "content-encoding": "gzip"}
    assert (await client.patch(here, content=body, headers=packed)).status_code == 415
    told = await client.patch(here, content=body + b"x", headers={"upload-offset": "0"})
    assert (told.status_code, told.json()["code"]) == (413, "limit-exceeded")
    assert (await client.head(here)).headers["upload-offset"] == "0"

    async def untold() -> AsyncIterator[bytes]:
        yield body + b"x"

    told = await client.patch(here, content=untold(), headers={"upload-offset": "0"})
    assert told.status_code == 413
    whole = await _add(client, body, len(body))
    assert whole.json()["receipt"]["accepted"]["lines"] == 20, "what was over is not kept"


async def test_another_size_of_the_same_hash_is_told(client: httpx.AsyncClient) -> None:
    body = _build_body("SIZE")
    await _begin(client, body)
    found = await _begin(client, body, upload_length="1")
    assert (found.status_code, found.json()["code"]) == (409, "upload-differs")
    assert (await client.delete(f"/v1/uploads/{_hash(body)}")).status_code == 204


async def test_uploads_are_listed_given_up_and_bounded(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    bodies = [_build_body(f"BOUND-{n}", 1) for n in range(17)]
    found = [await _begin(client, body) for body in bodies]
    assert [each.status_code for each in found] == [201] * 16 + [409]
    assert found[-1].json()["code"] == "uploads-full"
    listed = (await client.get("/v1/uploads")).json()["uploads"]
    assert {each["upload"] for each in listed} == {_hash(body) for body in bodies[:16]}
    for each in listed:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", each["expires_at"])
        assert (await client.delete(each["links"]["self"])).status_code == 204
        assert (await client.delete(each["links"]["self"])).status_code == 404
    assert _list_partial_files(place) == []


# --------------------------------------------------------------------------------------------- another's


async def test_another_senders_upload_is_not_there_by_any_route(
    anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = _build_body("SECRET")
    anonymous.headers.update(MINISTRY)
    await _begin(anonymous, body)
    await _add(anonymous, body, 0, 100)
    anonymous.headers.update(FOREIGN)
    for method in ("GET", "HEAD", "PATCH", "DELETE"):
        said = {"upload-offset": "100"}
        taken = await anonymous.request(
            method, f"/v1/uploads/{_hash(body)}", headers=said, content=body[100:]
        )
        nothing = await anonymous.request(method, f"/v1/uploads/{'0' * 64}", headers=said)
        assert taken.status_code == nothing.status_code == 404
        assert taken.text.replace(_hash(body), "0" * 64) == nothing.text
    rows = await fetch(
        place.dsn,
        "select key, action from audit where code = 'not-found' and action like '%' || $1",
        _hash(body),
    )
    assert {row["key"] for row in rows} == {"stranger2222"}
    assert {row["action"].partition(" ")[0] for row in rows} == {"GET", "HEAD", "PATCH", "DELETE"}
    assert (await anonymous.get("/v1/uploads")).json()["uploads"] == []
    # the same bytes of another sender are another upload, which starts at nothing
    own = await _begin(anonymous, body)
    assert (own.status_code, own.headers["upload-offset"]) == (201, "0")
    theirs = (await _add(anonymous, body, 0)).json()
    assert theirs["receipt"]["sender"] == "MIN-12"
    anonymous.headers.update(MINISTRY)
    assert (await _begin(anonymous, body)).headers["upload-offset"] == "100"
    assert (await _add(anonymous, body, 100)).json()["submission"] != theirs["submission"]


@pytest.mark.parametrize("key", [AUDITOR, OPERATOR])
async def test_who_sends_nothing_begins_nothing(
    key: Mapping[str, str], anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    anonymous.headers.update(key)
    found = await _begin(anonymous, _build_body("NOBODY"))
    assert (found.status_code, found.json()["code"]) == (403, "role-not-held")
    added = await _add(anonymous, _build_body("NOBODY"), 0)
    assert (added.status_code, added.json()["code"]) == (403, "role-not-held")
    assert _list_partial_files(place) == []


@pytest.mark.parametrize("path", ["../../x", "%2e%2e%2f", "0" * 63, "0" * 65, "G" * 64, "A" * 64, ""])
async def test_a_path_that_is_no_hash_is_not_found(path: str, client: httpx.AsyncClient) -> None:
    assert (await client.get(f"/v1/uploads/{path}x")).status_code == 404
