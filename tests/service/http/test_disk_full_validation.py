"""A disk that is full while a file is proved: nothing of it stays, the sender is told to come again, and then it is taken."""

import resource
from pathlib import Path

from service.database.embedded import Database
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

CSV = {"content-type": "text/csv"}
LINES = 5_000


def _build_text() -> bytes:
    """Larger as columns than as text."""
    rows = [build_commitment(f"D{n}", "0.01") for n in range(LINES)]
    head = list(rows[0])
    return "\n".join([",".join(head), *(",".join(row[name] for name in head) for row in rows), ""]).encode()


def _list_spooled(data: Path) -> list[Path]:
    return [path for path in (data / "spool").rglob("*") if path.is_file()]


async def test_what_was_half_written_is_freed_and_the_file_is_taken_later(
    database: Database, tmp_path: Path
) -> None:
    body = _build_text()
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await client.post("/v1/submissions?wait=60", content=to_jsonl(CREDITS), headers=JSONL)
        before, pid = _list_spooled(tmp_path), served.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        # files that grow beyond what came meet an error of the system, as on a disk that is full
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (len(body) + 1024, limits[1]))
        for _ in range(3):
            found = await client.post("/v1/submissions", content=body, headers=CSV)
            assert (found.status_code, found.json()["code"]) == (503, "disk-full"), found.text
            assert _list_spooled(tmp_path) == before
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        found = await client.post("/v1/submissions?wait=60", content=body, headers=CSV)
        assert found.json()["receipt"]["lines"] == LINES
        assert await fetch(dsn, "select from submission where submission > 2") == []
