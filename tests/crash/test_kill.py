"""Killed with -9 at random instants and started again with the same command: the journal is that of an undisturbed run.

The process, the database or both are killed, twenty times in all; whenever a run ends before its kill it is compared,
and a new one begins.
"""

import asyncio
import contextlib
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from bench.year import Year, generate
from service.database import embedded
from tests.crash.states import state_of

KILLS = 20
_TARGETS = ("process", "database", "both")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("year")
    generate(folder, Year(acts=12_000, senders=2))
    return sorted(map(str, folder.glob("*.parquet")))


@pytest.fixture(scope="module")
def undisturbed(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    data = tmp_path_factory.mktemp("undisturbed")
    assert _start(data, files).wait() == 0
    return asyncio.run(_state(data))


def _start(data: Path, files: list[str]) -> subprocess.Popen[bytes]:
    program = str(Path(sys.executable).with_name("crescendo"))
    command = [program, "run", "--data", str(data), "--json", *files]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def _state(data: Path) -> dict[str, str]:
    async with embedded(data) as database:
        connection = await asyncpg.connect(database.dsn)
        try:
            return await state_of(connection)
        finally:
            await connection.close()


def _servers(process: psutil.Process) -> Iterator[psutil.Process]:
    """The PostgreSQL processes below ours."""
    with contextlib.suppress(psutil.NoSuchProcess):
        yield from process.children(recursive=True)


def _kill(running: subprocess.Popen[bytes], target: str) -> None:
    process = psutil.Process(running.pid)
    servers = list(_servers(process))
    if target != "database":
        running.kill()
    if target != "process":
        for server in servers:
            with contextlib.suppress(psutil.NoSuchProcess):
                server.kill()
    running.wait()


def test_killed_at_twenty_instants(files: list[str], undisturbed: dict[str, str], tmp_path: Path) -> None:
    chance, data = random.Random(20181231), tmp_path / "data"
    compared = 0
    for kill in range(KILLS):
        running = _start(data, files)
        try:
            code = running.wait(chance.uniform(0.8, 4.5))
        except subprocess.TimeoutExpired:
            _kill(running, _TARGETS[kill % len(_TARGETS)])
            continue
        assert code == 0
        assert asyncio.run(_state(data)) == undisturbed
        compared += 1
        shutil.rmtree(data)
    assert _start(data, files).wait() == 0
    assert asyncio.run(_state(data)) == undisturbed
    assert compared < KILLS, "no run was killed: nothing was tried"
