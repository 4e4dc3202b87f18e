"""The depreciation of a year: what is due of each asset is computed, becomes acts, and is processed like a file.

Acts that an interrupted call had already given to the engine are decided before anything is computed, so that nothing is
charged twice; the engine would refuse it too, as the plan bounds every charge.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import NamedTuple

import msgspec

from closing import asset_queries, depreciation, depreciation_acts, rollover
from closing.asset_queries import Connection
from closing.assignments import Assignments, ReferenceYears, build_assignments
from closing.depreciation import AssetCharges
from closing.depreciation_acts import STEP, DepreciationSums
from core.person_decisions import NOBODY, Decision, DecisionKind, StatedPerson
from core.senders import CLOSING
from posting.book.registry import ReferenceData
from service.engine import decision_records, own_acts
from service.engine.engine_context import EngineContext
from service.engine.own_acts import OwnActs, OwnActsResult
from service.engine.settlement_lock import lock_settlement
from service.engine.step_conditions import open_snapshot
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption

_UNKNOWN_YEAR = "the calendar has no exercise {year}: name one of {years}, by --year"
_NOT_OVER = "{year} is not over: its depreciation is charged from {year}-12-31 on, by --at DAY"
_CLOSED_DECEMBER = (
    "December of {year} is not open, and the depreciation of a year is dated 31 December: reopen it, by crescendo period "
    'reopen --year {year} --month 12 --reason "...", or charge the next year, whose plan contains what is missing'
)


class DepreciationRequest(msgspec.Struct, frozen=True):
    """A year to charge."""

    year: int
    today: date
    """The day that the command takes as the present; the acts are dated 31 December of the year."""
    is_dry_run: bool = False
    by: StatedPerson = NOBODY


class DepreciationResult(OwnActsResult, frozen=True):
    """What is to be charged for a year, and what was decided about it."""

    year: int
    sums: DepreciationSums | None = None
    """What is to be charged, before the call; None if that was not computed."""


class _ComputedYear(NamedTuple):
    """What is to be charged, in one snapshot of the journal."""

    charges: AssetCharges
    assignments: Assignments
    sums: DepreciationSums
    last_entry: int


async def charge_depreciation(
    context: EngineContext,
    request: DepreciationRequest,
    interruption: Interruption,
    *,
    reporter: ProgressReporter,
    on_begin: Callable[[], Awaitable[None]] | None = None,
) -> DepreciationResult:
    """Charge the depreciation of a year, or continue to; ``on_begin`` records it as a step, once nothing prevents it.

    Raises
    ------
    EngineError
        The engine cannot continue; the same call does.
    PersonNotProved
        Who charges did not prove to be that person, or has no role for it.
    """
    nothing = DepreciationResult(request.year)
    if waits := await _find_obstacle(context, request, reporter):
        return msgspec.structs.replace(nothing, waits=waits)
    if request.is_dry_run:  # one snapshot, which waits for no work on payments
        computed = await _compute(context, request.year, reporter)
        return msgspec.structs.replace(nothing, sums=computed.sums)
    async with lock_settlement(context.database.dsn, reporter):
        decision = Decision(DecisionKind.CLOSING)
        await decision_records.prove_decider(context, request.by, decision)
        earlier = await own_acts.finish_earlier_calls(
            context, _own_acts(request.year), interruption, reporter=reporter
        )
        result = msgspec.structs.replace(
            nothing, earlier=earlier.lines, waits=earlier.waits, posted=earlier.posted
        )
        if not earlier.allows_more:
            return result
        if on_begin:
            await on_begin()
        return await _charge(context, request, result, interruption=interruption, reporter=reporter)


def _own_acts(year: int) -> OwnActs:
    return OwnActs("depreciation", CLOSING, f"{year}-{STEP}-")


async def _find_obstacle(
    context: EngineContext, request: DepreciationRequest, reporter: ProgressReporter
) -> str:
    """Return why the year cannot be charged; empty if it can, or if nothing is left that a closed December would take."""
    reference, year = context.reference, request.year
    if year not in reference.nomenclatures:
        years = ", ".join(map(str, sorted(reference.nomenclatures)))
        return _UNKNOWN_YEAR.format(year=year, years=years)
    last_day = date(year, 12, 31)
    if request.today < last_day:
        return _NOT_OVER.format(year=year)
    if await own_acts.is_open_day(context, last_day):
        return ""
    computed = await _compute(context, year, reporter)
    return _CLOSED_DECEMBER.format(year=year) if computed.sums.lines else ""


async def _compute(context: EngineContext, year: int, reporter: ProgressReporter) -> _ComputedYear:
    async with open_snapshot(context.database.dsn) as connection:
        return await _load_charges(connection, context.reference, year, reporter=reporter)


async def _load_charges(
    connection: Connection, reference: ReferenceData, year: int, *, reporter: ProgressReporter
) -> _ComputedYear:
    """Compute what is to be charged; the transaction must be one snapshot."""
    reporter.report_activity("reading the register of assets")
    last_entry: int = await connection.fetchval(rollover.SQL["last_entry"]) or 0
    cells = await connection.fetch(rollover.SQL["cells"])
    entries = await asset_queries.load_asset_entries(connection, last_entry)
    book = await asset_queries.load_plan_book(connection, reference.charts, cells)
    reporter.report_activity(f"computing what the plans give to charge by the end of {year}")
    charges = await asyncio.to_thread(depreciation.compute_charges, entries, book, year)
    years = ReferenceYears(reference.nomenclatures, reference.accountants)
    # an assignment of a year before is looked up in the year of the charge, as that of a carry in the next year
    assignments = await asyncio.to_thread(build_assignments, cells, year - 1, years)
    sums = depreciation_acts.sum_charges(charges, assignments)
    return _ComputedYear(charges, assignments, sums, last_entry)


async def _charge(
    context: EngineContext,
    request: DepreciationRequest,
    result: DepreciationResult,
    *,
    interruption: Interruption,
    reporter: ProgressReporter,
) -> DepreciationResult:
    """Compute the charges, and have them decided."""
    computed = await _compute(context, request.year, reporter)
    result = msgspec.structs.replace(result, sums=computed.sums)
    if not computed.sums.lines:
        return result
    await _write_acts(context, request, computed)
    del computed  # it has memory that the book needs, which is loaded next
    reporter.report_activity("deciding the charges")
    posted = await own_acts.decide_acts(
        context, _own_acts(request.year), interruption, origin="the depreciation", reporter=reporter
    )
    return msgspec.structs.replace(result, posted=posted)


async def _write_acts(context: EngineContext, request: DepreciationRequest, computed: _ComputedYear) -> None:
    """Record who charges, and write the acts; the batch id names the proof, or the last entry that was read."""
    charges, assignments, sums, last_entry = computed
    decision = Decision(DecisionKind.CLOSING, cents=sums.cents)
    proof = await decision_records.record_decider(context, request.by, decision, number=last_entry)
    table = await asyncio.to_thread(
        depreciation_acts.build_acts_table,
        charges,
        assignments,
        request.year,
        last_entry=last_entry,
        cause=f"P{proof}" if proof else str(last_entry),
    )
    await asyncio.to_thread(own_acts.write_acts, table, _own_acts(request.year).find_path(context))
