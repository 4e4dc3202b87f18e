"""Late interest after the import of statements: proposed by the same command, or the reason against it is reported."""

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
async def responded(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Four requests of the first of October are paid late; the bank responded, and nothing is imported."""
    async with open_state(database, tmp_path_factory.mktemp("responded"), 4) as state:
        state.simulate_bank(await state.pay_due(date(2018, 11, 15), paris_time("2018-11-05")), NEVER)
        yield state


@pytest_asyncio.fixture
async def state(responded: State, database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with copy_state(database, responded, tmp_path / "state") as copy:
        yield copy


async def run_command(state: State, *words: str | Path, code: int = 0) -> CommandResult:
    environment = {
        "CRESCENDO_DATABASE": state.dsn,
        "CRESCENDO_DATA": str(state.settings.data),
        "CRESCENDO_REFERENCE": str(state.reference),
    }
    result = await run_crescendo(*words, environment=environment)
    assert result.code == code, result
    return result


def list_files(state: State) -> list[Path]:
    return sorted(path for path in state.answers.glob("*.xml") if "pain002" not in path.name)


async def import_files(state: State, *words: str) -> CommandResult:
    return await run_command(state, "bank", "import", *list_files(state), *words)


async def count_acts(state: State) -> tuple[int, int]:
    """Count debits, and claims of late interest."""
    kinds = await state.count_kinds()
    return kinds.get("bank_debit", 0), kinds.get("late_interest", 0)


async def test_interest_is_proposed_after_the_debits(state: State) -> None:
    output = (await import_files(state, *DAY)).out
    assert "Late interest proposed: 4 claims, " in output
    assert await count_acts(state) == (4, 4)
    repeated: dict[str, Any] = (await import_files(state, *DAY, "--json")).json()
    assert (
        repeated["interest"]["payments"],
        repeated["interest"]["posted"],
        repeated["interest"]["waits"],
    ) == (
        0,
        None,
        "",
    )
    assert await count_acts(state) == (4, 4)
    days = await state.fetch("select distinct day from entry where kind = $1", KIND_NUMBERS["late_interest"])
    assert [row["day"] for row in days] == [date(2018, 11, 20)]
    assert (await state.verify()).findings == []


async def test_interest_may_be_skipped_and_proposed_later(state: State) -> None:
    result = await import_files(state, "--no-interest")
    assert "interest" not in result.out
    assert await count_acts(state) == (4, 0)
    assert "to propose: 4 claims" in (await run_command(state, "pay", "interest", "--dry-run", *DAY)).out
    assert "proposed: 4 claims" in (await run_command(state, "pay", "interest", *DAY)).out
    assert await count_acts(state) == (4, 4)


async def test_a_day_in_no_open_period_is_reported_and_the_import_stays(state: State) -> None:
    output = (await import_files(state, "--at", "2019-05-02T10:00")).out
    assert "Late interest to propose: 4 claims, " in output
    assert "Late interest was not proposed: 2019-05-02 is not in an open period" in output
    assert "crescendo pay interest --at DAY" in output
    assert await count_acts(state) == (4, 0)
    assert await state.fetch("select * from refusal") == []
    result = await run_command(state, "pay", "interest", "--at", "2019-05-02", code=1)
    assert "not in an open period" in result.out
    await run_command(state, "pay", "interest", *DAY)
    assert await count_acts(state) == (4, 4)


async def test_a_missing_rate_is_reported_and_the_import_stays(state: State) -> None:
    rates = state.reference / "late_interest.toml"
    text = rates.read_text()
    rates.write_text(text.replace('"2018-2" = "0.25"\n', ""))
    output = (await import_files(state, *DAY)).out
    assert 'no rate for "2018-2"' in output
    assert "Add the rate of that half-year" in output
    assert await count_acts(state) == (4, 0)
    rates.write_text(text)
    assert "proposed: 4 claims" in (await import_files(state, *DAY)).out
    assert await count_acts(state) == (4, 4)


async def test_without_debits_nothing_is_measured(state: State) -> None:
    """A report has rejections and no debit: nothing is measured."""
    report = next(iter(sorted(state.answers.glob("*pain002*"))), None)
    assert report
    result = (await run_command(state, "bank", "import", report, "--json")).json()
    assert result["interest"] is None


async def test_an_invalid_moment_is_reported_before_anything_is_done(state: State) -> None:
    result = await run_command(state, "bank", "import", *list_files(state), "--at", "soon", code=2)
    assert "write it as in 2018-12-20T14:00" in result.err
    assert await count_acts(state) == (0, 0)
