"""A disk that is really full under the service: reads go on, work is refused with ``disk-full``, and goes on with room.

The disks are small file systems in memory: that of the spool, that of a database server, and that of both.
"""

import asyncio
import signal
from contextlib import suppress
from pathlib import Path

import httpx

from posting.store.failures import DATABASE_ERRORS
from service.auth.access_queries import SQL
from service.configuration.settings import Settings
from service.database.configured_database import find_server
from service.database.embedded_server import Database
from tests.databases import open_connection
from tests.service.command_line import run_crescendo
from tests.service.database_servers import run_keeper
from tests.service.http.access_keys import MINISTRY, OPERATOR, insert_keys
from tests.service.http.act_files import CREDITS, build_commitment, submit_credits
from tests.service.http.disk_checks import check_disk_full, read_metric
from tests.service.http.running_service import (
    JSONL,
    RunningService,
    create_database,
    fetch,
    run_service,
    to_jsonl,
)
from tests.small_disks import fill_disk, free_disk, mount_disk

LINES = 20_000
_CREATE = ("db", "create", "--name", "disk", "--number", "01")
_SERVER = """[server]
shared_buffers = "16MB"
wal_buffers = "1MB"
max_wal_size = "64MB"
"""


async def _send_file(client: httpx.AsyncClient, *references: str, wait: int = 60) -> httpx.Response:
    body = to_jsonl([build_commitment(reference, "0.01") for reference in references])
    return await client.post(f"/v1/submissions?wait={wait}", content=body, headers=JSONL)


async def _send_form(client: httpx.AsyncClient, reference: str, lines: int = 1) -> httpx.Response:
    rows = [build_commitment(f"{reference}-{line}", "0.01") for line in range(lines)]
    return await client.post("/v1/acts", json=rows)


async def _send_until_accepted(client: httpx.AsyncClient, reference: str) -> dict[str, str]:
    """Send a form again as its sender would, until there is room; every answer before says that the disk is full."""
    while (response := await _send_form(client, reference)).status_code != 200:
        assert response.json()["code"] in {"disk-full", "try-again"}, response.text
        await asyncio.sleep(0.2)  # as a sender waits; the service does not notify
    return response.json()


async def test_a_full_spool_refuses_files_and_nothing_else(database: Database, tmp_path: Path) -> None:
    with mount_disk(tmp_path / "spool", 24) as spool:
        data = spool.parent
        async with (
            create_database(database) as dsn,
            run_service(dsn, data) as served,
            served.client(MINISTRY) as client,
        ):
            await submit_credits(client)
            assert await read_metric(served, "disk_full") == 0
            fill_disk(spool)
            for _ in range(5):
                check_disk_full(await _send_file(client, "C1"))
            assert await read_metric(served, "disk_full") == 1
            assert await read_metric(served, "disk_free_bytes") == 0
            assert (await client.get("/v1/submissions/2")).json()["state"] == "decided"
            assert (await _send_form(client, "F1")).json()["outcome"] == "accepted"
            assert (await client.get("/readyz")).status_code == 200
            free_disk(spool)
            assert (await _send_file(client, "C1")).json()["receipt"]["accepted"]["lines"] == 1
            assert await read_metric(served, "disk_full") == 0
            assert served.process.returncode is None


async def _begin_log_file(dsn: str) -> None:
    """Have the server write to a new file of its log: one that ends while the disk is full ends the server too."""
    await fetch(dsn, "select pg_switch_wal()")
    await fetch(dsn, "checkpoint")


async def test_a_full_disk_of_the_database_ends_nothing(tmp_path: Path) -> None:
    """A file that was acknowledged is tried again and again; forms are refused, reads go on."""
    with mount_disk(tmp_path / "database", 192) as disk:
        async with run_keeper(disk) as (_, dsn):
            await insert_keys(dsn)
            async with run_service(dsn, tmp_path / "data") as served, served.client(MINISTRY) as client:
                await submit_credits(client)
                await _begin_log_file(dsn)
                fill_disk(disk, leave=2**20)
                waiting = await _send_file(client, *(f"C{n}" for n in range(LINES)), wait=0)
                assert waiting.status_code == 202, waiting.text
                await served.wait_for_log("disk full, waiting for room", "the database server", times=3)
                fill_disk(disk)
                for number in range(3):
                    check_disk_full(await _send_form(client, f"F{number}", 100))
                assert await read_metric(served, "disk_full") == 1
                assert (await client.get("/v1/submissions/2")).json()["state"] == "decided"
                assert (await client.get("/healthz")).status_code == 200
                free_disk(disk)
                decided = await client.get("/v1/submissions/3?wait=300", timeout=300)
                assert decided.json()["receipt"]["accepted"]["lines"] == LINES
                assert (await _send_until_accepted(client, "after"))["outcome"] == "accepted"
                assert served.process.returncode is None
            (row,) = await fetch(dsn, "select count(*) from entry where reference like 'F%'")
            assert row[0] == 0


async def test_the_embedded_server_is_started_again_once_there_is_room(tmp_path: Path) -> None:
    """PostgreSQL ends when its log finds no room; without it the service goes on answering."""
    config = tmp_path / "settings.toml"
    config.write_text(_SERVER)
    with mount_disk(tmp_path / "data", 256) as data:
        async with run_service(None, data, "--config", config) as served, served.client(MINISTRY) as client:
            running = find_server(Settings(data=data))
            assert running is not None
            await insert_keys(running.dsn)
            await _wait_for_keys(client)
            await submit_credits(client)
            fill_disk(data)
            await _end_log_segment(running.dsn)
            await served.wait_for_log("disk full, waiting for room")
            await _check_refusals(client, served)
            free_disk(data)
            assert (await _send_until_accepted(client, "after"))["outcome"] == "accepted"
            assert (await client.get("/v1/submissions/2")).json()["state"] == "decided"
            await _check_followers(client, running.dsn)
            served.process.send_signal(signal.SIGTERM)
            assert await served.process.wait() == 0


async def _wait_for_keys(client: httpx.AsyncClient) -> None:
    """Return once the service knows the keys, which it learns by a notification."""
    while (await client.get("/v1/submissions")).status_code == 401:  # noqa: ASYNC110
        await asyncio.sleep(0.05)  # it is polled, as a caller would


async def _end_log_segment(dsn: str) -> None:
    """Have PostgreSQL begin further segments of its log, until it finds no room for one and ends."""
    with suppress(*DATABASE_ERRORS):
        for _ in range(20):
            await fetch(dsn, "select pg_logical_emit_message(true, 'fill', repeat('x', 1000000))")
            await fetch(dsn, "select pg_switch_wal()")
        raise AssertionError("the disk has room for twenty segments")


async def _check_refusals(client: httpx.AsyncClient, served: RunningService) -> None:
    for response in (
        await _send_form(client, "F1"),
        await _send_file(client, "C1"),
        await client.get("/v1/submissions/2"),
        await client.get("/readyz"),
    ):
        check_disk_full(response)
    assert (await client.get("/healthz")).status_code == 200
    assert await read_metric(served, "disk_full") == 1
    assert await read_metric(served, "ready") == 0


async def _check_followers(client: httpx.AsyncClient, dsn: str) -> None:
    """Check that keys and pauses are followed on the new connections."""
    paused = await client.post("/v1/senders/MIN-09/pause", json={"reason": "a check"}, headers=OPERATOR)
    assert paused.is_success, paused.text
    assert (await _send_form(client, "F2")).json()["code"] == "sender-paused"
    await fetch(dsn, SQL["end_key"], "ministry2222", "a check")
    while (await client.get("/v1/submissions/2")).status_code != 401:  # noqa: ASYNC110
        await asyncio.sleep(0.05)  # the service learns it by a notification


async def test_a_stop_ends_the_wait_for_room(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await _send_file(client, "C1")
        async with open_connection(dsn) as connection:
            await connection.execute(
                "create function refuse() returns trigger language plpgsql as $$ begin"
                " raise exception 'could not extend file' using errcode = '53100'; end $$;"
                " create trigger refuse before insert on batch for each row execute function refuse()"
            )
        check_disk_full(await _send_form(client, "F1"))
        served.process.send_signal(signal.SIGTERM)
        assert await served.process.wait() == 0, "".join(served.log_lines)


async def test_a_command_on_a_full_disk_names_it_and_the_same_command_goes_on(tmp_path: Path) -> None:
    config, acts = tmp_path / "settings.toml", tmp_path / "acts.jsonl"
    config.write_text(_SERVER)
    acts.write_bytes(to_jsonl([*CREDITS, *(build_commitment(f"C{n}", "0.01") for n in range(20_000))]))
    with mount_disk(tmp_path / "data", 192) as data:
        words = ("run", acts, "--sender", "MIN-09", "--data", data, "--config", config)
        assert (await run_crescendo(*_CREATE, "--data", data, "--config", config)).code == 0
        fill_disk(data, leave=2**20)
        ended = await run_crescendo(*words)
        assert ended.code == 3, ended.err
        assert f"the disk of {data}" in ended.err
        assert "Make room" in ended.err
        free_disk(data)
        ended = await run_crescendo(*words)
        assert ended.code == 0, ended.err
