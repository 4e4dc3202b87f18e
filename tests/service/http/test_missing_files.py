"""Files that are gone from the spool, or damaged there: the service starts all the same, and goes on once they come again."""

import shutil
from pathlib import Path
from typing import Any

import httpx

from service.database.embedded import Database
from tests.crash.database_states import read_state
from tests.databases import open_connection, wait_until_blocked
from tests.file_strategies import REFERENCE, File
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import MINISTRY, OPERATOR
from tests.service.http.act_files import CREDITS, build_commitment, build_service
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

UNITS = ("0177-D013-XXXX", "0177-D013-DD13")
"""One that is not there, and one that is."""
KNOWN = {"CRESCENDO_REFERENCE": str(REFERENCE)}
FIRST, SECOND, THIRD = (to_jsonl([build_commitment(f"L-{n}", "0.01")]) for n in range(3))


async def _submit(client: httpx.AsyncClient, body: bytes, query: str = "") -> Any:
    found = await client.post(f"/v1/submissions?{query}", content=body, headers=JSONL)
    assert found.is_success, found.text
    return found.json()


async def _read_ticket(client: httpx.AsyncClient, number: int, wait: int = 0) -> Any:
    return (await client.get(f"/v1/submissions/{number}?wait={wait}")).json()


def _list_folders(data: Path) -> list[Path]:
    return sorted(path.parent for path in (data / "spool").glob("??/*/original"))


def _find_folder(data: Path, body: bytes) -> Path:
    (found,) = [home for home in _list_folders(data) if (home / "original").read_bytes() == body]
    return found


async def _leave_unfinished(dsn: str, data: Path) -> None:
    """Credits decided; three files of a paused sender acknowledged, and killed."""
    async with run_service(dsn, data) as served, served.client(MINISTRY) as client:
        await _submit(client, to_jsonl(CREDITS), "wait=60")
        await client.post("/v1/senders/MIN-09/pause", json={"reason": "night"}, headers=OPERATOR)
        for body in (FIRST, SECOND, THIRD):
            await _submit(client, body)
        served.process.kill()
        await served.process.wait()


async def test_files_that_are_gone_stop_nobody_and_go_on_when_they_come_again(
    database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        await _leave_unfinished(dsn, tmp_path)
        shutil.rmtree(_find_folder(tmp_path, FIRST))
        (_find_folder(tmp_path, SECOND) / "original").write_bytes(SECOND.replace(b"0.01", b"9.01"))
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await client.post("/v1/senders/MIN-09/resume", json={"reason": "day"}, headers=OPERATOR)
            assert (await _read_ticket(client, 4, 60))["state"] == "decided"
            for number in (2, 3):
                ticket = await _read_ticket(client, number, 60)
                assert (ticket["state"], ticket["receipt"]["done"]) == ("lost", False)
                assert "send it again" in ticket["lost"]
            assert "crescendo_files_lost 2.0" in (await client.get("/metrics")).text
            again = await _submit(client, FIRST, "wait=60")
            assert (again["submission"], again["state"], again["lost"]) == (2, "decided", "")
            # not needed any more: taken back as if it had waited
            found = await client.delete("/v1/submissions/3")
            assert (found.status_code, found.json()["state"]) == (200, "cancelled")
            assert "crescendo_files_lost 0.0" in (await client.get("/metrics")).text
            served.process.terminate()
            assert await served.process.wait() == 0
        rows = await fetch(dsn, "select reference from entry where submission > 1 order by entry_id")
        assert [row["reference"] for row in rows] == ["L-2", "L-0"]
        found = await run_crescendo("verify", "--database", dsn, "--data", tmp_path, environment=KNOWN)
        assert found.code == 0, found.out


_BLOCK_SECOND_BATCH = """create function stop_amid() returns trigger language plpgsql as $$ begin
    if new.next_line > 131072 then perform pg_advisory_xact_lock(7); end if; return new; end $$;
    create trigger stop_amid before insert on progress for each row execute function stop_amid()"""
"""Whoever stores more than the first batch of a file waits."""


def _build_large_file() -> File:
    """More than one batch: some acts wait for what comes last, one of them comes twice, most are refused."""
    early = [build_service(f"S-{n}", "LAST", "0.01") for n in range(3)]
    many = [build_commitment(f"M-{n}", "0.01", UNITS[n % 4 == 0]) for n in range(135_000)]
    return [
        *early,
        build_commitment("LAST-BUT", "1.00"),
        *many[:132_000],
        early[0],
        *many[132_000:],
        build_commitment("LAST"),
    ]


async def _kill_amid_file(dsn: str, data: Path, body: bytes) -> int:
    """Kill a service amid a file, its first batch committed; its number."""
    async with (
        open_connection(dsn) as stopping,
        run_service(dsn, data) as served,
        served.client(MINISTRY) as client,
    ):
        await _submit(client, to_jsonl(CREDITS), "wait=60")
        await stopping.execute(_BLOCK_SECOND_BATCH)
        await stopping.execute("select pg_advisory_lock(7)")
        number = (await _submit(client, body))["submission"]
        await wait_until_blocked(stopping)
        served.process.kill()
        await served.process.wait()
        await stopping.execute("drop trigger stop_amid on progress")
    return number


async def test_a_file_lost_amid_its_lines_goes_on_where_it_stood(database: Database, tmp_path: Path) -> None:
    body = to_jsonl(_build_large_file())
    async with create_database(database) as dsn, create_database(database) as other:
        number = await _kill_amid_file(dsn, tmp_path / "one", body)
        (row,) = await fetch(dsn, "select max(next_line) from progress where submission = $1", number)
        assert 0 < row[0] <= 131_072
        shutil.rmtree(_find_folder(tmp_path / "one", body))
        async with run_service(dsn, tmp_path / "one") as served, served.client(MINISTRY) as client:
            assert (await _read_ticket(client, number))["state"] == "lost"
            refused = await client.delete(f"/v1/submissions/{number}")
            assert (refused.status_code, refused.json()["code"]) == (409, "not-waiting")
            form = await client.post("/v1/acts", json=build_commitment("BESIDE", "0.01"))
            assert form.json()["outcome"] == "accepted"
            found = await _submit(client, body, "wait=200")
            assert (found["submission"], found["state"]) == (number, "decided")
            assert found["receipt"]["accepted"]["lines"] > 30_000
            assert found["receipt"]["duplicate"]["lines"] == 1
        async with run_service(other, tmp_path / "two") as served, served.client(MINISTRY) as client:
            await _submit(client, to_jsonl(CREDITS), "wait=60")
            assert (await client.post("/v1/acts", json=build_commitment("BESIDE", "0.01"))).is_success
            whole = await _submit(client, body, "wait=200")
        same = ("accepted", "duplicate", "refused", "suspended")
        assert [found["receipt"][name] for name in same] == [whole["receipt"][name] for name in same]
        place = ("--database", dsn, "--data", tmp_path / "one")
        assert (await run_crescendo("verify", *place, environment=KNOWN)).code == 0


async def test_a_run_says_what_is_lost_and_the_file_named_brings_it_back(
    database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        await _leave_unfinished(dsn, tmp_path)
        await fetch(
            dsn, "insert into pause (sender, is_paused, reason, key, by) values ('MIN-09', false, '', '', '')"
        )
        shutil.rmtree(_find_folder(tmp_path, FIRST))
        path = tmp_path / "first.jsonl"
        path.write_bytes(FIRST)
        place = ("--database", dsn, "--data", tmp_path, "--json")
        told = await run_crescendo("run", *place, environment=KNOWN)
        assert told.code == 1
        assert [each["submission"] for each in told.json()["lost"]] == [2]
        assert [each["submission"] for each in told.json()["receipts"]] == [3, 4]
        back = await run_crescendo("run", path, "--sender", "MIN-09", *place, environment=KNOWN)
        assert back.code == 0, back.err
        assert [(each["submission"], each["done"]) for each in back.json()["receipts"]] == [(2, True)]
        async with open_connection(dsn) as connection:
            assert (await read_state(connection))["journal"]
        assert (await fetch(dsn, "select count(*) from entry where submission > 1"))[0][0] == 3
