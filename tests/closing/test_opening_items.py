"""What stands on suspense accounts is opened item by item: each names its entry, and follows what is cleared of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from closing.steps import Step
from core.catalog import CATALOG
from core.person_decisions import StatedPerson
from reporting import code_labels
from reporting.act_history import explain
from reporting.act_narrative import render
from reporting.aged_items import BY_ITEM, ItemScope, load_aged_items
from reporting.analysts.refresh import refresh_views
from reporting.code_names import read_names
from reporting.suspense import load_suspense
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine.year_closing import StepResult
from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.closing.closing_state import YEAR, Row, execute, open_year_end, prepare
from tests.reporting.remade_hashes import remake_hashes
from tests.service.small_state import UNITS, State

CREDITOR, CHARGE = "4721000000", "6188000000"
CHLOE, DAVID = (StatedPerson(name, user=name) for name in ("chloe", "david"))
_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}
_OPEN_ITEMS = "select exercise, open_cents from analysis_v1.open_item where account = $1 order by entry"
Opened = list[tuple[str, int, int]]
"""Kind, entry that it names, and cents of what was opened of items, in order."""


def post(reference: str, sides: list[tuple[str, str, str, str]], year: int = YEAR) -> list[Row]:
    """Build an entry by hand: kind, account, amount and predecessor of each line."""
    place = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "31"}
    common = {
        "reference": reference,
        "exercise": year,
        "date": f"{year}-{'01-15' if year > YEAR else '12-30'}",
    }
    return [
        {**common, **place, **_PERSONS, "line": line, "kind": kind, "account": account, "amount": amount}
        | ({"predecessor": before} if before else {})
        for line, (kind, account, amount, before) in enumerate(sides, 1)
    ]


ITEMS = post(
    "OD-1",
    [
        ("journal_debit", CHARGE, "60.00", ""),
        ("journal_credit", CREDITOR, "100.00", ""),
        ("journal_debit", CREDITOR, "40.00", ""),
        ("journal_credit", CREDITOR, "40.00", ""),
        ("journal_debit", CHARGE, "40.00", ""),
    ],
)
"""A credit of 100.00, and a debit and a credit of 40.00, which make nothing together."""


def clear(reference: str, amount: str, entry: int, year: int = YEAR) -> list[Row]:
    """Build what clears a credit."""
    sides = [("clearing_debit", CREDITOR, amount, f"@{entry}"), ("journal_credit", CHARGE, amount, "")]
    return post(reference, sides, year)


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_year_end(database, tmp_path / "state") as small_state:
        await add_accountants(small_state.dsn)
        await small_state.submit_accepted(ITEMS, "treasury")
        yield small_state


async def find_item(state: State) -> int:
    """Return the entry of the credit of 100.00; those of 40.00 are behind it."""
    (row,) = await state.fetch("select min(entry_id) + 1 as entry from entry where reference = 'OD-1'")
    return row["entry"]


async def read_opened(state: State) -> Opened:
    rows = await state.fetch("select kind, predecessor, amount from entry where month = 0 order by entry_id")
    return [
        (CATALOG[row["kind"]].name, row["predecessor"], row["amount"]) for row in rows if row["predecessor"]
    ]


async def open_year(state: State) -> StepResult:
    assert (await prepare(state, Step.OPENING, DAVID)).waits == ""
    result = await execute(state, Step.OPENING, by=CHLOE)
    assert result.waits == ""
    assert result.posted is None or result.posted.reasons == []
    return result


async def list_items(state: State, year: int) -> list[tuple[int, int]]:
    """Return entry and cents of the open items that the report lists; they add up to the balances."""
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        report = await load_suspense(connection, names, exercise=year)
    assert report.add_up
    return [(item.entry, item.open_cents) for item in report.items]


async def test_each_item_is_opened_by_a_line_that_names_its_entry(state: State) -> None:
    item = await find_item(state)
    await open_year(state)
    expected = [
        ("opening_item_credit", item, 10_000),
        ("opening_item_debit", item + 1, 4_000),
        ("opening_item_credit", item + 2, 4_000),
    ]
    assert await read_opened(state) == expected
    assert [cents for _, cents in await list_items(state, YEAR + 1)] == [-10_000, 4_000, -4_000]
    assert (await open_year(state)).posted is None
    assert await read_opened(state) == expected
    assert (await state.verify()).findings == []


async def test_an_opening_is_explained_back_to_its_entry(state: State) -> None:
    item = await find_item(state)
    await open_year(state)
    (row,) = await state.fetch(f"select entry_id from entry where month = 0 and predecessor = {item}")
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        texts = [
            "\n".join(map(str, render(await explain(connection, names, entry))))
            for entry in (f"@{row['entry_id']}", f"@{item}")
        ]
    assert "OD-1" in texts[0]
    assert "opening_item_credit" in texts[1]


async def test_what_is_cleared_in_the_year_before_is_taken_off_its_opening(state: State) -> None:
    """30.00 of the 100.00 are cleared by an entry of December that comes after the opening."""
    item = await find_item(state)
    await open_year(state)
    (opening, *_) = [entry for entry, _ in await list_items(state, YEAR + 1)]
    await state.submit_accepted(clear("OD-2", "30.00", item), "treasury")
    await open_year(state)
    assert (await read_opened(state))[3:] == [("opening_reduction_debit", opening, 3_000)]
    assert [cents for _, cents in await list_items(state, YEAR + 1)] == [-7_000, 4_000, -4_000]
    assert (await state.verify()).findings == []
    assert (await open_year(state)).posted is None


async def test_what_the_next_year_has_cleared_too_is_opened_on_the_other_side(state: State) -> None:
    """80.00 are cleared in 2019; then 50.00 in 2018, of which the opening has 20.00 left: 30.00 are an item of their own."""
    item = await find_item(state)
    await open_year(state)
    (opening, *_) = [entry for entry, _ in await list_items(state, YEAR + 1)]
    await state.submit_accepted(clear("OD-3", "80.00", opening, YEAR + 1), "treasury")
    await state.submit_accepted(clear("OD-2", "50.00", item), "treasury")
    await open_year(state)
    assert (await read_opened(state))[3:] == [
        ("opening_reduction_debit", opening, 2_000),
        ("opening_item_debit", item, 3_000),
    ]
    assert [cents for _, cents in await list_items(state, YEAR + 1)] == [4_000, -4_000, 3_000]
    assert (await open_year(state)).posted is None
    assert (await state.verify()).findings == []


async def test_open_items_are_those_of_the_suspense_report(state: State) -> None:
    """What the next year clears of an opening takes off the item that it opens; both reports list each item once."""
    await open_year(state)
    (opening, *_) = [entry for entry, _ in await list_items(state, YEAR + 1)]
    await state.submit_accepted(clear("OD-3", "80.00", opening, YEAR + 1), "treasury")
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        suspense = await load_suspense(connection, names, exercise=YEAR + 1)
        report = await load_aged_items(connection, names, ItemScope(account=CREDITOR, grouping=BY_ITEM))
    items = [(item.entry, item.open_cents) for item in report.items]
    assert [cents for _, cents in items] == [-2_000, 4_000, -4_000]
    assert items == sorted((item.origin, item.open_cents) for item in suspense.items)
    assert report.add_up


async def test_analysts_see_each_opened_item_once(state: State) -> None:
    """The opening takes the item of the year before, so that the view has 100.00, 40.00 and 40.00 of one year alone."""
    await open_year(state)
    (opening, *_) = [entry for entry, _ in await list_items(state, YEAR + 1)]
    await state.submit_accepted(clear("OD-3", "80.00", opening, YEAR + 1), "treasury")
    connection = await asyncpg.connect(state.dsn)
    await refresh_views(connection, code_labels.load(state.reference), includes_last=True)
    rows = await connection.fetch(_OPEN_ITEMS, CREDITOR)
    await connection.close()
    assert [tuple(row) for row in rows] == [(YEAR + 1, cents) for cents in (2_000, 4_000, 4_000)]


async def test_an_account_that_was_opened_as_a_whole_stays_so(state: State) -> None:
    """As a ledger from before has it: one opening without an item."""
    await open_year(state)
    await _plant(
        state,
        "update entry set predecessor = 0, kind = case when debit <> 0 then {opening_debit} else {opening_credit} end"
        " where month = 0 and predecessor > 0",
    )
    assert (await open_year(state)).posted is None
    await state.submit_accepted(clear("OD-2", "30.00", await find_item(state)), "treasury")
    await open_year(state)
    assert await read_opened(state) == []
    assert (await state.verify("opening_items", "suspense_items")).findings == []


BREACHES = {
    "an opening of another item": (
        "update entry set predecessor = predecessor + 2 where month = 0 and kind = {opening_item_credit} and amount = 10000",
        "opened so far of entry",
    ),
    "an opening of a charge": (
        "update entry set predecessor = predecessor - 1 where month = 0 and kind = {opening_item_credit} and amount = 10000",
        "an act opening_item_credit of entry",
    ),
    "an item of another amount": (
        "update entry set amount = amount + 1 where month = 0 and kind = {opening_item_credit} and amount = 10000",
        "opened so far of entry",
    ),
    "two items left out that make nothing together": (
        "delete from entry where month = 0 and predecessor > 0 and amount = 4000",
        "not opened in 2019",
    ),
    "an item that names a later entry": (
        "update entry set reference = '2018.PACA.x' where month = 0 and predecessor > 0",
        "opened so far of entry",
    ),
    "a reduction of another entry": (
        "update entry set predecessor = 1 where month = 0 and kind = {opening_reduction_debit}",
        "an act opening_reduction_debit of entry 1",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
async def test_a_breach_of_an_item_is_found(state: State, breach: str) -> None:
    await open_year(state)
    await state.submit_accepted(clear("OD-2", "30.00", await find_item(state)), "treasury")
    await open_year(state)
    change, text = BREACHES[breach]
    await _plant(state, change)
    findings = (await state.verify("opening_items")).findings
    assert [finding.found for finding in findings if text in finding.found], findings


async def _plant(state: State, change: str) -> None:
    numbers = {kind.name: number for number, kind in enumerate(CATALOG)}
    connection = await asyncpg.connect(state.dsn)
    await connection.execute(f"set session_replication_role = replica; {change.format_map(numbers)}")
    await remake_hashes(connection)
    await connection.close()
