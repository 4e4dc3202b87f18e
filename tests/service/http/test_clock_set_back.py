"""A clock that is set back, over HTTP, by file and on the command line: what has ended must not hold again.

No clock is changed: a time later than now is stored, as a clock that was right would have stored it before it was set back.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.file_strategies import REFERENCE
from tests.service.command_line import CommandResult, run_crescendo
from tests.service.dropfolders.drop_senders import SenderFolders, prepare_service, run_watching_service
from tests.service.http.access_keys import DIRECTORATE, MINISTRY, build_headers
from tests.service.http.act_files import ALLOTMENTS, OPENINGS, build_commitment, submit_credits
from tests.service.http.conftest import ServicePlace
from tests.service.http.disk_checks import read_metric
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

PLANT = "insert into directory_change (reason, by, key, at) values ('r', 'Alice', '', clock_timestamp() + interval '{}')"
_BY = ("--as", "Alice", "--reason", "r")
COMMANDS = [
    ("run", "{file}", "--sender", "MIN-09"),
    ("pay", "propose", "--as", "Alice", "--until", "2018-06-30"),
    ("pay", "interest"),
    ("bank", "import", "{file}"),
    ("person", "add", "amartin", "--name", "Alice Martin", *_BY),
    ("period", "close", "--year", "2018", "--month", "5", *_BY),
    ("access", "create", "MIN-09", "--role", "authorising_officer"),
]


async def run_on(place: ServicePlace, *words: str) -> CommandResult:
    where = ("--database", place.dsn, "--data", place.data)
    return await run_crescendo(*words, *where, environment={"CRESCENDO_REFERENCE": str(REFERENCE)})


async def plant_time(dsn: str, ahead: str = "1 hour") -> datetime:
    """Store a time that is so much later than now, and return it."""
    await fetch(dsn, PLANT.format(ahead))
    return (await fetch(dsn, "select max(at) from directory_change"))[0][0]


async def correct_clock(place: ServicePlace, wrong: datetime) -> CommandResult:
    return await run_on(place, "db", "correct-clock", "--wrong-time", f"{wrong:%Y-%m-%dT%H:%M:%SZ}", *_BY)


def check_refused(response: httpx.Response) -> None:
    assert (response.status_code, response.json()["code"]) == (503, "clock-set-back"), response.text
    assert int(response.headers["retry-after"]) > 0


@pytest_asyncio.fixture
async def place(database: Database, tmp_path: Path) -> AsyncIterator[ServicePlace]:
    async with create_database(database) as dsn, run_service(dsn, tmp_path) as service:
        async with service.client(MINISTRY) as client:
            await submit_credits(client)
        yield ServicePlace(service, dsn, tmp_path)


async def test_a_service_refuses_all_that_has_a_key_until_the_clock_is_corrected(place: ServicePlace) -> None:
    async with place.service.open_checking_client(MINISTRY) as client:
        assert (await client.post("/v1/acts", json=build_commitment("EJ-1"))).json()["outcome"] == "accepted"
        assert (
            await read_metric(place.service, "clock_set_back"),
            await read_metric(place.service, "ready"),
        ) == (0, 1)
        wrong = await plant_time(place.dsn)
        line = await place.service.wait_for_log('"event":"clock set back, work waits"')
        assert f"{wrong:%Y-%m-%d %H:%M:%S} UTC for directory change 1" in line
        check_refused(await client.post("/v1/acts", json=build_commitment("EJ-2")))
        check_refused(
            await client.post("/v1/submissions", content=to_jsonl([build_commitment("EJ-3")]), headers=JSONL)
        )
        check_refused(await client.get("/v1/periods"))
        check_refused(await client.get("/v1/periods", headers=build_headers("ministry2222", "x" * 43)))
        check_refused(await client.get("/readyz"))
        assert (await client.get("/healthz")).status_code == 200
        assert (
            await read_metric(place.service, "clock_set_back"),
            await read_metric(place.service, "ready"),
        ) == (1, 0)

        corrected = await correct_clock(place, wrong)
        assert (corrected.code, corrected.out) == (
            0,
            "Correction 1: times that were stored until now no longer bound the clocks.\n",
        ), corrected.err
        await place.service.wait_for_log('"event":"clocks are right again"')
        assert (await client.post("/v1/acts", json=build_commitment("EJ-2"))).json()["outcome"] == "accepted"
        assert (await client.get("/readyz")).status_code == 200
    proof = await run_on(place, "verify")
    assert proof.code == 0, proof.out


async def test_commands_beside_a_service_and_alone_change_nothing(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "acts.jsonl"
    file.write_bytes(to_jsonl(OPENINGS))
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path / "data") as service:
            place = ServicePlace(service, dsn, tmp_path / "data")
            wrong = await plant_time(dsn)
            await check_commands(place, file, wrong)
        await check_commands(place, file, wrong)
        status = await run_on(place, "db", "status")
        assert status.code == 0, status.err
        other = await correct_clock(place, wrong.replace(year=wrong.year + 1))
        assert (other.code, "nothing is corrected" in other.out) == (1, True)
        assert (await correct_clock(place, wrong)).code == 0
        done = await run_on(place, "run", str(file), "--sender", "DIRECTORATE")
        assert done.code == 0, done.err


async def check_commands(place: ServicePlace, file: Path, wrong: datetime) -> None:
    """Each command refuses with both times and what to do, and stores nothing."""
    tables = ("submission", "payment_run", "directory_change", "period_decision", "access_key")
    count = f"select {', '.join(f'(select count(*) from {table})' for table in tables)}"
    before = await fetch(place.dsn, count)
    for words in COMMANDS:
        result = await run_on(place, *(word.format(file=file) for word in words))
        assert result.code == 3, (words, result)
        text = " ".join(result.err.split())
        assert "is set back: it says 20" in text, text
        assert f"{wrong:%Y-%m-%d %H:%M:%S} UTC for directory change 1" in text
        assert "Set the clock right" in text
    assert await fetch(place.dsn, count) == before


async def test_a_service_starts_and_says_why_it_does_not_work(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        wrong = await plant_time(dsn)
        async with run_service(dsn, tmp_path, ready=False) as service:
            await service.wait_for_log('"event":"clock set back, waiting for the right time"')
            async with service.client(DIRECTORATE) as client:
                check_refused(await client.get("/readyz"))
                check_refused(await client.post("/v1/acts", json=OPENINGS[0]))
                assert (await correct_clock(ServicePlace(service, dsn, tmp_path), wrong)).code == 0
                await service.wait_for_log('"event":"ready"')
                assert (await client.post("/v1/acts", json=OPENINGS[0])).json()["outcome"] == "accepted"


async def test_a_task_that_waits_does_not_begin(database: Database, tmp_path: Path) -> None:
    """Whoever asked for it had a key then; that may have ended since."""
    task = (
        "insert into task (kind, arguments, key, sender) values ('propose', '{}', 'paymaster222', 'DRFIP-75')"
    )
    async with create_database(database) as dsn:
        wrong = await plant_time(dsn)
        await fetch(dsn, task)
        async with run_service(dsn, tmp_path, ready=False) as service:
            await service.wait_for_log('"event":"clock set back, work waits"')
            assert await fetch(dsn, "select from task_event") == []
            assert (await correct_clock(ServicePlace(service, dsn, tmp_path), wrong)).code == 0
            await service.wait_for_log('"event":"task ended"')
        assert (await fetch(dsn, "select count(*) from task_event where event <> 'started'"))[0][0] == 1


async def test_files_wait_in_their_folder(database: Database, tmp_path: Path) -> None:
    async with prepare_service(database, tmp_path) as (dsn, folders):
        async with run_watching_service(dsn, tmp_path, "--drop-settle", "0") as service:
            await service.wait_for_log('"event":"drop answered"')
            wrong = await plant_time(dsn)
            await service.wait_for_log('"event":"clock set back, work waits"')
            leave_allotments(folders)
            async with service.client() as client:
                check_refused(await client.get("/readyz"))
            place = ServicePlace(service, dsn, tmp_path / "data")
            assert "allotments.jsonl" in folders.list_names("in")
            assert (await correct_clock(place, wrong)).code == 0
            await service.wait_for_log('"event":"drop answered"', times=2)
            assert folders.list_names("in") == set()
        assert (await fetch(dsn, "select count(*) from submission"))[0][0] == 2


def leave_allotments(folders: SenderFolders) -> None:
    folders.leave_file("allotments.jsonl", ALLOTMENTS)


@pytest.mark.parametrize("ahead", ["5 seconds"])
async def test_two_clocks_that_follow_the_same_time_may_differ(place: ServicePlace, ahead: str) -> None:
    await plant_time(place.dsn, ahead)
    async with place.service.client(MINISTRY) as client:
        assert (await client.post("/v1/acts", json=build_commitment("EJ-9"))).json()["outcome"] == "accepted"
