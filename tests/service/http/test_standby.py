"""A standby waits for the lease of the active service, and takes over without a loss."""

import os
import shutil
import signal
from pathlib import Path

import asyncpg
import pytest

from service.database.embedded_server import Database
from tests.databases import lock_table
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo, start_command, wait_for_end
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import (
    JSONL,
    create_database,
    fetch,
    run_service,
    run_standby,
    to_jsonl,
)

ACTS = to_jsonl([build_commitment("C1")])


@pytest.mark.parametrize("stop_signal", [signal.SIGKILL, signal.SIGTERM])
async def test_a_standby_takes_over_acknowledged_files(
    stop_signal: signal.Signals, database: Database, tmp_path: Path
) -> None:
    """Both services share the spool; one file is decided, another only acknowledged."""
    async with create_database(database) as dsn, run_service(dsn, tmp_path) as active:
        async with active.client(MINISTRY) as client:
            await submit_credits(client)
            response = await client.post("/v1/submissions?wait=60", content=ACTS, headers=JSONL)
            assert response.json()["state"] == "decided"
            async with run_standby(dsn, tmp_path) as standby:
                async with lock_table(dsn, "batch"):
                    waiting = to_jsonl([build_commitment("C2")])
                    assert (await client.post("/v1/submissions", content=waiting, headers=JSONL)).is_success
                    active.process.send_signal(stop_signal)
                    if stop_signal is signal.SIGKILL:
                        await active.process.wait()
                await standby.wait_until_active()
                async with standby.client(MINISTRY) as other:
                    ticket = await other.get("/v1/submissions/4?wait=60")
                    assert ticket.json()["receipt"]["accepted"]["lines"] == 1
                    form = await other.post("/v1/acts", json=build_commitment("C1"))
                    assert form.json()["outcome"] == "duplicate"
        references = await fetch(dsn, "select reference from entry where kind = 9 order by entry_id")
        assert [row["reference"] for row in references] == ["C1", "C2"]


async def test_a_standby_reads_the_reference_data_when_it_takes_over(
    database: Database, tmp_path: Path
) -> None:
    """A centre added to the reference data while the standby waits is valid once it has taken over."""
    reference = shutil.copytree(REFERENCE, tmp_path / "reference")
    row = build_commitment("C1") | {"fund_centre": "0177-D013-NEWS"}
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "data") as active:
        async with run_standby(dsn, tmp_path / "data", reference) as standby:
            with (reference / "2018" / "centres.csv").open("a") as file:
                file.write("0177-D013-NEWS,0177-D013,uo,UO (exemple)\n")
            active.process.send_signal(signal.SIGTERM)
            await standby.wait_until_active()
            async with standby.client(MINISTRY) as client:
                form = await client.post("/v1/acts", json=row)
        assert [line["outcome"] for line in form.json()["lines"]] == ["AE_EXCEEDED"]


async def test_a_standby_ends_when_it_takes_over_with_invalid_reference_data(
    database: Database, tmp_path: Path
) -> None:
    """The standby does not fall back on the reference data that it read at its start."""
    reference = shutil.copytree(REFERENCE, tmp_path / "reference")
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path / "data") as active,
        run_standby(dsn, tmp_path / "data", reference) as standby,
    ):
        (reference / "calendar.toml").write_text("nothing")
        active.process.send_signal(signal.SIGTERM)
        assert await standby.process.wait() == 3
        await standby.wait_for_log("calendar.toml")


async def test_a_waiting_standby_ends_at_a_signal(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path / "a"),
        run_standby(dsn, tmp_path / "b") as standby,
    ):
        standby.process.send_signal(signal.SIGTERM)
        assert await standby.process.wait() == 0


async def test_a_standby_waits_for_a_database_that_does_not_answer(
    database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        address, _, name = dsn.rpartition("/")
        missing = f"{address}/{name}_later"
        async with run_standby(missing, tmp_path) as standby:
            connection = await asyncpg.connect(dsn)
            await connection.execute(f'create database "{name}_later"')
            try:
                await standby.wait_for_log("listening on ")
                standby.process.kill()
                await standby.process.wait()
            finally:
                await connection.execute(f'drop database "{name}_later" with (force)')
                await connection.close()


async def test_a_standby_needs_the_address_of_a_database(tmp_path: Path) -> None:
    environment = {name: "" for name in os.environ if name == "CRESCENDO_DATABASE"}
    command = await run_crescendo("serve", "--standby", "--data", tmp_path, environment=environment)
    assert command.code == 2
    assert "--database" in command.err


async def test_a_second_service_that_is_no_standby_ends(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn, run_service(dsn, tmp_path / "a"):
        command = await wait_for_end(
            await start_command("serve", "--database", dsn, "--data", tmp_path / "b", "--port", "0")
        )
        assert command.code == 3
        assert "works on this database" in command.err
