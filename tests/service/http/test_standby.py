"""A second engine waits for the first, and takes over with nothing lost."""

import os
import shutil
import signal
from pathlib import Path

import asyncpg
import pytest

from service.database.embedded import Database
from tests.databases import lock_table
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo, start_command, wait_for_end
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment
from tests.service.http.running_service import (
    JSONL,
    create_database,
    fetch,
    run_service,
    run_standby,
    to_jsonl,
)

ACTS = to_jsonl([*CREDITS, build_commitment("C1")])


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
async def test_it_takes_over_what_was_acknowledged(
    end: signal.Signals, database: Database, tmp_path: Path
) -> None:
    """The spool is shared, as it must be; one file is decided, one acknowledged and not decided."""
    async with create_database(database) as dsn, run_service(dsn, tmp_path) as first:
        async with first.client(MINISTRY) as client:
            found = await client.post("/v1/submissions?wait=60", content=ACTS, headers=JSONL)
            assert found.json()["state"] == "decided"
            async with run_standby(dsn, tmp_path) as second:
                async with lock_table(dsn, "batch"):
                    waiting = to_jsonl([build_commitment("C2")])
                    assert (await client.post("/v1/submissions", content=waiting, headers=JSONL)).is_success
                    first.process.send_signal(end)
                    if end is signal.SIGKILL:
                        await first.process.wait()
                await second.wait_until_active()
                async with second.client(MINISTRY) as other:
                    left = await other.get("/v1/submissions/2?wait=60")
                    assert left.json()["receipt"]["accepted"]["lines"] == 1
                    form = await other.post("/v1/acts", json=build_commitment("C1"))
                    assert form.json()["outcome"] == "duplicate"
        references = await fetch(dsn, "select reference from entry where kind = 9 order by entry_id")
        assert [row["reference"] for row in references] == ["C1", "C2"]


async def test_it_decides_by_the_reference_data_of_its_turn(database: Database, tmp_path: Path) -> None:
    """A unit that is added while it waits is known when its turn has come."""
    reference = shutil.copytree(REFERENCE, tmp_path / "reference")
    added = build_commitment("C1") | {"fund_centre": "0177-D013-NEWS"}
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data") as first:
        async with run_standby(dsn, tmp_path / "data", reference) as second:
            with (reference / "2018" / "centres.csv").open("a") as file:
                file.write("0177-D013-NEWS,0177-D013,uo,UO (exemple)\n")
            first.process.send_signal(signal.SIGTERM)
            await second.wait_until_active()
            async with second.client(MINISTRY) as client:
                form = await client.post("/v1/acts", json=added)
        assert [each["outcome"] for each in form.json()["lines"]] == ["AE_EXCEEDED"]


async def test_broken_reference_data_end_it_when_its_turn_comes(database: Database, tmp_path: Path) -> None:
    """It does not fall back on what it read before."""
    reference = shutil.copytree(REFERENCE, tmp_path / "reference")
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path / "data") as first,
        run_standby(dsn, tmp_path / "data", reference) as second,
    ):
        (reference / "calendar.toml").write_text("nothing")
        first.process.send_signal(signal.SIGTERM)
        assert await second.process.wait() == 3
        await second.wait_for_log("calendar.toml")


async def test_it_stands_down_at_a_signal(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path / "a"),
        run_standby(dsn, tmp_path / "b") as second,
    ):
        second.process.send_signal(signal.SIGTERM)
        assert await second.process.wait() == 0


async def test_it_waits_for_a_database_that_does_not_answer(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        address, _, name = dsn.rpartition("/")
        missing = f"{address}/{name}_later"
        async with run_standby(missing, tmp_path) as second:
            connection = await asyncpg.connect(dsn)
            await connection.execute(f'create database "{name}_later"')
            try:
                await second.wait_for_log("listening on ")
                second.process.kill()
                await second.process.wait()
            finally:
                await connection.execute(f'drop database "{name}_later" with (force)')
                await connection.close()


async def test_it_needs_a_database_to_share(tmp_path: Path) -> None:
    environment = {name: "" for name in os.environ if name == "CRESCENDO_DATABASE"}
    found = await run_crescendo("serve", "--standby", "--data", tmp_path, environment=environment)
    assert found.code == 2
    assert "--database" in found.err


async def test_without_it_a_second_engine_gives_up(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "a"):
        found = await wait_for_end(
            await start_command("serve", "--database", dsn, "--data", tmp_path / "b", "--port", "0")
        )
        assert found.code == 3
        assert "works on this database" in found.err
