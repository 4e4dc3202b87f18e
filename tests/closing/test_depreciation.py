"""The depreciation of a year: each asset is charged what its plan gives, once, and what cannot be charged is named."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from closing.depreciation import PlanBook, compute_charges
from closing.depreciation_acts import ChargeSum
from closing.step_sums import BlockedSum
from closing.steps import Step
from core.asset_plans import AssetPlan
from core.catalog import KIND_NUMBERS
from core.tables.columns import allocate_zeros
from core.tables.rollover import AssetEntries
from reporting import code_labels
from reporting.assets import load_assets
from reporting.code_names import read_names
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import closing_execution
from service.engine.step_conditions import StepRequest
from service.terminal.processing_progress import ProgressLines
from tests.closing.asset_state import (
    CHARGES,
    EQUIPMENT,
    MACHINES,
    YEAR,
    build_act,
    depreciate,
    open_assets,
    read_charges,
)
from tests.period_decisions import decide_period
from tests.reference_years import copy_year, remove_lines
from tests.service.small_state import ANNE, UNITS, State, create_interruption

SUMS = [
    ChargeSum(MACHINES, "2816800000", "6811200000", 1, 5_250),
    ChargeSum(EQUIPMENT, "2818320000", "6811200000", 2, 33_250),
]


@pytest.fixture
async def state(database: Database, tmp_path: Path) -> AsyncIterator[State]:
    async with open_assets(database, tmp_path / "state") as small_state:
        yield small_state


async def _read_due(state: State, year: int = YEAR) -> dict[str, int]:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        register = await load_assets(connection, names, exercise=year)
    assert register.adds_up
    return {asset.reference: asset.to_charge_cents for asset in register.assets}


async def test_each_asset_is_charged_what_its_plan_gives(state: State) -> None:
    assert {name: cents for name, cents in (await _read_due(state)).items() if cents} == dict(CHARGES)
    result = await depreciate(state)
    assert result.sums is not None
    assert (result.waits, result.sums.charges, result.sums.blocked) == ("", SUMS, [])
    assert (result.sums.charged_lines, result.sums.charged_cents) == (1, 1_000)
    assert result.posted is not None
    assert result.posted.reasons == []
    assert await read_charges(state) == CHARGES
    assert set((await _read_due(state)).values()) == {0}
    assert (await state.verify()).findings == []


async def test_a_further_call_charges_only_what_became_due_since(state: State) -> None:
    await depreciate(state)
    again = await depreciate(state)
    assert again.posted is None
    assert again.sums is not None
    assert (again.sums.lines, again.sums.charged_lines, again.sums.charged_cents) == (0, 3, 39_500)
    late = build_act("asset_service", "IM-5", "36.00", "2018-12-15", account=EQUIPMENT)
    await state.submit_accepted([late], "accountant")
    await depreciate(state)
    assert await read_charges(state) == [*CHARGES, ("IM-5", 100)]
    assert (await state.verify()).findings == []


async def test_a_dry_run_stores_nothing(state: State) -> None:
    result = await depreciate(state, is_dry_run=True)
    assert result.sums is not None
    assert result.sums.charges == SUMS
    assert await read_charges(state) == []


async def test_the_next_year_contains_what_the_year_did_not_charge(state: State) -> None:
    """Of 1,000.00 the plan gives 12 months more, 583.33 of 21; of land nothing."""
    await depreciate(state, "2019-12-31", year=2019)
    assert await read_charges(state, 2019) == [("IM-1", 58_333), ("IM-2", 14_250), ("IM-4", 17_250)]
    assert await read_charges(state) == []
    assert (await state.verify()).findings == []


async def test_what_has_left_since_is_named_and_not_charged(state: State) -> None:
    """``IM-1`` leaves in January, before its charge of 2018: nothing of it can be charged any more."""
    (asset,) = await state.fetch("select entry_id from entry where reference = 'IM-1'")
    sale = build_act("asset_disposal", "SO-1", "1000.00", "2019-01-05", predecessor=f"@{asset['entry_id']}")
    await state.submit_accepted([sale], "accountant")
    result = await depreciate(state)
    assert result.sums is not None
    reason = "a later exercise took it out, or charged it"
    assert result.sums.blocked == [BlockedSum("asset_depreciation", reason, 1, 25_000, asset["entry_id"])]
    assert await read_charges(state) == CHARGES[1:]
    assert (await state.verify()).findings == []


async def test_an_assignment_that_the_year_does_not_have_is_named(state: State) -> None:
    await depreciate(state)
    copy_year(state.reference)
    remove_lines(state.reference, "2019/centres.csv", UNITS[1][0])
    result = await depreciate(state, "2019-12-31", year=2019, is_dry_run=True)
    assert result.sums is not None
    obstacle = f"fund centre {UNITS[1][0]} does not exist in 2019"
    assert [(row.obstacle, row.cents) for row in result.sums.blocked] == [(obstacle, 9_000)]
    assert [row.account for row in result.sums.charges] == [EQUIPMENT]


@pytest.mark.parametrize(
    ("year", "day", "text"),
    [
        (2030, "2031-01-01", "the calendar has no exercise 2030: name one of 2018, 2019, by --year"),
        (2018, "2018-12-30", "2018 is not over: its depreciation is charged from 2018-12-31 on"),
    ],
)
async def test_a_year_that_cannot_be_charged_says_why(state: State, year: int, day: str, text: str) -> None:
    result = await depreciate(state, day, year=year)
    assert text in result.waits
    assert await read_charges(state) == []


async def test_nothing_is_charged_once_december_is_closed(state: State) -> None:
    await decide_period(state.dsn, "2018-12", "close")
    waits = (await depreciate(state)).waits
    assert waits.startswith("December of 2018 is not open")
    assert 'crescendo period reopen --year 2018 --month 12 --reason "..."' in waits
    assert await read_charges(state) == []
    await decide_period(state.dsn, "2018-12", "reopen")
    await depreciate(state)
    assert await read_charges(state) == CHARGES


_SERVICE, _CHARGE, _NET_OUT, _DEPRECIATION_OUT = (
    KIND_NUMBERS[name]
    for name in ("asset_service", "asset_depreciation", "asset_disposal", "asset_depreciation_disposal")
)
_MONTHS = {1: 36, 2: 0, 3: 7}
"""By number of account."""
_ASSETS = st.lists(
    st.tuples(st.sampled_from([1, 2, 3]), st.integers(1, 10**14), st.integers(0, 900)), max_size=5
)
_CHANGES = st.lists(
    st.tuples(
        st.sampled_from([_CHARGE, _NET_OUT, _DEPRECIATION_OUT]),
        st.integers(0, 4),
        st.integers(1, 1000),
        st.integers(2018, 2020),
    ),
    max_size=12,
)


@given(_ASSETS, _CHANGES, st.integers(2018, 2020))
def test_the_columns_agree_with_a_count_of_one_asset_after_the_other(
    assets: list[tuple[int, int, int]], changes: list[tuple[int, int, int, int]], year: int
) -> None:
    """Days are counted from 1 January 2018."""
    first = int(np.datetime64("2018-01-01").astype(int))
    changes = [row for row in changes if row[1] < len(assets)]
    entries = allocate_zeros(AssetEntries, len(assets) + len(changes))
    expected = {}
    for row, (account, cost, days) in enumerate(assets):
        day = np.datetime64(first + days, "D")
        own = [change for change in changes if change[1] == row]
        of_day = (row + 1, 0, cost, first + days, 0, account, _SERVICE, day.astype(object).year)
        for column, value in zip(entries, of_day, strict=True):
            column[row] = value
        if of_day[-1] <= year:
            months = (year - of_day[-1]) * 12 + 13 - day.astype(object).month
            due = [
                _count_due(cost, [c for c in own if c[3] <= last], account, months) for last in (year, 9999)
            ]
            expected[row + 1] = (min(due), due[0] - min(due))
    for at, (kind, asset, cents, exercise) in enumerate(changes, len(assets)):
        for column, value in zip(entries, (at + 1, asset + 1, cents, 0, 0, 0, kind, exercise), strict=True):
            column[at] = value
    plans = {str(account): AssetPlan("", "d", "c", "", months) for account, months in _MONTHS.items()}
    book = PlanBook({2018: plans}, {1: "1", 2: "2", 3: "3"}, np.array([2018]))
    charges = compute_charges(entries, book, year)
    pairs = zip(charges.amount.tolist(), charges.late.tolist(), strict=True)
    assert dict(zip(charges.entry.tolist(), pairs, strict=True)) == expected


def _count_due(cost: int, changes: list[tuple[int, int, int, int]], account: int, months: int) -> int:
    """Count what is due of an asset after its changes."""
    depreciated = 0
    for kind, _, cents, _ in changes:
        cost -= cents if kind != _CHARGE else 0
        depreciated += {_CHARGE: cents, _DEPRECIATION_OUT: -cents}.get(kind, 0)
    of_plan = _MONTHS[account]
    due = cost * min(months, of_plan) // of_plan if of_plan else 0
    return max(due - depreciated, 0)


async def test_a_step_charges_and_proves_that_nothing_is_left(state: State) -> None:
    """C08 is the same call, with a stored proof."""
    request = StepRequest(YEAR, Step.INVENTORY, date(2019, 1, 8), by=ANNE)
    interruption, reporter = create_interruption(), ProgressLines()
    tried = await closing_execution.execute(
        state.context, msgspec.structs.replace(request, is_dry_run=True), interruption, reporter=reporter
    )
    assert tried.sums is not None
    assert [(row.account, row.lines) for row in tried.sums.carried] == [(MACHINES, 1), (EQUIPMENT, 2)]
    assert await read_charges(state) == []
    result = await closing_execution.execute(state.context, request, interruption, reporter=reporter)
    assert (result.state, await read_charges(state)) == ("proven", CHARGES)
    again = await closing_execution.execute(state.context, request, interruption, reporter=reporter)
    assert (again.state, again.posted) == ("proven", None)
