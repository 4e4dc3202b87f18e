"""File processing is killed with -9 at random instants and restarted: the journal is that of an undisturbed run.

The process, the database or both are killed, twelve times in all, in four runs: while starting, at instants spread over each
run, and, each target once, within a file of many batches, some of them committed and others being copied.
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
from service.database.embedded_server import run_embedded_server
from tests.crash.database_states import read_state

KILLS, ROUNDS = 12, 4
_TARGETS = ("process", "database", "both")
_PAUSE = 0.01
_DATABASE_LOST = 3
"""The exit code of a run that cannot go on without its database."""
_LONG_FILE = "2018-MIN-01.parquet"
"""The file that has many batches."""

_OBSERVE = f"""select e.epoch, (select count(*) from pg_stat_activity where datname = current_database()
           and state = 'active' and query like 'COPY%'),
           (select coalesce(sum(line), 0)::bigint from (select max(next_line) as line from progress group by submission) p),
           coalesce((select count(*) filter (where b.epoch = e.epoch)
           from batch b join progress p using (batch) join submission s using (submission)
           where s.file_name = '{_LONG_FILE}' having not bool_or(p.done)), 0)
           from engine e"""
_LINES = "select sum(declared_lines)::text from submission"


class Observation(NamedTuple):
    """The state of a run as observed in the database."""

    epoch: int = 0
    copying: int = 0
    """Batches being copied."""
    lines: int = 0
    """Lines whose decision is committed."""
    batches_of_long: int = 0
    """Batches of the long file that the current engine has committed; 0 once that file is decided."""


class Instant(NamedTuple):
    """When to kill: some seconds after a number of lines are committed.

    Within the long file: when the engine has committed several of its batches and copies another.
    """

    lines: int = 0
    seconds: float = 0
    is_within_long: bool = False

    def is_reached(self, last: Observation) -> bool:
        if self.is_within_long:
            return last.batches_of_long > 1 and last.copying > 0
        return last.lines >= self.lines


class Kill(NamedTuple):
    """A kill within the long file, after a commit of the current engine there."""

    target: str
    last: Observation


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Third parties, the budget, nine months as one file, and the other months."""
    folder = tmp_path_factory.mktemp("year")
    generate_year(folder, Year(acts=500_000, senders=1))
    months = sorted(folder.glob("2018-*-MIN-01.parquet"))
    tables = [pyarrow.parquet.read_table(path) for path in months[:9]]
    common_columns = [
        name for name in tables[0].column_names if all(name in table.column_names for table in tables)
    ]
    whole = pa.concat_tables([table.select(common_columns) for table in tables])
    assert whole.num_rows > 4 * BATCH_LINES  # some are committed, and others are copied
    write_file(whole.replace_schema_metadata().unify_dictionaries(), folder / _LONG_FILE, "MIN-01")
    first = [folder / name for name in ("00-third-parties.parquet", "01-budget.parquet", _LONG_FILE)]
    return [*map(str, first), *map(str, sorted(folder.glob("2018-10-BUDGET*"))), *map(str, months[9:])]


@pytest.fixture(scope="module")
def undisturbed(files: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    data = tmp_path_factory.mktemp("undisturbed")
    assert _start(data, files).wait() == 0
    return asyncio.run(_read_state(data))


def _start(data: Path, files: list[str]) -> subprocess.Popen[bytes]:
    program = str(Path(sys.executable).with_name("crescendo"))
    command = [program, "run", "--data", str(data), "--json", *files]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def _read_state(data: Path) -> dict[str, str]:
    async with run_embedded_server(data) as database:
        connection = await asyncpg.connect(database.dsn)
        try:
            return {**await read_state(connection), "lines": await connection.fetchval(_LINES)}
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


async def _watch(data: Path, running: subprocess.Popen[bytes], instant: Instant) -> Observation:
    """Wait until the instant, or until the run ends, and return the last observation."""
    loop, connection, due = asyncio.get_running_loop(), None, None
    last = Observation()
    while running.poll() is None and (due is None or loop.time() < due):
        try:
            connection = connection or await _connect(data)
            (row,) = await connection.fetch(_OBSERVE)
            last = Observation(*row)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if connection:
                connection.terminate()
            connection = None
        if due is None and instant.is_reached(last):
            due = loop.time() + instant.seconds
            continue
        await asyncio.sleep(_PAUSE)  # there is no notification: it must be polled
    if connection:
        connection.terminate()
    return last


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
    if target != "database":
        running.wait()


def _draw_instants(chance: random.Random, lines: int, number: int) -> list[Instant]:
    """Draw an instant in each part of a run; the first run is killed at its start, the others first within the long file."""
    count = KILLS // ROUNDS
    positions = [int((part + chance.uniform(0, 0.9)) * lines / count) for part in range(count)]
    instants = [Instant(position, chance.uniform(0, 0.1)) for position in positions]
    first = Instant(is_within_long=True) if number else Instant(0, chance.uniform(0.5, 3))
    return [first, *instants[1:]]


class Round:
    """A run of all files in one data folder that is killed and goes on, until its end.

    When the database alone is killed, the same process starts it again and goes on, or it ends and says that the same command
    is to be called again.
    """

    def __init__(self, data: Path, files: list[str]) -> None:
        self._data, self._files = data, files
        self._running = _start(data, files)

    async def kill(self, target: str, instant: Instant) -> Observation:
        last = await _watch(self._data, self._running, instant)
        if self._running.poll() == _DATABASE_LOST:
            self._running = _start(self._data, self._files)
            last = await _watch(self._data, self._running, instant)
        code = self._running.poll()
        assert code is None, f"the run ended before {instant}, with {code}"
        _kill(self._running, target)
        if target != "database":
            self._running = _start(self._data, self._files)
        return last

    def finish(self) -> None:
        code = self._running.wait()
        if code == _DATABASE_LOST:
            code = _start(self._data, self._files).wait()
        assert code == 0


async def test_killed_at_twelve_instants(
    files: list[str], undisturbed: dict[str, str], tmp_path: Path
) -> None:
    chance, killed = random.Random(20181231), 0
    landed: list[Kill] = []
    for number in range(ROUNDS):
        data = tmp_path / f"data-{number}"
        run = Round(data, files)
        for instant in _draw_instants(chance, int(undisturbed["lines"]), number):
            target = _TARGETS[(killed + number) % len(_TARGETS)]
            last = await run.kill(target, instant)
            killed += 1
            if last.batches_of_long:
                landed.append(Kill(target, last))
        run.finish()
        assert await _read_state(data) == undisturbed
    assert killed == KILLS
    assert any(kill.last.copying for kill in landed), landed
    for target in _TARGETS:
        assert any(kill.last.batches_of_long > 1 for kill in landed if kill.target == target), landed
