"""Payment runs are killed with -9 at each step: nothing is issued twice or omitted, and files have the same bytes."""

import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from service.database.embedded_server import Database
from tests.crash.database_states import read_state
from tests.crash.killed_processes import run_to_step
from tests.databases import create_database
from tests.settlement.runs.small_state import OTHER_UNIT, SmallState, iban

_NEVER = 1_000
_numbers = count()
PROPOSING = ["reading open payables", "selecting what is due", "saving the proposal", "proposed"]
ISSUING = [
    *(
        "building the acts",
        "recording the issue",
        "issue recorded",
        "updating the look-up indexes",
        "acts committed",
    ),
    *("writing the files", "file 1 written", "file 1 recorded", "file 2 written", "file 2 recorded"),
    *("file 3 written", "file 3 recorded", "issued"),
]


async def run_child(state: SmallState, work: str, run: int, step: int) -> tuple[int, list[str]]:
    """Work on a run in a process that kills itself at a step; return its exit code and the steps it reached."""
    return await run_to_step("payment_run_process", state.dsn, state.folder, work, run, step)


@asynccontextmanager
async def copy_state(database: Database, state: SmallState, folder: Path) -> AsyncIterator[SmallState]:
    """Copy the state: database, spool and outbox."""
    place = folder / f"copy-{next(_numbers)}"
    shutil.copytree(state.folder, place)
    async with create_database(database, template=state.dsn.rpartition("/")[2]) as dsn:
        yield SmallState(dsn, place)


@asynccontextmanager
async def open_small_state(database: Database, folder: Path) -> AsyncIterator[SmallState]:
    """Open a state with requests of two accountants, one of them too large for SEPA: a run has three files."""
    async with create_database(database) as dsn:
        folder.mkdir()
        state = await SmallState(dsn, folder).open()
        await state.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)))
        await state.post_requests(
            *(
                {"reference": f"DP-{at}", "payee": f"P{at % 3 + 1}", "amount": f"{at}.10"}
                for at in range(1, 30)
            ),
            {"reference": "DP-A", "payee": "P1", "amount": "5.00", **OTHER_UNIT},
            {"reference": "DP-B", "payee": "P2", "amount": "200000000"},
        )
        yield state


async def read_outcome(state: SmallState) -> dict[str, object]:
    """Read everything that must be the same after any kill."""
    connection = await asyncpg.connect(state.dsn)
    try:
        digests = await read_state(connection)
        recorded = await connection.fetch(
            "select name, transactions, cents, sha256 from payment_file order by run, file"
        )
        ends = await connection.fetch("select run, paid, paid_cents, refused, files from payment_end")
    finally:
        await connection.close()
    outbox = state.folder / "outbox"
    files = {path.name: path.read_bytes() for path in sorted(outbox.rglob("*")) if path.is_file()}
    return {**digests, "files": files, "recorded": list(map(tuple, recorded)), "ends": list(map(tuple, ends))}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_issuing_killed_at_each_step(database: Database, tmp_path: Path) -> None:
    async with open_small_state(database, tmp_path / "state") as state:
        run = await state.propose()
        await state.release(run)
        async with copy_state(database, state, tmp_path) as undisturbed:
            code, steps = await run_child(undisturbed, "issue", run, _NEVER)
            assert (code, [step for step in steps if step in ISSUING]) == (0, ISSUING)
            expected = await read_outcome(undisturbed)
        assert len(expected["files"]) == 3  # type: ignore[arg-type]
        for step in range(len(steps)):
            async with copy_state(database, state, tmp_path) as copy:
                code, _ = await run_child(copy, "issue", run, step)
                assert code == -signal.SIGKILL
                await copy.issue(run)
                assert await read_outcome(copy) == expected, steps[step]


async def test_proposing_and_releasing_killed_at_each_step(database: Database, tmp_path: Path) -> None:
    """A proposal is stored completely or not at all; a second copy pays nothing twice."""
    async with open_small_state(database, tmp_path / "state") as state:
        for step in range(len(PROPOSING)):
            async with copy_state(database, state, tmp_path) as copy:
                code, steps = await run_child(copy, "propose", 0, step)
                assert (code, steps) == (-signal.SIGKILL, PROPOSING[:step])
                await copy.propose()
                paid = [
                    line["entry_id"]
                    for row in await copy.fetch_rows("select run from payment_run")
                    for line in await copy.load_lines(row["run"])
                    if not line["left_out"]
                ]
                assert len(paid) == len(set(paid)) == 31
                assert await copy.release(1) == (31, 20_000_044_290)
