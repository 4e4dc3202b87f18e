"""Files missing from the spool or damaged in it: the service starts nevertheless and decides them once they are sent again."""

import io
import shutil
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq

from service.database.embedded_server import Database
from tests.crash.database_states import read_state
from tests.databases import open_connection, wait_until_blocked
from tests.file_strategies import REFERENCE, File
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import MINISTRY, OPERATOR
from tests.service.http.act_files import build_commitment, build_service, submit_credits
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

UNITS = ("0177-D013-XXXX", "0177-D013-DD13")
"""A fund centre that is not in the reference data, and one that is."""
ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}
FIRST, SECOND, THIRD = (to_jsonl([build_commitment(f"L-{n}", "0.01")]) for n in range(3))


async def _submit(client: httpx.AsyncClient, body: bytes, query: str = "") -> Any:
    response = await client.post(f"/v1/submissions?{query}", content=body, headers=JSONL)
    assert response.is_success, response.text
    return response.json()


async def _read_ticket(client: httpx.AsyncClient, number: int, wait: int = 0) -> Any:
    return (await client.get(f"/v1/submissions/{number}?wait={wait}")).json()


def _list_folders(data: Path) -> list[Path]:
    return sorted(path.parent for path in (data / "spool").glob("??/*/original"))


def _find_folder(data: Path, body: bytes) -> Path:
    (match,) = [folder for folder in _list_folders(data) if (folder / "original").read_bytes() == body]
    return match


async def _leave_unfinished(dsn: str, data: Path) -> None:
    """Let a service decide the credits and acknowledge three files of a paused sender, then kill it."""
    async with run_service(dsn, data) as served, served.client(MINISTRY) as client:
        await submit_credits(client)
        await client.post("/v1/senders/MIN-09/pause", json={"reason": "night"}, headers=OPERATOR)
        for body in (FIRST, SECOND, THIRD):
            await _submit(client, body)
        served.process.kill()
        await served.process.wait()


async def test_lost_files_do_not_stop_the_service_and_are_decided_when_sent_again(
    database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        await _leave_unfinished(dsn, tmp_path)
        shutil.rmtree(_find_folder(tmp_path, FIRST))
        (_find_folder(tmp_path, SECOND) / "original").write_bytes(SECOND.replace(b"0.01", b"9.01"))
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await client.post("/v1/senders/MIN-09/resume", json={"reason": "day"}, headers=OPERATOR)
            assert (await _read_ticket(client, 5, 60))["state"] == "decided"
            for number in (3, 4):
                ticket = await _read_ticket(client, number, 60)
                assert (ticket["state"], ticket["receipt"]["done"]) == ("lost", False)
                assert "send the file again" in ticket["lost"]
            assert "crescendo_files_lost 2.0" in (await client.get("/metrics")).text
            again = await _submit(client, FIRST, "wait=60")
            assert (again["submission"], again["state"], again["lost"]) == (3, "decided", "")
            # a lost submission can be cancelled as one that waits
            response = await client.delete("/v1/submissions/4")
            assert (response.status_code, response.json()["state"]) == (200, "cancelled")
            assert "crescendo_files_lost 0.0" in (await client.get("/metrics")).text
            served.process.terminate()
            assert await served.process.wait() == 0
        rows = await fetch(dsn, "select reference from entry where submission > 2 order by entry_id")
        assert [row["reference"] for row in rows] == ["L-2", "L-0"]
        verification = await run_crescendo(
            "verify", "--database", dsn, "--data", tmp_path, environment=ENVIRONMENT
        )
        assert verification.code == 0, verification.out


PARQUET = {"content-type": "application/vnd.apache.parquet"}


def _build_parquet(reference: str) -> bytes:
    """Build a Parquet file whose size does not depend on the reference."""
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([build_commitment(reference, "0.01")]), buffer, compression="none")
    return buffer.getvalue()


async def test_damaged_file_is_not_decided_when_other_files_are_registered(
    database: Database, tmp_path: Path
) -> None:
    """A Parquet file that still decodes, with other content: only its hash shows the damage."""
    sent, damaged = _build_parquet("P-1"), _build_parquet("P-2")
    assert len(sent) == len(damaged)
    beside = tmp_path / "beside.jsonl"
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await submit_credits(client)
            await client.post("/v1/senders/MIN-09/pause", json={"reason": "night"}, headers=OPERATOR)
            assert (await client.post("/v1/submissions", content=sent, headers=PARQUET)).status_code == 202
            served.process.kill()
            await served.process.wait()
        (_find_folder(tmp_path, sent) / "original").write_bytes(damaged)
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await client.post("/v1/senders/MIN-09/resume", json={"reason": "day"}, headers=OPERATOR)
            assert (await _read_ticket(client, 3, 60))["state"] == "lost"
            for number in range(2):
                beside.write_bytes(to_jsonl([build_commitment(f"B-{number}", "0.01")]))
                options = ("--database", dsn, "--data", tmp_path, "--sender", "MIN-12")
                processed = await run_crescendo("run", beside, *options, environment=ENVIRONMENT)
                assert processed.code == 0, processed.err
                assert (await _read_ticket(client, 3))["state"] == "lost"
            response = await client.post("/v1/submissions?wait=60", content=sent, headers=PARQUET)
            assert (response.json()["submission"], response.json()["state"]) == (3, "decided")
        rows = await fetch(dsn, "select reference from entry where submission > 2 order by entry_id")
        assert [row["reference"] for row in rows] == ["B-0", "B-1", "P-1"]


_BLOCK_SECOND_BATCH = """create function stop_amid() returns trigger language plpgsql as $$ begin
    if new.next_line > 131072 then perform pg_advisory_xact_lock(7); end if; return new; end $$;
    create trigger stop_amid before insert on progress for each row execute function stop_amid()"""
"""Blocks the transaction that stores the second batch of a file, until the advisory lock is released."""


def _build_large_file() -> File:
    """Build a file of more than one batch.

    Some acts wait for a predecessor at the end of the file, one of them comes twice, most lines are refused.
    """
    services = [build_service(f"S-{n}", "LAST", "0.01") for n in range(3)]
    commitments = [build_commitment(f"M-{n}", "0.01", UNITS[n % 4 == 0]) for n in range(135_000)]
    return [
        *services,
        build_commitment("LAST-BUT", "1.00"),
        *commitments[:132_000],
        services[0],
        *commitments[132_000:],
        build_commitment("LAST"),
    ]


async def _kill_amid_file(dsn: str, data: Path, body: bytes) -> int:
    """Kill a service within a file, after its first batch was committed; return the submission number."""
    async with (
        open_connection(dsn) as blocking,
        run_service(dsn, data) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
        await blocking.execute(_BLOCK_SECOND_BATCH)
        await blocking.execute("select pg_advisory_lock(7)")
        number = (await _submit(client, body))["submission"]
        await wait_until_blocked(blocking)
        served.process.kill()
        await served.process.wait()
        await blocking.execute("drop trigger stop_amid on progress")
    return number


async def test_a_file_lost_between_two_batches_continues_where_it_stopped(
    database: Database, tmp_path: Path
) -> None:
    body = to_jsonl(_build_large_file())
    async with create_database(database) as dsn, create_database(database) as second_dsn:
        number = await _kill_amid_file(dsn, tmp_path / "one", body)
        (row,) = await fetch(dsn, "select max(next_line) from progress where submission = $1", number)
        assert 0 < row[0] <= 131_072
        shutil.rmtree(_find_folder(tmp_path / "one", body))
        async with run_service(dsn, tmp_path / "one") as served, served.client(MINISTRY) as client:
            assert (await _read_ticket(client, number))["state"] == "lost"
            response = await client.delete(f"/v1/submissions/{number}")
            assert (response.status_code, response.json()["code"]) == (409, "not-waiting")
            form = await client.post("/v1/acts", json=build_commitment("BESIDE", "0.01"))
            assert form.json()["outcome"] == "accepted"
            ticket = await _submit(client, body, "wait=200")
            assert (ticket["submission"], ticket["state"]) == (number, "decided")
            assert ticket["receipt"]["accepted"]["lines"] > 30_000
            assert ticket["receipt"]["duplicate"]["lines"] == 1
        async with run_service(second_dsn, tmp_path / "two") as served, served.client(MINISTRY) as client:
            await submit_credits(client)
            assert (await client.post("/v1/acts", json=build_commitment("BESIDE", "0.01"))).is_success
            whole = await _submit(client, body, "wait=200")
        counters = ("accepted", "duplicate", "refused", "suspended")
        assert [ticket["receipt"][name] for name in counters] == [whole["receipt"][name] for name in counters]
        options = ("--database", dsn, "--data", tmp_path / "one")
        assert (await run_crescendo("verify", *options, environment=ENVIRONMENT)).code == 0


async def test_file_processing_reports_lost_files_and_decides_them_once_given(
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
        options = ("--database", dsn, "--data", tmp_path, "--json")
        processed = await run_crescendo("run", *options, environment=ENVIRONMENT)
        assert processed.code == 1
        assert [submission["submission"] for submission in processed.json()["lost"]] == [3]
        assert [receipt["submission"] for receipt in processed.json()["receipts"]] == [4, 5]
        second = await run_crescendo("run", path, "--sender", "MIN-09", *options, environment=ENVIRONMENT)
        assert second.code == 0, second.err
        assert [(receipt["submission"], receipt["done"]) for receipt in second.json()["receipts"]] == [
            (3, True)
        ]
        async with open_connection(dsn) as connection:
            assert (await read_state(connection))["journal"]
        assert (await fetch(dsn, "select count(*) from entry where submission > 2"))[0][0] == 3
