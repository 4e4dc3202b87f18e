"""Backup and restore as ``docs/production.md`` describes: the database, then the spool; nothing is posted twice."""

import asyncio
import os
import re
import shutil
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

from core.reference.files import digest_hashes, hash_files
from service.configuration.loaded_reference import find_loaded_folder
from service.database.binaries import find_wheel_binaries
from service.database.embedded_server import Database
from tests import databases
from tests.file_strategies import REFERENCE
from tests.service.command_line import ROOT, run_crescendo, start_command, wait_for_end
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}


async def _run_program(program: str, *words: str | Path) -> None:
    process = await asyncio.create_subprocess_exec(find_wheel_binaries() / program, *map(str, words))
    assert await process.wait() == 0


async def test_a_restored_backup_is_verified_and_continues(database: Database, tmp_path: Path) -> None:
    """The backup is taken while the service works, with one acknowledged file in the queue."""
    first = to_jsonl([build_commitment("C1")])
    waiting, later = to_jsonl([build_commitment("C2")]), to_jsonl([build_commitment("C3")])
    dump, spool = tmp_path / "kept.dump", tmp_path / "kept" / "spool"
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path / "data") as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
        await client.post("/v1/submissions?wait=60", content=first, headers=JSONL)
        async with databases.lock_table(dsn, "batch"):
            assert (await client.post("/v1/submissions", content=waiting, headers=JSONL)).is_success
            await _run_program("pg_dump", "--format=custom", f"--file={dump}", dsn)
            shutil.copytree(tmp_path / "data" / "spool", spool)
        after = await client.post("/v1/submissions?wait=60", content=later, headers=JSONL)
        assert after.json()["state"] == "decided"
    async with databases.create_database(database, databases.EMPTY) as dsn:
        await _run_program("pg_restore", "--exit-on-error", f"--dbname={dsn}", dump)
        place = ("--database", dsn, "--data", tmp_path / "kept")
        assert (await run_crescendo("verify", *place, environment=ENVIRONMENT)).code == 0
        async with run_service(dsn, tmp_path / "kept") as served, served.client(MINISTRY) as client:
            submission = await client.get("/v1/submissions/4?wait=60")
            assert submission.json()["receipt"]["accepted"]["lines"] == 1
            # files sent after the backup are sent again; earlier ones are known
            response = await client.post("/v1/submissions?wait=60", content=later, headers=JSONL)
            assert response.json()["receipt"]["accepted"]["lines"] == 1
            reply = await client.post("/v1/submissions?wait=60", content=first, headers=JSONL)
            assert reply.status_code == 200
        assert (await run_crescendo("verify", *place, environment=ENVIRONMENT)).code == 0
        references = await fetch(dsn, "select reference from entry where kind = 9 order by entry_id")
        assert [row["reference"] for row in references] == ["C1", "C2", "C3"]


async def test_the_service_reads_a_backup_and_the_owner_restores_it(
    database: Database, tmp_path: Path
) -> None:
    dump = tmp_path / "kept.dump"
    options = ("--no-owner", "--no-privileges", "--exit-on-error")
    async with (
        databases.create_role_database(database) as first,
        databases.create_role_database(database) as second,
    ):
        place = ("--database", first.service, "--migrate-database", first.owner, "--data", tmp_path)
        assert (await run_crescendo("db", "create", "--name", "kept", "--number", "07", *place)).code == 0
        await _run_program("pg_dump", "--format=custom", f"--file={dump}", first.service)
        await _run_program("pg_restore", *options, f"--dbname={second.owner}", dump)
        place = ("--database", second.service, "--migrate-database", second.owner, "--data", tmp_path)
        assert (await run_crescendo("db", "migrate", *place)).code == 0
        status = (await run_crescendo("db", "status", *place, "--json")).json()
        assert (status["ledger"], status["number"], status["excess_rights"]) == ("kept", 7, [])
        assert (await run_crescendo("run", "--ledger", "kept", *place[:2], *place[4:])).code == 0


DOCS = ROOT.joinpath("docs/production.md").read_text()


async def test_the_embedded_server_is_copied_and_restored_as_documented(tmp_path: Path) -> None:
    """The commands of the page, as they stand, while another process runs the server; loaded reference data are restored."""
    data, programs = tmp_path / "data", tmp_path / ".venv" / "bin"
    (tmp_path / "acts.jsonl").write_bytes(to_jsonl([build_commitment("C1")]))
    loaded = {"CRESCENDO_REFERENCE": "", "CRESCENDO_DATA": str(data)}
    for words in (
        ("db", "create", "--name", "kept", "--number", "07"),
        ("reference", "load", REFERENCE, "--as", "zoe", "--reason", "Nomenclature", "--yes"),
        ("run", tmp_path / "acts.jsonl", "--sender", "MIN-09"),
    ):
        processed = await run_crescendo(*words, environment=loaded)
        assert processed.code == 0, processed
    programs.mkdir(parents=True)
    command = f"{sys.executable} -c 'from service.cli.main import main; main()'"
    for name, program in (("crescendo", command), ("python", sys.executable)):
        programs.joinpath(name).write_text(f'#!/bin/sh\nexec {program} "$@"\n')
        programs.joinpath(name).chmod(0o755)
    (script,) = re.findall(r"^```sh\n(export PATH=.*?)^```$", DOCS, re.DOTALL | re.MULTILINE)
    digest = digest_hashes(hash_files(REFERENCE)).hex()
    running = await start_command("db", "dsn", "--data", data)
    assert running.stdout
    assert await running.stdout.readline()
    environment = {**os.environ, **loaded, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        "bash", "-euo", "pipefail", "-c", script, cwd=tmp_path, env=environment, stdout=PIPE, stderr=STDOUT
    )
    out, _ = await process.communicate()
    running.send_signal(signal.SIGINT)
    await wait_for_end(running)
    assert process.returncode == 0, out.decode()
    assert "Proven" in out.decode()
    assert find_loaded_folder(tmp_path / "restored") == tmp_path / "restored" / "reference" / digest
