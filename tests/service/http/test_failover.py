"""Failover to a replica as ``docs/production.md`` describes: acknowledged work is there, once."""

import asyncio
import os
import re
import shutil
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from service.database.binaries import find_wheel_binaries
from service.database.cluster import Cluster
from tests.service.database_servers import execute_sql, find_server, kill_all, run_keeper
from tests.service.http.access_keys import MINISTRY, insert_keys
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import run_service, run_standby


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def _run_replica(primary: Path, dsn: str, data: Path) -> AsyncIterator[str]:
    """Run a replica of the primary; return its address."""
    home, port = data / "postgres", _find_free_port()
    home.mkdir(parents=True)
    words = ("--write-recovery-conf", "--checkpoint=fast", f"--dbname={dsn}", "--pgdata", home / "cluster")
    copying = await asyncio.create_subprocess_exec(
        find_wheel_binaries() / "pg_basebackup", *map(str, words), stdout=DEVNULL
    )
    assert await copying.wait() == 0
    shutil.copy(primary / "postgres" / "password", home)
    owner = (primary / "postgres" / "cluster").stat()
    for path in (home / "cluster", *(home / "cluster").rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "shared_buffers": "16MB",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (data / "lock").open("a") as lock:
        cluster = Cluster.in_data_folder(data, find_wheel_binaries())
        server = await cluster.start_program(["postgres", *options], [lock], stdout=DEVNULL)
        try:
            yield _build_dsn(dsn, str(port))
        finally:
            server.kill()
            await server.wait()


def _build_dsn(dsn: str, *ports: str) -> str:
    """Return the address with several ports of this machine."""
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return re.sub(r"@[^/]+", f"@{hosts}", dsn)


async def _wait_for_replica(dsn: str) -> None:
    """Poll until the replica follows: PostgreSQL does not notify."""
    while await execute_sql(dsn, "select count(*) from pg_stat_replication where sync_state = 'sync'") != 1:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def test_acknowledged_work_survives_the_loss_of_the_primary(tmp_path: Path) -> None:
    async with (
        run_keeper(tmp_path / "a") as (_, dsn),
        _run_replica(tmp_path / "a", dsn, tmp_path / "b") as second,
    ):
        await execute_sql(dsn, "alter system set synchronous_standby_names = '*'")
        await execute_sql(dsn, "select pg_reload_conf()")
        await _wait_for_replica(dsn)
        await insert_keys(dsn)
        ports = (str(urlsplit(address).port) for address in (dsn, second))
        either = _build_dsn(dsn, *ports) + "?target_session_attrs=read-write"
        async with run_service(either, tmp_path / "data") as served, served.client(MINISTRY) as client:
            await submit_credits(client)
            form = await client.post("/v1/acts", json=build_commitment("C1"))
            assert form.json()["outcome"] == "accepted", (form.text, served.log_lines)
            kill_all(find_server(tmp_path / "a"))
            assert await served.process.wait() == 3
        # a supervisor restarts the service before the replica is promoted
        async with run_standby(either, tmp_path / "data") as served:
            await served.wait_for_log("the database does not answer")
            await execute_sql(second, "select pg_promote()")
            await served.wait_until_active()
            async with served.client(MINISTRY) as client:
                again = await client.post("/v1/acts", json=build_commitment("C1"))
                assert again.json()["outcome"] == "duplicate"
                new = await client.post("/v1/acts", json=build_commitment("C2"))
                assert new.json()["outcome"] == "accepted"
