"""Backup and restore as ``docs/production.md`` says: the database first, then the spool; and nothing twice afterwards."""

import asyncio
import shutil
from pathlib import Path

from service.database.binaries import wheel_binaries
from service.database.embedded import Database
from tests import databases
from tests.file_strategies import REFERENCE
from tests.service.command_line import crescendo
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, commitment
from tests.service.http.running_service import JSONL, as_jsonl, fetch, fresh, running

ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}


async def _called(program: str, *words: str | Path) -> None:
    process = await asyncio.create_subprocess_exec(wheel_binaries() / program, *map(str, words))
    assert await process.wait() == 0


async def test_a_restored_backup_is_proven_and_goes_on(database: Database, tmp_path: Path) -> None:
    """Taken while the service works; one file was acknowledged and waits for its turn."""
    first = as_jsonl([*CREDITS, commitment("C1")])
    waiting, later = as_jsonl([commitment("C2")]), as_jsonl([commitment("C3")])
    kept, spool = tmp_path / "kept.dump", tmp_path / "kept" / "spool"
    async with (
        fresh(database) as dsn,
        running(dsn, tmp_path / "data") as served,
        served.client(MINISTRY) as client,
    ):
        await client.post("/v1/submissions?wait=60", content=first, headers=JSONL)
        async with databases.held_up(dsn, "batch"):
            assert (await client.post("/v1/submissions", content=waiting, headers=JSONL)).is_success
            await _called("pg_dump", "--format=custom", f"--file={kept}", dsn)
            shutil.copytree(tmp_path / "data" / "spool", spool)
        after = await client.post("/v1/submissions?wait=60", content=later, headers=JSONL)
        assert after.json()["state"] == "decided"
    async with databases.fresh(database) as dsn:
        await _called("pg_restore", "--exit-on-error", f"--dbname={dsn}", kept)
        place = ("--database", dsn, "--data", tmp_path / "kept")
        assert (await crescendo("verify", *place, environment=ENVIRONMENT)).code == 0
        async with running(dsn, tmp_path / "kept") as served, served.client(MINISTRY) as client:
            left = await client.get("/v1/submissions/2?wait=60")
            assert left.json()["receipt"]["accepted"]["lines"] == 1
            # what came after the backup is sent again; what came before is known
            found = await client.post("/v1/submissions?wait=60", content=later, headers=JSONL)
            assert found.json()["receipt"]["accepted"]["lines"] == 1
            known = await client.post("/v1/submissions?wait=60", content=first, headers=JSONL)
            assert known.status_code == 200
        assert (await crescendo("verify", *place, environment=ENVIRONMENT)).code == 0
        references = await fetch(dsn, "select reference from entry where kind = 9 order by entry_id")
        assert [row["reference"] for row in references] == ["C1", "C2", "C3"]
