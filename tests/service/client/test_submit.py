"""``crescendo submit``: send files, send them again, and wait for the receipts."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from service.client import Client, Refused, Unreachable
from service.configuration.settings import UsageError
from service.database.embedded_server import Database
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import FOREIGN, MINISTRY
from tests.service.http.act_files import build_commitment, build_debt_charges, build_unknown_centres
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
    result = await _run_submit(place.service, good, other, "--json")
    assert result.code == 0, result.err
    receipts = [submission["receipt"] for submission in result.json()["submissions"]]
    assert [submission["accepted"]["lines"] for submission in receipts] == [1, 1]
    assert [submission["file"] for submission in receipts] == ["good.jsonl", "é;name.jsonl"]
    second_result = await _run_submit(place.service, good)
    assert "FUND_CENTRE_UNKNOWN" in second_result.out
    assert "Receipts" in second_result.out
    rows = await fetch(place.dsn, "select from entry where reference = 'A-1'")
    assert len(rows) == 1


async def test_a_refused_file_does_not_stop_the_others(place: ServicePlace, tmp_path: Path) -> None:
    bad = tmp_path / "bad.xml"
    bad.write_text("<a/>")
    good = _write_file(tmp_path, "good.jsonl", [build_commitment("B-1")])
    result = await _run_submit(place.service, bad, good, "--json")
    assert result.code == 1
    assert result.json()["refused"][0]["code"] == "format-unknown"
    assert len(result.json()["submissions"]) == 1
    assert "NAMESPACE_UNKNOWN" in result.err


async def test_again_resubmits_a_file(place: ServicePlace, tmp_path: Path) -> None:
    file = _write_file(tmp_path, "again.jsonl", build_unknown_centres(1, "C-"))
    await _run_submit(place.service, file)
    result = await _run_submit(place.service, file, "--again", "--json")
    assert result.json()["submissions"][0]["receipt"]["attempt"] == 2


async def test_an_invalid_key_is_reported_once(place: ServicePlace, tmp_path: Path) -> None:
    large = tmp_path / "large.csv"
    large.write_bytes(bytes(20_000_000))
    pauses: list[float] = []
    client = Client(place.service.url, KEY[:-1] + "t", sleep=pauses.append)
    with pytest.raises(Refused, match="valid key or token"):
        await asyncio.to_thread(client.submit, large)
    assert pauses == []


async def test_progress_is_reported_to_the_last_byte(place: ServicePlace, tmp_path: Path) -> None:
    file = _write_file(tmp_path, "long.jsonl", build_unknown_centres(8000, "D-"))
    heard: list[tuple[str, int, int]] = []
    client, size = Client(place.service.url, KEY, lambda *report: heard.append(report)), file.stat().st_size
    ticket = await asyncio.to_thread(client.submit, file)
    assert ticket["state"] == "decided"
    for stage in ("hashing", "sending"):
        of_stage = [report for report in heard if report[0] == stage]
        assert of_stage == sorted(of_stage)
        assert of_stage[-1] == (stage, size, size)
        assert len(of_stage) > 1


async def test_an_unreachable_service_is_reported_after_a_few_attempts(tmp_path: Path) -> None:
    file = _write_file(tmp_path, "file.jsonl", [build_commitment("E-1")])
    pauses: list[float] = []
    client = Client("http://127.0.0.1:9", KEY, attempts=5, sleep=pauses.append)
    with pytest.raises(Unreachable, match="5 times"):
        await asyncio.to_thread(client.submit, file)
    assert pauses == [1, 2, 4, 8], "each pause is longer than the one before"


async def test_a_refused_connection_is_reported_at_the_first_retry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _write_file(tmp_path, "file.jsonl", [build_commitment("E-1")])
    notes: list[str] = []
    with pytest.raises(Unreachable):
        Client("http://127.0.0.1:9", KEY, sleep=lambda _: notes.append(capsys.readouterr().err)).submit(file)
    assert notes[0] == (
        "crescendo client: no connection: Connection refused; again in 1 s;"
        " http://127.0.0.1:9 is tried 10 times within 151 s\n"
    )
    assert notes[1] == "crescendo client: no connection: Connection refused; again in 2 s\n"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "127.0.0.1:8000", "http://"])
async def test_an_invalid_address_is_a_usage_error(url: str, tmp_path: Path) -> None:
    file = _write_file(tmp_path, "file.jsonl", [build_commitment("E-1")])
    with pytest.raises(UsageError):
        Client(url, KEY).submit(file)


async def test_usage_errors_are_reported_before_anything_is_sent(place: ServicePlace, tmp_path: Path) -> None:
    file = _write_file(tmp_path, "file.jsonl", [build_commitment("F-1")])
    for words, message, key in (
        ((tmp_path / "missing.csv",), "there is no such file", KEY),
        ((), "at least one file", KEY),
        ((file,), "an API key is needed", ""),
        ((file, "--dry-run", "--again"), "--dry-run stores nothing", KEY),
    ):
        result = await _run_submit(place.service, *words, key=key)
        assert result.code == 2
        assert message in result.err


async def test_the_same_file_of_another_sender_is_another_submission(
    place: ServicePlace, tmp_path: Path
) -> None:
    file = _write_file(tmp_path, "same.jsonl", [build_commitment("G-1", "0.01")])
    numbers = []
    for key in (KEY, FOREIGN["authorization"].removeprefix("Bearer ")):
        result = await _run_submit(place.service, file, "--json", key=key)
        numbers.append(result.json()["submissions"][0]["submission"])
    assert numbers[0] != numbers[1]


async def test_a_file_arrives_once_and_whole_over_interrupted_connections(
    database: Database, tmp_path: Path
) -> None:
    file = _write_file(
        tmp_path, "acts.jsonl", [*build_debt_charges(20), *build_unknown_centres(20_000, "H-")]
    )
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data") as served:
        async with run_proxy(served.url, [100_000, 1_000_000]) as bad:
            result = await _run_submit(bad.url, file, "--json")
        assert bad.cuts == []
        assert result.code == 0, result.err
        (ticket,) = result.json()["submissions"]
        assert ticket["receipt"]["size_bytes"] == file.stat().st_size
        assert ticket["receipt"]["accepted"]["lines"] == 20
        assert len(await fetch(dsn, "select from submission")) == 1
        assert list((tmp_path / "data" / "spool" / "incoming").iterdir()) == []
