"""The depreciation of a year is killed with -9 at each point of its work: called again, it charges each asset once."""

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.closing.asset_state import CHARGES, depreciate, open_assets, read_charges
from tests.crash.killed_processes import run_to_step
from tests.service.small_state import State, copy_state

_NEVER = 1_000


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def year_end(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[State]:
    async with open_assets(database, tmp_path_factory.mktemp("assets") / "state") as state:
        yield state


async def run_child(state: State, point: int) -> tuple[int, list[str]]:
    """Charge in a process that kills itself at a point; return its exit code and the points it reached."""
    return await run_to_step("depreciation_process", state.dsn, state.folder, point)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_a_call_killed_at_each_point(year_end: State, database: Database, tmp_path: Path) -> None:
    async with copy_state(database, year_end, tmp_path / "undisturbed") as undisturbed:
        code, points = await run_child(undisturbed, _NEVER)
        assert (code, "deciding the charges" in points) == (0, True)
        assert await read_charges(undisturbed) == CHARGES
    for point in range(len(points)):
        async with copy_state(database, year_end, tmp_path / f"killed-{point}") as state:
            code, _ = await run_child(state, point)
            assert code == -signal.SIGKILL
            assert (await depreciate(state, "2019-01-09")).waits == "", points[point]
            assert await read_charges(state) == CHARGES, points[point]
            assert await state.fetch("select * from refusal") == [], points[point]
            assert (await depreciate(state)).posted is None, points[point]
            assert (await state.verify()).findings == [], points[point]
