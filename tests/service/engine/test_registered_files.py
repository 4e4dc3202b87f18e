"""Commands that find an engine at work register their files, and that engine decides them."""

import asyncio
import json
import shutil
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.databases import lock_table, open_connection, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.command_line import CommandResult, run_crescendo, start_command, wait_for_end
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServicePlace]:
    data = tmp_path_factory.mktemp("engine")
    async with create_database(database) as dsn, run_service(dsn, data) as service:
        yield ServicePlace(service, dsn, data)


def _write(folder: Path, name: str, rows: list[dict[str, Any]]) -> Path:
    path = folder / name
    path.write_bytes(to_jsonl(rows))
    return path


async def _run(engine: ServicePlace, *words: str | Path, data: Path | None = None) -> CommandResult:
    sender = () if "--sender" in words else ("--sender", "DIRECTORATE")
    options = ("--database", engine.dsn, "--data", data or engine.data, *sender, "--json")
    return await run_crescendo("run", *words, *options, environment={"CRESCENDO_REFERENCE": str(REFERENCE)})


async def test_engine_at_work_decides_the_files_of_a_command(engine: ServicePlace, tmp_path: Path) -> None:
    opening = _write(tmp_path, "credits.jsonl", CREDITS)
    result = await _run(engine, opening)
    assert result.code == 0, result.err
    (receipt,) = result.json()["receipts"]
    assert receipt["accepted"]["lines"] == len(CREDITS)
    assert receipt["done"]
    (epoch,) = await fetch(engine.dsn, "select max(epoch) as epoch from batch")
    (engine_row,) = await fetch(engine.dsn, "select epoch, spool from engine")
    assert engine_row["epoch"] == epoch["epoch"] == 1, "the service still owns its first lease"

    again = await _run(engine, opening)
    assert again.code == 0
    assert [earlier["submission"] for earlier in again.json()["known"]] == [receipt["submission"]]

    third = await _run(engine, opening, "--again")
    assert third.json()["receipts"][0]["duplicate"]["lines"] == len(CREDITS)


async def test_refused_file_does_not_stop_the_others(engine: ServicePlace, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"PAR1 and no end")
    late = _write(tmp_path, "late.jsonl", [{**CREDITS[0], "reference": "LATE-1"}])
    copy = _write(tmp_path, "copy.jsonl", [{**CREDITS[0], "reference": "LATE-1"}])
    result = await _run(engine, damaged, late, copy)
    assert result.code == 1
    answer = result.json()
    assert [rejection["file"] for rejection in answer["rejected"]] == [str(damaged)]
    assert [receipt["file"] for receipt in answer["receipts"]] == ["late.jsonl"]
    assert answer["twice"] == [str(copy)]


async def test_other_data_folder_is_refused(engine: ServicePlace, tmp_path: Path) -> None:
    path = _write(tmp_path, "other.jsonl", [{**CREDITS[0], "reference": "OTHER-1"}])
    result = await _run(engine, path, data=tmp_path / "elsewhere")
    assert result.code == 3
    assert "with another data folder" in result.err
    assert "crescendo submit" in result.err


async def test_dry_run_names_the_command_that_the_service_answers(
    engine: ServicePlace, tmp_path: Path
) -> None:
    result = await _run(engine, _write(tmp_path, "dry.jsonl", CREDITS), "--dry-run")
    assert result.code == 3
    assert "crescendo submit --dry-run" in result.err


async def test_paused_sender_waits_and_an_interrupted_command_leaves_its_files(
    engine: ServicePlace, tmp_path: Path
) -> None:
    await fetch(
        engine.dsn,
        "insert into pause (sender, is_paused, reason, key, by) values ('DIRECTORATE', true, 'inquiry', '', 'test')",
    )
    path = _write(tmp_path, "paused.jsonl", [{**CREDITS[0], "reference": "PAUSED-1"}])
    process = await start_command(
        *("run", path, "--database", engine.dsn, "--data", engine.data, "--sender", "DIRECTORATE", "--json"),
        environment={"CRESCENDO_REFERENCE": str(REFERENCE)},
    )
    assert process.stderr
    printed = (await process.stderr.readuntil(b"inquiry\n")).decode()
    assert "DIRECTORATE is paused: inquiry" in printed
    process.terminate()
    result = await wait_for_end(process)
    assert result.code == 130
    assert json.loads(result.out)["is_interrupted"]
    await fetch(
        engine.dsn,
        "insert into pause (sender, is_paused, reason, key, by) values ('DIRECTORATE', false, '', '', 'test')",
    )
    (receipt,) = (await _run(engine, path)).json()["receipts"] or (await _run(engine, path)).json()["known"]
    assert receipt["accepted"]["lines"] == 1


async def _pause(engine: ServicePlace, sender: str, *, is_paused: bool) -> None:
    values = "insert into pause (sender, is_paused, reason, key, by) values ($1, $2, 'inquiry', '', 'test')"
    await fetch(engine.dsn, values, sender, is_paused)


async def _start_waiting(engine: ServicePlace, path: Path, sender: str) -> Process:
    """Start a command with a file of a paused sender, and return once it waits."""
    options = ("--database", engine.dsn, "--data", engine.data, "--sender", sender, "--json")
    environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
    process = await start_command("run", path, *options, environment=environment)
    assert process.stderr
    await process.stderr.readuntil(b"inquiry\n")
    return process


async def _find_last(engine: ServicePlace) -> tuple[int, Path]:
    """Return the number of the last submission, and its folder in the spool."""
    (row,) = await fetch(
        engine.dsn, "select submission, file_hash from submission order by submission desc limit 1"
    )
    name = bytes(row["file_hash"]).hex()
    return row["submission"], engine.data / "spool" / name[:2] / name


@pytest.mark.parametrize("fault", ["missing", "damaged"])
async def test_command_ends_when_its_file_is_lost(engine: ServicePlace, tmp_path: Path, fault: str) -> None:
    await _pause(engine, "DIRECTORATE", is_paused=True)
    path = _write(tmp_path, "lost.jsonl", [{**CREDITS[0], "reference": f"LOST-{fault}"}])
    process = await _start_waiting(engine, path, "DIRECTORATE")
    number, folder = await _find_last(engine)
    if fault == "missing":
        shutil.rmtree(folder)
    else:
        (folder / "original").write_bytes(path.read_bytes().replace(b"LOST", b"LAST"))
    result = await wait_for_end(process)
    assert result.code == 1
    (missing,) = json.loads(result.out)["lost"]
    assert missing["submission"] == number
    assert "send the file again" in missing["reason"]
    await _pause(engine, "DIRECTORATE", is_paused=False)
    again = await _run(engine, path, "--sender", "DIRECTORATE")
    assert again.code == 0, again.err
    assert [receipt["submission"] for receipt in again.json()["receipts"]] == [number]


async def test_cancelled_file_ends_its_command_with_1(engine: ServicePlace, tmp_path: Path) -> None:
    await _pause(engine, "MIN-09", is_paused=True)
    path = _write(tmp_path, "cancelled.jsonl", [build_commitment("CANCELLED-1")])
    process = await _start_waiting(engine, path, "MIN-09")
    number, _ = await _find_last(engine)
    async with engine.service.client(MINISTRY) as client:
        response = await client.delete(f"/v1/submissions/{number}")
        assert response.status_code == 200, response.text
    result = await wait_for_end(process)
    assert result.code == 1
    assert json.loads(result.out)["receipts"][0]["cancelled"]["lines"] == 1
    await _pause(engine, "MIN-09", is_paused=False)


async def test_command_without_files_waits_for_those_that_are_unfinished(
    engine: ServicePlace, tmp_path: Path
) -> None:
    """The service cannot commit the file while the command starts; the command has to wait for it nevertheless."""
    waits = "select exists (select from pg_stat_activity where query like '%sender, reason from paused%' and pid <> all($1))"
    async with (
        engine.service.client(MINISTRY) as client,
        open_connection(engine.dsn) as connection,
    ):
        async with lock_table(engine.dsn) as blocking:
            body = to_jsonl([build_commitment("UNFINISHED-1")])
            response = await client.post("/v1/submissions", content=body, headers=JSONL)
            assert response.status_code == 202, response.text
            await wait_until_blocked(blocking)
            others = [row[0] for row in await connection.fetch("select pid from pg_stat_activity")]
            running = asyncio.create_task(_run(engine))
            while not (running.done() or await connection.fetchval(waits, others)):  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # the server sends no notification: poll it
        result = await running
    assert result.code == 0, result.err
    assert [receipt["submission"] for receipt in result.json()["receipts"]] == [response.json()["submission"]]
    assert result.json()["receipts"][0]["done"]
