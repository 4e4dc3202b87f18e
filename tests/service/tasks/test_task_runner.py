"""The runner of tasks with programs that end early, stay silent, write torn lines, or are stopped; real processes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from posting.store.ledger_clock import LedgerClock
from service.configuration.settings import Settings
from service.database.embedded_server import Database
from service.tasks import task_queries
from service.tasks.task_messages import EXIT_RETRY, TaskReport
from service.tasks.task_process import WorkerProgram, describe_exit
from service.tasks.task_queries import Pool, TaskRow
from service.tasks.task_runner import EARLY_ENDS_MAX, TaskRunner
from tests.service.http.running_service import create_database, fetch

DONE = '{"result":{"run":1}}'
_READ_ORDER = "import os, sys, time\norder = sys.stdin.readline()\n"


def build_program(code: str, silence_seconds: float = 60) -> WorkerProgram:
    """Build a program that reads its order and then executes ``code``."""
    return WorkerProgram((sys.executable, "-c", _READ_ORDER + code), silence_seconds)


class Running(NamedTuple):
    """A runner at work."""

    runner: TaskRunner
    pool: Pool
    dsn: str
    work: asyncio.Task[None]

    async def request(self) -> int:
        number = await task_queries.insert_task(self.pool, "late_interest", {}, key="key", sender="sender")
        self.runner.notify_request()
        return number

    async def wait_for_end(self, number: int) -> TaskRow:
        with self.runner.watch_end(number) as ended:
            task = await self.load(number)
            if task.state in ("waiting", "started"):
                await asyncio.wait_for(ended.wait(), 60)
        return await self.load(number)

    async def load(self, number: int) -> TaskRow:
        task = await task_queries.load_task(self.pool, number)
        assert task
        return task

    async def count_early_ends(self) -> int:
        query = "select count(*) from task_event where event = 'started' and result is not null"
        return (await fetch(self.dsn, query))[0][0]

    async def stop(self) -> None:
        self.work.cancel()
        with suppress(asyncio.CancelledError):
            await self.work


@asynccontextmanager
async def run_tasks(database: Database, folder: Path, program: WorkerProgram) -> AsyncIterator[Running]:
    async with create_database(database) as dsn, task_queries.open_task_pool(dsn) as pool:
        runner = TaskRunner(pool, Settings(data=folder), dsn, clock=LedgerClock(), program=program)
        running = Running(runner, pool, dsn, asyncio.create_task(runner.run()))
        try:
            yield running
        finally:
            await running.stop()


async def perform(database: Database, folder: Path, program: WorkerProgram) -> TaskRow:
    async with run_tasks(database, folder, program) as running:
        return await running.wait_for_end(await running.request())


def get_failure(task: TaskRow) -> dict[str, Any]:
    assert task.state == "failed", task
    assert task.result
    return task.result


async def wait_until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # a report of another process announces itself to nobody: poll it


async def test_task_whose_process_ends_early_five_times_fails_with_the_cause(
    database: Database, tmp_path: Path
) -> None:
    code = f"""open({str(tmp_path / "starts")!r}, "a").write("1")
raise OSError("no route from /srv/data/spool to postgresql://user:secret@host/name")"""
    failure = get_failure(await perform(database, tmp_path, build_program(code)))
    assert failure["code"] == "ended-early"
    assert failure["detail"] == (
        f"Its process ended {EARLY_ENDS_MAX} times without a result; the last time: OSError: no route from … to …"
    )
    assert len((tmp_path / "starts").read_text()) == EARLY_ENDS_MAX


async def test_stops_and_a_lost_database_are_not_counted(database: Database, tmp_path: Path) -> None:
    """The process is sent away more often than it may end early, and then succeeds."""
    starts = str(tmp_path / "starts")
    code = f"""open({starts!r}, "a").write("1")
if os.stat({starts!r}).st_size > {EARLY_ENDS_MAX}:
    print({DONE!r})
sys.exit({EXIT_RETRY})"""
    async with run_tasks(database, tmp_path, build_program(code)) as running:
        assert (await running.wait_for_end(await running.request())).state == "done"
        assert await running.count_early_ends() == 0


async def test_silent_process_is_ended(database: Database, tmp_path: Path) -> None:
    failure = get_failure(await perform(database, tmp_path, build_program("time.sleep(600)", 0.2)))
    assert failure["detail"].endswith("it reported nothing for 0.2 seconds")


async def test_line_that_is_no_report_does_not_end_the_runner(database: Database, tmp_path: Path) -> None:
    code = "print('x' * 100, flush=True)\ntime.sleep(600)"
    failure = get_failure(await perform(database, tmp_path, build_program(code)))
    assert failure["detail"].endswith("it wrote a line that is no report")


async def test_torn_and_over_long_lines_are_no_result(database: Database, tmp_path: Path) -> None:
    """The first process is cut in the middle of its result, the second writes too long a line, the third succeeds."""
    starts = str(tmp_path / "starts")
    code = f"""open({starts!r}, "a").write("1")
start = os.stat({starts!r}).st_size
if start == 1:
    sys.stdout.write('{{"result":{{"run"')
elif start == 2:
    sys.stdout.write("x" * (3 << 26))
else:
    print({DONE!r})"""
    async with run_tasks(database, tmp_path, build_program(code)) as running:
        task = await running.wait_for_end(await running.request())
        assert (task.state, task.result) == ("done", {"run": 1})
        assert await running.count_early_ends() == 2


async def test_progress_moves_and_a_stop_leaves_the_task_for_the_next_start(
    database: Database, tmp_path: Path
) -> None:
    """The process reports its progress whenever the test lets it; after a stop the next runner begins the task again."""
    os.mkfifo(tmp_path / "steps")
    code = f"""for step in open({str(tmp_path / "steps")!r}):
    print('{{"activity":"committing acts","done":%d,"total":3}}' % int(step), flush=True)"""
    async with run_tasks(database, tmp_path, build_program(code)) as running:
        number = await running.request()
        steps = await asyncio.to_thread(os.open, tmp_path / "steps", os.O_WRONLY)
        for step in (1, 2):
            os.write(steps, b"%d\n" % step)
            report = TaskReport("committing acts", step, 3)
            await wait_until(lambda report=report: running.runner.progress == report)
            assert running.runner.current_task == number
        await running.stop()
        os.close(steps)
        assert (await running.load(number)).state == "started"
        assert await running.count_early_ends() == 0
        again = TaskRunner(
            running.pool,
            Settings(data=tmp_path),
            running.dsn,
            clock=LedgerClock(),
            program=build_program(f"print({DONE!r})"),
        )
        with again.watch_end(number) as ended:
            work = asyncio.create_task(again.run())
            await asyncio.wait_for(ended.wait(), 60)
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
        assert (await running.load(number)).state == "done"


async def test_result_with_nul_is_stored(database: Database, tmp_path: Path) -> None:
    program = build_program(r"""print('{"result":{"file":"a\\u0000b\\\\u0000"}}')""")
    task = await perform(database, tmp_path, program)
    assert task.result == {"file": "a\ufffdb\\u0000"}


def test_causes_name_neither_paths_nor_addresses() -> None:
    assert describe_exit(EXIT_RETRY, ["InterruptedError: "]) == ""
    assert describe_exit(-15, ["any"]) == ""
    assert describe_exit(-9, ["any"]) == "signal 9 ended it"
    assert describe_exit(2, []) == "exit code 2"
    lines = ["first", "DatabaseUnfit: PostgreSQL at postgresql://u@h/n cannot be used: deadlock", " "]
    assert describe_exit(1, lines) == "DatabaseUnfit: PostgreSQL at … cannot be used: deadlock"
    lines = ["[Errno 2] No such file: '/srv/data/acts.arrow', and/or 3/4 of ~/x"]
    assert describe_exit(1, lines) == "[Errno 2] No such file: '…', and/or 3/4 of …"


async def test_a_program_that_cannot_start_fails_its_task_with_the_cause(
    database: Database, tmp_path: Path
) -> None:
    """As where the system has no memory for another process."""
    program = WorkerProgram((str(tmp_path / "no-such-program"),))
    failure = get_failure(await perform(database, tmp_path, program))
    assert failure["code"] == "ended-early"
    assert failure["detail"].endswith("it could not be started (No such file or directory)")
