"""Late interest behind the import of statements: proposed in the same command, or told why not; the import stands."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from service.database.embedded_server import Database
from tests.service.command_line import CommandResult, run_crescendo
from tests.service.small_state import NEVER, State, copy_state, open_state, paris_time

DAY = ("--at", "2018-11-20T10:00")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def answered(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Four requests of the first of October paid late; the bank has answered, and nothing of that is taken in."""
    async with open_state(database, tmp_path_factory.mktemp("answered"), 4) as found:
        found.simulate_bank(await found.pay_due(date(2018, 11, 15), paris_time("2018-11-05")), NEVER)
        yield found


@pytest_asyncio.fixture
async def state(answered: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, answered, tmp_path / "state") as found:
        yield found


async def run_command(state: State, *words: str | Path, code: int = 0) -> CommandResult:
    place = {
        "CRESCENDO_DATABASE": state.dsn,
        "CRESCENDO_DATA": str(state.settings.data),
        "CRESCENDO_REFERENCE": str(state.reference),
    }
    found = await run_crescendo(*words, environment=place)
    assert found.code == code, found
    return found


def list_files(state: State) -> list[Path]:
    return sorted(path for path in state.answers.glob("*.xml") if "pain002" not in path.name)


async def import_files(state: State, *words: str) -> CommandResult:
    return await run_command(state, "bank", "import", *list_files(state), *words)


async def count_acts(state: State) -> tuple[int, int]:
    """Debits, and claims of late interest."""
    kinds = await state.count_kinds()
    return kinds.get("bank_debit", 0), kinds.get("late_interest", 0)


async def test_what_is_due_is_proposed_behind_the_debits(state: State) -> None:
    said = (await import_files(state, *DAY)).out
    assert "Late interest proposed on 4 requests" in said
    assert await count_acts(state) == (4, 4)
    again: dict[str, Any] = (await import_files(state, *DAY, "--json")).json()
    assert (again["interest"]["payments"], again["interest"]["posted"], again["interest"]["waits"]) == (
        0,
        None,
        "",
    )
    assert await count_acts(state) == (4, 4)
    days = await state.fetch("select distinct day from entry where kind = $1", KIND_NUMBERS["late_interest"])
    assert [row["day"] for row in days] == [date(2018, 11, 20)]
    assert (await state.verify()).findings == []


async def test_it_may_be_left_and_is_made_up_for(state: State) -> None:
    left = await import_files(state, "--no-interest")
    assert "interest" not in left.out
    assert await count_acts(state) == (4, 0)
    assert "to propose on 4 requests" in (await run_command(state, "pay", "interest", "--dry-run", *DAY)).out
    assert "proposed on 4 requests" in (await run_command(state, "pay", "interest", *DAY)).out
    assert await count_acts(state) == (4, 4)


async def test_a_day_in_no_open_period_is_told_and_the_import_stands(state: State) -> None:
    said = (await import_files(state, "--at", "2019-05-02T10:00")).out
    assert "Late interest to propose on 4 requests" in said
    assert "Late interest was not proposed: 2019-05-02 is not in an open period" in said
    assert "crescendo pay interest --at DAY" in said
    assert await count_acts(state) == (4, 0)
    assert await state.fetch("select * from refusal") == []
    told = await run_command(state, "pay", "interest", "--at", "2019-05-02", code=1)
    assert "no open period" in told.out
    await run_command(state, "pay", "interest", *DAY)
    assert await count_acts(state) == (4, 4)


async def test_a_rate_that_is_missing_is_told_and_the_import_stands(state: State) -> None:
    rates = state.reference / "late_interest.toml"
    text = rates.read_text()
    rates.write_text(text.replace('"2018-2" = "0.25"\n', ""))
    said = (await import_files(state, *DAY)).out
    assert 'no rate for "2018-2"' in said
    assert "Add the rate of that half-year" in said
    assert await count_acts(state) == (4, 0)
    rates.write_text(text)
    assert "proposed on 4 requests" in (await import_files(state, *DAY)).out
    assert await count_acts(state) == (4, 4)


async def test_what_was_not_debited_asks_for_nothing(state: State) -> None:
    """A report of refusals and no debit: nothing is measured, so an empty table of rates says nothing either."""
    report = next(iter(sorted(state.answers.glob("*pain002*"))), None)
    assert report
    found = (await run_command(state, "bank", "import", report, "--json")).json()
    assert found["interest"] is None


async def test_a_moment_that_is_none_is_said_before_anything_is_done(state: State) -> None:
    found = await run_command(state, "bank", "import", *list_files(state), "--at", "soon", code=2)
    assert "write it as in 2018-12-20T14:00" in found.err
    assert await count_acts(state) == (0, 0)
