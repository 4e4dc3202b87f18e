"""The life of the service: it starts, drains, is killed, loses its database, and goes on."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from posting.store.journal_store import PostgresStore
from service.database.embedded import Database
from tests.databases import held_up, until_one_waits
from tests.service.command_line import crescendo
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, commitment, service
from tests.service.http.running_service import JSONL, as_jsonl, fetch, fresh, running

ACTS = as_jsonl([*CREDITS, service("S1", "C1"), commitment("C1")])


async def _submit(client: httpx.AsyncClient, body: bytes = ACTS, query: str = "") -> Any:
    return await client.post(f"/v1/submissions?{query}", content=body, headers=JSONL)


async def _chain(dsn: str) -> list[tuple[Any, ...]]:
    """The journal's rows and hashes."""
    rows = await fetch(dsn, "select batch, encode(chain, 'hex') from batch order by batch")
    entries = await fetch(dsn, "select entry_id, reference, amount from entry order by entry_id")
    return [tuple(row) for row in (*rows, *entries)]


async def test_it_is_not_ready_before_the_book_is_loaded(database: Database, tmp_path: Path) -> None:
    async with fresh(database) as dsn:
        async with (
            held_up(dsn, "checkpoint", "access exclusive") as blocking,
            running(dsn, tmp_path, ready=False) as served,
            served.client(MINISTRY) as client,
        ):
            await until_one_waits(blocking)
            assert (await client.get("/healthz")).status_code == 200
            for found in (await client.get("/readyz"), await _submit(client)):
                assert found.status_code == 503
                assert found.headers["retry-after"]
        assert await fetch(dsn, "select from submission") == []


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_answers_who_waits_and_keeps_what_was_taken(
    sent: signal.Signals, database: Database, tmp_path: Path
) -> None:
    async with fresh(database) as dsn:
        async with running(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            # a commit is held up; two more files wait behind it
            async with held_up(dsn, "batch") as blocking:
                waiting = [
                    asyncio.create_task(_submit(client, body, "wait=200"))
                    for body in (ACTS, as_jsonl([commitment("C2")]), as_jsonl([commitment("C3")]))
                ]
                await until_one_waits(blocking)
                served.process.send_signal(sent)
                await served.heard("Stopping")
            for each in await asyncio.gather(*waiting):
                # answered with how far it is, or told to come again: never cut off
                assert each.status_code in {200, 202, 503}
            assert await served.process.wait() == 0
            assert "Stopped in good order" in "".join(served.said)
            with pytest.raises(httpx.ConnectError):
                await client.get("/healthz")
        async with running(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            found = (await client.get("/v1/submissions")).json()["submissions"]
            ends = [await client.get(f"{each['links']['self']}?wait=60") for each in found]
            assert all(each.json()["state"] == "decided" for each in ends)


async def test_what_was_acknowledged_survives_a_kill(database: Database, tmp_path: Path) -> None:
    """Killed twice with its batch decided and not committed."""
    async with fresh(database) as undisturbed, fresh(database) as dsn:
        async with running(undisturbed, tmp_path / "a") as served, served.client(MINISTRY) as client:
            assert (await _submit(client, query="wait=60")).json()["state"] == "decided"
        for _ in range(2):
            async with (
                held_up(dsn) as blocking,
                running(dsn, tmp_path / "b") as served,
                served.client(MINISTRY) as client,
            ):
                taken = await _submit(client)
                assert taken.json()["submission"] == 1
                await until_one_waits(blocking)
                served.process.kill()
                await served.process.wait()
        async with running(dsn, tmp_path / "b") as served, served.client(MINISTRY) as client:
            found = await _submit(client, query="wait=60")
            assert found.json()["receipt"]["accepted"]["lines"] == len(CREDITS) + 2
        assert await _chain(dsn) == await _chain(undisturbed)


async def test_a_lost_connection_is_replaced_and_the_batch_decided_again(
    database: Database, tmp_path: Path
) -> None:
    async with fresh(database) as dsn:
        async with running(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await _submit(client, as_jsonl(CREDITS), "wait=60")
            async with held_up(dsn, "batch") as blocking:
                asking = asyncio.create_task(_submit(client, as_jsonl([commitment("C1")]), "wait=60"))
                await until_one_waits(blocking)
                await blocking.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity a where datname = current_database()"
                    " and application_name like 'crescendo/%' and pid <> (select holder_pid from engine)"
                )
                await served.heard("batch failed")
            assert (await asking).json()["receipt"]["accepted"]["lines"] == 1
            # and it goes on taking
            found = await _submit(client, as_jsonl([commitment("C2")]), "wait=60")
            assert found.json()["receipt"]["accepted"]["lines"] == 1
        assert [row["batch"] for row in await fetch(dsn, "select batch from batch order by batch")] == [
            1,
            2,
            3,
        ]


async def test_a_database_that_is_gone_ends_it_with_a_way_on(database: Database, tmp_path: Path) -> None:
    """Connections that break are made anew; a database that is not there any more is another thing."""
    async with fresh(database) as dsn, running(dsn, tmp_path) as served:
        name = dsn.rpartition("/")[2]
        await fetch(database.dsn, f"drop database {name} with (force)")
        code = await served.process.wait()
        await fetch(database.dsn, f"create database {name}")
        assert code == 3
        said = await served.heard("crescendo:")
        assert "Traceback" not in "".join(served.said)
        assert "start again with the same command" in "".join(served.said), said


async def test_an_engine_that_was_replaced_ends(database: Database, tmp_path: Path) -> None:
    async with fresh(database) as dsn, running(dsn, tmp_path) as served:
        await fetch(dsn, "update engine set epoch = epoch + 1")
        assert await served.process.wait() == 3
        await served.heard("another engine")


async def test_one_engine_at_a_time(database: Database, tmp_path: Path) -> None:
    async with fresh(database) as dsn, PostgresStore(dsn).held("the other one"):
        found = await crescendo("serve", "--database", dsn, "--data", tmp_path, "--port", "0")
        assert found.code == 3
        assert "the other one works on this database" in found.err


async def test_wrong_usage_is_told_at_once(tmp_path: Path) -> None:
    async with running_socket() as port:
        taken = await crescendo("serve", "--data", tmp_path, "--port", str(port))
    assert taken.code == 2
    assert "cannot listen" in taken.err
    assert not (tmp_path / "postgres").exists()


@asynccontextmanager
async def running_socket() -> AsyncIterator[int]:
    """A port that somebody else listens on."""
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_what_is_asked_before_the_codes_are_numbered_is_answered_rightly_after(
    database: Database, tmp_path: Path
) -> None:
    """Names that were read too early are not kept."""
    node = "/v1/budget/nodes?fund_centre=0177&year=2018"
    async with fresh(database) as dsn, AsyncExitStack() as lock:
        blocking = await lock.enter_async_context(held_up(dsn, "reference_text"))
        async with running(dsn, tmp_path, ready=False) as served, served.client(MINISTRY) as client:
            await until_one_waits(blocking)
            assert (await client.get(node)).status_code == 404
            await lock.aclose()
            await served.heard('"event":"ready"')
            await _submit(client, query="wait=60")
            found = await client.get(node)
            assert found.status_code == 200, found.text
