"""Credits of the bank on suspense: the report lists them, the next year opens each, and they are identified there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from closing.steps import Step
from core.catalog import KIND_NUMBERS
from reporting import code_labels
from reporting.code_names import read_names
from reporting.suspense import load_suspense
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing.closing_state import execute
from tests.service.cli.test_bank_receipts import ACCOUNTANT, ISSUED, import_one, write_statement
from tests.service.small_state import State, open_state
from tests.settlement.camt_messages import free_text

RECEIVABLE = "TP-2018-0001"


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    """A statement of two credits: 20.00 beyond what the receivable asks, and 5.00 of nobody."""
    async with open_state(database, tmp_path / "state", 2) as small_state:
        await small_state.submit_accepted(ISSUED)
        statement = write_statement(small_state, [(12_000, free_text(RECEIVABLE)), (500, "")])
        await import_one(small_state, statement)
        yield small_state


async def list_items(state: State, year: int) -> list[int]:
    """Return the cents of the open items that the report lists; they add up to the balances."""
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        report = await load_suspense(connection, names, exercise=year)
    assert report.add_up
    return sorted(item.open_cents for item in report.items)


async def identify(state: State, year: int, item: int, amount: str) -> None:
    """Identify a part of an item: it pays a receivable of 2018 that is still due."""
    day = f"{year}-{'12-31' if year == 2018 else '02-01'}"
    (receivable,) = await state.fetch("select entry_id from entry where reference = 'TP-2018-0002'")
    common = {"reference": f"ID-{item}", "exercise": year, "date": day, "amount": amount}
    lines = [
        {**common, "kind": "suspense_identification", "line": 1, "predecessor": f"@{item}"},
        {
            **common,
            "kind": "identification_receipt",
            "line": 2,
            "predecessor": f"@{receivable['entry_id']}",
        },
    ]
    await state.submit_accepted(lines, ACCOUNTANT)


async def find_entries(state: State, kind: str) -> list[int]:
    rows = await state.fetch(
        "select entry_id from entry where kind = $1 order by amount desc", KIND_NUMBERS[kind]
    )
    return [row["entry_id"] for row in rows]


async def open_year(state: State) -> None:
    result = await execute(state, Step.OPENING)
    assert result.waits == ""
    assert result.posted is None or result.posted.reasons == []
    assert (await state.verify()).findings == []


async def test_a_credit_on_suspense_is_an_item_of_both_years(state: State) -> None:
    await state.fetch(
        "insert into access_key (key, sender, digest, roles, programmes, label)"
        " values ('accountant22', $1, sha256('1'), '{assigned_accountant}', '{}', '')",
        ACCOUNTANT,
    )
    assert await list_items(state, 2018) == [-2_000, -500]
    await open_year(state)
    assert await list_items(state, 2019) == [-2_000, -500]
    # the next year identifies its item by a receivable of 2018; the year before identifies 4.00 of the other one afterwards
    opened, _ = await find_entries(state, "opening_item_credit")
    _, unknown = await find_entries(state, "suspense_receipt")
    await identify(state, 2019, opened, "15.00")
    await identify(state, 2018, unknown, "4.00")
    assert (await state.verify()).findings == []
    await open_year(state)
    assert await list_items(state, 2018) == [-2_000, -100]
    assert await list_items(state, 2019) == [-500, -100]
    await open_year(state)
    assert await list_items(state, 2019) == [-500, -100]
