"""The closing year of the page, played on the engine: acts are sent and steps executed in the order of the page."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path

from closing.steps import Step
from core.person_decisions import StatedPerson
from core.roles import Role
from service.auth.access_queries import Grant, create_key
from service.database.embedded_server import Database
from service.engine import closing_execution, step_preparation
from service.engine.step_conditions import StepRequest
from service.terminal.processing_progress import ProgressLines
from tests.accountants import add_accountants
from tests.closing import closing_page, closing_statements
from tests.closing.closing_page import YEAR, ActFile, cut_year
from tests.closing.closing_state import TECHNICAL
from tests.closing.test_closing_steps import read_states
from tests.databases import open_connection
from tests.file_strategies import Row
from tests.period_decisions import decide_period
from tests.service.built_states import copy_built_state
from tests.service.small_state import State, create_interruption

_ACCOUNTANTS = ("paca", "ecol")
_TECHNICAL_BALANCES = (
    "select accountant, sum(balance_cents)::bigint as cents from analysis_v1.balance"
    " where exercise = $1 and account = $2 group by accountant"
)


@asynccontextmanager
async def open_closing_year(database: Database, folder: Path) -> AsyncIterator[State]:
    """Open the State after the whole page."""
    async with copy_built_state(database, folder, "closing year", _play_page) as state:
        closing_page.write_reference(state.reference)
        yield state


async def _play_page(state: State) -> None:
    closing_page.write_reference(state.reference)
    await add_accountants(state.dsn)
    async with open_connection(state.dsn) as connection:
        for name in _ACCOUNTANTS:
            grant = Grant(name, frozenset({Role.ASSIGNED_ACCOUNTANT}), frozenset(), "", None)
            await create_key(connection, grant)
    for table in closing_page.load_page().tables:
        await _play_table(state, table.category, [row for _, row in table.rows])


async def _play_table(state: State, category: str, rows: list[Row]) -> None:
    """Play one table; those of figures are compared when all is played, except what later steps change."""
    match category:
        case "payee":
            await state.submit_accepted(closing_page.build_payees())
        case "credits":
            await state.submit_accepted(closing_page.build_credits(rows))
        case "act":
            for file in closing_page.split_files(rows):
                await _send_file(state, file)
        case "statement":
            for row in rows:
                await closing_statements.import_statement(state, row)
        case "step":
            for row in rows:
                await _execute_step(state, row)
        case "provisional":
            balances = await state.fetch(_TECHNICAL_BALANCES, YEAR + 1, TECHNICAL)
            assert dict(map(tuple, balances)) == {
                accountant: cents for (accountant, _), cents in closing_page.read_balances(category).items()
            }


async def _send_file(state: State, file: ActFile) -> None:
    """Send the acts of a sender; those of the bank come by its notices, as no file may have its name."""
    if file.sender == closing_statements.BANK:
        for row in file.rows:
            await closing_statements.import_notice(state, row["reference"])
    else:
        lines = [await _name_entry(state, row, file) for row in file.rows]
        await state.submit_accepted(lines, file.sender)


async def _name_entry(state: State, row: Row, file: ActFile) -> Row:
    """Name the entry that a line follows, or its reference where that stands in the same file."""
    if (name := file.find_name(row)) is None:
        return cut_year(row)
    entries = await state.fetch(
        "select entry_id from entry where reference = $1 and exercise = $2 order by entry_id",
        *(await closing_statements.find_reference(state, name), name.year),
    )
    return row | {"predecessor": f"@{entries[name.line - 1]['entry_id']}"}


async def _execute_step(state: State, row: Row) -> None:
    """Execute a step, which a first person prepares if the page names two, and compare how it ended."""
    step, day, persons = Step(row["step"]), date.fromisoformat(row["day"]), row["by"].split(", ")
    if step is Step.LOCK:
        for month in range(16):
            await decide_period(state.dsn, f"{YEAR}-{month:02}", "close")
    requests = [StepRequest(YEAR, step, day, by=StatedPerson(name, user=name)) for name in persons]
    if len(persons) > 1:
        prepared = await step_preparation.prepare_step(state.context, requests[0], reporter=ProgressLines())
        assert (prepared.waits, prepared.preparation > 0) == ("", True), (step, prepared)
    result = await closing_execution.execute(
        state.context, requests[-1], create_interruption(), reporter=ProgressLines()
    )
    assert result.waits == "", (step, result.waits)
    assert (await read_states(state))[step] == row["state"], (step, result)
