"""The commands on periods: who may close, reopen and lock what, and what stays refused."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from core.errors import NoSuchRecord
from posting.store.period_store import RefusedDecision
from tests.file_strategies import REFERENCE
from tests.period_decisions import decide_period
from tests.posting.loaded_engines import process_rows
from tests.reporting.journals import BUDGET
from tests.service.command_line import CommandResult, run_crescendo

_BY = ("--as", "Alice", "--reason", "Clôture mensuelle")


class Ledger:
    """A ledger with credits, and the commands on it."""

    def __init__(self, dsn: str, folder: Path) -> None:
        self.dsn, self._folder = dsn, folder

    async def run(self, *words: str) -> CommandResult:
        place = ("--database", self.dsn, "--data", self._folder)
        environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
        return await run_crescendo("period", *words, *place, environment=environment)

    async def list_states(self, month: str) -> dict[str, str]:
        """Return the state of a month by accountant; the empty code stands for all others."""
        listed = json.loads((await self.run("list", "--json")).out)
        return {row["accountant"]: row["state"] for row in listed["months"] if row["month"] == month}


@pytest_asyncio.fixture
async def ledger(dsn: str, tmp_path: Path) -> AsyncIterator[Ledger]:
    await process_rows(dsn, tmp_path, REFERENCE, BUDGET, "TREASURY")
    yield Ledger(dsn, tmp_path)


async def test_a_month_is_closed_reopened_and_locked(ledger: Ledger) -> None:
    month = ("--year", "2018", "--month", "5")
    assert await ledger.list_states("2018-05") == {"": "open"}
    closed = await ledger.run("close", *month, *_BY)
    assert (closed.code, closed.out) == (0, "Decision 1: 2018-05 is closed from the next batch on.\n")
    again = await ledger.run("close", *month, *_BY)
    assert (again.code, "2018-05 stays as it is: it is closed already" in again.out) == (1, True)
    assert (await ledger.run("reopen", *month, *_BY)).code == 0
    early = await ledger.run("lock", *month, *_BY)
    assert (early.code, "it is open: close it first" in early.out) == (1, True)
    assert (await ledger.run("close", *month, *_BY)).code == 0
    assert (await ledger.run("lock", *month, *_BY)).code == 0
    late = await ledger.run("reopen", *month, *_BY)
    assert (late.code, "a lock cannot be undone" in late.out) == (1, True)
    assert await ledger.list_states("2018-05") == {"": "locked"}
    listed = await ledger.run("list")
    assert listed.code == 0
    assert all(word in listed.out for word in ("Clôture mensuelle", "Alice", "reopen", "locked"))


async def test_a_month_of_one_accountant(ledger: Ledger) -> None:
    month = ("--year", "2018", "--month", "6")
    assert (await ledger.run("close", *month, "--accountant", "PACA", *_BY)).code == 0
    assert await ledger.list_states("2018-06") == {"": "open", "PACA": "closed"}
    assert (await ledger.run("close", *month, *_BY)).code == 0
    assert await ledger.list_states("2018-06") == {"": "closed"}
    assert (await ledger.run("lock", *month, "--accountant", "PACA", *_BY)).code == 0
    assert (await ledger.run("reopen", *month, *_BY)).code == 0
    assert await ledger.list_states("2018-06") == {"": "open", "PACA": "locked"}


async def test_an_opening_month_is_locked_after_the_year_before(ledger: Ledger) -> None:
    opening = ("--year", "2019", "--month", "0")
    assert (await ledger.run("close", *opening, *_BY)).code == 0
    early = await ledger.run("lock", *opening, *_BY)
    assert (early.code, "2018-01 is not locked" in early.out) == (1, True)
    await decide_period(ledger.dsn, "2018-00", "close")
    assert (await ledger.run("lock", "--year", "2018", "--month", "0", *_BY)).code == 0  # the first year


async def test_nobody_decides_without_name_and_reason(ledger: Ledger) -> None:
    month = ("--year", "2018", "--month", "6")
    for words in (
        ("--as", "Alice"),
        ("--reason", "x"),
        ("--as", " ", "--reason", "x"),
        ("--as", "Alice", "--reason", ""),
    ):
        assert (await ledger.run("close", *month, *words)).code == 2
    assert (await ledger.run("close", "--year", "2018", "--month", "16", *_BY)).code == 2
    assert await ledger.list_states("2018-06") == {"": "open"}


async def test_what_the_ledger_does_not_have_is_not_decided(ledger: Ledger) -> None:
    with pytest.raises(NoSuchRecord, match="2020-01: the ledger has no such month yet"):
        await decide_period(ledger.dsn, "2020-01", "close")
    with pytest.raises(NoSuchRecord, match="NOPE: the ledger has no such accountant"):
        await decide_period(ledger.dsn, "2018-05", "close", "NOPE")
    with pytest.raises(RefusedDecision, match="it is open already"):
        await decide_period(ledger.dsn, "2018-05", "reopen")
