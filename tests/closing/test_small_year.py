"""A small year from the first step to the last, as docs/closing.md lists them, by two persons."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from closing.steps import Step
from core.person_decisions import StatedPerson
from core.roles import Role
from reporting import code_labels
from reporting.code_names import read_names
from reporting.trial_balance import BY_ACCOUNTANT, AccountSums, BalanceScope, load_trial_balance
from service.auth.access_queries import Grant, create_key
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import closing_execution, step_preparation
from service.engine.step_conditions import StepRequest
from service.engine.year_closing import StepResult
from service.terminal.processing_progress import ProgressLines
from tests.accountants import add_accountants
from tests.closing import asset_state
from tests.closing.closing_state import TECHNICAL, YEAR, open_year_end
from tests.closing.test_closing_steps import read_states
from tests.closing.test_opening_items import CHARGE, CHLOE, CREDITOR, DAVID, ITEMS, post
from tests.closing.test_results import RESULT
from tests.databases import open_connection
from tests.period_decisions import decide_period
from tests.service.small_state import State, create_interruption

JANUARY, MARCH = "2019-01-21", "2019-03-25"
_CARRIES = (Step.COMMITMENTS, Step.REQUESTS)
_PROOFS = (Step.DEPRECIATION, Step.SUSPENSE, Step.LIAISON)
_ALL = (Step.REVIEW, *_CARRIES, *_PROOFS, Step.RESULT, Step.LOCK, Step.OPENING)
_MONTHS = (*range(13), 15)
LATE_ENTRY = post("OD-2", [("journal_debit", CHARGE, "7.00", ""), ("journal_credit", CREDITOR, "7.00", "")])
"""An entry of the inventory, which comes after the provisional openings."""


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    """Open the State with an item on a suspense account, and an asset with a plan."""
    async with open_year_end(database, tmp_path / "state") as small_state:
        await add_accountants(small_state.dsn)
        await small_state.submit_accepted(ITEMS, "treasury")
        asset = asset_state.build_act(
            "asset_service", "IM-1", "1000.00", "2018-04-30", account=asset_state.EQUIPMENT
        )
        async with open_connection(small_state.dsn) as connection:
            rights = frozenset({Role.ASSIGNED_ACCOUNTANT})
            await create_key(connection, Grant("accountant", rights, frozenset(), "", None))
        await small_state.submit_accepted([asset], "accountant")
        yield small_state


def _request(step: Step, day: str, by: StatedPerson) -> StepRequest:
    return StepRequest(YEAR, step, date.fromisoformat(day), by=by)


async def _execute(state: State, step: Step, day: str, *, by: StatedPerson = DAVID) -> StepResult:
    result = await closing_execution.execute(
        state.context, _request(step, day, by), create_interruption(), reporter=ProgressLines()
    )
    assert (result.waits, result.state) == ("", "proven"), result
    return result


async def _execute_by_two(state: State, step: Step, day: str) -> StepResult:
    request = _request(step, day, CHLOE)
    prepared = await step_preparation.prepare_step(state.context, request, reporter=ProgressLines())
    assert (prepared.waits, prepared.preparation > 0) == ("", True), prepared
    return await _execute(state, step, day)


async def _justify_items(state: State) -> None:
    """Justify in March each item that stays."""
    items = await state.fetch(
        "select entry_id from entry join reference_text on id in (debit, credit)"
        " where code = $1 and reference like 'OD-%' order by entry_id",
        CREDITOR,
    )
    common = {"kind": "justification", "exercise": YEAR + 1, "date": MARCH, "account": CREDITOR}
    common |= {"reason": "its sender was asked"}
    rows = [
        {**common, "reference": f"JU-{number}", "predecessor": f"@{item['entry_id']}"}
        for number, item in enumerate(items, 1)
    ]
    await state.submit_accepted(rows, "treasury")


async def _load_rows(state: State, year: int) -> Sequence[AccountSums]:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        scope = BalanceScope(year, None, None, BY_ACCOUNTANT)
        return (await load_trial_balance(connection, names, scope)).accounts


async def _close_until_lock(state: State) -> None:
    """Execute the list of docs/closing.md up to the lock of the year."""
    await _execute(state, Step.REVIEW, "2018-12-31")
    for step in _CARRIES:
        await _execute(state, step, JANUARY)
    await _execute_by_two(state, Step.OPENING, JANUARY)
    await state.submit_accepted(LATE_ENTRY, "treasury")
    await _justify_items(state)
    for step in _PROOFS:
        await _execute(state, step, MARCH)
    await _execute_by_two(state, Step.OPENING, MARCH)
    await _execute_by_two(state, Step.RESULT, MARCH)
    for month in _MONTHS:
        await decide_period(state.dsn, f"{YEAR}-{month:02}", "close")
    await _execute_by_two(state, Step.LOCK, MARCH)


async def test_a_small_year_is_closed_from_the_first_step_to_the_last(state: State) -> None:
    await _close_until_lock(state)
    assert (await read_states(state))[Step.OPENING] == "provisional"
    await _execute_by_two(state, Step.OPENING, MARCH)
    rows, next_rows = await _load_rows(state, YEAR), await _load_rows(state, YEAR + 1)
    closed = {(row.accountant, row.account): row.balance_cents for row in rows if row.balance_cents}
    opened = {(row.accountant, row.account): row.opening_cents for row in next_rows if row.opening_cents}
    assert closed == opened
    assert ("ADCE", RESULT) in opened
    accounts = {account for _, account in opened}
    assert TECHNICAL not in accounts
    assert not [account for account in accounts if account[0] in "67"]
    assert (await state.verify()).findings == []


async def test_a_second_execution_of_every_step_adds_nothing(state: State) -> None:
    await _close_until_lock(state)
    await _execute_by_two(state, Step.OPENING, MARCH)
    (entries,) = await state.fetch("select count(*) as entries from entry")
    for step in _ALL:
        assert (await _execute(state, step, MARCH)).posted is None
    assert await state.fetch("select count(*) as entries from entry") == [entries]
    states = await read_states(state)
    assert {states[step] for step in _ALL} == {"proven"}
    assert (await state.verify()).findings == []
