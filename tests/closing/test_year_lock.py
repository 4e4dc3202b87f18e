"""The lock of a year: every month is closed before, two persons stand for it, and its sums are sealed."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from closing.steps import Step
from core.period_states import PeriodAction
from posting.store import period_store
from posting.store.period_store import NewDecision
from posting.store.step_executions import StepFinding
from service.database.embedded_server import Database
from service.engine import step_preparation, step_reversal
from service.engine.step_conditions import StepRequest
from service.terminal.processing_progress import ProgressLines
from tests.accountants import add_accountants
from tests.closing.closing_state import CARRIED_ON, LATE_SERVICE, YEAR, open_year_end
from tests.closing.test_closing_steps import CHLOE, DAVID, execute, list_blocks, read_states
from tests.databases import open_connection
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import State


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def close_year(state: State) -> None:
    """Prove what C13 needs, and close every month of the year."""
    for step in (Step.INVENTORY, Step.RESULT):
        assert (await execute(state, step)).state == "proven"
    async with open_connection(state.dsn) as connection:
        for month in range(16):
            await period_store.store_decision(
                connection, NewDecision(YEAR, month, "", PeriodAction.CLOSE, "test", CHLOE)
            )


async def test_a_year_is_locked_once_every_month_is_closed(state: State) -> None:
    early = await execute(state, Step.LOCK)
    assert early.waits == "C13 needs C12, which is not proven: crescendo close show C12 --year 2018"
    await execute(state, Step.INVENTORY)
    await execute(state, Step.RESULT)
    early = await execute(state, Step.LOCK)
    assert list_blocks(early)[0] == "month 2018-00 is open"
    await close_year(state)
    locked = await execute(state, Step.LOCK)
    assert (locked.waits, locked.state) == ("", "proven")
    assert locked.seal is not None
    assert {row.subject[-6:] for row in (await execute(state, Step.LOCK)).findings} == {"locked"}
    opened = await execute(state, Step.OPENING)
    assert (opened.state, (await read_states(state))["C14"]) == ("proven", "proven")
    request = StepRequest(YEAR, Step.SUSPENSE, date.fromisoformat(CARRIED_ON))
    late = await step_reversal.reverse_step(state.context, request, "late")
    assert late.waits.startswith("2018 is locked by C13")
    assert (await state.verify()).findings == []


async def test_a_year_is_not_locked_while_charges_are_left(state: State) -> None:
    """The proof of C12 is older than the charge: behind the lock nothing would bring it to the result."""
    await execute(state, Step.INVENTORY)
    await execute(state, Step.RESULT)
    await state.submit_accepted([LATE_SERVICE])
    assert (await read_states(state))["C12"] == "proven"
    tried = await execute(state, Step.LOCK, is_dry_run=True)
    assert [finding for finding in tried.findings if finding.subject.startswith("charges")] == [
        StepFinding(
            *("charges and products that are not in the result", 1, 1_000, True),
            "execute C12 again, before month 15 is closed: crescendo close execute C12 --year 2018",
        )
    ]
    await close_year(state)
    assert (await execute(state, Step.LOCK)).state == "proven"


async def test_a_charge_that_is_left_in_a_locked_year_is_found(state: State) -> None:
    await close_year(state)
    assert (await execute(state, Step.LOCK)).state == "proven"
    assert (await state.verify("results")).findings == []
    async with open_connection(state.dsn) as connection:
        await connection.execute(
            "set session_replication_role = replica; update entry set amount = amount + 100 where reference = 'SF-1'"
        )
        await remake_hashes(connection)
    findings = (await state.verify("results")).findings
    assert "1.00 left in a locked year" in [finding.found for finding in findings]


async def test_two_persons_lock_a_year(state: State) -> None:
    await close_year(state)
    await add_accountants(state.dsn)
    assert "nobody has prepared it" in (await execute(state, Step.LOCK)).waits
    request = StepRequest(YEAR, Step.LOCK, date.fromisoformat(CARRIED_ON), by=DAVID)
    prepared = await step_preparation.prepare_step(state.context, request, reporter=ProgressLines())
    assert (prepared.waits, prepared.preparation) == ("", 1)
    assert "david prepared it" in (await execute(state, Step.LOCK, by=DAVID)).waits
    assert (await execute(state, Step.LOCK)).state == "proven"
    assert (await state.verify()).findings == []


async def test_two_persons_seal_a_year_whose_months_one_person_locked(state: State) -> None:
    await close_year(state)
    await add_accountants(state.dsn)
    async with open_connection(state.dsn) as connection:
        for month in range(16):
            await period_store.store_decision(
                connection, NewDecision(YEAR, month, "", PeriodAction.LOCK, "test", CHLOE)
            )
    assert "nobody has prepared it" in (await execute(state, Step.LOCK)).waits
    request = StepRequest(YEAR, Step.LOCK, date.fromisoformat(CARRIED_ON), by=DAVID)
    for number in (1, 0):
        prepared = await step_preparation.prepare_step(state.context, request, reporter=ProgressLines())
        assert (prepared.waits, prepared.preparation) == ("", number)
        assert (await execute(state, Step.LOCK)).state == "proven"
    assert (await state.verify()).findings == []
    async with open_connection(state.dsn) as connection:
        await connection.execute("set session_replication_role = replica; delete from step_confirmation")
        await remake_hashes(connection)
    assert [(row.place, row.found) for row in (await state.verify("step_persons")).findings] == [
        ("the lock of 2018", "one person")
    ]


async def test_a_seal_of_before_anybody_was_known_needs_no_other_person(state: State) -> None:
    await close_year(state)
    assert (await execute(state, Step.LOCK)).state == "proven"
    await add_accountants(state.dsn)
    assert (await execute(state, Step.LOCK)).state == "proven"
    assert (await state.verify("step_persons")).findings == []


BREACHES = {
    "a seal of other sums": ("update step_end set seal = sha256('x') where seal is not null", "the seal"),
    "an entry of other sums": ("update entry set amount = amount + 1 where reference = 'DP-2'", "the seal"),
    "a chain that is none": ("update step_end set chain = sha256('x')", "the chain"),
    "an attempt that is missing": ("update step_execution set attempt = 7 where step = 'C13'", "attempt 7"),
    "an end before its beginning": ("update step_end set at = '2018-01-01'", "ended"),
    "a file of another step": (
        "update step_end set submission = 1 where step_execution = (select max(step_execution) from step_execution)",
        "the file",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_of_an_execution_is_found(state: State, breach: str) -> None:
    await close_year(state)
    await execute(state, Step.LOCK)
    change, text = BREACHES[breach]
    async with open_connection(state.dsn) as connection:
        await connection.execute(f"set session_replication_role = replica; {change}")
        await remake_hashes(connection)
    findings = (await state.verify("step_executions")).findings
    assert [finding.found for finding in findings if text in finding.found], findings
