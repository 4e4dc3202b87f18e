"""A carry that is executed again reads the journal only if something may have become open since."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from closing.steps import Step
from service.database.embedded_server import Database
from service.engine import closing_execution
from service.engine.step_conditions import StepRequest
from service.engine.year_closing import StepResult
from service.terminal.processing_progress import ProgressLines
from tests.accountants import add_accountants
from tests.closing.closing_state import CARRIED_ON, YEAR, open_year_end
from tests.closing.test_closing_steps import CHLOE
from tests.service.small_state import UNITS, State, create_interruption

READ = f"computing what is open of {YEAR}"
NEXT = {"exercise": YEAR + 1, "date": CARRIED_ON}
COMMITMENT = {
    "reference": "EJ-77",
    "kind": "commitment",
    "amount": "1.00",
    "fund_centre": UNITS[0][0],
    "functional_area": UNITS[0][1],
    "commitment_item": "31",
}


class _Activities(ProgressLines):
    """Keeps what the command reports that it does."""

    def __init__(self) -> None:
        super().__init__()
        self.activities: list[str] = []

    def report_activity(self, text: str) -> None:
        self.activities.append(text)


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def execute(state: State, step: Step) -> tuple[StepResult, bool]:
    """Execute a step; return its result, and whether it read the journal."""
    reporter = _Activities()
    request = StepRequest(YEAR, step, date.fromisoformat(CARRIED_ON), by=CHLOE)
    result = await closing_execution.execute(state.context, request, create_interruption(), reporter=reporter)
    return result, READ in reporter.activities


async def count_executions(state: State, step: Step) -> int:
    (row,) = await state.fetch("select count(*) from step_execution where step = $1", step)
    return row["count"]


@pytest.mark.parametrize(("step", "lines"), [(Step.COMMITMENTS, 5), (Step.REQUESTS, 2)])
async def test_what_was_proven_and_has_not_changed_is_not_read_again(
    state: State, step: Step, lines: int
) -> None:
    assert (await execute(state, step))[1]
    await state.submit_accepted([{**COMMITMENT, **NEXT}])
    result, has_read = await execute(state, step)
    assert (result.state, result.posted, has_read) == ("proven", None, False)
    assert result.sums is not None
    assert (result.sums.lines, result.sums.done) == (0, lines)


async def test_what_proved_persons_carried_is_not_read_again(state: State) -> None:
    """Their files are named after the proof of who gave them to the engine, and not after the last entry."""
    await add_accountants(state.dsn)
    assert (await execute(state, Step.COMMITMENTS))[1]
    (file,) = await state.fetch("select batch_id from submission where sender = 'closing'")
    assert file["batch_id"].startswith("2018-C06-P")
    result, has_read = await execute(state, Step.COMMITMENTS)
    assert (result.state, has_read, result.sums and result.sums.done) == ("proven", False, 5)
    await state.submit_accepted([{**COMMITMENT, "exercise": YEAR, "date": "2018-12-31"}])
    assert (await execute(state, Step.COMMITMENTS))[1]


async def test_what_carries_nothing_needs_no_newer_check(state: State) -> None:
    await execute(state, Step.COMMITMENTS)
    before = await count_executions(state, Step.REVIEW)
    assert (await execute(state, Step.COMMITMENTS))[0].state == "proven"
    assert await count_executions(state, Step.REVIEW) == before > 0
    await state.submit_accepted([{**COMMITMENT, "exercise": YEAR, "date": "2018-12-31"}])
    await execute(state, Step.COMMITMENTS)
    assert await count_executions(state, Step.REVIEW) == before + 1


async def test_what_carries_nothing_is_refused_after_a_refused_check(state: State) -> None:
    """A run that is not issued may pay what is open of the year: whoever calls the carry again is told so."""
    await execute(state, Step.COMMITMENTS)
    run = await state.propose_run(date(2018, 12, 31), date(2018, 12, 28))
    assert (await execute(state, Step.REVIEW))[0].state == "refused"
    result, has_read = await execute(state, Step.COMMITMENTS)
    assert "needs C02, which is not proven" in result.waits
    assert not has_read
    assert [finding.subject for finding in result.findings] == [f"payment run {run}, proposed"]


async def test_a_later_act_of_the_year_is_found(state: State) -> None:
    await execute(state, Step.COMMITMENTS)
    await state.submit_accepted([{**COMMITMENT, "exercise": YEAR, "date": "2018-12-31"}])
    result, has_read = await execute(state, Step.COMMITMENTS)
    assert has_read
    assert result.posted is not None
    assert sum(receipt.accepted.cents for receipt in result.posted.receipts) == 100


async def test_a_carry_that_is_rejected_is_found(state: State) -> None:
    await execute(state, Step.REQUESTS)
    rejection = {
        "reference": "RD-1",
        "kind": "payment_request_rejection",
        "predecessor": "DP-2",
        "amount": "70.00",
    }
    await state.submit_accepted([{**rejection, **NEXT}])
    result, has_read = await execute(state, Step.REQUESTS)
    assert (result.state, has_read) == ("refused", True)
