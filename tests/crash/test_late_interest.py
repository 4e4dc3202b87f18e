"""The proposal of late interest is killed with -9 at each step: repeated on another day, it makes the same claims, once."""

import signal
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from service.database.embedded_server import Database
from service.engine import bank_import, late_interest
from service.engine.bank_import import ImportOptions, ImportResult
from service.engine.late_interest import InterestRequest, InterestResult
from service.terminal.processing_progress import ProgressLines
from tests.crash.killed_processes import run_to_step
from tests.service.small_state import NEVER, State, copy_state, create_interruption, open_state, paris_time

_NEVER = 1_000
KILLED_ON, CALLED_ON, CALLED_AGAIN_ON = "2018-12-28", "2018-12-29", "2018-12-31"
"""In the year of the credits, which pay nothing in the next; a claim made again on another day would be in conflict."""
CLAIMS = "select reference, predecessor, amount, payee from entry where kind = $1 order by reference"


async def run_child(state: State, step: int, files: list[Path]) -> tuple[int, list[str]]:
    """Propose in a process that kills itself at a step; return its exit code and the steps it reached."""
    return await run_to_step("interest_process", state.dsn, state.folder, step, KILLED_ON, *files)


async def claim(state: State, day: str = CALLED_ON) -> InterestResult:
    return await late_interest.propose_interest(
        state.context, InterestRequest(paris_time(day)), create_interruption(), reporter=ProgressLines()
    )


async def import_files(state: State, files: list[Path]) -> ImportResult:
    return await bank_import.import_files(
        state.context,
        files,
        create_interruption(),
        options=ImportOptions(ProgressLines(), interest=InterestRequest(paris_time(CALLED_ON))),
    )


async def read_claims(state: State) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await state.fetch(CLAIMS, KIND_NUMBERS["late_interest"])]


async def assert_consistent(state: State, expected: list[tuple[object, ...]], step: str) -> None:
    """Assert that claims are as expected, nothing is refused or left to claim, and verification passes."""
    assert await read_claims(state) == expected, step
    assert await state.fetch("select * from refusal") == [], step
    assert (await claim(state, CALLED_AGAIN_ON)).payments == 0, step
    assert (await state.verify()).findings == [], step


async def claim_undisturbed(state: State, files: list[Path]) -> tuple[list[tuple[object, ...]], list[str]]:
    """Claim without a kill; return the claims and the steps."""
    code, steps = await run_child(state, _NEVER, files)
    assert (code, "posting interest" in steps) == (0, True)
    expected = await read_claims(state)
    assert len(expected) == 6
    await assert_consistent(state, expected, "undisturbed")
    return expected, steps


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sent(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Six requests of the first of October are paid late; the bank responded, and nothing is imported."""
    async with open_state(database, tmp_path_factory.mktemp("sent"), 6) as state:
        state.simulate_bank(await state.pay_due(date(2018, 11, 5), paris_time("2018-11-12")), NEVER)
        yield state


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def debited(
    sent: State, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[State]:
    """The same, and the bank files are imported."""
    async with copy_state(database, sent, tmp_path_factory.mktemp("debited") / "state") as state:
        await state.import_files(list_statements(state))
        yield state


def list_statements(state: State) -> list[Path]:
    return sorted(path for path in state.answers.glob("*.xml") if "pain002" not in path.name)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_claiming_killed_at_each_step(debited: State, database: Database, tmp_path: Path) -> None:
    async with copy_state(database, debited, tmp_path / "undisturbed") as undisturbed:
        expected, steps = await claim_undisturbed(undisturbed, [])
        assert "measuring delays" in steps
    for step in range(len(steps)):
        async with copy_state(database, debited, tmp_path / f"killed-{step}") as copy:
            code, _ = await run_child(copy, step, [])
            assert code == -signal.SIGKILL
            await claim(copy)
            await assert_consistent(copy, expected, steps[step])


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_importing_and_claiming_killed_at_each_step(
    sent: State, database: Database, tmp_path: Path
) -> None:
    """Repeating the import completes it."""
    async with copy_state(database, sent, tmp_path / "undisturbed") as undisturbed:
        expected, steps = await claim_undisturbed(undisturbed, list_statements(undisturbed))
        assert "posting" in steps
    for step in range(len(steps)):
        async with copy_state(database, sent, tmp_path / f"killed-{step}") as copy:
            code, _ = await run_child(copy, step, list_statements(copy))
            assert code == -signal.SIGKILL
            result = await import_files(copy, list_statements(copy))
            assert (result.rejected, result.is_interrupted) == ([], False)
            assert (await copy.read_status()).agrees, steps[step]
            await assert_consistent(copy, expected, steps[step])


class StopSignaller(ProgressLines):
    """Sends a stop signal when interest is about to be posted."""

    def __init__(self) -> None:
        super().__init__()
        self.interruption = create_interruption()

    def report_activity(self, text: str) -> None:
        if text == "posting interest":
            self.interruption.receive_signal()


async def test_submitted_claims_are_completed_unchanged(
    debited: State, database: Database, tmp_path: Path
) -> None:
    """Stopped between submission and posting: the next call completes those acts, reports it, and proposes nothing else."""
    async with copy_state(database, debited, tmp_path / "state") as state:
        reporter = StopSignaller()
        stopped = await late_interest.propose_interest(
            state.context, InterestRequest(paris_time(KILLED_ON)), reporter.interruption, reporter=reporter
        )
        assert stopped.is_interrupted
        assert len(await state.fetch("select * from due")) == 1
        assert await read_claims(state) == []
        result = await claim(state)
        assert (result.payments, result.posted, result.earlier) == (0, None, 6)
        days = await state.fetch(
            "select distinct day from entry where kind = $1", KIND_NUMBERS["late_interest"]
        )
        assert [str(row["day"]) for row in days] == [KILLED_ON]
        await assert_consistent(state, await read_claims(state), "stopped")
