"""A small State with assets of two accounts, of which some were charged or have left in part."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

from core.catalog import KIND_NUMBERS
from core.roles import Role
from service.auth.access_queries import Grant, create_key
from service.database.embedded_server import Database
from service.engine import asset_depreciation
from service.engine.asset_depreciation import DepreciationRequest, DepreciationResult
from service.terminal.processing_progress import ProgressLines
from tests.accountants import CHANGE_FIELDS
from tests.databases import create_database, open_connection
from tests.reference_years import replace_text
from tests.service.small_state import ANNE, UNITS, State, create_interruption

YEAR = 2018
EQUIPMENT, MACHINES, LAND = "2183200000", "2168000000", "2111000000"
CHARGES = [("IM-1", 25_000), ("IM-2", 5_250), ("IM-4", 8_250)]
"""Of ``IM-1`` 9 of 36 months of 1,000.00; of ``IM-2`` 7 of 120 of 900.00; of ``IM-4`` 12 of 36 of 270.00, less 7.50."""
Row = Mapping[str, Any]
_PERSONS = {name: CHANGE_FIELDS[name] for name in ("entered_by", "validated_by")}


def build_act(kind: str, reference: str, amount: str, day: str, **fields: Any) -> Row:
    """Build a line on assets of the first accountant."""
    place = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "51"}
    common = {"kind": kind, "reference": reference, "amount": amount, "date": day, "exercise": int(day[:4])}
    return {**common, **place, **_PERSONS, **fields}


def build_acts() -> list[Row]:
    """Build the assets of the year: land has no plan, and of ``IM-4`` a quarter has left."""
    other = {"fund_centre": UNITS[1][0], "functional_area": UNITS[1][1]}
    part = {"predecessor": "IM-4"}
    return [
        build_act("asset_service", "IM-1", "1000.00", "2018-04-30", account=EQUIPMENT),
        build_act("asset_service", "IM-2", "900.00", "2018-06-01", account=MACHINES, **other),
        build_act("asset_service", "IM-3", "500.00", "2018-01-10", account=LAND),
        build_act("asset_service", "IM-4", "360.00", "2018-01-31", account=EQUIPMENT),
        build_act("asset_depreciation", "DA-4", "10.00", "2018-02-28", predecessor="IM-4"),
        build_act("asset_disposal", "SO-4", "87.50", "2018-03-01", line=1, **part),
        build_act("asset_depreciation_disposal", "SO-4", "2.50", "2018-03-01", line=2, **part),
    ]


@asynccontextmanager
async def open_assets(database: Database, folder: Path) -> AsyncIterator[State]:
    """Open the State, at the end of the year; December of the next one is open too."""
    async with create_database(database) as dsn:
        state = State(dsn, folder)
        replace_text(state.reference, "calendar.toml", "[1, 2, 3]", "[1, 2, 3, 12]")
        await state.fund(1)
        async with open_connection(dsn) as connection:
            rights = frozenset({Role.ASSIGNED_ACCOUNTANT})
            await create_key(connection, Grant("accountant", rights, frozenset(), "", None))
        await state.submit_accepted(build_acts(), "accountant")
        yield state


async def depreciate(
    state: State,
    day: str = "2019-01-08",
    *,
    year: int = YEAR,
    is_dry_run: bool = False,
    reporter: ProgressLines | None = None,
) -> DepreciationResult:
    """Charge the depreciation of a year."""
    return await asset_depreciation.charge_depreciation(
        state.context,
        DepreciationRequest(year, date.fromisoformat(day), is_dry_run, ANNE),
        create_interruption(),
        reporter=reporter or ProgressLines(),
    )


async def read_charges(state: State, year: int = YEAR) -> list[tuple[str, int]]:
    """Return (asset, cents) of what the command charged, in order."""
    rows = await state.fetch(
        "select a.reference, e.amount from entry e join submission s using (submission)"
        " join entry a on a.entry_id = e.predecessor"
        " where s.sender = 'closing' and e.kind = $1 and e.exercise = $2 order by e.entry_id",
        KIND_NUMBERS["asset_depreciation"],
        year,
    )
    return [(row["reference"], row["amount"]) for row in rows]
