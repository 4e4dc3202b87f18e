"""The closing file: each execution of each step with its findings, and every step of the plan."""

from pathlib import Path

from closing.steps import PLAN, Step
from reporting import closing_file
from reporting.closing_file import ClosingFile
from service.database import command_queries
from service.database.embedded_server import Database
from tests.accountants import add_accountants
from tests.closing.closing_state import LINES, YEAR, open_year_end, prepare
from tests.closing.test_closing_steps import DAVID, execute
from tests.databases import open_connection
from tests.service.small_state import State


def test_the_steps_are_those_of_the_plan() -> None:
    assert [(row.step.value, row.french) for row in PLAN] == list(closing_file.STEPS.items())


async def load(state: State, year: int | None = None, batch: int | None = None) -> ClosingFile:
    async with command_queries.connect(state.dsn) as connection:
        return await closing_file.load_closing_file(connection, year=year, batch=batch)


async def execute_without_end(state: State) -> None:
    """Begin the carry of requests as a process that is killed then."""
    async with open_connection(state.dsn) as connection:
        await connection.execute(
            "insert into step_execution (year, step, attempt, by) values ($1, $2, 1, 'chloe')",
            *(YEAR, Step.REQUESTS.value),
        )


async def test_each_execution_is_in_the_file(database: Database, tmp_path: Path) -> None:
    async with open_year_end(database, tmp_path / "state") as state:
        assert (await load(state)).rows == []
        await execute(state, Step.LAST_DATES)
        before = await load(state)
        await execute(state, Step.COMMITMENTS)
        result = await load(state, YEAR)
        assert result.year == YEAR
        assert {row.step for row in result.rows} == {step.value for step in Step}
        executions = [row for row in result.rows if row.row == closing_file.EXECUTION]
        assert len(executions) == result.executions >= 2
        (carry,) = [row for row in executions if row.step == Step.COMMITMENTS]
        (stored,) = await state.fetch(
            "select encode(chain, 'hex') as chain from batch order by batch desc limit 1"
        )
        assert (carry.lines, carry.state, carry.chain) == (LINES[Step.COMMITMENTS], "proven", stored["chain"])
        assert carry.accepted == carry.lines
        assert len(carry.file_sha256) == len(stored["chain"])
        findings = [row for row in result.rows if row.row == closing_file.FINDING]
        assert all(row.lines is None and row.found is not None for row in findings)
        steps = {
            row.step
            for row in (await load(state, YEAR, before.batch)).rows
            if row.row == closing_file.EXECUTION
        }
        assert Step.LAST_DATES in steps
        assert Step.COMMITMENTS not in steps
        await execute_without_end(state)
        await add_accountants(state.dsn)
        assert (await prepare(state, Step.OPENING, DAVID)).waits == ""
        whole = {(row.step, row.row, row.state) for row in (await load(state, YEAR)).rows}
        later = {
            (Step.REQUESTS, closing_file.EXECUTION, "not ended"),
            (Step.OPENING, closing_file.PREPARATION, ""),
        }
        assert later <= whole
        as_of_batch = {(row.step, row.row, row.state) for row in (await load(state, YEAR, before.batch)).rows}
        assert not later & as_of_batch
        table = closing_file.build_table(result)
        assert len(table.rows) == len(result.rows)
        assert len(table.columns) == len(table.rows[0])
