"""The plan of a closing: each step waits for those before it, is recorded, and finds what is wrong."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from closing.steps import DESCRIPTIONS, PLAN, Step, StepType
from core.person_decisions import NOBODY, StatedPerson
from posting.store import step_executions
from posting.store.step_executions import StepEnd, StepFinding
from reporting import code_labels
from reporting.code_names import read_names
from reporting.suspense import load_suspense, select_sort
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import closing_execution, closing_plan, step_checks, step_reversal
from service.engine.closing_plan import ClosingBoard
from service.engine.step_conditions import StepRequest, open_snapshot
from service.engine.year_closing import StepResult
from service.terminal.processing_progress import ProgressLines
from tests.closing.closing_state import ACCRUED, CARRIED_ON, YEAR, open_year_end
from tests.closing.test_opening_items import post
from tests.databases import open_connection
from tests.service.small_state import State, create_interruption

EXPENSE, CHARGE, LIAISON = "4731000000", "6188000000", "1842100000"
DEBT = "1853200000"

CHLOE, DAVID = (StatedPerson(name, user=name) for name in ("chloe", "david"))


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def execute(
    state: State, step: Step, day: str = CARRIED_ON, *, is_dry_run: bool = False, by: StatedPerson = CHLOE
) -> StepResult:
    request = StepRequest(YEAR, step, date.fromisoformat(day), is_dry_run, by)
    return await closing_execution.execute(
        state.context, request, create_interruption(), reporter=ProgressLines()
    )


async def load_board(state: State) -> ClosingBoard:
    async with open_snapshot(state.dsn) as connection:
        return await closing_plan.load_board(connection, YEAR)


async def read_states(state: State) -> dict[str, str]:
    return {row.step: row.state for row in (await load_board(state)).steps}


def list_blocks(result: StepResult) -> list[str]:
    return [finding.subject for finding in result.findings if finding.blocks]


def test_the_plan_has_every_step_once_after_those_it_needs() -> None:
    order = [row.step for row in PLAN]
    assert sorted(order) == list(Step)
    needs = [(needed, row.step) for row in PLAN for needed in (*row.needs, *row.last_needs)]
    assert all(order.index(needed) < order.index(step) for needed, step in needs)
    assert all(row.obstacle for row in PLAN if row.type is not StepType.CHECK)


async def test_a_step_proves_the_checks_that_it_needs(state: State) -> None:
    assert set((await read_states(state)).values()) == {"not begun"}
    result = await execute(state, Step.COMMITMENTS)
    assert (result.waits, result.state) == ("", "proven")
    states = await read_states(state)
    assert [states[step] for step in ("C01", "C02", "C03", "C06", "C04")] == ["proven"] * 4 + ["not begun"]
    last = (await load_board(state)).find_step(Step.COMMITMENTS).last
    assert last is not None
    assert (last.attempt, last.lines, last.cents, last.blocked, len(last.chain)) == (1, 5, 23_700, 0, 64)
    again = await execute(state, Step.COMMITMENTS)
    assert (again.state, again.posted) == ("proven", None)
    assert (await state.verify()).findings == []


async def test_a_dry_run_stores_nothing(state: State) -> None:
    tried = await execute(state, Step.COMMITMENTS, is_dry_run=True)
    assert tried.sums is not None
    assert tried.sums.lines == 5
    assert set((await read_states(state)).values()) == {"not begun"}


async def test_the_lock_waits_for_the_result_and_no_opening_does(state: State) -> None:
    assert "C12" in (await execute(state, Step.LOCK)).waits
    opened = await execute(state, Step.OPENING)
    assert (opened.waits, opened.state) == ("", "proven")
    assert (await read_states(state))["C14"] == "provisional"


async def test_a_budget_expense_on_suspense_stops_the_closing(state: State) -> None:
    """LOLF art. 28: it is on a final account by the end of the year; the payment of a third party is none."""
    await state.submit_accepted(
        post("OD-1", [("journal_debit", EXPENSE, "60.00", ""), ("journal_credit", CHARGE, "60.00", "")]),
        "treasury",
    )
    (row,) = await state.fetch("select min(entry_id) as entry from entry where reference = 'OD-1'")
    review = await execute(state, Step.REVIEW)
    assert list_blocks(review) == [f"budget expense @{row['entry']} on suspense account {EXPENSE}"]
    assert review.state == "refused"
    result = await execute(state, Step.COMMITMENTS)
    assert result.waits == "C06 needs C02, which is not proven: crescendo close show C02 --year 2018"
    assert result.posted is None
    assert list_blocks(result) == list_blocks(review)
    clear = [
        ("clearing_credit", EXPENSE, "60.00", f"@{row['entry']}"),
        ("journal_debit", CHARGE, "60.00", ""),
    ]
    await state.submit_accepted(post("OD-2", clear), "treasury")
    assert (await execute(state, Step.COMMITMENTS)).state == "proven"
    attempts = await _count_attempts(state)
    assert attempts == {"C01": 1, "C02": 3, "C03": 1, "C06": 1}


async def _count_attempts(state: State) -> dict[str, int]:
    async with open_snapshot(state.dsn) as connection:
        executions = await step_executions.load_executions(connection, YEAR)
    return {step: len(rows) for step, rows in sorted(executions.items())}


async def test_a_run_that_is_not_issued_stops_the_closing(state: State) -> None:
    run = await state.propose_run(date(2018, 12, 31), date(2018, 12, 28))
    review = await execute(state, Step.REVIEW)
    assert list_blocks(review) == [f"payment run {run}, proposed"]


async def test_the_review_counts_what_does_not_stop_the_closing(state: State) -> None:
    async with open_connection(state.dsn) as connection:
        await connection.execute(
            "set session_replication_role = replica; update progress set done = false, suspended = 1, suspended_cents = 100"
            " where submission = (select max(submission) from submission)"
        )
    counts = {row.subject: (row.lines, row.cents) for row in (await execute(state, Step.REVIEW)).findings}
    assert counts["acts held for a predecessor"] == (1, 100)
    assert counts["files not decided"] == (1, 0)
    assert counts["transfers in transit 5126410000"] == (1, -900)


async def test_an_item_without_a_justification_is_listed(state: State) -> None:
    item = [("journal_credit", "4721000000", "60.00", ""), ("journal_debit", CHARGE, "60.00", "")]
    await state.submit_accepted(post("OD-1", item), "treasury")
    result = await execute(state, Step.SUSPENSE)
    (entry,) = await state.fetch("select min(entry_id) as entry from entry where reference = 'OD-1'")
    assert list_blocks(result) == [f"item @{entry['entry']} on 4721000000 of PACA"]
    assert (await read_states(state))["C09"] == "refused"


async def test_a_budget_expense_stops_the_result_also_with_a_justification(state: State) -> None:
    """It reached suspense after C02 was proven; only a receipt may stay, which is listed for the annex (LOLF art. 28)."""
    assert (await execute(state, Step.REVIEW)).state == "proven"
    for number, account in enumerate((EXPENSE, "4721000000"), 1):
        item = [("journal_debit", account, "60.00", ""), ("journal_credit", CHARGE, "60.00", "")]
        await state.submit_accepted(post(f"OD-{number}", item), "treasury")
        justification = {"reference": f"JU-{number}", "kind": "justification", "exercise": YEAR}
        justification |= {"date": "2018-12-31", "account": account, "reason": "asked for"}
        (row,) = await state.fetch(
            f"select min(entry_id) as entry from entry where reference = 'OD-{number}'"
        )
        await state.submit_accepted([justification | {"predecessor": f"@{row['entry']}"}], "treasury")
    assert len(list_blocks(await execute(state, Step.SUSPENSE))) == 1
    async with open_connection(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        others = select_sort(await load_suspense(connection, names, exercise=YEAR), "third_party")
    assert [(item.account, item.open_cents, item.justification) for item in others.items] == [
        ("4721000000", 6_000, "asked for")
    ]
    assert others.add_up


async def test_many_items_are_counted_behind_the_first(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three items of 60.00 one is listed, one more is counted, and one is justified."""
    monkeypatch.setattr(step_checks, "_ITEMS_MAX", 1)
    item = [("journal_credit", "4721000000", "60.00", ""), ("journal_debit", CHARGE, "60.00", "")]
    for number in (1, 2, 3):
        await state.submit_accepted(post(f"OD-{number}", item), "treasury")
    (third,) = await state.fetch("select min(entry_id) as entry from entry where reference = 'OD-3'")
    justification = {"reference": "JU-1", "kind": "justification", "exercise": YEAR, "date": "2018-12-31"}
    justification |= {"predecessor": f"@{third['entry']}", "account": "4721000000", "reason": "asked for"}
    await state.submit_accepted([justification], "treasury")
    findings = (await execute(state, Step.SUSPENSE)).findings
    assert [(row.lines, row.cents, row.blocks) for row in findings] == [
        (1, -6_000, True),
        (1, -6_000, True),
        (1, -6_000, False),
    ]


@pytest.mark.parametrize(("step", "account"), [(Step.REVIEW, EXPENSE), (Step.SUSPENSE, "4721000000")])
async def test_a_suspense_account_with_more_than_its_items_stops_the_closing(
    state: State, step: Step, account: str
) -> None:
    """No act leaves one so, thus a stored balance is changed."""
    assert (await execute(state, step)).state == "proven"
    await move_balance(state, ACCRUED, account)
    result = await execute(state, step)
    assert [(row.subject, row.lines, row.cents) for row in result.findings if row.blocks] == [
        (f"suspense account {account}, whose items are not its balance", 0, -11_000)
    ]


async def test_a_liaison_account_that_is_not_zero_is_listed(state: State) -> None:
    """The engine accepts none (``TRANSFER_UNPAIRED``), so a stored row is changed."""
    sides = [("journal_credit", "4721000000", "60.00", ""), ("journal_debit", CHARGE, "60.00", "")]
    await state.submit_accepted(post("OD-1", sides), "treasury")
    assert (await execute(state, Step.LIAISON)).state == "proven"
    await move_balance(state, "4721000000", LIAISON)
    result = await execute(state, Step.LIAISON)
    assert list_blocks(result) == [f"liaison account {LIAISON}"]
    assert [(finding.lines, finding.cents) for finding in result.findings] == [(1, -6_000)]


async def test_what_the_debt_is_owed_is_listed_and_does_not_stop_the_closing(state: State) -> None:
    """No step settles 1853200000, on which the general budget owes charges of the debt."""
    await move_balance(state, ACCRUED, DEBT)
    result = await execute(state, Step.LIAISON)
    assert [(row.subject, row.cents, row.blocks) for row in result.findings] == [
        (f"liaison account {DEBT}", -11_000, False)
    ]
    assert result.state == "proven"


async def test_what_two_accountants_owe_each_other_is_zero_together(state: State) -> None:
    for step in (Step.INVENTORY, Step.RESULT):
        assert (await execute(state, step)).state == "proven"
    result = await execute(state, Step.LIAISON)
    assert (result.findings, result.state) == ([], "proven")


async def move_balance(state: State, account: str, other: str) -> None:
    async with open_connection(state.dsn) as connection:
        await connection.execute(
            "set session_replication_role = replica;"
            f" update account_balance set account = (select id from reference_text where kind = 5 and code = '{other}')"
            f" where account = (select id from reference_text where kind = 5 and code = '{account}')"
        )


async def test_a_proof_is_withdrawn_and_given_again(state: State) -> None:
    await execute(state, Step.SUSPENSE)
    request = StepRequest(YEAR, Step.SUSPENSE, date.fromisoformat(CARRIED_ON))
    reversed_step = await step_reversal.reverse_step(state.context, request, "an item was missing")
    assert (reversed_step.waits, reversed_step.dependents) == ("", [Step.RESULT])
    assert (await read_states(state))["C09"] == "withdrawn"
    again = await step_reversal.reverse_step(state.context, request, "again")
    assert again.waits == "C09 of 2018 is withdrawn: there is no proof to withdraw"
    assert (await execute(state, Step.SUSPENSE)).state == "proven"


@pytest.mark.parametrize("step", [row.step for row in PLAN if row.obstacle])
async def test_what_cannot_be_reversed_says_why(state: State, step: Step) -> None:
    request = StepRequest(YEAR, step, date.fromisoformat(CARRIED_ON))
    result = await step_reversal.reverse_step(state.context, request, "wrong")
    assert result.waits == f"{step} cannot be reversed: {DESCRIPTIONS[step].obstacle}"


async def test_an_execution_without_an_end_was_interrupted(state: State) -> None:
    async with command_queries.connect(state.dsn) as connection:
        await step_executions.begin_execution(connection, YEAR, Step.SUSPENSE, by=NOBODY)
        assert (await read_states(state))["C09"] == "at work"
    assert (await read_states(state))["C09"] == "interrupted"


async def test_findings_are_stored_as_they_were(state: State) -> None:
    findings = [StepFinding("one", 2, 300, True, "detail"), StepFinding("other", 1)]
    async with command_queries.connect(state.dsn) as connection:
        number = await step_executions.begin_execution(connection, YEAR, Step.LIAISON, by=NOBODY)
        await step_executions.end_execution(connection, number, StepEnd("refused", 3, 300, findings))
    last = (await load_board(state)).find_step(Step.LIAISON).last
    assert last is not None
    assert (last.findings, last.blocked, last.blocked_cents) == (findings, 2, 300)
    async with open_connection(state.dsn) as connection:
        with pytest.raises(Exception, match="append"):
            await connection.execute("update step_end set state = 'proven'")
