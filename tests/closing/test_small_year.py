"""A small year from the first step to the last, as docs/closing.md lists them, by two persons."""

from collections.abc import AsyncIterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from closing.steps import Step
from core.catalog import KIND_NUMBERS
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
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import State, create_interruption

JANUARY, MARCH = "2019-01-21", "2019-03-25"
_CARRIES = (Step.COMMITMENTS, Step.REQUESTS)
_PROOFS = (Step.INVENTORY, Step.SUSPENSE, Step.LIAISON)
_ALL = (Step.REVIEW, *_CARRIES, *_PROOFS, Step.RESULT, Step.LOCK, Step.OPENING)
_MONTHS = range(16)
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


_LATER = "2019-03-28"
_ACT = 'act,date,account,source\nLoi de règlement,2019-03-27,1100000000,"ours"\n'


def _find_act(state: State) -> Path:
    return state.reference / "2019" / "settlement_act.csv"


async def _try(state: State, day: str) -> str:
    result = await closing_execution.execute(
        state.context,
        _request(Step.ALLOCATION, day, DAVID),
        create_interruption(),
        reporter=ProgressLines(),
    )
    assert result.posted is None
    return result.waits


async def _close_finally(state: State) -> int:
    """Close the year, and return its result."""
    await _close_until_lock(state)
    await _execute_by_two(state, Step.OPENING, MARCH)
    rows = await _load_rows(state, YEAR + 1)
    return next(row.opening_cents for row in rows if row.account == RESULT)


async def test_the_settlement_act_allots_the_whole_result_once(state: State) -> None:
    _find_act(state).write_text(_ACT)
    await _close_until_lock(state)
    assert "C16 needs C14, which is not proven" in await _try(state, _LATER)
    await _execute_by_two(state, Step.OPENING, MARCH)
    result_cents = next(
        row.opening_cents for row in await _load_rows(state, YEAR + 1) if row.account == RESULT
    )
    assert "Loi de règlement is of 2019-03-27: execute the step from then on" in await _try(state, MARCH)
    assert "is not in an open period of 2019" in await _try(state, "2019-07-01")
    assert "nobody has prepared" in await _try(state, _LATER)
    allotted = await _execute_by_two(state, Step.ALLOCATION, _LATER)
    assert allotted.posted is not None
    assert allotted.posted.reasons == []
    balances = {row.account: row.balance_cents for row in await _load_rows(state, YEAR + 1)}
    assert (balances[RESULT], balances["1100000000"]) == (0, result_cents)
    again = await _execute(state, Step.ALLOCATION, _LATER)
    assert again.posted is None
    assert (await state.verify()).findings == []


async def test_without_an_act_nothing_is_allotted(state: State) -> None:
    _find_act(state).unlink(missing_ok=True)
    assert await _close_finally(state) > 0
    assert "no settlement act is named: add settlement_act.csv of 2019" in await _try(state, _LATER)


_LINES = (
    "where reference in (select reference from entry where kind in ({kinds})) and kind in ({kinds})".format(
        kinds=", ".join(str(KIND_NUMBERS[f"result_allocation_{side}"]) for side in ("debit", "credit"))
    )
)
_TECHNICAL_NUMBER = f"(select id from reference_text where kind = 5 and code = '{TECHNICAL}')"
BREACHES = {
    "a cent less": (f"update entry set amount = amount - 1 {_LINES}", "allotted in 2019"),
    "one side alone": (
        f"update entry set amount = amount - 1 {_LINES} and credit <> 0",
        "more than it credits",
    ),
    "another account": (
        f"update entry set debit = {_TECHNICAL_NUMBER} {_LINES} and debit <> 0",
        f"posted on {TECHNICAL}",
    ),
    "before the act": (f"update entry set day = '2019-03-26' {_LINES}", "dated 2019-03-26"),
    "what another sender posts": (
        "update submission set sender = 'CHORUS' where sender = 'closing'",
        "posted by CHORUS",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_of_an_allocation_is_found(state: State, breach: str) -> None:
    _find_act(state).write_text(_ACT)
    await _close_finally(state)
    await _execute_by_two(state, Step.ALLOCATION, _LATER)
    assert (await state.verify("result_allocations")).findings == []
    change, text = BREACHES[breach]
    async with open_connection(state.dsn) as connection:
        await connection.execute(f"set session_replication_role = replica; {change}")
        await remake_hashes(connection)
    findings = (await state.verify("result_allocations")).findings
    assert [finding for finding in findings if text in finding.found], findings
