"""Changed rules of late interest: each payment is measured by the rules of its own time, and old claims stay valid."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from core.errors import ReferenceDataError
from service.database.embedded_server import Database
from service.engine import late_interest
from service.engine.late_interest import InterestRequest, InterestResult
from service.terminal.processing_progress import ProgressLines
from tests.databases import create_database
from tests.service.small_state import NEVER, State, copy_state, create_interruption, paris_time

REQUESTS = 4
CLAIMED = """
select e.amount, r.amount as owed, p.day from entry e join entry r on r.entry_id = e.predecessor
join entry p on p.predecessor = r.entry_id
where e.kind = $1 and p.kind = $2 and e.day > '2018-12-01'
"""
OLD_AND_NEW_POINTS = ('"8.00"', '"9.00"')
COMPENSATION = "compensation_euros = 40"


async def pay(state: State, day: str) -> None:
    files = await state.pay_due(date.fromisoformat(day), paris_time(day))
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def claimed(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Requests of June are paid in November, and interest is claimed."""
    async with create_database(database) as dsn:
        state = State(dsn, tmp_path_factory.mktemp("claimed"))
        await state.fund(2 * REQUESTS)
        await state.submit_requests(REQUESTS, day="2018-06-01")
        await pay(state, "2018-11-05")
        assert (await claim(state, "2018-11-20")).payments == REQUESTS
        yield state


@pytest_asyncio.fixture
async def state(claimed: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, claimed, tmp_path / "state") as copy:
        yield copy


async def claim(state: State, day: str) -> InterestResult:
    return await late_interest.propose_interest(
        state.context, InterestRequest(paris_time(day)), create_interruption(), reporter=ProgressLines()
    )


def change(state: State, name: str, old: str, new: str) -> None:
    path = state.reference / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


async def read_expected(state: State) -> set[str]:
    findings = (await state.verify()).findings
    assert {finding.check for finding in findings} <= {"late_interest"}
    return {finding.expected for finding in findings}


async def claim_later_requests(state: State, day: str) -> InterestResult:
    """Submit requests of ``day``, pay them in December, and claim interest."""
    await state.submit_requests(REQUESTS, day=day, first=REQUESTS + 1)
    await pay(state, "2018-12-20")
    return await claim(state, "2018-12-28")


@pytest.mark.parametrize("euros", [50, 30])
async def test_a_compensation_changed_from_a_day_on(state: State, euros: int) -> None:
    """What became late before that day has the old compensation, what became late after it the new one."""
    new = f'compensation_euros = {{ "2013-03-16" = 40, "2018-11-01" = {euros} }}'
    change(state, "late_interest.toml", COMPENSATION, new)
    assert await read_expected(state) == set()
    assert (await claim(state, "2018-11-21")).payments == 0
    result = await claim_later_requests(state, "2018-10-15")
    assert (result.payments, result.compensation_cents) == (REQUESTS, REQUESTS * euros * 100)
    assert await read_expected(state) == set()


async def test_a_term_changed_from_a_day_on(state: State) -> None:
    """A term of forty-five days for requests of October: they are late from the end of November on."""
    change(state, "payments.toml", "term_days = 30", 'term_days = { "2013-03-16" = 30, "2018-10-01" = 45 }')
    assert await read_expected(state) == set()
    result = await claim_later_requests(state, "2018-10-15")
    assert result.payments == REQUESTS
    assert await read_expected(state) == set()
    change(state, "payments.toml", '"2018-10-01" = 45', '"2018-10-01" = 60')
    # claims by other rules than those of their time are reported
    findings = (await state.verify()).findings
    assert {finding.check for finding in findings} == {"late_interest"}
    assert len(findings) == REQUESTS


async def test_points_and_days_a_year_changed_from_a_day_on(state: State) -> None:
    by_day = '{{ "2013-03-16" = {}, "2018-11-01" = {} }}'.format
    change(state, "late_interest.toml", 'points = "8.00"', f"points = {by_day(*OLD_AND_NEW_POINTS)}")
    change(state, "late_interest.toml", "days_a_year = 365", f"days_a_year = {by_day(365, 360)}")
    assert await read_expected(state) == set()
    await claim_later_requests(state, "2018-10-15")
    assert await read_expected(state) == set()
    rows = await state.fetch(CLAIMED, KIND_NUMBERS["late_interest"], KIND_NUMBERS["payment"])
    assert len(rows) == REQUESTS
    for row in rows:
        days = (row["day"] - date(2018, 11, 14)).days
        assert row["amount"] == 4_000 + (2 * row["owed"] * 925 * days + 3_600_000) // 7_200_000


async def test_an_undated_change_makes_old_claims_wrong(state: State) -> None:
    """An undated value is valid for all time, so a change makes old claims wrong."""
    change(state, "late_interest.toml", COMPENSATION, "compensation_euros = 30")
    assert len(await read_expected(state)) == REQUESTS


async def test_a_missing_rate_is_reported(state: State) -> None:
    change(state, "late_interest.toml", '"2018-2" = "0.25"\n', "")
    assert await read_expected(state) == {'a rate for "2018-2", which late_interest.toml does not have'}
    with pytest.raises(ReferenceDataError, match='no rate for "2018-2"'):
        await claim(state, "2018-11-21")
