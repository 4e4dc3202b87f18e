"""Rules of late interest that change: each payment is judged by those of its own time, and history stays proven."""

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

OWED = 4
CLAIMED = """
select e.amount, r.amount as owed, d.day from entry e join entry r on r.entry_id = e.predecessor
join entry p on p.predecessor = r.entry_id join entry d on d.predecessor = p.entry_id
where e.kind = $1 and d.kind = $2 and e.day > '2018-12-01'
"""
EIGHT_NINE = ('"8.00"', '"9.00"')
FORTY = "compensation_euros = 40"


async def pay(state: State, day: str) -> None:
    files = await state.pay_due(date.fromisoformat(day), paris_time(day))
    await state.import_files(state.list_files(state.simulate_bank(files, NEVER)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def claimed(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Requests of June, paid in November, and claimed for."""
    async with create_database(database) as dsn:
        found = State(dsn, tmp_path_factory.mktemp("claimed"))
        await found.fund(2 * OWED)
        await found.submit_requests(OWED, day="2018-06-01")
        await pay(found, "2018-11-05")
        assert (await claim(found, "2018-11-20")).payments == OWED
        yield found


@pytest_asyncio.fixture
async def state(claimed: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, claimed, tmp_path / "state") as found:
        yield found


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
    """More requests, of ``day``, paid in December and claimed for."""
    await state.submit_requests(OWED, day=day, first=OWED + 1)
    await pay(state, "2018-12-20")
    return await claim(state, "2018-12-28")


@pytest.mark.parametrize("euros", [50, 30])
async def test_another_compensation_from_a_day_on(state: State, euros: int) -> None:
    """What began to be late before it keeps the old one, what does so behind it has the new one."""
    new = f'compensation_euros = {{ "2013-03-16" = 40, "2018-11-01" = {euros} }}'
    change(state, "late_interest.toml", FORTY, new)
    assert await read_expected(state) == set()
    assert (await claim(state, "2018-11-21")).payments == 0
    found = await claim_later_requests(state, "2018-10-15")
    assert (found.payments, found.compensation_cents) == (OWED, OWED * euros * 100)
    assert await read_expected(state) == set()


async def test_another_term_from_a_day_on(state: State) -> None:
    """Forty-five days for what begins in October: late from the end of November on, and not of the middle of it."""
    change(state, "payments.toml", "term_days = 30", 'term_days = { "2013-03-16" = 30, "2018-10-01" = 45 }')
    assert await read_expected(state) == set()
    found = await claim_later_requests(state, "2018-10-15")
    assert found.payments == OWED
    assert await read_expected(state) == set()
    change(state, "payments.toml", '"2018-10-01" = 45', '"2018-10-01" = 60')
    findings = (
        await state.verify()
    ).findings  # what was claimed by other rules than those of its time is told
    assert {finding.check for finding in findings} == {"late_interest"}
    assert len(findings) == OWED


async def test_other_points_and_another_year_from_a_day_on(state: State) -> None:
    by_day = '{{ "2013-03-16" = {}, "2018-11-01" = {} }}'.format
    change(state, "late_interest.toml", 'points = "8.00"', f"points = {by_day(*EIGHT_NINE)}")
    change(state, "late_interest.toml", "days_a_year = 365", f"days_a_year = {by_day(365, 360)}")
    assert await read_expected(state) == set()
    await claim_later_requests(state, "2018-10-15")
    assert await read_expected(state) == set()
    rows = await state.fetch(CLAIMED, KIND_NUMBERS["late_interest"], KIND_NUMBERS["bank_debit"])
    assert len(rows) == OWED
    for row in rows:
        days = (row["day"] - date(2018, 11, 14)).days
        assert row["amount"] == 4_000 + (2 * row["owed"] * 925 * days + 3_600_000) // 7_200_000


async def test_a_value_that_is_changed_for_all_time_is_told(state: State) -> None:
    """An undated value holds since ever, so that changing it says that old claims were wrong."""
    change(state, "late_interest.toml", FORTY, "compensation_euros = 30")
    assert len(await read_expected(state)) == OWED


async def test_a_rate_that_is_not_there_is_said(state: State) -> None:
    change(state, "late_interest.toml", '"2018-2" = "0.25"\n', "")
    assert await read_expected(state) == {'a rate for "2018-2", which late_interest.toml does not have'}
    with pytest.raises(ReferenceDataError, match='no rate for "2018-2"'):
        await claim(state, "2018-11-21")
