"""The spool holds what submissions need: a file refused whole is gone, and so is what a crash left without a number."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.database.embedded import Database
from tests.databases import held_up, until_one_waits
from tests.file_strategies import REFERENCE
from tests.service.command_line import crescendo
from tests.service.http.access_keys import FOREIGN, MINISTRY, NARROW
from tests.service.http.act_files import CREDITS, commitment, unknown_centres
from tests.service.http.conftest import Place
from tests.service.http.running_service import JSONL, as_jsonl, fetch, fresh, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINE = as_jsonl([commitment("BAD-1", "3.00")])
REFUSED: dict[str, tuple[bytes, dict[str, str], int]] = {
    "does not decode": (LINE[:40], {}, 422),
    "does not add up": (LINE, {"crescendo-count": "2"}, 422),
    "another hash": (LINE, {"crescendo-sha256": "0" * 64}, 422),
    "another media type": (LINE, {"content-type": "text/csv"}, 422),
    "another sender": (b'{"envelope": {"sender": "MIN-12"}}\n' + LINE, {}, 403),
    "out of perimeter": (LINE, NARROW, 403),
}


def _spooled(data: Path) -> set[str]:
    return {path.relative_to(data).as_posix() for path in (data / "spool").rglob("*") if path.is_file()}


def _kept(data: Path) -> set[str]:
    """But for what was derived of them, which goes once it is decided, behind the answer."""
    return {path for path in _spooled(data) if "/normalised." not in path}


async def _submit(client: httpx.AsyncClient, body: bytes, **headers: str) -> Any:
    return await client.post("/v1/submissions?wait=60", content=body, headers={**JSONL, **headers})


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(place: Place) -> Any:
    async with place.service.client() as client:
        yield client


@pytest.mark.parametrize("name", REFUSED)
async def test_a_file_refused_whole_is_gone(name: str, client: httpx.AsyncClient, place: Place) -> None:
    body, headers, status = REFUSED[name]
    before = _spooled(place.data)
    found = await _submit(client, body, **headers)
    assert found.status_code == status, found.text
    assert _spooled(place.data) == before


async def test_a_refused_repetition_takes_nothing_from_what_was_taken(
    client: httpx.AsyncClient, place: Place
) -> None:
    body = as_jsonl([commitment("KEPT-1", "0.01")])
    number = (await _submit(client, body)).json()["submission"]
    before = _kept(place.data)
    said = {"content-type": "text/csv", "content-disposition": "attachment; filename=a.txt"}
    assert (await _submit(client, body, **said)).status_code == 422
    assert (await _submit(client, body)).json()["submission"] == number
    assert _kept(place.data) == before


async def test_another_senders_same_bytes_stay(anonymous: httpx.AsyncClient, place: Place) -> None:
    body = as_jsonl([commitment("BOTH-1", "0.01")])
    assert (await _submit(anonymous, body, **FOREIGN)).status_code == 200
    before = _kept(place.data)
    assert (await _submit(anonymous, body, **MINISTRY, **{"crescendo-count": "7"})).status_code == 422
    assert _kept(place.data) == before


async def test_refused_and_taken_at_the_same_time_is_taken(client: httpx.AsyncClient, place: Place) -> None:
    """However the same bytes cross on their way, who is told 2xx has them in the spool."""
    body = as_jsonl([commitment("CROSS-1", "0.01")])
    wrong = {"crescendo-count": "2"}
    found = await asyncio.gather(*(_submit(client, body, **(wrong if n % 2 else {})) for n in range(20)))
    assert {each.status_code for each in found} <= {200, 202, 422, 503}
    home = hashlib.sha256(body).hexdigest()
    assert f"spool/{home[:2]}/{home}/original" in _spooled(place.data)


async def test_what_a_crash_left_without_a_number_is_gone_at_the_next_start(
    database: Database, tmp_path: Path
) -> None:
    async with fresh(database) as dsn:
        async with (
            held_up(dsn, "submission") as blocking,
            running(dsn, tmp_path) as served,
            served.client(MINISTRY) as client,
        ):
            asking = asyncio.create_task(_submit(client, as_jsonl(CREDITS)))
            await until_one_waits(blocking)  # spooled and proved, and about to get its number
            assert _spooled(tmp_path)
            served.process.kill()
            with pytest.raises(httpx.TransportError):
                await asking
        async with running(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            assert _spooled(tmp_path) == set()
            assert (await _submit(client, as_jsonl(CREDITS))).json()["receipt"]["done"]
            whole = _kept(tmp_path)
        async with running(dsn, tmp_path):
            assert _kept(tmp_path) == whole
        # a database put back to an earlier day knows no submission: what it was told stays all the same
    async with fresh(database) as earlier, running(earlier, tmp_path):
        assert _kept(tmp_path) == whole


async def test_a_run_leaves_nothing_of_a_file_refused_whole(database: Database, tmp_path: Path) -> None:
    bad, good, data = tmp_path / "bad.jsonl", tmp_path / "good.jsonl", tmp_path / "data"
    bad.write_bytes(LINE[:40])
    good.write_bytes(as_jsonl(CREDITS))
    async with fresh(database) as dsn:
        words = ("--sender", "MIN-09", "--database", dsn, "--data", data)
        environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
        for _ in range(2):
            found = await crescendo("run", bad, good, *words, environment=environment)
            assert found.code == 1, found.err
            kept = {path.partition("/")[2].rpartition("/")[2] for path in _spooled(data)}
            assert kept == {"original", "envelope-MIN-09.json"}
        assert len(await fetch(dsn, "select from submission")) == 1


async def _only_what_was_sent(data: Path) -> None:
    """The service tells nobody when it has cleared up: it must be asked."""
    while derived := [name for name in _spooled(data) if "normalised" in name]:
        assert all((data / name).parent.joinpath("original").exists() for name in derived)
        await asyncio.sleep(0.01)


async def test_what_was_derived_from_a_file_goes_once_that_is_decided(
    client: httpx.AsyncClient, place: Place
) -> None:
    body = as_jsonl([commitment("DERIVED-1", "0.01"), *unknown_centres(2, "DERIVED")])
    first = (await _submit(client, body)).json()
    await _only_what_was_sent(place.data)
    again = await client.post("/v1/submissions?wait=60&again=true", content=body, headers=JSONL)
    assert again.json()["receipt"]["attempt"] == 2
    assert again.json()["receipt"]["duplicate"]["lines"] == 1
    await _only_what_was_sent(place.data)
    folder = place.data / "spool" / first["receipt"]["sha256"][:2] / first["receipt"]["sha256"]
    assert (folder / "original").read_bytes() == body


async def test_a_run_leaves_only_what_was_sent(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "acts.jsonl"
    path.write_bytes(as_jsonl(CREDITS))
    async with fresh(database) as dsn:
        place = ("--database", dsn, "--data", tmp_path, "--sender", "MIN-09")
        told = await crescendo("run", path, *place, environment={"CRESCENDO_REFERENCE": str(REFERENCE)})
        assert told.code == 0, told.err
        assert not [name for name in _spooled(tmp_path) if "normalised" in name]
