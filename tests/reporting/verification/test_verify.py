"""An honest journal is proven; whatever is changed behind the engine's back is found, and named by its place."""

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from core.sql_files import read_queries
from posting.store.migrate import migrate
from reporting.verification import Verification, verify
from reporting.verification.duckdb_session import CHECKS, read_rule
from tests.file_strategies import REFERENCE
from tests.reporting.corruptions import CORRUPTIONS, HOSTILE, Corruption

ROOT = Path(__file__).parents[3]


async def test_the_engine_s_own_journal_is_proven(journal: str) -> None:
    found = await verify(journal)
    assert found.is_proven, found.findings
    assert found.findings == []
    assert found.rows["entry"] > 1_000
    assert min(found.rows.values()) > 0


async def test_the_journal_by_hand_is_proven(hand: str) -> None:
    """It has what a year has little of: an operation, moves, reversals, acts that waited, estimated credits."""
    found = await verify(hand, folder=REFERENCE)
    assert found.findings == []
    assert found.batches > 3


async def test_an_empty_journal_is_proven(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    await connection.close()
    found = await verify(dsn)
    assert found.findings == []
    assert (found.batches, found.chain, sum(found.rows.values())) == (0, "", 0)


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda each: each.name)
async def test_a_corruption_is_found_in_its_place(journal: str, corruption: Corruption) -> None:
    it = await _corrupt(journal, corruption)
    found = await verify(journal)
    assert not found.is_proven
    for check, place in corruption.found.items():
        start = place.format(it=it)
        places = [each.place for each in found.findings if each.check == check]
        assert any(each.startswith(start) for each in places), (check, start, found.findings)
    assert _broken(found) >= corruption.found.keys()


@pytest.mark.parametrize("change", HOSTILE)
async def test_nothing_stored_is_taken_for_granted(journal: str, change: str) -> None:
    await _corrupt(journal, Corruption(change, "select 0", change, {}))
    found = await verify(journal)
    assert not found.is_proven
    assert all(each.place and each.found and each.expected for each in found.findings), found.findings


def test_verification_shares_no_code_with_the_engine() -> None:
    program = "import sys, reporting.verification; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert "core.catalog" in loaded
    assert {
        name for name in loaded if name.partition(".")[0] in {"posting", "kernels", "ingest", "numba"}
    } == set()


async def _corrupt(dsn: str, corruption: Corruption) -> int:
    """Change rows as only a superuser can who switches the triggers off."""
    connection = await asyncpg.connect(dsn)
    try:
        it = await connection.fetchval(corruption.choice)
        assert it is not None, "nothing to change"
        await connection.execute("set session_replication_role = replica")
        await connection.execute(corruption.change.format(it=it))
    finally:
        await connection.close()
    return it


def _broken(found: Verification) -> set[str]:
    return {check.name for check in found.checks if check.broken}


def test_every_rule_is_broken_by_some_corruption() -> None:
    """Those of payment runs, late interest and the bank's answers are broken where there are some: in tests of theirs."""
    elsewhere = {
        name
        for file in ("runs.sql", "bank.sql", "interest.sql")
        for name in read_queries("reporting.verification", file)
    }
    broken = {check for corruption in CORRUPTIONS for check in corruption.found}
    assert broken == {"chain", *CHECKS} - elsewhere


def test_every_rule_is_told_in_words() -> None:
    assert all(read_rule(statement).endswith(".") for statement in CHECKS.values())


async def test_a_corruption_without_rights_is_refused(journal: str) -> None:
    """The database itself keeps the journal append-only for everybody who does not switch its triggers off."""
    connection = await asyncpg.connect(journal)
    try:
        for table in ("entry", "refusal", "batch", "node_balance"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"delete from {table}")
    finally:
        await connection.close()


async def test_progress_is_told_to_the_end(journal: str) -> None:
    told: list[tuple[int, int]] = []
    await verify(journal, lambda done, total, _: told.append((done, total)))
    assert [done for done, _ in told] == list(range(1, len(told) + 1))
    assert told[-1][0] == told[-1][1]


async def test_the_engine_goes_on_meanwhile(journal: str) -> None:
    """What is committed after a verification began does not disturb it."""
    connection = await asyncpg.connect(journal)
    added = asyncio.Event()

    async def add() -> None:
        await connection.execute("update engine set version = version + 1")
        added.set()

    try:
        task: list[asyncio.Task[None]] = []
        found = await verify(
            journal, lambda done, *_: task.append(asyncio.create_task(add())) if done == 1 else None
        )
        await added.wait()
        assert found.findings == []
        assert not (await verify(journal)).is_proven
    finally:
        await connection.close()
