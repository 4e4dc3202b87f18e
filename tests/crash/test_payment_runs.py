"""Payment runs killed with -9 at each step: nothing is issued twice, nothing is left out, files are the same bytes."""

import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import asyncpg
import pytest

from service.database.embedded import Database
from tests.crash.database_states import read_state
from tests.databases import create_database, open_connection
from tests.settlement.runs.small_state import OTHER_UNIT, SmallState, iban

_NEVER = 1_000
_numbers = count()
PROPOSING = ["reading open payables", "selecting what is due", "saving the proposal", "proposed"]
ISSUING = [
    *("building the acts", "recording the issue", "issue recorded", "indexing what came", "acts committed"),
    *("writing the files", "file 1 written", "file 1 recorded", "file 2 written", "file 2 recorded"),
    *("file 3 written", "file 3 recorded", "issued"),
]


def run_child(world: SmallState, work: str, run: int, step: int) -> tuple[int, list[str]]:
    """Do one thing in a process of its own, which dies at a step; its end, and the steps it came to."""
    command = [
        sys.executable,
        "-m",
        "tests.crash.payment_run_process",
        world.dsn,
        str(world.folder),
        work,
        str(run),
        str(step),
    ]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2]
    )
    assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
    return ended.returncode, ended.stdout.splitlines()


@asynccontextmanager
async def copy_state(database: Database, world: SmallState, folder: Path) -> AsyncIterator[SmallState]:
    """The same world again: its database, its spool, its outbox."""
    name, place = f"copy_{next(_numbers)}", folder / f"copy-{next(_numbers)}"
    shutil.copytree(world.folder, place)
    async with open_connection(database.dsn) as admin:
        await admin.execute(f"create database {name} template {world.dsn.rpartition('/')[2]}")
        yield SmallState(database.dsn.rpartition("/")[0] + f"/{name}", place)
        await admin.execute(f"drop database {name} with (force)")


@asynccontextmanager
async def small_state(database: Database, folder: Path) -> AsyncIterator[SmallState]:
    """Requests of two accountants, one of them too large for SEPA: three files."""
    async with create_database(database) as dsn:
        folder.mkdir()
        world = await SmallState(dsn, folder).open()
        await world.register_payees(*({"payee": f"P{at}", "iban": iban(at)} for at in range(1, 4)))
        await world.post_requests(
            *(
                {"reference": f"DP-{at}", "payee": f"P{at % 3 + 1}", "amount": f"{at}.10"}
                for at in range(1, 30)
            ),
            {"reference": "DP-A", "payee": "P1", "amount": "5.00", **OTHER_UNIT},
            {"reference": "DP-B", "payee": "P2", "amount": "200000000"},
        )
        yield world


async def read_outcome(world: SmallState) -> dict[str, object]:
    """What must be the same whatever was killed."""
    connection = await asyncpg.connect(world.dsn)
    try:
        state = await read_state(connection)
        noted = await connection.fetch(
            "select name, transactions, cents, sha256 from payment_file order by run, file"
        )
        ends = await connection.fetch("select run, paid, paid_cents, refused, files from payment_end")
    finally:
        await connection.close()
    outbox = world.folder / "outbox"
    files = {path.name: path.read_bytes() for path in sorted(outbox.rglob("*")) if path.is_file()}
    return {**state, "files": files, "noted": list(map(tuple, noted)), "ends": list(map(tuple, ends))}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_issuing_killed_at_each_step(database: Database, tmp_path: Path) -> None:
    async with small_state(database, tmp_path / "world") as world:
        run = await world.propose()
        await world.release(run)
        async with copy_state(database, world, tmp_path) as undisturbed:
            code, steps = run_child(undisturbed, "issue", run, _NEVER)
            assert (code, [step for step in steps if step in ISSUING]) == (0, ISSUING)
            expected = await read_outcome(undisturbed)
        assert len(expected["files"]) == 3  # type: ignore[arg-type]
        for step in range(len(steps)):
            async with copy_state(database, world, tmp_path) as one:
                code, _ = run_child(one, "issue", run, step)
                assert code == -signal.SIGKILL
                await one.issue(run)
                assert await read_outcome(one) == expected, steps[step]


async def test_proposing_and_releasing_killed_at_each_step(database: Database, tmp_path: Path) -> None:
    """A proposal is there whole or not at all; another one then pays nothing of it a second time."""
    async with small_state(database, tmp_path / "world") as world:
        for step in range(len(PROPOSING)):
            async with copy_state(database, world, tmp_path) as one:
                code, steps = run_child(one, "propose", 0, step)
                assert (code, steps) == (-signal.SIGKILL, PROPOSING[:step])
                await one.propose()
                paid = [
                    line["entry_id"]
                    for row in await one.fetch_rows("select run from payment_run")
                    for line in await one.load_lines(row["run"])
                    if not line["left_out"]
                ]
                assert len(paid) == len(set(paid)) == 31
                assert await one.release(1) == (31, 20_000_044_290)
