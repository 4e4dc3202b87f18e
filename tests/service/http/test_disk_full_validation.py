"""A disk that becomes full during validation: nothing remains, the sender is told to retry, and then the file is accepted."""

import resource
from pathlib import Path

from service.database.embedded_server import Database
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import create_database, fetch, run_service

CSV = {"content-type": "text/csv"}
LINES = 5_000


def _build_text() -> bytes:
    """Build a file that is larger as columns than as text."""
    rows = [build_commitment(f"D{n}", "0.01") for n in range(LINES)]
    head = list(rows[0])
    return "\n".join([",".join(head), *(",".join(row[name] for name in head) for row in rows), ""]).encode()


def _list_spooled(data: Path) -> set[Path]:
    return {path for path in (data / "spool").rglob("*") if path.is_file()}


async def test_a_partial_file_is_removed_and_the_file_accepted_later(
    database: Database, tmp_path: Path
) -> None:
    body = _build_text()
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
        before, pid = _list_spooled(tmp_path), served.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        # a file size limit causes the same error as a full disk
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (len(body) + 1024, limits[1]))
        for _ in range(3):
            response = await client.post("/v1/submissions", content=body, headers=CSV)
            assert (response.status_code, response.json()["code"]) == (503, "disk-full"), response.text
            # the columns of the credits may disappear meanwhile: the service removes them after their batch
            assert _list_spooled(tmp_path) <= before
        resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)
        response = await client.post("/v1/submissions?wait=60", content=body, headers=CSV)
        assert response.json()["receipt"]["lines"] == LINES
        assert await fetch(dsn, "select from submission where submission > 3") == []
