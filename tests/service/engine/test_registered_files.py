"""Commands that find an engine at work register their files, and that engine decides them."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.file_strategies import REFERENCE
from tests.service.command_line import CommandResult, run_crescendo
from tests.service.http.act_files import CREDITS
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import create_database, fetch, run_service, to_jsonl

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
    options = ("--database", engine.dsn, "--data", data or engine.data, "--sender", "MEN", "--json")
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


async def test_paused_sender_waits_and_an_interrupted_command_leaves_its_files(
    engine: ServicePlace, tmp_path: Path
) -> None:
    await fetch(
        engine.dsn,
        "insert into pause (sender, is_paused, reason, key, by) values ('MEN', true, 'inquiry', '', 'test')",
    )
    from tests.service.command_line import start_command, wait_for_end

    path = _write(tmp_path, "paused.jsonl", [{**CREDITS[0], "reference": "PAUSED-1"}])
    process = await start_command(
        *("run", path, "--database", engine.dsn, "--data", engine.data, "--sender", "MEN", "--json"),
        environment={"CRESCENDO_REFERENCE": str(REFERENCE)},
    )
    assert process.stderr
    printed = (await process.stderr.readuntil(b"inquiry\n")).decode()
    assert "MEN is paused: inquiry" in printed
    process.terminate()
    result = await wait_for_end(process)
    assert result.code == 130
    assert json.loads(result.out)["is_interrupted"]
    await fetch(
        engine.dsn,
        "insert into pause (sender, is_paused, reason, key, by) values ('MEN', false, '', '', 'test')",
    )
    (receipt,) = (await _run(engine, path)).json()["receipts"] or (await _run(engine, path)).json()["known"]
    assert receipt["accepted"]["lines"] == 1
