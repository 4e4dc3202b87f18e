"""File processing is killed with -9 at random instants and restarted: the journal is that of an undisturbed run.

The process, the database or both are killed, twenty times in all, at instants spread over four runs: while starting, between
files, and above all within a file of many batches, some of them committed and others being copied.
"""

import asyncio
import contextlib
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import psutil
import pyarrow as pa
import pyarrow.parquet
import pytest

from bench.year.act_files import write_file
from bench.year.year_generator import Year, generate_year
from ingest.queue.batch_cuts import BATCH_LINES
from service.database.binaries import find_wheel_binaries
from service.database.cluster import Cluster
from service.database.embedded_server import run_embedded
from tests.crash.database_states import read_state

KILLS, ROUNDS = 20, 4
_TARGETS = ("process", "database", "both")
_PAUSE = 0.01
_LONG_FILE = "2018-MIN-01.parquet"
"""The file that has many batches."""

_OBSERVE = """select e.epoch, e.version, (select count(*) from pg_stat_activity where datname = current_database()
           and state = 'active' and query like 'COPY%'),
           (select coalesce(sum(line), 0)::bigint from (select max(next_line) as line from progress group by submission) p)
           from engine e"""
_WITHIN_LONG = f"""select b.epoch, count(*) from batch b join progress p using (batch) join submission s using (submission)
           where s.file_name = '{_LONG_FILE}' group by b.epoch
           having not bool_or(p.done) and max(p.next_line) > 0"""
"""The engines that ended within the long file, and how many of its batches each had committed."""
_LINES = "select sum(declared_lines)::text from submission"


class Observation(NamedTuple):
    """The state of a run as observed in the database."""

    epoch: int = 0
    version: int = 0
    """Batches committed."""
    copying: int = 0
    """Batches being copied."""
    lines: int = 0
    """Lines whose decision is committed."""


class Instant(NamedTuple):
    """When to kill: some seconds after a number of lines are committed."""

    lines: int
    seconds: float


class Kill(NamedTuple):
    """A kill after at least one commit of the engine that it ended."""

    target: str
    last: Observation


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Third parties, the budget, nine months as one file, and the other months."""
    folder = tmp_path_factory.mktemp("year")
    generate_year(folder, Year(acts=800_000, senders=1))
    months = sorted(folder.glob("2018-*-MIN-01.parquet"))
    tables = [pyarrow.parquet.read_table(path) for path in months[:9]]
    common_columns = [
        name for name in tables[0].column_names if all(name in table.column_names for table in tables)
    ]
    whole = pa.concat_tables([table.select(common_columns) for table in tables])
    assert whole.num_rows > 6 * BATCH_LINES
    write_file(whole.replace_schema_metadata().unify_dictionaries(), folder / _LONG_FILE, "MIN-01")
    first = [folder / name for name in ("00-third-parties.parquet", "01-budget.parquet", _LONG_FILE)]
    return [*map(str, first), *map(str, sorted(folder.glob("2018-10-BUDGET*"))), *map(str, months[9:])]


@pytest.fixture(scope="module")
def undisturbed(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    data = tmp_path_factory.mktemp("undisturbed")
    assert _start(data, files).wait() == 0
    return asyncio.run(_read_state(data))[0]


def _start(data: Path, files: list[str]) -> subprocess.Popen[bytes]:
    program = str(Path(sys.executable).with_name("crescendo"))
    command = [program, "run", "--data", str(data), "--json", *files]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def _read_state(data: Path) -> tuple[dict[str, str], dict[int, int]]:
    """Return the state after a run, and the engines that ended within the long file."""
    async with run_embedded(data) as database:
        connection = await asyncpg.connect(database.dsn)
        try:
            within = {row[0]: row[1] for row in await connection.fetch(_WITHIN_LONG)}
            return {**await read_state(connection), "lines": await connection.fetchval(_LINES)}, within
        finally:
            await connection.close()


async def _connect(data: Path) -> asyncpg.Connection:
    """Connect to the server that a run started in ``data``."""
    cluster = Cluster.in_data_folder(data, find_wheel_binaries())
    status = cluster.read_pid_file()
    if len(status) < 4:
        raise ConnectionError("it does not run yet")
    dsn = f"postgresql://crescendo:{cluster.read_password()}@127.0.0.1:{status[3].strip()}/crescendo"
    return await asyncpg.connect(dsn, timeout=5)


async def _watch(
    data: Path, running: subprocess.Popen[bytes], instant: Instant
) -> tuple[Observation, Observation]:
    """Wait until some seconds after a number of lines are committed, or until the run ends.

    Return the first and the last observation of the current engine.
    """
    loop, connection, due = asyncio.get_running_loop(), None, None
    first = last = Observation()
    while running.poll() is None and (due is None or loop.time() < due):
        try:
            connection = connection or await _connect(data)
            (row,) = await connection.fetch(_OBSERVE)
            last = Observation(*row)
            first = first if first.epoch == last.epoch else last
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if connection:
                connection.terminate()
            connection = None
        if due is None and last.lines >= instant.lines:
            due = loop.time() + instant.seconds
        await asyncio.sleep(_PAUSE)  # there is no notification: it must be polled
    if connection:
        connection.terminate()
    return first, last


def _list_servers(process: psutil.Process) -> Iterator[psutil.Process]:
    """Yield the PostgreSQL processes that ours started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        yield from process.children(recursive=True)


def _kill(running: subprocess.Popen[bytes], target: str) -> None:
    process = psutil.Process(running.pid)
    servers = list(_list_servers(process))
    if target != "database":
        running.kill()
    if target != "process":
        for server in servers:
            with contextlib.suppress(psutil.NoSuchProcess):
                server.kill()
    running.wait()


def _draw_instants(chance: random.Random, lines: int, number: int) -> list[Instant]:
    """Draw an instant in each part of a run; the first run is also killed at its start."""
    count = KILLS // ROUNDS
    positions = [int((part + chance.uniform(0, 0.9)) * lines / count) for part in range(count)]
    instants = [Instant(position, chance.uniform(0, 0.1)) for position in positions]
    return instants if number else [Instant(0, chance.uniform(0.5, 3)), *instants[1:]]


async def test_killed_at_twenty_instants(
    files: list[str], undisturbed: dict[str, str], tmp_path: Path
) -> None:
    chance, killed = random.Random(20181231), 0
    landed: list[tuple[Kill, int]] = []
    for number in range(ROUNDS):
        data, kills = tmp_path / f"data-{number}", []
        for instant in _draw_instants(chance, int(undisturbed["lines"]), number):
            running = _start(data, files)
            first, last = await _watch(data, running, instant)
            assert running.poll() is None, f"the run ended before {instant}, with {running.returncode}"
            target = _TARGETS[killed % len(_TARGETS)]
            _kill(running, target)
            killed += 1
            if last.version > first.version:
                kills.append(Kill(target, last))
        assert _start(data, files).wait() == 0
        state, within = await _read_state(data)
        assert state == undisturbed
        landed += [(kill, within[kill.last.epoch]) for kill in kills if kill.last.epoch in within]
    assert killed == KILLS
    assert any(kill.last.copying for kill, _ in landed), landed
    for target in _TARGETS:
        assert any(batches > 1 for kill, batches in landed if kill.target == target), (target, landed)
