"""Cleaning the spool: files refused whole are deleted, and so are those that a crash left without a submission number."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests import databases
from tests.databases import lock_table, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import FOREIGN, LIMITED, MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment, build_debt_charges, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = to_jsonl([build_commitment("BAD-1", "3.00")])
REFUSED: dict[str, tuple[bytes, dict[str, str], int]] = {
    "does not decode": (LINE[:40], {}, 422),
    "does not add up": (LINE, {"crescendo-count": "2"}, 422),
    "another hash": (LINE, {"crescendo-sha256": "0" * 64}, 422),
    "another media type": (LINE, {"content-type": "text/csv"}, 422),
    "another sender": (b'{"envelope": {"sender": "MIN-12"}}\n' + LINE, {}, 403),
    "out of perimeter": (LINE, LIMITED, 403),
}


def _list_spool(data: Path) -> set[str]:
    return {path.relative_to(data).as_posix() for path in (data / "spool").rglob("*") if path.is_file()}


def _list_received_files(data: Path) -> set[str]:
    """Return the files of the spool without derived ones, which are deleted after the response, once decided."""
    return {path for path in _list_spool(data) if "/normalised." not in path}


async def _submit(client: httpx.AsyncClient, body: bytes, **headers: str) -> Any:
    return await client.post("/v1/submissions?wait=60", content=body, headers={**JSONL, **headers})


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(place: ServicePlace) -> Any:
    async with place.service.client() as client:
        yield client


@pytest.mark.parametrize("name", REFUSED)
async def test_a_file_refused_whole_is_deleted(
    name: str, client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body, headers, status = REFUSED[name]
    before = _list_spool(place.data)
    response = await _submit(client, body, **headers)
    assert response.status_code == status, response.text
    assert _list_spool(place.data) == before


async def test_a_refused_repetition_does_not_delete_the_accepted_file(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = to_jsonl([build_commitment("KEPT-1", "0.01")])
    number = (await _submit(client, body)).json()["submission"]
    before = _list_received_files(place.data)
    headers = {"content-type": "text/csv", "content-disposition": "attachment; filename=a.txt"}
    assert (await _submit(client, body, **headers)).status_code == 422
    assert (await _submit(client, body)).json()["submission"] == number
    assert _list_received_files(place.data) == before


async def test_the_same_bytes_of_another_sender_stay(
    anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = to_jsonl([build_commitment("BOTH-1", "0.01")])
    assert (await _submit(anonymous, body, **FOREIGN)).status_code == 200
    before = _list_received_files(place.data)
    assert (await _submit(anonymous, body, **MINISTRY, **{"crescendo-count": "7"})).status_code == 422
    assert _list_received_files(place.data) == before


async def test_a_file_refused_and_accepted_concurrently_stays(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """Whatever the order of concurrent requests with the same bytes, the spool has them after any 2xx response."""
    body = to_jsonl([build_commitment("CROSS-1", "0.01")])
    wrong = {"crescendo-count": "2"}
    responses = await asyncio.gather(*(_submit(client, body, **(wrong if n % 2 else {})) for n in range(20)))
    assert {response.status_code for response in responses} <= {200, 202, 422, 503}
    sha256 = hashlib.sha256(body).hexdigest()
    assert f"spool/{sha256[:2]}/{sha256}/original" in _list_spool(place.data)


async def test_files_left_by_a_crash_without_a_number_are_deleted_at_the_next_start(
    database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        async with (
            lock_table(dsn, "submission") as blocking,
            run_service(dsn, tmp_path) as served,
            served.client(MINISTRY) as client,
        ):
            sending = asyncio.create_task(_submit(client, to_jsonl(build_debt_charges(5))))
            await wait_until_blocked(blocking)  # spooled and validated, about to get its number
            assert _list_spool(tmp_path)
            served.process.kill()
            with pytest.raises(httpx.TransportError):
                await sending
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            assert _list_spool(tmp_path) == set()
            assert (await _submit(client, to_jsonl(build_debt_charges(5)))).json()["receipt"]["done"]
            received = _list_received_files(tmp_path)
        async with run_service(dsn, tmp_path):
            assert _list_received_files(tmp_path) == received
        # a database restored to an earlier day has no submission, yet the files stay
    async with create_database(database) as earlier, run_service(earlier, tmp_path):
        assert _list_received_files(tmp_path) == received


async def test_file_processing_deletes_files_refused_whole(database: Database, tmp_path: Path) -> None:
    bad, good, data = tmp_path / "bad.jsonl", tmp_path / "good.jsonl", tmp_path / "data"
    bad.write_bytes(LINE[:40])
    good.write_bytes(to_jsonl(CREDITS))
    async with databases.create_database(database) as dsn:
        options = ("--sender", "MIN-09", "--database", dsn, "--data", data)
        environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
        for _ in range(2):
            processed = await run_crescendo("run", bad, good, *options, environment=environment)
            assert processed.code == 1, processed.err
            names = {path.partition("/")[2].rpartition("/")[2] for path in _list_spool(data)}
            assert names == {"original", "envelope-MIN-09.json"}
        assert len(await fetch(dsn, "select from submission")) == 1


async def _wait_until_cleared(data: Path) -> None:
    """Return once the derived files are deleted; the service sends no notification, so the folder is polled."""
    while derived := [name for name in _list_spool(data) if "normalised" in name]:
        assert all((data / name).parent.joinpath("original").exists() for name in derived)
        await asyncio.sleep(0.01)


async def test_derived_files_are_deleted_once_the_file_is_decided(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = to_jsonl([build_commitment("DERIVED-1", "0.01"), *build_unknown_centres(2, "DERIVED")])
    first = (await _submit(client, body)).json()
    await _wait_until_cleared(place.data)
    repeated = await client.post("/v1/submissions?wait=60&again=true", content=body, headers=JSONL)
    assert repeated.json()["receipt"]["attempt"] == 2
    assert repeated.json()["receipt"]["duplicate"]["lines"] == 1
    await _wait_until_cleared(place.data)
    folder = place.data / "spool" / first["receipt"]["sha256"][:2] / first["receipt"]["sha256"]
    assert (folder / "original").read_bytes() == body


async def test_file_processing_leaves_only_the_original(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "acts.jsonl"
    path.write_bytes(to_jsonl(CREDITS))
    async with databases.create_database(database) as dsn:
        options = ("--database", dsn, "--data", tmp_path, "--sender", "MIN-09")
        processed = await run_crescendo(
            "run", path, *options, environment={"CRESCENDO_REFERENCE": str(REFERENCE)}
        )
        assert processed.code == 0, processed.err
        assert not [name for name in _list_spool(tmp_path) if "normalised" in name]
