"""What a step of the closing needs before it begins, and what it has to do then, in one snapshot of the ledger."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta

import msgspec

from closing import reversal_acts, rollover
from closing.journal_queries import Connection
from closing.steps import DESCRIPTIONS, UNUSED, Step
from core.carry_overs import find_last_day
from core.period_states import find_month_state, has_locked_year
from core.periods import OPENING_MONTH, RESULT_MONTH, PeriodState
from core.person_decisions import NOBODY, StatedPerson
from posting.book.registry import ReferenceData
from posting.store import period_store
from service.database import command_queries
from service.engine import own_acts, result_allocation, step_acts
from service.engine.engine_context import EngineContext
from service.engine.step_acts import ComputedStep
from service.terminal.processing_progress import ProgressReporter

_UNKNOWN_YEAR = (
    "the calendar has no exercise {year}: add it, with its nomenclature, and mark its first months as open"
)
_TOO_EARLY = (
    "{year} still pays until {last}: what is open of it is carried over from the day after, by --at DAY"
)
_NOT_OVER = "{year} is not over: this step is executed from {next_year}-01-01 on, by --at DAY"
_LOCKED_YEAR = (
    "every month of {year} is locked for an accountant, and its opening balances are final with them: correct what changed "
    "in a year that is open"
)
_OPENING_STATES: Mapping[PeriodState, str] = {
    PeriodState.OPEN: "",
    PeriodState.CLOSED: (
        "the opening month of {year} is closed for an accountant: open it again, by crescendo period reopen --year {year} "
        '--month 0 --reason "..."'
    ),
    PeriodState.LOCKED: (
        "the opening month of {year} is locked for an accountant, and its opening balances are final: correct what changed "
        "in a year that is open"
    ),
}
_RESULT_STATES: Mapping[PeriodState, str] = {
    PeriodState.OPEN: "",
    PeriodState.CLOSED: (
        "month 15 of {year}, which has its result, is closed for an accountant: open it again, by crescendo period reopen "
        '--year {year} --month 15 --reason "..."'
    ),
    PeriodState.LOCKED: (
        "month 15 of {year} is locked for an accountant, and its result is final: correct what came later in an open year"
    ),
}
_FINAL_OPENINGS = (
    "the opening month of {next_year} is locked for an accountant, and no opening balance can follow this result: correct "
    "what changed in a year that is open"
)
_NO_RESULT_ACCOUNT = "the files of {year} name no account of the result: add result.csv with one line"
_EARLY_REVERSAL = "accruals of {year} are reversed on {day}: execute the step again from then on, by --at DAY"
_CLOSED_JANUARY = (
    "accruals are reversed on {day}, and that month is not open: reopen it, by crescendo period reopen --year {year} "
    '--month 1 --reason "..."'
)
_PENDING_RUNS = (
    "payment run {run} is {state}: issue it or abandon it first, as it may pay what is carried over"
)
_NO_TECHNICAL_ACCOUNT = (
    "the files of {year} name no technical account for opening balances: add opening.csv with one account"
)


Begin = Callable[[], Awaitable[None]]
"""Records that an execution begins; a step calls it once nothing prevents it."""


class StepRequest(msgspec.Struct, frozen=True):
    """A step to execute."""

    year: int
    """The budget year that is closed."""
    step: Step
    day: date
    """The day of the acts, in the next year."""
    is_dry_run: bool = False
    by: StatedPerson = NOBODY


@asynccontextmanager
async def open_snapshot(dsn: str) -> AsyncIterator[Connection]:
    """Open a connection in one snapshot of the ledger."""
    with command_queries.translate_database_errors(dsn):
        async with command_queries.connect(dsn, _READ_SECONDS) as connection:
            await command_queries.apply_migrations(connection)
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield connection


_READ_SECONDS = 600.0
"""The longest that one query of the journal may take: fifteen million entries take about ten seconds."""


async def compute_step(
    connection: Connection, context: EngineContext, request: StepRequest, *, reporter: ProgressReporter
) -> ComputedStep:
    """Return what a step has to do."""
    reference, day = context.reference, request.day
    if request.step is Step.OPENING:
        return step_acts.compute_openings(await step_acts.load_openings(connection, reference, request.year))
    if request.step is Step.RESULT:
        return step_acts.compute_result(await step_acts.load_result(connection, reference, request.year))
    if request.step is Step.ALLOCATION:
        result = await result_allocation.load_allocation(connection, reference, request.year)
        return result_allocation.compute_allocation(result, day)
    if request.step in UNUSED:
        return await step_acts.compute_unused_credits(
            connection, reference, request.step, year=request.year, day=day
        )
    if request.step is Step.INVENTORY:
        return step_acts.compute_reversals(await step_acts.load_accruals(connection, request.year))
    open_year = await step_acts.load_open_year(
        connection, reference, request.year, reporter=reporter, steps=(request.step,)
    )
    return step_acts.compute_carry(open_year, request.step, day)


def find_missing_year(reference: ReferenceData, year: int) -> str:
    """Return why a year cannot be closed: the calendar lacks it, or the next one; empty if it has both."""
    years = reference.nomenclatures
    missing = [number for number in (year, year + 1) if number not in years]
    return _UNKNOWN_YEAR.format(year=missing[0]) if missing else ""


def list_needed_steps(request: StepRequest) -> tuple[Step, ...]:
    """List what must be proven before a step is executed on its day."""
    row = DESCRIPTIONS[request.step]
    is_last = request.day > find_last_day(request.year)
    return (*row.needs, *row.last_needs) if is_last else row.needs


def find_last_payment_day(reference: ReferenceData, year: int) -> date:
    """Return the last day on which a year pays."""
    days = reference.calendar.exercises[year].complementary_days
    return date(year, 12, 31) + timedelta(days)


async def find_obstacle(connection: Connection, context: EngineContext, request: StepRequest) -> str:
    """Return why the step cannot begin on its day; empty if it can."""
    if request.step is Step.OPENING:
        return await _find_opening_obstacle(connection, context.reference, request)
    if request.step is Step.RESULT:
        return await _find_result_obstacle(connection, context.reference, request)
    if request.step is Step.INVENTORY:
        return await _find_reversal_obstacle(connection, context, request)
    if request.step is Step.ALLOCATION:
        return await result_allocation.find_allocation_obstacle(
            connection, context, request.year, day=request.day
        )
    last = find_last_payment_day(context.reference, request.year)
    if request.day <= last:
        return _TOO_EARLY.format(year=request.year, last=last)
    if closed := await own_acts.describe_closed_day(context, request.day, request.year + 1):
        return closed
    if request.step is Step.REQUESTS:
        for run in await connection.fetch(rollover.SQL["pending_runs"]):
            return _PENDING_RUNS.format(run=run["run"], state=run["state"])
    return ""


async def _find_reversal_obstacle(
    connection: Connection, context: EngineContext, request: StepRequest
) -> str:
    """Return why accruals cannot be reversed; empty if they can, or if none is left."""
    day = reversal_acts.get_reversal_day(request.year)
    if request.day >= day and await own_acts.is_open_day(context, day):
        return ""
    if not (await step_acts.load_accruals(connection, request.year)).accruals.accruals:
        return ""
    text = _EARLY_REVERSAL if request.day < day else _CLOSED_JANUARY
    return text.format(year=request.year if request.day < day else day.year, day=day)


async def _find_opening_obstacle(
    connection: Connection, reference: ReferenceData, request: StepRequest
) -> str:
    """Return why no balance can be opened; empty if it can.  Openings are dated 1 January, so no month needs to be open."""
    year, next_year = request.year, request.year + 1
    if request.day <= date(year, 12, 31):
        return _NOT_OVER.format(year=year, next_year=next_year)
    if not reference.charts[next_year].opening:
        return _NO_TECHNICAL_ACCOUNT.format(year=next_year)
    states = await period_store.load_states(connection)
    if obstacle := _OPENING_STATES[find_month_state(states, next_year, OPENING_MONTH)]:
        return obstacle.format(year=next_year)
    if has_locked_year(states, next_year):
        return _LOCKED_YEAR.format(year=next_year)
    unopened = await step_acts.load_missing_openings(connection, reference, year - 1)
    return unopened[0].obstacle if unopened else ""


async def _find_result_obstacle(
    connection: Connection, reference: ReferenceData, request: StepRequest
) -> str:
    """Return why no result can be determined; empty if it can.  Its entries stand in a month of their own."""
    year = request.year
    if not reference.charts[year].result.result:
        return _NO_RESULT_ACCOUNT.format(year=year)
    if request.day <= date(year, 12, 31):
        return _NOT_OVER.format(year=year, next_year=year + 1)
    states = await period_store.load_states(connection)
    if find_month_state(states, year + 1, OPENING_MONTH) is PeriodState.LOCKED:
        obstacle = _FINAL_OPENINGS.format(year=year, next_year=year + 1)
    else:
        obstacle = _RESULT_STATES[find_month_state(states, year, RESULT_MONTH)].format(year=year)
    if not obstacle or not (await step_acts.load_result(connection, reference, year)).balances.balances:
        return ""  # a month that is locked stops no step that has nothing to post in it
    return obstacle
