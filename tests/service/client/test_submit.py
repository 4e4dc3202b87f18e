"""``crescendo submit``: files sent, sent again, and waited for."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from service.client import Client, Refused, Unreachable
from service.configuration.settings import UsageError
from service.database.embedded import Database
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.proxies import run_proxy
from tests.service.http.running_service import create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = MINISTRY["authorization"].removeprefix("Bearer ")


async def _run_submit(service: Any, *words: str | Path, key: str = KEY) -> Any:
    where = ("--url", service if isinstance(service, str) else service.url)
    return await run_crescendo("submit", *words, *where, environment={"CRESCENDO_KEY": key})


def _write_file(folder: Path, name: str, rows: Any) -> Path:
    path = folder / name
    path.write_bytes(to_jsonl(rows))
    return path


async def test_files_are_sent_and_their_receipts_shown(place: ServicePlace, tmp_path: Path) -> None:
    good = _write_file(tmp_path, "good.jsonl", [build_commitment("A-1"), *build_unknown_centres(2, "A-")])
    other = _write_file(tmp_path, "é;name.jsonl", [build_commitment("A-2")])
    found = await _run_submit(place.service, good, other, "--json")
    assert found.code == 0, found.err
    receipts = [each["receipt"] for each in found.json()["submissions"]]
    assert [each["accepted"]["lines"] for each in receipts] == [1, 1]
    assert [each["file"] for each in receipts] == ["good.jsonl", "__name.jsonl"]
    told = await _run_submit(place.service, good)
    assert "FUND_CENTRE_UNKNOWN" in told.out
    assert "Receipts" in told.out
    rows = await fetch(place.dsn, "select from entry where reference = 'A-1'")
    assert len(rows) == 1


async def test_a_file_refused_whole_does_not_keep_the_others(place: ServicePlace, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_text("<a/>")
    good = _write_file(tmp_path, "good.jsonl", [build_commitment("B-1")])
    found = await _run_submit(place.service, bad, good, "--json")
    assert found.code == 1
    assert found.json()["refused"][0]["code"] == "format-unknown"
    assert len(found.json()["submissions"]) == 1
    assert "NAMESPACE_UNKNOWN" in found.err


async def test_again_presents_a_file_anew(place: ServicePlace, tmp_path: Path) -> None:
    file = _write_file(tmp_path, "again.jsonl", build_unknown_centres(1, "C-"))
    await _run_submit(place.service, file)
    found = await _run_submit(place.service, file, "--again", "--json")
    assert found.json()["submissions"][0]["receipt"]["attempt"] == 2


async def test_a_key_that_opens_nothing_is_told_once(place: ServicePlace, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(bytes(20_000_000))
    pauses: list[float] = []
    client = Client(place.service.url, KEY[:-1] + "t", sleep=pauses.append)
    with pytest.raises(Refused, match="valid key or token"):
        await asyncio.to_thread(client.submit, large)
    assert pauses == []


async def test_progress_is_told_to_the_last_byte(place: ServicePlace, tmp_path: Path) -> None:
    file = _write_file(tmp_path, "long.jsonl", build_unknown_centres(8000, "D-"))
    heard: list[tuple[str, int, int]] = []
    client, size = Client(place.service.url, KEY, lambda *said: heard.append(said)), file.stat().st_size
    ticket = await asyncio.to_thread(client.submit, file)
    assert ticket["state"] == "decided"
    for stage in ("hashing", "sending"):
        of_stage = [said for said in heard if said[0] == stage]
        assert of_stage == sorted(of_stage)
        assert of_stage[-1] == (stage, size, size)
        assert len(of_stage) > 1


async def test_nobody_there_is_told_after_a_few_attempts(tmp_path: Path) -> None:
    file = _write_file(tmp_path, "file.jsonl", [build_commitment("E-1")])
    pauses: list[float] = []
    client = Client("http://127.0.0.1:9", KEY, attempts=5, sleep=pauses.append)
    with pytest.raises(Unreachable, match="5 times"):
        await asyncio.to_thread(client.submit, file)
    assert pauses == [1, 2, 4, 8], "each pause is longer than the one before"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:8000", "http://"])
async def test_an_address_that_is_none_is_wrong_usage(url: str, tmp_path: Path) -> None:
    file = _write_file(tmp_path, "file.jsonl", [build_commitment("E-1")])
    with pytest.raises(UsageError):
        Client(url, KEY).submit(file)


async def test_wrong_usage_is_told_before_anything_is_sent(place: ServicePlace, tmp_path: Path) -> None:
    file = _write_file(tmp_path, "file.jsonl", [build_commitment("F-1")])
    for words, said, key in (
        ((tmp_path / "missing.csv",), "no such file", KEY),
        ((), "at least one file", KEY),
        ((file,), "an API key is needed", ""),
        ((file, "--dry-run", "--again"), "--dry-run stores nothing", KEY),
    ):
        found = await _run_submit(place.service, *words, key=key)
        assert found.code == 2
        assert said in found.err


async def test_another_senders_file_is_its_own(place: ServicePlace, tmp_path: Path) -> None:
    file = _write_file(tmp_path, "same.jsonl", [build_commitment("G-1", "0.01")])
    numbers = []
    for key in (KEY, FOREIGN["authorization"].removeprefix("Bearer ")):
        found = await _run_submit(place.service, file, "--json", key=key)
        numbers.append(found.json()["submissions"][0]["submission"])
    assert numbers[0] != numbers[1]


async def test_a_file_arrives_once_and_whole_through_connections_that_are_cut(
    database: Database, tmp_path: Path
) -> None:
    file = _write_file(tmp_path, "acts.jsonl", [*CREDITS, *build_unknown_centres(20_000, "H-")])
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data") as served:
        async with run_proxy(served.url, [100_000, 1_000_000]) as bad:
            found = await _run_submit(bad.url, file, "--json")
        assert bad.cuts == []
        assert found.code == 0, found.err
        (ticket,) = found.json()["submissions"]
        assert ticket["receipt"]["size_bytes"] == file.stat().st_size
        assert ticket["receipt"]["accepted"]["lines"] == len(CREDITS)
        assert len(await fetch(dsn, "select from submission")) == 1
        assert list((tmp_path / "data" / "spool" / "incoming").iterdir()) == []
