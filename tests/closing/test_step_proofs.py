"""What proves a step lasts: nothing that cannot begin replaces it, and a check that may be old is executed again."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import msgspec
import pytest

from closing.steps import Step
from posting.store import step_executions
from service.database.embedded_server import Database
from service.engine import step_ends, step_reversal
from service.engine.processing_result import MissingFile
from service.engine.settlement_lock import lock_settlement
from service.engine.step_conditions import StepRequest, open_snapshot
from service.results.receipts import OutcomeTotals
from service.terminal.processing_progress import ProgressLines
from tests.closing.closing_state import CARRIED_ON, YEAR, open_year_end
from tests.closing.test_closing_steps import CHARGE, execute, list_blocks, read_states
from tests.closing.test_opening_items import post
from tests.service.small_state import State

ITEM = post("OD-1", [("journal_credit", "4721000000", "60.00", ""), ("journal_debit", CHARGE, "60.00", "")])


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def _count_executions(state: State) -> dict[str, int]:
    async with open_snapshot(state.dsn) as connection:
        executions = await step_executions.load_executions(connection, YEAR)
    return {step: len(rows) for step, rows in executions.items()}


async def test_what_cannot_begin_leaves_the_proofs(state: State) -> None:
    assert (await execute(state, Step.COMMITMENTS)).state == "proven"
    before = await _count_executions(state)
    early = await execute(state, Step.COMMITMENTS, "2018-12-30")
    assert (early.waits[:40], early.state) == ("2018 still pays until 2019-01-20: what i", "")
    assert "2018 is not over" in (await execute(state, Step.CUT, "2018-12-30")).waits
    assert "C12 needs C08" in (await execute(state, Step.RESULT)).waits
    assert await _count_executions(state) == before
    assert (await read_states(state))["C06"] == "proven"


async def test_a_check_that_may_be_old_is_executed_again(state: State) -> None:
    assert (await execute(state, Step.SUSPENSE)).state == "proven"
    assert (await execute(state, Step.INVENTORY)).state == "proven"
    await state.submit_accepted(ITEM, "treasury")
    result = await execute(state, Step.RESULT)
    assert result.waits == "C12 needs C09, which is not proven: crescendo close show C09 --year 2018"
    (entry,) = await state.fetch("select min(entry_id) as entry from entry where reference = 'OD-1'")
    assert list_blocks(result) == [f"item @{entry['entry']} on 4721000000 of PACA"]
    assert (await read_states(state))["C09"] == "refused"


async def test_a_proof_that_was_withdrawn_is_given_again_by_a_person_alone(state: State) -> None:
    for step in (Step.INVENTORY, Step.SUSPENSE):
        assert (await execute(state, step)).state == "proven"
    request = StepRequest(YEAR, Step.SUSPENSE, date.fromisoformat(CARRIED_ON))
    await step_reversal.reverse_step(state.context, request, "an item was missing")
    for is_dry_run in (True, False):
        tried = await execute(state, Step.RESULT, is_dry_run=is_dry_run)
        assert tried.waits == "C12 needs C09, which is not proven: crescendo close show C09 --year 2018"
    assert (await read_states(state))["C09"] == "withdrawn"
    assert (await execute(state, Step.SUSPENSE)).state == "proven"
    assert (await execute(state, Step.RESULT)).state == "proven"


@pytest.mark.parametrize("step", [Step.COMMITMENTS, Step.INVENTORY])
async def test_a_dry_run_waits_for_no_work_on_payments(state: State, step: Step) -> None:
    async with lock_settlement(state.dsn, ProgressLines()):
        assert (await execute(state, step, is_dry_run=True)).sums is not None


async def test_acts_that_nobody_decided_prove_nothing(state: State) -> None:
    result = await execute(state, Step.COMMITMENTS)
    posted = result.posted
    assert posted is not None
    assert step_ends.list_undecided_acts(posted) == []
    (receipt,) = posted.receipts
    none, some = OutcomeTotals(0, 0), OutcomeTotals(2, 300)
    changes = (
        {"done": False, "accepted": none},
        {"suspended": some, "accepted": OutcomeTotals(3, receipt.cents - 300)},
        {"cancelled": some, "accepted": none},
    )
    lines = (5, 2, 5)
    for change, count in zip(changes, lines, strict=True):
        changed = msgspec.structs.replace(posted, receipts=[msgspec.structs.replace(receipt, **change)])
        (finding,) = step_ends.list_undecided_acts(changed)
        assert (finding.subject, finding.lines, finding.blocks) == ("acts that are not decided", count, True)
        assert f"submission {receipt.submission}, {receipt.file}" in finding.detail
        end = step_ends.build_end(msgspec.structs.replace(result, posted=changed, findings=[finding]))
        assert end.state == "refused"
    lost = msgspec.structs.replace(posted, lost=[MissingFile(7, "its file is missing")], receipts=[])
    (finding,) = step_ends.list_undecided_acts(lost)
    assert finding.detail.startswith("submission 7 is set aside: its file is missing.")
