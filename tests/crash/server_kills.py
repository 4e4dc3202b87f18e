"""Single processes of the database are killed with -9 while ``crescendo run`` works: the same command always goes on.

A check with few kills is a test; the long form is a command, which prints what happened:

    python -m tests.crash.server_kills 50       # kills of each sort of process
"""

import asyncio
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import psutil

from bench.year.year_generator import Year, generate_year
from posting.store.failures import DATABASE_ERRORS
from service.database.binaries import find_wheel_binaries
from service.database.cluster import Cluster
from service.database.embedded_server import run_embedded_server
from tests.crash.database_states import read_state
from tests.service.command_line import start_command, wait_for_end

BACKEND_TYPES = ("client backend", "checkpointer", "walwriter")
KILLS_PER_RUN = 6
STARTS_MAX = 20
_FIND_PROCESS = """select pid from pg_stat_activity where backend_type = $1 and pid <> pg_backend_pid()
                   order by random() limit 1"""


@dataclass(slots=True)
class KillLog:
    """What was killed, and how the commands ended."""

    kills: Counter[str] = field(default_factory=Counter)
    """By sort of process."""
    endings: Counter[int] = field(default_factory=Counter)
    """By exit code: 0 where the command went on by itself, 3 where the same command had to be started again."""
    runs: int = 0


class KilledRun:
    """One run of files to its end, with kills at some numbers of committed batches."""

    def __init__(self, data: Path, files: list[Path], log: KillLog) -> None:
        self._data, self._files, self._log = data, files, log
        self._cluster: Cluster | None = None

    async def finish(self, kills: list[tuple[int, str]]) -> None:
        """Start the same command until it ends with 0, and kill a process at each number of batches of ``kills``."""
        waiting = sorted(kills)
        for _ in range(STARTS_MAX):
            command = await start_command("run", "--data", self._data, *self._files)
            ending = asyncio.create_task(wait_for_end(command))
            try:
                while waiting and await self._kill_at(*waiting[0], ending=ending):
                    waiting.pop(0)
                ended = await ending
            finally:
                if command.returncode is None:
                    command.kill()
            assert ended.code in {0, 3}, ended.err
            assert "Traceback" not in ended.err, ended.err
            self._log.endings[ended.code] += 1
            if ended.code == 0:
                self._log.runs += 1
                return
        raise AssertionError(f"not finished after {STARTS_MAX} starts")

    async def _kill_at(self, batches: int, title: str, *, ending: "asyncio.Task[object]") -> bool:
        """Kill one process once so many batches are committed; False if the command ended first."""
        while not ending.done():
            try:
                if await self._try_kill(batches, title):
                    self._log.kills[title] += 1
                    return True
            except (OSError, *DATABASE_ERRORS, psutil.Error):
                pass  # the server is starting or ending
            await asyncio.sleep(0.01)  # the server does not notify: it is polled
        return False

    async def _try_kill(self, batches: int, title: str) -> bool:
        if not (self._data / "postgres").exists():
            return False
        self._cluster = self._cluster or Cluster.in_data_folder(self._data, find_wheel_binaries())
        status = self._cluster.read_pid_file()
        if len(status) < 8 or status[7].strip() != "ready":
            return False
        address = f"127.0.0.1:{status[3].strip()}/crescendo"
        dsn = f"postgresql://crescendo:{self._cluster.read_password()}@{address}"
        connection = await asyncpg.connect(dsn, timeout=5)
        try:
            if await connection.fetchval("select version from engine") < batches:
                return False
            pid = await connection.fetchval(_FIND_PROCESS, title)
            if pid is None:
                return False
            psutil.Process(pid).kill()
            return True
        finally:
            connection.terminate()


def write_files(folder: Path) -> list[Path]:
    """Write the files of a small year, in order."""
    generate_year(folder, Year(acts=60_000, senders=2))
    return sorted(folder.glob("*.parquet"))


async def run_undisturbed(data: Path, files: list[Path]) -> dict[str, str]:
    """Process files without a kill; return the state."""
    ended = await wait_for_end(await start_command("run", "--data", data, *files))
    assert ended.code == 0, ended.err
    return await read_stored_state(data)


async def read_stored_state(data: Path) -> dict[str, str]:
    """Return the state that a run has left, and the number of batches."""
    async with run_embedded_server(data) as database:
        connection = await asyncpg.connect(database.dsn)
        try:
            batches = await connection.fetchval("select version from engine")
            return {**await read_state(connection), "batches": str(batches)}
        finally:
            await connection.close()


def draw_kills(chance: random.Random, titles: list[str], batches: int) -> list[tuple[int, str]]:
    """Draw a number of committed batches for each kill."""
    return [(chance.randrange(batches), title) for title in titles]


async def kill_processes(folder: Path, kills_each: int) -> KillLog:
    """Kill each sort of process so many times, in as many runs as that takes; every run leaves the same state."""
    files, log, chance = write_files(folder / "year"), KillLog(), random.Random(20181231)
    expected = await run_undisturbed(folder / "undisturbed", files)
    titles = [title for title in BACKEND_TYPES for _ in range(kills_each)]
    chance.shuffle(titles)
    number = 0
    while titles:
        number += 1
        kills = draw_kills(chance, titles[:KILLS_PER_RUN], int(expected["batches"]))
        before = log.kills.copy()
        data = folder / f"data-{number}"
        await KilledRun(data, files, log).finish(kills)
        assert await read_stored_state(data) == expected, kills
        for title in (log.kills - before).elements():
            titles.remove(title)  # a kill for which the run ended too soon comes again
    return log


def main(kills_each: int) -> None:
    """Kill each sort of process so many times, and print what happened."""
    with tempfile.TemporaryDirectory() as folder:
        log = asyncio.run(kill_processes(Path(folder), kills_each))
    print(
        f"{dict(log.kills)} in {log.runs} runs; commands that went on by themselves: {log.endings[0]}, ",
        end="",
    )
    print(f"started again: {log.endings[3]}; the state was the same each time")


if __name__ == "__main__":
    main(int(sys.argv[1]))
