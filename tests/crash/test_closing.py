"""A step of the closing is killed with -9 at each point of its work: executed again on another day, it carries the same."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from closing.steps import Step
from core.person_decisions import NOBODY
from core.roles import Role
from service.auth.access_queries import Grant, create_key
from service.database.embedded_server import Database
from tests.accountants import add_accountants
from tests.closing.closing_state import (
    OPENED,
    execute,
    open_year_end,
    prepare,
    read_carries,
    read_opening_lines,
)
from tests.closing.test_carry_overs import ORDER, write_orders
from tests.closing.test_inventory import RENT, build_act
from tests.closing.test_opening_items import CHLOE, DAVID, ITEMS
from tests.crash.killed_processes import run_to_step
from tests.databases import open_connection
from tests.service.small_state import State, copy_state

_NEVER = 1_000
AGAIN_ON = "2019-01-22"
STEPS = [Step.COMMITMENTS, Step.REQUESTS, Step.OPENING]


async def read_acts(state: State) -> list[tuple]:
    """Return what the steps carried, then what they opened."""
    return [*await read_carries(state), *await read_opening_lines(state)]


async def run_child(state: State, point: int, step: Step, person: str = "") -> tuple[int, list[str]]:
    """Execute in a process that kills itself at a point; return its exit code and the points it reached."""
    return await run_to_step(
        "closing_process", state.dsn, state.folder, point, step, *[person] * bool(person)
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def year_end(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path_factory.mktemp("year") / "state") as state:
        yield state


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("step", STEPS)
async def test_a_step_killed_at_each_point(
    year_end: State, database: Database, tmp_path: Path, step: Step
) -> None:
    async with copy_state(database, year_end, tmp_path / "undisturbed") as undisturbed:
        code, points = await run_child(undisturbed, _NEVER, step)
        assert (code, "deciding what is carried over" in points) == (0, True)
        expected = await read_acts(undisturbed)
        assert expected
    for point in range(len(points)):
        async with copy_state(database, year_end, tmp_path / f"killed-{point}") as state:
            code, _ = await run_child(state, point, step)
            assert code == -signal.SIGKILL
            assert (await execute(state, step, AGAIN_ON)).waits == "", points[point]
            assert await read_acts(state) == expected, points[point]
            assert await state.fetch("select * from refusal") == [], points[point]
            assert (await execute(state, step, AGAIN_ON)).posted is None, points[point]
            assert (await state.verify()).findings == [], points[point]


async def _accrue(state: State) -> None:
    async with open_connection(state.dsn) as connection:
        rights = frozenset({Role.ASSIGNED_ACCOUNTANT})
        await create_key(connection, Grant("accountant", rights, frozenset(), "", None))
    await state.submit_accepted([build_act("accrual", "CAP-1", "100.00", RENT)], "accountant")


async def _order(state: State) -> None:
    """Let an order of before the day of the step carry credits over."""
    write_orders(state, f"{ORDER.replace('2019-02-15', '2019-01-15')},cp,0177,HT2,N/A,,100,")


async def _change_nothing(_: State) -> None:
    """Leave the year as it is."""


CHANGES: Mapping[Step, Callable[[State], Awaitable[None]]] = {
    Step.INVENTORY: _accrue,
    Step.RESULT: _change_nothing,
    Step.CARRY_OVER: _order,
}
"""What gives the other steps that give acts to the engine something to do: they share all work, so one point is enough."""


async def _read_entries(state: State) -> list[tuple]:
    """Return what the sender ``closing`` posted, in order."""
    rows = await state.fetch(
        "select kind, reference, line, exercise, month, debit, credit, amount from entry join submission using (submission)"
        " where sender = 'closing' order by entry_id"
    )
    return [tuple(row) for row in rows]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("step", CHANGES)
async def test_another_step_killed_while_its_acts_are_decided(
    year_end: State, database: Database, tmp_path: Path, step: Step
) -> None:
    by = CHLOE if step is Step.INVENTORY else NOBODY  # who enters an accrual is in the directory
    async with copy_state(database, year_end, tmp_path / "prepared") as prepared:
        await CHANGES[step](prepared)
        async with copy_state(database, prepared, tmp_path / "undisturbed") as undisturbed:
            code, points = await run_child(undisturbed, _NEVER, step, by.name)
            assert code == 0
            expected = await _read_entries(undisturbed)
            assert expected
        async with copy_state(database, prepared, tmp_path / "killed") as state:
            code, _ = await run_child(state, points.index("deciding what is carried over"), step, by.name)
            assert code == -signal.SIGKILL
            assert (await execute(state, step, AGAIN_ON, by=by)).waits == ""
            assert await _read_entries(state) == expected
            assert await state.fetch("select * from refusal") == []
            assert (await execute(state, step, AGAIN_ON, by=by)).posted is None
            assert (await state.verify()).findings == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_step_of_two_persons_killed_at_each_point(
    year_end: State, database: Database, tmp_path: Path
) -> None:
    """Who confirmed it executes it again, without another preparation; items of suspense accounts are among what it opens."""
    async with copy_state(database, year_end, tmp_path / "undisturbed") as undisturbed:
        await _prepare_opening(undisturbed)
        code, points = await run_child(undisturbed, _NEVER, Step.OPENING, CHLOE.name)
        assert code == 0
        expected = await read_acts(undisturbed)
        assert len(expected) > len(OPENED)
    for point in range(len(points)):
        async with copy_state(database, year_end, tmp_path / f"killed-{point}") as state:
            await _prepare_opening(state)
            code, _ = await run_child(state, point, Step.OPENING, CHLOE.name)
            assert code == -signal.SIGKILL
            assert (await execute(state, Step.OPENING, AGAIN_ON, by=CHLOE)).waits == "", points[point]
            assert await read_acts(state) == expected, points[point]
            assert (await execute(state, Step.OPENING, AGAIN_ON, by=CHLOE)).posted is None, points[point]
            assert (await state.verify()).findings == [], points[point]


async def _prepare_opening(state: State) -> None:
    await add_accountants(state.dsn)
    await state.submit_accepted(ITEMS, "treasury")
    assert (await prepare(state, Step.OPENING, DAVID)).preparation
