"""The closing of a year, step by step: what is open is computed, becomes acts, and is processed like a file.

Acts that an interrupted call had already given to the engine are decided before anything is computed, so that nothing is
carried twice.  What was refused, for example for want of credits, stays open, and the next execution presents it again.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import msgspec

from closing import rollover
from closing.journal_queries import Connection
from closing.step_sums import StepSums
from closing.steps import PLAN, Step
from core.period_states import has_locked_year
from core.person_decisions import NOBODY, Decision, DecisionKind, StatedPerson
from core.senders import CLOSING
from ingest.queue.file_feed import ProcessingRequest
from posting.book.registry import ReferenceData
from posting.store import period_store
from service.database import command_queries
from service.engine import decision_records, file_processing, own_acts, step_acts
from service.engine.engine_context import EngineContext
from service.engine.own_acts import OwnActs
from service.engine.processing_result import ProcessingResult, require_acceptance
from service.engine.settlement_lock import lock_settlement
from service.engine.step_acts import ComputedStep, StepActs
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption

_UNKNOWN_YEAR = (
    "the calendar has no exercise {year}: add it, with its nomenclature, and mark its first months as open"
)
_TOO_EARLY = (
    "{year} still pays until {last}: what is open of it is carried over from the day after, by --at DAY"
)
_NO_OPEN_PERIOD = "{day} is not in an open period of {year}: name a day in an open one, by --at DAY"
_NOT_OVER = "{year} is not over: its balances are opened from {next_year}-01-01 on, by --at DAY"
_LOCKED_YEAR = (
    "every month of {year} is locked for an accountant, and its opening balances are final with them: correct what changed "
    "in a year that is open"
)
_PENDING_RUNS = (
    "payment run {run} is {state}: issue it or abandon it first, as it may pay what is carried over"
)
_NO_TECHNICAL_ACCOUNT = (
    "the files of {year} name no technical account for opening balances: add opening.csv with one account"
)
_UNDECIDED = (
    "acts of an earlier call are not decided yet ({file}), and nothing is carried before that. If their sender is paused, "
    'resume it: crescendo access resume closing --reason "...". If their file is missing from the spool, restore it. Then '
    "execute the step again"
)


class StepRequest(msgspec.Struct, frozen=True):
    """A step to execute."""

    year: int
    """The budget year that is closed."""
    step: Step
    day: date
    """The day of the acts, in the next year."""
    is_dry_run: bool = False
    by: StatedPerson = NOBODY


class StepResult(msgspec.Struct, frozen=True):
    """What a step carries, and what was decided about it."""

    year: int
    step: Step
    sums: StepSums | None = None
    """What is open, before the step; None if that was not computed."""
    posted: ProcessingResult | None = None
    """The processing of the acts; None if there were none, or in a dry run."""
    waits: str = ""
    """Why the step does not begin, and what to do; empty if it did, or may."""
    earlier: int = 0
    """Lines that an interrupted call had given to the engine, and that are decided now."""

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal stopped the processing."""
        return self.posted is not None and self.posted.is_interrupted


class PlannedStep(msgspec.Struct, frozen=True):
    """A step of the plan, with what is open for it now."""

    step: Step
    french: str
    summary: str
    source: str
    sums: StepSums


class ClosingPlan(msgspec.Struct, frozen=True):
    """The steps of closing a year."""

    year: int
    last_payment_day: str
    """The last day on which the year pays; steps are executed after it."""
    steps: list[PlannedStep]


async def load_plan(
    dsn: str, reference: ReferenceData, year: int, *, reporter: ProgressReporter
) -> ClosingPlan | str:
    """Return the plan of a year with what is open for each step, or why there is none."""
    if missing := _find_missing_year(reference, year):
        return missing
    async with open_snapshot(dsn) as connection:
        open_year = await step_acts.load_open_year(connection, reference, year, reporter=reporter)
        opening = await step_acts.load_openings(connection, reference, year)
    steps = [PlannedStep(*row, step_acts.sum_planned_step(row.step, open_year, opening)) for row in PLAN]
    return ClosingPlan(year, _find_last_payment_day(reference, year).isoformat(), steps)


async def execute_step(
    context: EngineContext, request: StepRequest, interruption: Interruption, *, reporter: ProgressReporter
) -> StepResult:
    """Execute a step, or continue to.

    Raises
    ------
    EngineError
        The engine cannot continue; the same call does.
    PersonNotProved
        Who executes did not prove to be that person, or has no role for it.
    """
    nothing = StepResult(request.year, request.step)
    if missing := _find_missing_year(context.reference, request.year):
        return msgspec.structs.replace(nothing, waits=missing)
    async with lock_settlement(context.database.dsn, reporter):
        if request.is_dry_run:
            return await _describe(context, request, reporter)
        decision = Decision(DecisionKind.CLOSING)
        await decision_records.prove_decider(context, request.by, decision)
        acts = _own_acts(request)
        earlier = await own_acts.finish_earlier_files(context, acts, interruption, reporter=reporter)
        if earlier and earlier.is_interrupted:
            return msgspec.structs.replace(nothing, posted=earlier)
        result = msgspec.structs.replace(nothing, earlier=own_acts.count_lines(earlier, acts))
        if file := await own_acts.find_undecided_file(context, acts):
            return msgspec.structs.replace(result, waits=_UNDECIDED.format(file=file))
        return await _carry(context, request, result, interruption=interruption, reporter=reporter)


def _own_acts(request: StepRequest) -> OwnActs:
    return OwnActs("closing", CLOSING, f"{request.year}-{request.step}-")


async def _describe(context: EngineContext, request: StepRequest, reporter: ProgressReporter) -> StepResult:
    """Return what a step would carry, and what prevents it."""
    async with open_snapshot(context.database.dsn) as connection:
        computed = await _compute(connection, context, request, reporter=reporter)
        waits = await _find_obstacle(connection, context, request)
    return StepResult(request.year, request.step, computed.sums, waits=waits)


async def _carry(
    context: EngineContext,
    request: StepRequest,
    result: StepResult,
    *,
    interruption: Interruption,
    reporter: ProgressReporter,
) -> StepResult:
    """Compute the acts of a step, and have them decided."""
    async with open_snapshot(context.database.dsn) as connection:
        if waits := await _find_obstacle(connection, context, request):
            return msgspec.structs.replace(result, waits=waits)
        computed = await _compute(connection, context, request, reporter=reporter)
        acts = await computed.load_acts(connection)
    result = msgspec.structs.replace(result, sums=computed.sums)
    if not acts.lines:
        return result
    await _write_acts(context, request, acts, last_entry=computed.last_entry)
    del computed, acts  # they have as much memory as the book, which is loaded next
    reporter.report_activity("deciding what is carried over")
    path = _own_acts(request).find_path(context)
    processing = ProcessingRequest([path], reprocess=True, is_internal=True)
    posted = await file_processing.process_files(context, processing, interruption, reporter=reporter)
    if not (require_acceptance(posted, "the closing").is_interrupted or posted.lost):
        path.unlink(missing_ok=True)
    return msgspec.structs.replace(result, posted=posted)


async def _write_acts(
    context: EngineContext, request: StepRequest, acts: StepActs, *, last_entry: int
) -> None:
    """Record who executes the step, and write its acts; the batch id names the proof, or the last entry that was read."""
    decision = Decision(DecisionKind.CLOSING, cents=acts.cents)
    proof = await decision_records.record_decider(context, request.by, decision, number=last_entry)
    table = acts.build_table(f"P{proof}" if proof else str(last_entry))
    await asyncio.to_thread(own_acts.write_acts, table, _own_acts(request).find_path(context))


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


async def _compute(
    connection: Connection, context: EngineContext, request: StepRequest, *, reporter: ProgressReporter
) -> ComputedStep:
    reference, day = context.reference, request.day
    if request.step is Step.OPENING:
        return step_acts.compute_openings(await step_acts.load_openings(connection, reference, request.year))
    open_year = await step_acts.load_open_year(connection, reference, request.year, reporter=reporter)
    return step_acts.compute_carry(open_year, request.step, day)


def _find_missing_year(reference: ReferenceData, year: int) -> str:
    years = reference.nomenclatures
    missing = [number for number in (year, year + 1) if number not in years]
    return _UNKNOWN_YEAR.format(year=missing[0]) if missing else ""


def _find_last_payment_day(reference: ReferenceData, year: int) -> date:
    days = reference.calendar.exercises[year].complementary_days
    return date(year, 12, 31) + timedelta(days)


async def _find_obstacle(connection: Connection, context: EngineContext, request: StepRequest) -> str:
    """Return why the step cannot begin on its day; empty if it can."""
    if request.step is Step.OPENING:
        return await _find_opening_obstacle(connection, context.reference, request)
    last = _find_last_payment_day(context.reference, request.year)
    if request.day <= last:
        return _TOO_EARLY.format(year=request.year, last=last)
    if request.day.year != request.year + 1 or not await own_acts.is_open_day(context, request.day):
        return _NO_OPEN_PERIOD.format(day=request.day, year=request.year + 1)
    if request.step is Step.REQUESTS:
        for run in await connection.fetch(rollover.SQL["pending_runs"]):
            return _PENDING_RUNS.format(run=run["run"], state=run["state"])
    return ""


async def _find_opening_obstacle(
    connection: Connection, reference: ReferenceData, request: StepRequest
) -> str:
    """Return why no balance can be opened; empty if it can.  Openings are dated 1 January, so no month needs to be open."""
    year, next_year = request.year, request.year + 1
    if request.day <= date(year, 12, 31):
        return _NOT_OVER.format(year=year, next_year=next_year)
    if not reference.charts[next_year].opening:
        return _NO_TECHNICAL_ACCOUNT.format(year=next_year)
    if has_locked_year(await period_store.load_states(connection), next_year):
        return _LOCKED_YEAR.format(year=next_year)
    unopened = await step_acts.load_missing_openings(connection, reference, year - 1)
    return unopened[0].obstacle if unopened else ""
