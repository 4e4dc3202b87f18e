"""The life cycle of the service: start, drain, kill, loss of the database, and restart."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from posting.store.journal_store import PostgresStore
from service.database.embedded_server import Database
from tests.databases import lock_table, wait_until_blocked
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import (
    build_commitment,
    build_debt_charges,
    build_service,
    submit_credits,
)
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

ACTS = to_jsonl([build_service("S1", "D0", "0.50"), *build_debt_charges(4)])


async def _submit(client: httpx.AsyncClient, body: bytes = ACTS, query: str = "") -> Any:
    return await client.post(f"/v1/submissions?{query}", content=body, headers=JSONL)


async def _read_chain(dsn: str) -> list[tuple[Any, ...]]:
    """Return the rows and hashes of the journal."""
    rows = await fetch(dsn, "select batch, encode(chain, 'hex') from batch order by batch")
    entries = await fetch(dsn, "select entry_id, reference, amount from entry order by entry_id")
    return [tuple(row) for row in (*rows, *entries)]


async def test_the_service_is_not_ready_before_the_book_is_loaded(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        async with (
            lock_table(dsn, "checkpoint", "access exclusive") as blocking,
            run_service(dsn, tmp_path, ready=False) as served,
            served.client(MINISTRY) as client,
        ):
            await wait_until_blocked(blocking)
            assert (await client.get("/healthz")).status_code == 200
            for response in (await client.get("/readyz"), await _submit(client)):
                assert response.status_code == 503
                assert response.headers["retry-after"]
        assert await fetch(dsn, "select from submission") == []


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_answers_waiting_requests_and_keeps_accepted_files(
    sent: signal.Signals, database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            # a commit is blocked, and two more files wait
            async with lock_table(dsn, "batch") as blocking:
                waiting = [
                    asyncio.create_task(_submit(client, body, "wait=200"))
                    for body in (ACTS, to_jsonl([build_commitment("C2")]), to_jsonl([build_commitment("C3")]))
                ]
                await wait_until_blocked(blocking)
                served.process.send_signal(sent)
                await served.wait_for_log("Stopping")
            for result in await asyncio.gather(*waiting):
                # answered with the state, or 503: never disconnected
                assert result.status_code in {200, 202, 503}
            assert await served.process.wait() == 0
            assert "Stopped in good order" in "".join(served.log_lines)
            with pytest.raises(httpx.ConnectError):
                await client.get("/healthz")
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            submissions = (await client.get("/v1/submissions")).json()["submissions"]
            ends = [await client.get(f"{result['links']['self']}?wait=60") for result in submissions]
            assert all(result.json()["state"] == "decided" for result in ends)


async def test_acknowledged_work_survives_a_kill(database: Database, tmp_path: Path) -> None:
    """Kill the service twice between decision and commit."""
    async with create_database(database) as undisturbed, create_database(database) as dsn:
        async with run_service(undisturbed, tmp_path / "a") as served, served.client(MINISTRY) as client:
            assert (await _submit(client, query="wait=60")).json()["state"] == "decided"
        for _ in range(2):
            async with (
                lock_table(dsn) as blocking,
                run_service(dsn, tmp_path / "b") as served,
                served.client(MINISTRY) as client,
            ):
                accepted = await _submit(client)
                assert accepted.json()["submission"] == 1
                await wait_until_blocked(blocking)
                served.process.kill()
                await served.process.wait()
        async with run_service(dsn, tmp_path / "b") as served, served.client(MINISTRY) as client:
            response = await _submit(client, query="wait=60")
            assert response.json()["receipt"]["accepted"]["lines"] == 5
        assert await _read_chain(dsn) == await _read_chain(undisturbed)


async def test_a_lost_connection_is_replaced_and_the_batch_decided_again(
    database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await submit_credits(client)
            async with lock_table(dsn, "batch") as blocking:
                asking = asyncio.create_task(_submit(client, to_jsonl([build_commitment("C1")]), "wait=60"))
                await wait_until_blocked(blocking)
                await blocking.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity a where datname = current_database()"
                    " and application_name like 'crescendo/%' and pid <> (select holder_pid from engine)"
                )
                await served.wait_for_log("batch failed")
            assert (await asking).json()["receipt"]["accepted"]["lines"] == 1
            # and it still accepts files
            response = await _submit(client, to_jsonl([build_commitment("C2")]), "wait=60")
            assert response.json()["receipt"]["accepted"]["lines"] == 1
        assert [row["batch"] for row in await fetch(dsn, "select batch from batch order by batch")] == [
            1,
            2,
            3,
            4,
        ]


async def test_a_lost_database_ends_the_service_with_a_hint(database: Database, tmp_path: Path) -> None:
    """Broken connections are replaced; a database that is gone ends the service."""
    async with create_database(database) as dsn, run_service(dsn, tmp_path) as served:
        name = dsn.rpartition("/")[2]
        await fetch(database.dsn, f"drop database {name} with (force)")
        code = await served.process.wait()
        await fetch(database.dsn, f"create database {name}")
        assert code == 3
        message = await served.wait_for_log("crescendo:")
        assert "Traceback" not in "".join(served.log_lines)
        assert "start again with the same command" in "".join(served.log_lines), message


async def test_a_replaced_engine_stops(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn, run_service(dsn, tmp_path) as served:
        await fetch(dsn, "update engine set epoch = epoch + 1")
        assert await served.process.wait() == 3
        await served.wait_for_log("another engine")


async def test_one_engine_at_a_time(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn, PostgresStore(dsn).own_lease("the other one"):
        result = await run_crescendo("serve", "--database", dsn, "--data", tmp_path, "--port", "0")
        assert result.code == 3
        assert "the other one works on this database" in result.err


async def test_usage_errors_are_reported_at_once(tmp_path: Path) -> None:
    async with running_socket() as port:
        result = await run_crescendo("serve", "--data", tmp_path, "--port", str(port))
    assert result.code == 2
    assert "cannot listen" in result.err
    assert not (tmp_path / "postgres").exists()


@asynccontextmanager
async def running_socket() -> AsyncIterator[int]:
    """A port that is in use."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_names_read_before_the_book_is_loaded_are_not_cached(
    database: Database, tmp_path: Path
) -> None:
    """Names read before the book is loaded are read again."""
    node = "/v1/budget/nodes?fund_centre=0177&year=2018"
    async with create_database(database) as dsn, AsyncExitStack() as lock:
        blocking = await lock.enter_async_context(lock_table(dsn, "reference_text"))
        async with run_service(dsn, tmp_path, ready=False) as served, served.client(MINISTRY) as client:
            await wait_until_blocked(blocking)
            assert (await client.get(node)).status_code == 404
            await lock.aclose()
            await served.wait_for_log('"event":"ready"')
            await _submit(client, query="wait=60")
            response = await client.get(node)
            assert response.status_code == 200, response.text
