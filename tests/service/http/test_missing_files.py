"""Files that are gone from the spool, or damaged there: the service starts all the same, and goes on once they come again."""

import shutil
from pathlib import Path
from typing import Any

import httpx

from service.database.embedded import Database
from tests.crash.database_states import state_of
from tests.databases import connected, until_one_waits
from tests.file_strategies import REFERENCE, File
from tests.service.command_line import crescendo
from tests.service.http.access_keys import KEEPER, MINISTRY
from tests.service.http.act_files import CREDITS, commitment, service
from tests.service.http.running_service import JSONL, as_jsonl, fetch, fresh, running

UNITS = ("0177-D013-XXXX", "0177-D013-DD13")
"""One that is not there, and one that is."""
KNOWN = {"CRESCENDO_REFERENCE": str(REFERENCE)}
FIRST, SECOND, THIRD = (as_jsonl([commitment(f"L-{n}", "0.01")]) for n in range(3))


async def _submit(client: httpx.AsyncClient, body: bytes, query: str = "") -> Any:
    found = await client.post(f"/v1/submissions?{query}", content=body, headers=JSONL)
    assert found.is_success, found.text
    return found.json()


async def _ticket(client: httpx.AsyncClient, number: int, wait: int = 0) -> Any:
    return (await client.get(f"/v1/submissions/{number}?wait={wait}")).json()


def _homes(data: Path) -> list[Path]:
    return sorted(path.parent for path in (data / "spool").glob("??/*/original"))


def _home(data: Path, body: bytes) -> Path:
    (found,) = [home for home in _homes(data) if (home / "original").read_bytes() == body]
    return found


async def _left(dsn: str, data: Path) -> None:
    """Credits decided; three files of a paused sender acknowledged, and killed."""
    async with running(dsn, data) as served, served.client(MINISTRY) as client:
        await _submit(client, as_jsonl(CREDITS), "wait=60")
        await client.post("/v1/senders/MIN-09/pause", json={"reason": "night"}, headers=KEEPER)
        for body in (FIRST, SECOND, THIRD):
            await _submit(client, body)
        served.process.kill()
        await served.process.wait()


async def test_files_that_are_gone_stop_nobody_and_go_on_when_they_come_again(
    database: Database, tmp_path: Path
) -> None:
    async with fresh(database) as dsn:
        await _left(dsn, tmp_path)
        shutil.rmtree(_home(tmp_path, FIRST))
        (_home(tmp_path, SECOND) / "original").write_bytes(SECOND.replace(b"0.01", b"9.01"))
        async with running(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await client.post("/v1/senders/MIN-09/resume", json={"reason": "day"}, headers=KEEPER)
            assert (await _ticket(client, 4, 60))["state"] == "decided"
            for number in (2, 3):
                ticket = await _ticket(client, number, 60)
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
        found = await crescendo("verify", "--database", dsn, "--data", tmp_path, environment=KNOWN)
        assert found.code == 0, found.out


_STOPPING = """create function stop_amid() returns trigger language plpgsql as $$ begin
    if new.next_line > 131072 then perform pg_advisory_xact_lock(7); end if; return new; end $$;
    create trigger stop_amid before insert on progress for each row execute function stop_amid()"""
"""Whoever stores more than the first batch of a file waits."""


def _large() -> File:
    """More than one batch: some acts wait for what comes last, one of them comes twice, most are refused."""
    early = [service(f"S-{n}", "LAST", "0.01") for n in range(3)]
    many = [commitment(f"M-{n}", "0.01", UNITS[n % 4 == 0]) for n in range(135_000)]
    return [
        *early,
        commitment("LAST-BUT", "1.00"),
        *many[:132_000],
        early[0],
        *many[132_000:],
        commitment("LAST"),
    ]


async def _amid(dsn: str, data: Path, body: bytes) -> int:
    """Kill a service amid a file, its first batch committed; its number."""
    async with connected(dsn) as stopping, running(dsn, data) as served, served.client(MINISTRY) as client:
        await _submit(client, as_jsonl(CREDITS), "wait=60")
        await stopping.execute(_STOPPING)
        await stopping.execute("select pg_advisory_lock(7)")
        number = (await _submit(client, body))["submission"]
        await until_one_waits(stopping)
        served.process.kill()
        await served.process.wait()
        await stopping.execute("drop trigger stop_amid on progress")
    return number


async def test_a_file_lost_amid_its_lines_goes_on_where_it_stood(database: Database, tmp_path: Path) -> None:
    body = as_jsonl(_large())
    async with fresh(database) as dsn, fresh(database) as other:
        number = await _amid(dsn, tmp_path / "one", body)
        (row,) = await fetch(dsn, "select max(next_line) from progress where submission = $1", number)
        assert 0 < row[0] <= 131_072
        shutil.rmtree(_home(tmp_path / "one", body))
        async with running(dsn, tmp_path / "one") as served, served.client(MINISTRY) as client:
            assert (await _ticket(client, number))["state"] == "lost"
            refused = await client.delete(f"/v1/submissions/{number}")
            assert (refused.status_code, refused.json()["code"]) == (409, "not-waiting")
            form = await client.post("/v1/acts", json=commitment("BESIDE", "0.01"))
            assert form.json()["outcome"] == "accepted"
            found = await _submit(client, body, "wait=200")
            assert (found["submission"], found["state"]) == (number, "decided")
            assert found["receipt"]["accepted"]["lines"] > 30_000
            assert found["receipt"]["duplicate"]["lines"] == 1
        async with running(other, tmp_path / "two") as served, served.client(MINISTRY) as client:
            await _submit(client, as_jsonl(CREDITS), "wait=60")
            assert (await client.post("/v1/acts", json=commitment("BESIDE", "0.01"))).is_success
            whole = await _submit(client, body, "wait=200")
        same = ("accepted", "duplicate", "refused", "suspended")
        assert [found["receipt"][name] for name in same] == [whole["receipt"][name] for name in same]
        place = ("--database", dsn, "--data", tmp_path / "one")
        assert (await crescendo("verify", *place, environment=KNOWN)).code == 0


async def test_a_run_says_what_is_lost_and_the_file_named_brings_it_back(
    database: Database, tmp_path: Path
) -> None:
    async with fresh(database) as dsn:
        await _left(dsn, tmp_path)
        await fetch(
            dsn, "insert into pause (sender, is_paused, reason, key, by) values ('MIN-09', false, '', '', '')"
        )
        shutil.rmtree(_home(tmp_path, FIRST))
        path = tmp_path / "first.jsonl"
        path.write_bytes(FIRST)
        place = ("--database", dsn, "--data", tmp_path, "--json")
        told = await crescendo("run", *place, environment=KNOWN)
        assert told.code == 1
        assert [each["submission"] for each in told.json()["lost"]] == [2]
        assert [each["submission"] for each in told.json()["receipts"]] == [3, 4]
        back = await crescendo("run", path, "--sender", "MIN-09", *place, environment=KNOWN)
        assert back.code == 0, back.err
        assert [(each["submission"], each["done"]) for each in back.json()["receipts"]] == [(2, True)]
        async with connected(dsn) as connection:
            assert (await state_of(connection))["journal"]
        assert (await fetch(dsn, "select count(*) from entry where submission > 1"))[0][0] == 3
