"""The process of a task by itself: it ends with the service, never owns the lease, and says why it has no result."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from core.errors import DatabaseUnfit, EngineError, LeaseHeld, ReferenceDataError
from core.person_decisions import StatedPerson
from posting.store.failures import is_connection_lost
from service.database import command_queries
from service.database.embedded_server import Database
from service.tasks.task_kinds import TASK_KINDS, TaskEnvironment
from service.tasks.task_messages import EXIT_RETRY, TaskOrder, TaskReport
from service.tasks.task_process import WorkerProgram
from service.terminal.processing_progress import ProgressLines
from settlement.runs import run_queries
from tests.service.small_state import (
    State,
    build_payee_code,
    create_interruption,
    open_state,
)

PAYEES = 4
UNTIL, DAY = date(2018, 11, 30), date(2018, 11, 20)
AT = "2018-11-20T10:00:00+01:00"


@asynccontextmanager
async def start_worker(state: State, kind: str, arguments: Mapping[str, Any]) -> AsyncIterator[Process]:
    """Start a worker with an order; kill it at the end if it runs."""
    process = await asyncio.create_subprocess_exec(
        *WorkerProgram().command, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    settings = {"database": state.dsn, "data": str(state.settings.data), "reference": str(state.reference)}
    assert process.stdin
    process.stdin.write(msgspec.json.encode(TaskOrder(kind, dict(arguments), "carole", settings)) + b"\n")
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        process.stdin.close()
        await process.communicate()


async def read_last_report(process: Process) -> TaskReport:
    """Read the reports until the process ends; return the last one."""
    assert process.stdout
    report = TaskReport()
    async with asyncio.timeout(60):
        async for line in process.stdout:
            report = msgspec.json.decode(line, type=TaskReport)
        await process.wait()
    return report


async def test_worker_without_an_engine_ends_and_leaves_the_lease(database: Database, tmp_path: Path) -> None:
    async with open_state(database, tmp_path / "state", PAYEES) as state:
        run = await state.propose_run(UNTIL, DAY, is_released=True)
        epoch = await state.fetch("select epoch from engine")
        async with start_worker(state, "issue", {"run": run, "at": AT}) as process:
            report = await read_last_report(process)
            assert process.returncode == EXIT_RETRY, report
        assert not report.is_final
        assert await state.fetch("select epoch from engine") == epoch
        assert "payment" not in await state.count_kinds()


async def test_worker_ends_when_its_standard_input_ends(database: Database, tmp_path: Path) -> None:
    """The kernel closes the pipe when the service is killed; a lock that the test owns keeps the worker waiting."""
    async with open_state(database, tmp_path / "state", PAYEES) as state:
        connection = await asyncpg.connect(state.dsn)
        try:
            assert await connection.fetchval("select pg_try_advisory_lock(7317, 4)")
            async with start_worker(state, "late_interest", {"at": AT}) as process:
                assert process.stdout
                assert process.stdin
                async with asyncio.timeout(60):
                    assert b"waiting for other work" in await process.stdout.readline()
                    process.stdin.close()
                    assert await process.wait() == EXIT_RETRY
        finally:
            await connection.close()


async def test_worker_without_an_order_ends(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service.tasks.worker", stdin=asyncio.subprocess.DEVNULL
    )
    assert await asyncio.wait_for(process.wait(), 60) == EXIT_RETRY


async def test_permanent_failure_is_reported_at_once_with_its_text(
    database: Database, tmp_path: Path
) -> None:
    """The lines of the run are not those proposed: trying again does not help."""
    async with open_state(database, tmp_path / "state", PAYEES) as state:
        run = await state.propose_run(UNTIL, DAY)
        async with command_queries.connect(state.dsn) as connection:
            await connection.execute("alter table payment_page disable trigger all")
            await connection.execute("update payment_page set content = content || '\\x00'::bytea")
        async with start_worker(state, "release", {"run": run}) as process:
            report = await read_last_report(process)
            assert process.returncode == 0
        assert report.failure
        assert report.failure.code == "not-possible"
        assert f"the lines of run {run} are not those proposed" in report.failure.detail


async def test_edit_of_a_process_that_was_killed_is_not_stored_again(
    database: Database, tmp_path: Path
) -> None:
    async with open_state(database, tmp_path / "state", PAYEES) as state:
        run = await state.propose_run(UNTIL, DAY)
        begun = datetime.now(UTC)
        settings = msgspec.structs.replace(state.settings, database=state.dsn)

        async def perform(kind: str, begun_before: datetime | None, **values: Any) -> int:
            environment = TaskEnvironment(
                settings, StatedPerson("", "carole"), begun_before, create_interruption(), ProgressLines()
            )
            arguments = msgspec.convert(
                {"run": run, "reason": "inquiry", **values}, TASK_KINDS[kind].arguments
            )
            await TASK_KINDS[kind].perform(environment, arguments)
            return (await state.fetch("select count(*) from payment_edit"))[0][0]

        lines = {"edit": "hold", "lines": [1, 2]}
        payees = {"edit": "regroup", "payees": [build_payee_code(3)]}
        assert await perform("edit_lines", begun, **lines) == 2
        assert await perform("edit_lines", begun, **lines) == 2
        assert await perform("edit_payees", begun, **payees) == 3
        assert await perform("edit_payees", begun, **payees) == 3
        assert await perform("edit_lines", begun, **{**lines, "edit": "unhold"}) == 5
        assert await perform("edit_lines", None, **lines) == 7, "a new request is a new edit"
        assert await perform("edit_lines", datetime.now(UTC), **lines) == 9, "an earlier edit is another one"
        async with run_queries.open_connection(state.dsn) as connection:
            assert (await run_queries.load_edits(connection, run)).withheld.tolist() == [1, 2]


def build_caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "is_lost"),
    [
        (ConnectionRefusedError(), True),
        (asyncpg.CannotConnectNowError(), True),
        (asyncpg.AdminShutdownError(), True),
        (asyncpg.InterfaceError("connection is closed"), True),
        (build_caused(DatabaseUnfit("away"), asyncpg.ConnectionDoesNotExistError()), True),
        (build_caused(DatabaseUnfit("lock"), asyncpg.LockNotAvailableError()), False),
        (build_caused(DatabaseUnfit("slow"), TimeoutError()), False),
        (asyncpg.QueryCanceledError(), False),
        (asyncpg.exceptions.DataError(), False),
        (EngineError("refused whole"), False),
        (LeaseHeld("held"), False),
        (ReferenceDataError("a", "b", "c"), False),
    ],
    ids=repr,
)
def test_lost_connections_are_told_from_other_errors(error: Exception, is_lost: bool) -> None:
    assert is_connection_lost(error) is is_lost
