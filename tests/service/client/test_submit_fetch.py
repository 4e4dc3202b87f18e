"""``crescendo submit --fetch`` and ``Client.fetch_results``: the results of files, written into a folder."""

import asyncio
import csv
import json
import re
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from core.outcome_codes import Outcome
from core.remedies import REMEDIES
from service.cli.submit_options import ServiceOptions
from service.cli.submit_results import SubmitResults
from service.client import Client, ResultsMissing
from service.database.embedded_server import Database
from tests.ingest.payment_files import build_assignments, build_lot, build_message, build_transfer
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_commitment, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.proxies import run_proxy
from tests.service.http.running_service import create_database, fetch, run_service, to_jsonl
from tests.settlement.test_pain002_v10 import validate_report

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = MINISTRY["authorization"].removeprefix("Bearer ")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


async def _run_submit(place: ServicePlace, *words: str | Path) -> Any:
    return await run_crescendo(
        "submit", *words, "--url", place.service.url, environment={"CRESCENDO_KEY": KEY}
    )


def _write_file(path: Path, rows: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(to_jsonl(rows))
    return path


def _read_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def test_receipt_refusals_and_pain002_are_written(
    place: ServicePlace, tmp_path: Path, results: Path
) -> None:
    acts = _write_file(
        tmp_path / "acts.jsonl", [build_commitment("FA-GOOD"), *build_unknown_centres(2, "FA-")]
    )
    rows = [(f"FW{number}", "0.01") for number in range(3)]
    text = build_message(build_lot([build_transfer(*row) for row in rows]), count=len(rows), name="MSG-FW")
    (tmp_path / "pay.xml").write_bytes(text)
    (tmp_path / "pay.xml.imputation.csv").write_bytes(build_assignments(rows))
    words = (acts, tmp_path / "pay.xml", "--fetch", results)
    submitted = await _run_submit(place, *words, "--json")
    assert submitted.code == 0, submitted.err
    first, second = submitted.json()["submissions"]
    stems = [f"acts.jsonl.{first['submission']}", f"pay.xml.{second['submission']}"]
    names = [f"{stem}.{end}" for stem in stems for end in ("receipt.json", "refusals.csv")]
    assert _read_names(results) == sorted([*names, f"{stems[1]}.pain002.xml"])
    assert sorted(submitted.json()["results"]) == sorted(str(path) for path in results.iterdir())
    assert json.loads((results / names[0]).read_bytes()) == first
    lines = list(csv.DictReader((results / names[1]).read_text().splitlines()))
    assert [(line["reference"], line["code"]) for line in lines] == [
        ("FA-0", "FUND_CENTRE_UNKNOWN"),
        ("FA-1", "FUND_CENTRE_UNKNOWN"),
    ]
    report = validate_report((results / f"{stems[1]}.pain002.xml").read_bytes())
    assert report.orgnl_grp_inf_and_sts.orgnl_msg_id == "MSG-FW"
    assert str(results / names[0]) in (await _run_submit(place, *words)).out


async def test_files_of_the_same_name_have_results_of_their_own(
    place: ServicePlace, tmp_path: Path, results: Path
) -> None:
    files = [
        _write_file(tmp_path / folder / "acts.jsonl", build_unknown_centres(count, f"FB-{folder}-"))
        for count, folder in enumerate(("april", "may"), 1)
    ]
    for name in ("april", "may"):
        (tmp_path / name / "bad.xml").write_text(f"<{name}/>")
        files.append(tmp_path / name / "bad.xml")
    submitted = await _run_submit(place, *files, "--fetch", results, "--json")
    assert submitted.code == 1, submitted.err
    for ticket, count in zip(submitted.json()["submissions"], (1, 2), strict=True):
        refusals = results / f"acts.jsonl.{ticket['submission']}.refusals.csv"
        assert len(refusals.read_text().splitlines()) == count + 1
    problems = [json.loads(path.read_bytes()) for path in results.glob("bad.xml.*.problem.json")]
    assert sorted(problem["file"] for problem in problems) == sorted(map(str, files[2:]))
    assert {problem["code"] for problem in problems} == {"format-unknown"}
    assert problems[0] in submitted.json()["refused"]
    assert len(_read_names(results)) == 6


async def test_the_same_file_again_fetches_the_earlier_results(
    place: ServicePlace, tmp_path: Path, results: Path
) -> None:
    file = _write_file(tmp_path / "acts.jsonl", build_unknown_centres(2, "FC-"))
    assert (await _run_submit(place, file)).code == 0
    assert (await _run_submit(place, file, "--fetch", results)).code == 0
    before = {path.name: (path.read_bytes(), path.stat().st_ino) for path in results.iterdir()}
    assert len(before) == 2
    assert (await _run_submit(place, file, "--fetch", results)).code == 0
    assert {path.name: (path.read_bytes(), path.stat().st_ino) for path in results.iterdir()} == before
    assert (await _run_submit(place, file, "--again", "--fetch", results)).code == 0
    assert len(_read_names(results)) == 4, "a second decision is another submission"


async def test_another_file_of_a_result_name_is_kept(
    place: ServicePlace, tmp_path: Path, results: Path
) -> None:
    """The file is named, the other files are sent, and the command that was printed works after a clean-up."""
    file = _write_file(tmp_path / "acts.jsonl", build_unknown_centres(2, "FD-"))
    submitted = await _run_submit(place, file, "--json")
    number = submitted.json()["submissions"][0]["submission"]
    refusals = results / f"acts.jsonl.{number}.refusals.csv"
    refusals.write_text("mine")
    other = _write_file(tmp_path / "other.jsonl", build_unknown_centres(1, "FE-"))
    submitted = await _run_submit(place, file, other, "--fetch", results, "--atomic")
    assert submitted.code == 3
    assert f"{refusals} exists with other content" in submitted.err
    assert f"{refusals.name}, acts.jsonl.{number}.receipt.json" in submitted.err
    assert refusals.read_text() == "mine"
    assert not list(results.glob("acts.jsonl.*.receipt.json"))
    assert len(list(results.glob("other.jsonl.*.receipt.json"))) == 1
    refusals.unlink()
    (command,) = re.findall(r"^ *(?:\S*/)?crescendo (submit .*)$", submitted.err, re.MULTILINE)
    assert "--atomic" in command
    repeated = await run_crescendo(*command.split(), environment={"CRESCENDO_KEY": KEY})
    assert repeated.code == 0, repeated.err
    assert len(list(results.glob("acts.jsonl.*"))) == 2


async def test_the_folder_is_looked_at_before_anything_is_sent(place: ServicePlace, tmp_path: Path) -> None:
    file = _write_file(tmp_path / "acts.jsonl", build_unknown_centres(1, "FF-"))
    before = await fetch(place.dsn, "select count(*) from submission")
    missing = tmp_path / "a folder"
    for words, messages in (
        (("--fetch", missing), ("there is no such folder", f"mkdir -p '{missing}'")),
        (("--fetch", file), ("it is not a folder",)),
        (("--fetch", file / "deeper"), ("Not a directory",)),
        (("--fetch", tmp_path / ("x" * 300)), ("File name too long",)),
        (("--fetch", tmp_path, "--dry-run"), ("--dry-run stores nothing",)),
    ):
        result = await _run_submit(place, file, *words)
        assert result.code == 2, result.err
        for message in messages:
            assert message in result.err
    assert await fetch(place.dsn, "select count(*) from submission") == before
    assert _read_names(tmp_path) == ["acts.jsonl"]


async def test_a_service_that_ends_before_the_results_are_fetched(
    database: Database, tmp_path: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _write_file(tmp_path / "the acts.jsonl", build_unknown_centres(2, "FG-"))
    data = tmp_path / "data"
    async with create_database(database) as dsn:
        async with run_service(dsn, data) as service:
            client = Client(service.url, KEY, attempts=2, sleep=lambda _: None)
            ticket = await asyncio.to_thread(client.submit, file)
        store = SubmitResults(ServiceOptions(url=service.url, fetch=results))
        assert not await asyncio.to_thread(store.fetch, client, ticket, [file, tmp_path / "next.csv"])
        message = " ".join(capsys.readouterr().err.split())
        stem = f"the acts.jsonl.{ticket['submission']}"
        assert f"{stem}.refusals.csv, {stem}.receipt.json" in message
        assert f"submit '{file}' {tmp_path / 'next.csv'} --fetch {results} --url {service.url}" in message
        assert _read_names(results) == []
        async with run_service(dsn, data) as service:
            client = Client(service.url, KEY)
            again = await asyncio.to_thread(client.submit, file)
            paths = await asyncio.to_thread(client.fetch_results, again, results, name="the acts.jsonl")
    assert [path.name for path in paths] == [f"{stem}.refusals.csv", f"{stem}.receipt.json"]
    assert _read_names(results) == sorted(path.name for path in paths)


async def test_many_refusals_are_streamed_and_a_cut_response_is_read_again(
    place: ServicePlace, tmp_path: Path, results: Path
) -> None:
    file = _write_file(tmp_path / "many.jsonl", build_unknown_centres(30_000, "FH-"))
    async with run_proxy(place.service.url, [], response_cuts=[1_000_000]) as proxy:
        ticket = await asyncio.to_thread(Client(place.service.url, KEY).submit, file)
        notes: list[str] = []
        client = Client(proxy.url, KEY, sleep=lambda _: None, on_retry=notes.append)
        tracemalloc.start()
        try:
            refusals, _ = await asyncio.to_thread(client.fetch_results, ticket, results)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(notes) == 1
    assert refusals.read_bytes().count(b"\n") == 30_001
    assert refusals.stat().st_size > 2_000_000 > peak
    assert len(_read_names(results)) == 2


async def test_results_of_an_undecided_submission_are_not_written(
    place: ServicePlace, tmp_path: Path, results: Path
) -> None:
    file = _write_file(tmp_path / "acts.jsonl", build_unknown_centres(1, "FI-"))
    client = Client(place.service.url, KEY)
    ticket = await asyncio.to_thread(client.submit, file)
    with pytest.raises(ResultsMissing, match="it is waiting"):
        client.fetch_results({**ticket, "state": "waiting"}, results)
    with pytest.raises(ResultsMissing, match="No such file or directory"):
        client.fetch_results(ticket, results / "deeper")
    assert _read_names(results) == []


async def test_results_come_in_french(place: ServicePlace, tmp_path: Path, results: Path) -> None:
    """The receipt and the refused lines are in the language that is asked for, by call, client or command."""
    file = _write_file(tmp_path / "acts.jsonl", build_unknown_centres(1, "FZ-"))
    client = Client(place.service.url, KEY)
    ticket = await asyncio.to_thread(client.submit, file)
    remedy = REMEDIES[Outcome.FUND_CENTRE_UNKNOWN]
    assert ticket["reasons"][0]["finding"] == remedy.finding
    await asyncio.to_thread(client.fetch_results, ticket, results, language="fr")
    _check_french(results, remedy.finding_fr)
    french = Client(place.service.url, KEY, language="fr")
    again = await asyncio.to_thread(french.receipt, ticket["submission"])
    assert again["reasons"][0]["finding"] == remedy.finding_fr
    await asyncio.to_thread(french.fetch_results, again, results)
    for number, choice in enumerate((("--language", "fr"), ())):
        folder = tmp_path / str(number)
        folder.mkdir()
        environment = {"CRESCENDO_KEY": KEY} | ({} if choice else {"LC_ALL": "fr_FR.UTF-8"})
        words = ("submit", file, "--fetch", folder, *choice, "--url", place.service.url)
        submitted = await run_crescendo(*words, environment=environment)
        assert submitted.code == 0, submitted.err
        _check_french(folder, remedy.finding_fr)


def _check_french(folder: Path, finding: str) -> None:
    (receipt,) = folder.glob("*.receipt.json")
    assert json.loads(receipt.read_bytes())["reasons"][0]["finding"] == finding
    (refusals,) = folder.glob("*.refusals.csv")
    assert finding in refusals.read_text()


async def test_the_problem_of_a_file_goes_when_the_file_is_accepted(
    place: ServicePlace, tmp_path: Path, results: Path
) -> None:
    """A problem of another file of the same name stays."""
    for folder in ("mine", "other"):
        _write_file(tmp_path / folder / "acts.jsonl", [{"refrence": folder}])
        assert (await _run_submit(place, tmp_path / folder / "acts.jsonl", "--fetch", results)).code == 1
    assert len(_read_names(results)) == 2
    _write_file(tmp_path / "mine" / "acts.jsonl", build_unknown_centres(1, "FP-"))
    assert (await _run_submit(place, tmp_path / "mine" / "acts.jsonl", "--fetch", results)).code == 0
    (problem,) = results.glob("*.problem.json")
    assert json.loads(problem.read_bytes())["file"] == str(tmp_path / "other" / "acts.jsonl")
    assert len(_read_names(results)) == 3
