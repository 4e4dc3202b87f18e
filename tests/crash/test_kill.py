"""Killed with -9 at random instants and started again with the same command: the journal is that of an undisturbed run.

The process, the database or both are killed, twenty times in all, at instants spread over the whole of four runs: while it
starts, between files, and above all amid a file of many batches, some of them committed and others being copied.
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
from service.database.embedded import run_embedded
from tests.crash.database_states import read_state

KILLS, ROUNDS = 20, 4
_TARGETS = ("process", "database", "both")
_PAUSE = 0.01
_LONG = "2018-MIN-01.parquet"
"""The file that is cut in many batches."""

_SEEN = """select e.epoch, e.version, (select count(*) from pg_stat_activity where datname = current_database()
           and state = 'active' and query like 'COPY%'),
           (select coalesce(sum(line), 0)::bigint from (select max(next_line) as line from progress group by submission) p)
           from engine e"""
_AMID = f"""select b.epoch, count(*) from batch b join progress p using (batch) join submission s using (submission)
           where s.file_name = '{_LONG}' group by b.epoch
           having not bool_or(p.done) and max(p.next_line) > 0"""
"""The engines that ended amid the long file, and how many of its batches each had committed."""
_LINES = "select sum(declared_lines)::text from submission"


class Observation(NamedTuple):
    """What could be seen of a run from outside."""

    epoch: int = 0
    version: int = 0
    """Batches committed."""
    copying: int = 0
    """Batches under way."""
    lines: int = 0
    """Lines decided, as far as they are committed."""


class Kill(NamedTuple):
    """One that landed after a commit of the engine that it ended."""

    target: str
    last: Observation


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Third parties, the budget, nine months as one file, what is left of the year."""
    folder = tmp_path_factory.mktemp("year")
    generate_year(folder, Year(acts=800_000, senders=1))
    months = sorted(folder.glob("2018-*-MIN-01.parquet"))
    tables = [pyarrow.parquet.read_table(path) for path in months[:9]]
    said_in_all = [
        name for name in tables[0].column_names if all(name in table.column_names for table in tables)
    ]
    whole = pa.concat_tables([table.select(said_in_all) for table in tables])
    assert whole.num_rows > 6 * BATCH_LINES
    write_file(whole.replace_schema_metadata().unify_dictionaries(), folder / _LONG, "MIN-01")
    first = [folder / name for name in ("00-third-parties.parquet", "01-budget.parquet", _LONG)]
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
    """What a run left, and the engines that ended amid the long file."""
    async with run_embedded(data) as database:
        connection = await asyncpg.connect(database.dsn)
        try:
            amid = {row[0]: row[1] for row in await connection.fetch(_AMID)}
            return {**await read_state(connection), "lines": await connection.fetchval(_LINES)}, amid
        finally:
            await connection.close()


async def _connect(data: Path) -> asyncpg.Connection:
    """A connection to the server that a run has started in ``data``, as soon as it takes one."""
    cluster = Cluster.in_data_folder(data, find_wheel_binaries())
    status = cluster.read_pid_file()
    if len(status) < 4:
        raise ConnectionError("it does not run yet")
    dsn = f"postgresql://crescendo:{cluster.read_password()}@127.0.0.1:{status[3].strip()}/crescendo"
    return await asyncpg.connect(dsn, timeout=5)


async def _watch(
    data: Path, running: subprocess.Popen[bytes], at: tuple[int, float]
) -> tuple[Observation, Observation]:
    """Return at an instant: so many lines stand and then some seconds have passed; or the run has ended.

    Returns what was seen first and last.
    """
    loop, connection, due = asyncio.get_running_loop(), None, None
    first = last = Observation()
    lines, seconds = at
    while running.poll() is None and (due is None or loop.time() < due):
        try:
            connection = connection or await _connect(data)
            (row,) = await connection.fetch(_SEEN)
            last = Observation(*row)
            first = first if first.epoch == last.epoch else last
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            if connection:
                connection.terminate()
            connection = None
        if due is None and last.lines >= lines:
            due = loop.time() + seconds
        await asyncio.sleep(_PAUSE)  # nobody tells: it must be asked
    if connection:
        connection.terminate()
    return first, last


def _list_servers(process: psutil.Process) -> Iterator[psutil.Process]:
    """The PostgreSQL processes below ours."""
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


def _draw_instants(chance: random.Random, lines: int, number: int) -> list[tuple[int, float]]:
    """One of each part of a run: lines that stand, and a moment after them; the first run is killed at its start, too."""
    each = KILLS // ROUNDS
    places = [int((at + chance.uniform(0, 0.9)) * lines / each) for at in range(each)]
    found = [(place, chance.uniform(0, 0.1)) for place in places]
    return found if number else [(0, chance.uniform(0.5, 3)), *found[1:]]


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
        found, amid = await _read_state(data)
        assert found == undisturbed
        landed += [(kill, amid[kill.last.epoch]) for kill in kills if kill.last.epoch in amid]
    assert killed == KILLS
    assert any(kill.last.copying for kill, _ in landed), landed
    for target in _TARGETS:
        assert any(batches > 1 for kill, batches in landed if kill.target == target), (target, landed)
