"""Late interest proposed and killed with -9 at each step: called again another day it ends in the same claims, never twice."""

import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
import pytest_asyncio

from core.catalog import KIND_NUMBERS
from service.database.embedded import Database
from service.engine import bank_import, late_interest
from service.engine.bank_import import ImportOptions, ImportResult
from service.engine.late_interest import InterestRequest, InterestResult
from service.terminal.processing_progress import ProgressLines
from tests.service.small_state import NEVER, State, copy_state, create_interruption, open_state, paris_time

_NEVER = 1_000
KILLED_ON, CALLED_ON = "2018-12-31", "2019-01-02"
"""Another year, so that the same name would be another act."""
CLAIMS = "select reference, predecessor, amount, payee from entry where kind = $1 order by reference"


def run_child(state: State, step: int, files: list[Path]) -> tuple[int, list[str]]:
    """Propose in a process of its own, which dies at a step; its end, and the steps it came to."""
    words = [
        "-m",
        "tests.crash.interest_process",
        state.dsn,
        str(state.folder),
        str(step),
        KILLED_ON,
        *map(str, files),
    ]
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=root)
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode, ended.stdout.splitlines()


async def claim(state: State, day: str = CALLED_ON) -> InterestResult:
    return await late_interest.propose_interest(
        state.context, InterestRequest(paris_time(day)), create_interruption(), ProgressLines()
    )


async def import_files(state: State, files: list[Path]) -> ImportResult:
    return await bank_import.import_files(
        state.context,
        files,
        create_interruption(),
        ImportOptions(ProgressLines(), interest=InterestRequest(paris_time(CALLED_ON))),
    )


async def read_claims(state: State) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await state.fetch(CLAIMS, KIND_NUMBERS["late_interest"])]


async def assert_sound(state: State, expected: list[tuple[object, ...]], step: str) -> None:
    """The same claims, nothing refused, nothing left to claim, and all of it proven."""
    assert await read_claims(state) == expected, step
    assert await state.fetch("select * from refusal") == [], step
    assert (await claim(state, "2019-01-03")).payments == 0, step
    assert (await state.verify()).findings == [], step


async def claim_undisturbed(state: State, files: list[Path]) -> tuple[list[tuple[object, ...]], list[str]]:
    """The claims of a call that nobody kills, and its steps."""
    code, steps = run_child(state, _NEVER, files)
    assert (code, "posting interest" in steps) == (0, True)
    expected = await read_claims(state)
    assert len(expected) == 6
    await assert_sound(state, expected, "undisturbed")
    return expected, steps


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sent(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    """Six requests of the first of October paid late, and what the bank answers, not taken in yet."""
    async with open_state(database, tmp_path_factory.mktemp("sent"), 6) as state:
        state.simulate_bank(await state.pay_due(date(2018, 11, 5), paris_time("2018-11-12")), NEVER)
        yield state


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def debited(
    sent: State, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[State]:
    """The same, and the bank's answers are taken in."""
    async with copy_state(database, sent, tmp_path_factory.mktemp("debited") / "state") as state:
        await state.import_files(list_answers(state))
        yield state


def list_answers(state: State) -> list[Path]:
    return sorted(path for path in state.answers.glob("*.xml") if "pain002" not in path.name)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_claiming_killed_at_each_step(debited: State, database: Database, tmp_path: Path) -> None:
    async with copy_state(database, debited, tmp_path / "undisturbed") as undisturbed:
        expected, steps = await claim_undisturbed(undisturbed, [])
        assert "measuring delays" in steps
    for step in range(len(steps)):
        async with copy_state(database, debited, tmp_path / f"killed-{step}") as one:
            code, _ = run_child(one, step, [])
            assert code == -signal.SIGKILL
            await claim(one)
            await assert_sound(one, expected, steps[step])


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_taking_in_and_claiming_killed_at_each_step(
    sent: State, database: Database, tmp_path: Path
) -> None:
    """The same import again makes up for it."""
    async with copy_state(database, sent, tmp_path / "undisturbed") as undisturbed:
        expected, steps = await claim_undisturbed(undisturbed, list_answers(undisturbed))
        assert "posting" in steps
    for step in range(len(steps)):
        async with copy_state(database, sent, tmp_path / f"killed-{step}") as one:
            code, _ = run_child(one, step, list_answers(one))
            assert code == -signal.SIGKILL
            found = await import_files(one, list_answers(one))
            assert (found.rejected, found.is_interrupted) == ([], False)
            assert (await one.read_status()).agrees, steps[step]
            await assert_sound(one, expected, steps[step])


class Stopping(ProgressLines):
    """A signal comes when interest is about to be posted."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = create_interruption()

    def doing(self, text: str) -> None:
        if text == "posting interest":
            self.heard.receive_signal()


async def test_what_was_taken_in_and_not_decided_is_decided_as_it_was(
    debited: State, database: Database, tmp_path: Path
) -> None:
    """Stopped between the two: the next call brings those acts to their end, and says so, and proposes nothing else."""
    async with copy_state(database, debited, tmp_path / "state") as state:
        teller = Stopping()
        stopped = await late_interest.propose_interest(
            state.context, InterestRequest(paris_time(KILLED_ON)), teller.heard, teller
        )
        assert stopped.is_interrupted
        assert len(await state.fetch("select * from due")) == 1
        assert await read_claims(state) == []
        found = await claim(state)
        assert (found.payments, found.posted, found.earlier) == (0, None, 6)
        days = await state.fetch(
            "select distinct day from entry where kind = $1", KIND_NUMBERS["late_interest"]
        )
        assert [str(row["day"]) for row in days] == [KILLED_ON]
        await assert_sound(state, await read_claims(state), "stopped")
