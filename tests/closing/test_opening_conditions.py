"""When the opening balances of a small State may be opened, and who sees them."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import asyncpg
import msgspec
import pytest

from closing.step_sums import BlockedSum, DifferenceSum
from closing.steps import Step
from core.senders import CLOSING
from posting.store.period_store import RefusedDecision
from reporting import code_labels
from reporting.act_history import fetch_accepted_lines, fetch_refused_lines
from reporting.code_names import read_names
from reporting.verification.verify import verify
from reporting.visibility import WHOLE_JOURNAL, ReferenceQuery, Visibility, list_centres_within
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import closing_plan, year_closing
from service.engine.year_closing import StepRequest, StepResult
from service.http.problems import Problem
from service.http.query_scope import read_visible_entry
from service.terminal.processing_progress import ProgressLines
from tests.closing.closing_state import OPENED, SUPPLIERS, TECHNICAL, execute, open_year_end, read_openings
from tests.period_decisions import decide_period
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import State, build_request, create_interruption


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        yield small_state


async def test_a_year_without_a_technical_account_waits(state: State) -> None:
    state.reference.joinpath("2018", "opening.csv").unlink()
    result = await execute(state, Step.OPENING)
    assert "name no technical account for opening balances: add opening.csv" in result.waits


async def test_openings_need_no_open_month_and_no_end_of_payments(state: State) -> None:
    """The openings stand before the first month, so the day of the command needs only to be after the year."""
    early = await execute(state, Step.OPENING, "2018-12-31")
    assert early.waits == "2018 is not over: this step is executed from 2019-01-01 on, by --at DAY"
    for month in ("2019-01", "2019-02", "2019-03"):
        await decide_period(state.dsn, month, "close")
    result = await execute(state, Step.OPENING, "2019-01-02")
    assert result.waits == ""
    assert await read_openings(state) == OPENED


async def test_a_locked_year_takes_no_openings(state: State) -> None:
    """Once every month of 2019 is locked for an accountant, his opening balances are final."""
    for number in range(1, 13):
        if number <= 3:
            await decide_period(state.dsn, f"2019-{number:02}", "close", "PACA")
        if number == 12:
            assert (await execute(state, Step.OPENING, is_dry_run=True)).waits == ""
        await decide_period(state.dsn, f"2019-{number:02}", "lock", "PACA")
    result = await execute(state, Step.OPENING)
    assert "every month of 2019 is locked for an accountant" in result.waits
    assert await read_openings(state) == {}


async def test_a_closed_or_locked_opening_month_takes_no_openings(state: State) -> None:
    """Of one accountant or of all; a closed one may be opened again, a locked one is final."""
    await decide_period(state.dsn, "2019-00", "close", "PACA")
    waits = (await execute(state, Step.OPENING)).waits
    assert "the opening month of 2019 is closed for an accountant" in waits
    assert 'crescendo period reopen --year 2019 --month 0 --reason "..."' in waits
    await decide_period(state.dsn, "2019-00", "reopen", "PACA")
    await execute(state, Step.OPENING)
    assert await read_openings(state) == OPENED
    await decide_period(state.dsn, "2019-00", "close")
    await _lock_year(state)
    await decide_period(state.dsn, "2019-00", "lock")
    assert (
        "the opening month of 2019 is locked for an accountant" in (await execute(state, Step.OPENING)).waits
    )
    refused = {"exercise": 2019, "date": "2019-01-01", "kind": "opening_debit", "reference": "X-1"}
    refused |= {"fund_centre": "0177-D013", "account": SUPPLIERS, "amount": "1.00"}
    assert [reason.code for reason in (await state.submit([refused], CLOSING)).reasons] == ["PERIOD_LOCKED"]
    assert (await state.verify()).findings == []


async def _lock_year(state: State, accountant: str = "") -> None:
    for month in range(1, 16):
        for action in ("close", "lock"):
            await decide_period(state.dsn, f"2018-{month:02}", action, accountant)


async def test_the_opening_month_is_locked_after_the_year_before(state: State) -> None:
    """For the same accountant; otherwise a late entry of 2018 could not be opened, and C14 of 2019 would wait for good."""
    await decide_period(state.dsn, "2019-00", "close")
    for month in ("2018-05", "2018-06"):
        await decide_period(state.dsn, month, "close")
    with pytest.raises(RefusedDecision, match="2018-01 is not locked, and what is posted there could not"):
        await decide_period(state.dsn, "2019-00", "lock")
    for month in ("2018-05", "2018-06"):
        await decide_period(state.dsn, month, "reopen")
    await _lock_year(state, "PACA")
    with pytest.raises(RefusedDecision, match="2018-01 is not locked"):
        await decide_period(state.dsn, "2019-00", "lock")
    await decide_period(state.dsn, "2019-00", "lock", "PACA")


async def test_an_entry_in_a_locked_opening_month_is_found(state: State) -> None:
    """As if the lock had held before the openings."""
    await execute(state, Step.OPENING)
    await decide_period(state.dsn, "2019-00", "close")
    await state.submit_accepted([{**build_request(1), "reference": "DP-9"}])
    connection = await asyncpg.connect(state.dsn)
    await connection.execute(
        "set session_replication_role = replica;"
        " update period_effect set after_batch = (select max(batch) - 1 from batch"
        " where first_entry <= (select min(entry_id) from entry where month = 0))"
    )
    await remake_hashes(connection)
    await connection.close()
    findings = (await state.verify()).findings
    assert [finding.found for finding in findings if finding.expected == "a month that was open then"]


async def test_a_year_waits_for_the_openings_of_the_year_before(state: State) -> None:
    """What 2019 closes with contains its openings, so 2020 is opened after they are whole."""
    _add_year_2020(state)
    request = StepRequest(2019, Step.OPENING, date(2020, 1, 2))
    obstacle = "2018 is not opened wholly in 2019: execute C14 of 2018 first"
    early = await _execute_request(state, request)
    assert (early.waits, early.posted) == (obstacle, None)
    plan = await closing_plan.load_plan(state.dsn, state.context.reference, 2019, reporter=ProgressLines())
    assert not isinstance(plan, str)
    sums = plan.find_step(Step.OPENING).sums
    assert sums is not None
    assert sums.blocked == [
        BlockedSum("opening_credit", obstacle, 3, 30_900),
        BlockedSum("opening_debit", obstacle, 1, 30_900),
    ]
    await execute(state, Step.OPENING)
    assert (await _execute_request(state, request)).waits == ""
    assert await read_openings(state, 2020) == OPENED
    tried = await _execute_request(state, msgspec.structs.replace(request, is_dry_run=True))
    assert tried.sums is not None
    assert tried.sums.differences == [DifferenceSum("PACA", TECHNICAL, 30_900, 0, 30_900)]
    result = await verify(state.dsn, folder=state.reference)
    assert result.findings == []


def _add_year_2020(state: State) -> None:
    calendar = state.reference / "calendar.toml"
    calendar.write_text(
        f"{calendar.read_text()}\n[exercise.2020]\nmonths_open_at_start = [1]\ncomplementary_days = 20\n"
    )
    folder = state.reference / "2020"
    folder.mkdir()
    folder.joinpath("year.toml").write_text("year = 2020\nsame_as = 2018\n")


async def _execute_request(state: State, request: StepRequest) -> StepResult:
    return await year_closing.execute_step(
        state.context, request, create_interruption(), reporter=ProgressLines()
    )


async def test_a_caller_of_one_programme_sees_no_opening(state: State) -> None:
    """An opening stands on a fund centre of its accountant, and states what he has of every programme."""
    await execute(state, Step.OPENING)
    refused = {"exercise": 2019, "date": "2019-01-01", "kind": "opening_debit", "reference": "X-1"}
    refused |= {"fund_centre": "0177-D013", "account": SUPPLIERS, "amount": "1.00"}
    assert [reason.code for reason in (await state.submit([refused], CLOSING)).reasons] == [
        "JOURNAL_UNBALANCED"
    ]
    (entry, *_) = entries = await state.fetch("select * from entry where month = 0")
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        limited = Visibility(None, list_centres_within(names, frozenset({"0177"})), ["0177"])
        for visibility, lines, refusals in ((WHOLE_JOURNAL, len(entries), 1), (limited, 0, 0)):
            query = ReferenceQuery(entry["reference"], visibility)
            assert len(await fetch_accepted_lines(connection, query)) == lines
            assert len(await fetch_refused_lines(connection, query._replace(reference="X-1"))) == refusals
        assert (await read_visible_entry(connection, WHOLE_JOURNAL, entry["entry_id"]))["month"] == 0
        with pytest.raises(Problem, match="You have no entry"):
            await read_visible_entry(connection, limited, entry["entry_id"])
