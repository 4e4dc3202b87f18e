"""A small State at the end of a year: commitments, services and requests that are open, and credits of the next year."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

from closing.steps import Step
from core.catalog import CATALOG
from core.person_decisions import NOBODY, StatedPerson
from reporting import code_labels
from reporting.code_names import read_names
from reporting.trial_balance import BalanceScope, TrialBalance, load_trial_balance
from service.database import command_queries
from service.database.embedded_server import Database
from service.engine import step_preparation, year_closing
from service.engine.step_preparation import PreparedStep
from service.engine.year_closing import StepRequest, StepResult
from service.terminal.processing_progress import ProgressLines
from service.terminal.signals import Interruption
from tests.service.built_states import copy_built_state
from tests.service.small_state import (
    CALENDAR,
    UNITS,
    State,
    build_account_code,
    build_openings,
    build_payee_code,
    create_interruption,
)
from tests.settlement.camt_messages import balance, document, statement

YEAR = 2018
OPERATIONS_ACCOUNT = build_account_code(4)
CARRIED_ON = "2019-01-21"
"""The day after the complementary period of 2018."""
LINES = {Step.COMMITMENTS: 5, Step.REQUESTS: 2}
"""The lines that each step carries."""
TECHNICAL, SUPPLIERS, ACCRUED, TRANSIT = "8900009999", "4011100000", "4081000000", "5126410000"
OPENED = {SUPPLIERS: -19_000, ACCRUED: -11_000, TRANSIT: -900, TECHNICAL: 30_900}
"""309.00 are certified or requested directly; 199.00 of it requested, of which 9.00 are on the way to the bank."""
Row = Mapping[str, Any]
LATE_SERVICE = {
    "exercise": YEAR,
    "date": "2018-12-31",
    "kind": "service",
    "reference": "SF-9",
    "predecessor": "EJ-1",
    "amount": "10.00",
}


def build_acts() -> list[Row]:
    """Build the acts of the year: two commitments, of which one is all certified, and requests that are not paid."""
    place = {"fund_centre": UNITS[0][0], "functional_area": UNITS[0][1], "commitment_item": "31"}
    payee = {"payee": build_payee_code(1)}
    rows: list[Row] = [
        {"reference": "EJ-1", "kind": "commitment", "amount": "300.00", **place},
        {"reference": "SF-1", "kind": "service", "amount": "100.00", "predecessor": "EJ-1"},
        {"reference": "SF-2", "kind": "service", "amount": "80.00", "predecessor": "EJ-1"},
        {"reference": "DP-1", "kind": "payment_request", "amount": "120.00", "predecessor": "EJ-1", **payee},
        {"reference": "EJ-2", "kind": "commitment", "amount": "50.00", "line": 1, **place},
        {"reference": "EJ-2", "kind": "commitment", "amount": "7.00", "line": 2, **place},
        {"reference": "SF-3", "kind": "service", "amount": "50.00", "predecessor": "EJ-2"},
        {"reference": "DP-2", "kind": "direct_payment_request", "amount": "70.00", **place, **payee},
        {"reference": "EJ-3", "kind": "commitment", "amount": "9.00", **place},
        {"reference": "SF-4", "kind": "service", "amount": "9.00", "predecessor": "EJ-3"},
        {"reference": "DP-3", "kind": "payment_request", "amount": "9.00", "predecessor": "EJ-3", **payee},
    ]
    return [{"exercise": YEAR, "date": "2018-06-01", **row} for row in rows]


def build_next_credits() -> list[Row]:
    """Build the credits of the next year."""
    return [
        {**row, "exercise": YEAR + 1, "date": "2019-01-02", "reference": f"N{row['reference']}"}
        for row in build_openings(UNITS[0][0])
    ]


@asynccontextmanager
async def open_year_end(
    database: Database,
    folder: Path,
    *,
    has_credits: bool = True,
    calendar: str = CALENDAR,
    stated_day: str = "2018-12-31",
) -> AsyncIterator[State]:
    """Open the State, with or without credits of the next year; ``DP-3`` is paid, and the bank has stated no movement yet."""

    async def build(state: State) -> None:
        state.reference.joinpath("calendar.toml").write_text(calendar)
        await state.fund(1)
        await state.submit_accepted(build_acts())
        (request,) = await state.fetch("select entry_id from entry where reference = 'DP-3'")
        payment = {"reference": "P-1", "kind": "payment", "exercise": YEAR, "date": "2018-06-02"}
        payment |= {"predecessor": f"@{request['entry_id']}", "amount": "9.00"}
        await state.submit_accepted([payment], "treasury")
        if has_credits:
            await state.submit_accepted(build_next_credits())
        if stated_day:
            await import_statement(state, stated_day)

    name = "year end" if has_credits else "year end without credits of the next year"
    async with copy_built_state(database, folder, f"{name}\n{stated_day}\n{calendar}", build) as state:
        yield state


async def import_statement(
    state: State,
    day: str,
    *parts: str,
    opening: str = "0.00",
    closing: str = "0.00",
    again: bool = False,
    account: str = OPERATIONS_ACCOUNT,
) -> None:
    """Import a statement, by default of the account that ``DP-3`` is paid from; ``parts`` are the entries of its movements."""
    sums = balance("OPBD", opening, day=day), balance("CLBD", closing, day=day)
    path = state.folder / f"statement-{account[-4:]}-{day}-{len(parts)}.xml"
    path.write_text(document(statement(*sums, *parts, identity=f"S-{day}", account=account)))
    assert (await state.import_files([path], again=again)).rejected == []


async def execute(
    state: State,
    step: Step,
    day: str = CARRIED_ON,
    *,
    is_dry_run: bool = False,
    by: StatedPerson = NOBODY,
    interruption: Interruption | None = None,
    reporter: ProgressLines | None = None,
) -> StepResult:
    """Execute a step of the closing."""
    return await year_closing.execute_step(
        state.context,
        StepRequest(YEAR, step, date.fromisoformat(day), is_dry_run, by),
        interruption or create_interruption(),
        reporter=reporter or ProgressLines(),
    )


async def prepare(state: State, step: Step, by: StatedPerson, day: str = CARRIED_ON) -> PreparedStep:
    """Prepare a step of the closing, for another person to execute."""
    request = StepRequest(YEAR, step, date.fromisoformat(day), by=by)
    return await step_preparation.prepare_step(state.context, request, reporter=ProgressLines())


async def read_carries(state: State) -> list[tuple[str, str, int, int]]:
    """Return (kind, reference, exercise, cents) of what was carried, in order."""
    rows = await state.fetch("select kind, reference, exercise, amount from entry order by entry_id")
    return [
        (CATALOG[row["kind"]].name, row["reference"], row["exercise"], row["amount"])
        for row in rows
        if CATALOG[row["kind"]].carries
    ]


async def load_balance(state: State, exercise: int | None) -> TrialBalance:
    async with command_queries.connect(state.dsn) as connection:
        names = await read_names(connection, code_labels.load(state.reference))
        return await load_trial_balance(connection, names, BalanceScope(exercise))


async def read_openings(state: State, year: int = YEAR + 1) -> dict[str, int]:
    balance = await load_balance(state, year)
    return {row.account: row.opening_cents for row in balance.accounts if row.opening_cents}


async def read_opening_lines(state: State) -> list[tuple[str, int, int, int]]:
    """Return (reference, debit, credit, cents) of what was opened, in order, with the numbers of its accounts."""
    rows = await state.fetch(
        "select reference, debit, credit, amount from entry where month = 0 order by entry_id"
    )
    return [tuple(row) for row in rows]
