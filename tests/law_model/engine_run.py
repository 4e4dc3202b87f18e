"""The real engine on a database of its own, with the interface of the model."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import pyarrow as pa

from closing.opening_acts import build_opening_table
from closing.opening_balances import list_acts
from closing.rollover import build_table, load_carry_lines, load_rollover
from closing.steps import Step
from posting.book.registry import ReferenceData
from posting.store.period_store import RefusedDecision
from service.engine.result_allocation import compute_allocation, load_allocation
from service.engine.step_acts import (
    compute_result,
    compute_reversals,
    load_accruals,
    load_openings,
    load_result,
)
from tests.embedded_servers import create_ledger
from tests.engine_driver import EngineDriver
from tests.file_strategies import REFERENCE
from tests.law_model.budget import NodeKey
from tests.law_model.form import write_euros
from tests.law_model.model import LineResult
from tests.law_model.nomenclature import Reference
from tests.law_model.opening_balances import OPENING_STEP
from tests.law_model.periods import PeriodDecision
from tests.law_model.state import Row
from tests.law_model.year_end import ALLOCATION_STEP, RESULT_STEP, REVERSAL_STEP

_numbers = count()
Figures = Mapping[tuple[int | str, ...], tuple[int, int]]
"""Two sums of cents by what they are sums of."""


class EngineRun:
    """Decides acts by the engine; documents of the model are named by those of the engine."""

    def __init__(self, dsn: str, driver: EngineDriver, reference: ReferenceData) -> None:
        self._dsn, self._driver, self._reference = dsn, driver, reference
        self._entries: dict[int, int] = {}

    def submit(self, rows: Sequence[Row], sender: str) -> list[str]:
        """Decide a file; return the code of each line."""
        return [code for code, _, _ in self._driver.submit([self._translate(row) for row in rows], sender)]

    def decide_period(self, decision: PeriodDecision) -> bool:
        """Store a decision about a month; return False if it is refused."""
        month = f"{decision.exercise}-{decision.month:02}"
        try:
            self._driver.decide_period(month, decision.action, decision.accountant)
        except RefusedDecision:
            return False
        return True

    def _translate(self, row: Row) -> Row:
        text = row.get("predecessor", "")
        if not text.startswith("@"):
            return row
        return row | {"predecessor": f"@{self._entries.get(int(text[1:]), 999_999_999)}"}

    def pair_entries(self, results: Sequence[LineResult]) -> None:
        """Note which entry of the engine is which document of the model, for the last file."""
        entries = asyncio.run(self._read_entries())
        self._entries |= {
            result.number: entries[line]
            for line, result in enumerate(results)
            if result.number and line in entries
        }

    async def _read_entries(self) -> dict[int, int]:
        connection = await asyncpg.connect(self._dsn)
        try:
            query = (
                "select line, entry_id from entry where submission = (select max(submission) from submission)"
            )
            return {row["line"]: row["entry_id"] for row in await connection.fetch(query)}
        finally:
            await connection.close()

    def list_step(self, step: str, year: int, day: date) -> list[Row]:
        """Return the lines that the closing gives for a step, by the documents of the model."""
        table = asyncio.run(self._build_step(step, year, day))
        documents = {entry: number for number, entry in self._entries.items()}
        return [_write_row(row, documents) for row in table.to_pylist()] if table else []

    async def _build_step(self, step: str, year: int, day: date) -> pa.Table | None:
        if step in {REVERSAL_STEP, RESULT_STEP, ALLOCATION_STEP}:
            return await self._build_year_end(step, year, day)
        return await (
            self._build_openings(year) if step == OPENING_STEP else self._build_carries(Step(step), year, day)
        )

    async def _build_year_end(self, step: str, year: int, day: date) -> pa.Table | None:
        connection = await asyncpg.connect(self._dsn)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                if step == REVERSAL_STEP:
                    computed = compute_reversals(await load_accruals(connection, year))
                elif step == RESULT_STEP:
                    computed = compute_result(await load_result(connection, self._reference, year))
                else:
                    computed = compute_allocation(
                        await load_allocation(connection, self._reference, year), day
                    )
                acts = await computed.load_acts(connection)
        finally:
            await connection.close()
        return acts.build_table("") if acts.lines else None

    async def _build_carries(self, step: Step, year: int, day: date) -> pa.Table | None:
        connection = await asyncpg.connect(self._dsn)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                opened = await load_rollover(connection, year, self._reference, on_step=lambda _: None)
                parts = await load_carry_lines(connection, opened, step)
        finally:
            await connection.close()
        has_lines = any(len(part.amount) for part in parts)
        return build_table(parts, opened, day, step=step, cause="") if has_lines else None

    async def _build_openings(self, year: int) -> pa.Table | None:
        connection = await asyncpg.connect(self._dsn)
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                opened = await load_openings(connection, self._reference, year)
        finally:
            await connection.close()
        acts = [act for act in list_acts(opened.opening) if act.lines]
        return build_opening_table(acts, year, last_entry=opened.last_entry, cause="") if acts else None

    def read_node(self, key: NodeKey, reference: Reference) -> tuple[int, int, int, int, int]:
        """Return AE and CP available, AE and CP consumed, and AE reported as consumed, of a node."""
        year = reference.years[key.year]
        item = next(item.code for item in year.items.values() if item.budget_only and item.staff == key.staff)
        fund = next(code for code, (family, _) in year.funds.items() if family == key.family)
        row = {"exercise": str(key.year), "fund_centre": key.centre, "commitment_item": item, "fund": fund}
        figures = *self._driver.read_available(row), *self._driver.read_consumed(row)
        return *figures, self._driver.read_reported(row)

    def read_titles(self) -> Figures:
        """Return what was opened and committed in advance by budget year, programme and title."""
        return self._driver.read_titles()

    def read_accounts(self) -> Figures:
        """Return debit and credit by exercise, accountant and account."""
        return self._driver.read_accounts()


@contextmanager
def start_engine(server: str, folder: Path, reference: Path = REFERENCE) -> Iterator[EngineRun]:
    """Yield an engine on a new database, dropped afterwards."""
    home = folder / f"law_model_{next(_numbers)}"
    home.mkdir()
    with create_ledger(server, home.name) as dsn, EngineDriver(dsn, home, reference) as driver:
        yield EngineRun(dsn, driver, ReferenceData.load(reference))


def _write_row(row: Mapping[str, Any], documents: Mapping[int, int]) -> Row:
    """Return a line of the closing as a row of texts, which names documents of the model."""
    text = {name: str(value) for name, value in row.items() if value not in (None, "")}
    text["amount"] = write_euros(int(text.pop("amount_cents")))
    if "predecessor" in text:
        text["predecessor"] = f"@{documents[int(text['predecessor'].removeprefix('@'))]}"
    return text
