"""A database that hangs with open connections: the service reports it, stops, and continues after a restart."""

import asyncio
from pathlib import Path

import psutil
import pytest

from tests.service.command_line import run_crescendo
from tests.service.database_servers import find_server, run_keeper
from tests.service.http.access_keys import MINISTRY, insert_keys
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import fetch, run_service


def _run_all(data: Path) -> list[psutil.Process]:
    server = find_server(data)
    return [server, *server.children(recursive=True)]


@pytest.mark.parametrize("at_work", [False, True])
async def test_a_hanging_database_ends_the_service_with_a_clear_error(
    at_work: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRESCENDO_COMMAND_SECONDS", "2")
    async with run_keeper(tmp_path / "db") as (_, dsn):
        await insert_keys(dsn)
        hanging = _run_all(tmp_path / "db")
        async with run_service(dsn, tmp_path / "data") as served, served.client(MINISTRY) as client:
            await submit_credits(client)
            hanging = _run_all(tmp_path / "db")
            for process in hanging:
                process.suspend()
            try:
                form = client.post("/v1/acts", json=build_commitment("F1")) if at_work else None
                waiting = asyncio.ensure_future(form) if form else None
                assert await served.process.wait() == 3
                if waiting:
                    await asyncio.gather(waiting, return_exceptions=True)
            finally:
                for process in hanging:
                    process.resume()
            await served.wait_for_log("crescendo:", "within 2 seconds")
            assert "start again with the same command" in "".join(served.log_lines)
        async with run_service(dsn, tmp_path / "data") as served, served.client(MINISTRY) as client:
            response = await client.post("/v1/acts", json=build_commitment("F1"))
            assert response.json()["outcome"] in {"accepted", "duplicate"}
        (row,) = await fetch(dsn, "select count(*) from entry where reference = 'F1'")
        assert row[0] == 1


async def test_an_impossible_time_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("0", "soon", "-1"):
        monkeypatch.setenv("CRESCENDO_COMMAND_SECONDS", text)
        result = await run_crescendo("run", "--data", tmp_path / "data")
        assert result.code == 2, result.err
        assert "command_seconds" in result.err
