"""The closing of a year, step by step: what is open is computed, becomes acts, and is processed like a file.

Acts that an interrupted call had already given to the engine are decided before anything is computed, so that nothing is
carried twice.  What was refused, for example for want of credits, stays open, and the next execution presents it again.
"""

import asyncio
from collections.abc import Sequence

import msgspec

from closing.carry_acts import RenamedActs
from closing.step_sums import StepSums
from closing.steps import TWO_PERSON_STEPS, Step
from core.person_decisions import Decision, DecisionKind
from core.senders import CLOSING
from posting.store.step_executions import StepFinding
from posting.store.step_persons import RefusedStep
from service.engine import decision_records, own_acts
from service.engine.engine_context import EngineContext
from service.engine.own_acts import OwnActs, OwnActsResult
from service.engine.settlement_lock import lock_settlement
from service.engine.step_acts import StepActs
from service.engine.step_conditions import (
    Begin,
    StepRequest,
    compute_step,
    find_missing_year,
    find_obstacle,
    open_snapshot,
)
from service.engine.step_preparation import describe_content
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption


class StepResult(OwnActsResult, frozen=True):
    """What a step carries, and what was decided about it."""

    year: int
    step: Step
    sums: StepSums | None = None
    """What is open, before the step; None if that was not computed."""
    findings: Sequence[StepFinding] = ()
    """What a step without acts found."""
    state: str = ""
    """How its execution ended: ``proven``, ``refused`` or ``interrupted``; empty in a dry run."""
    seal: bytes | None = None
    """Of a locked year, the SHA-256 of its sums by account."""
    renamed: RenamedActs = RenamedActs()
    """The acts that were given to the engine under another reference, as the next year uses their own already."""


async def skip_record() -> None:
    """Record nothing: a step that is executed by itself is no execution of the plan."""


async def execute_step(
    context: EngineContext,
    request: StepRequest,
    interruption: Interruption,
    *,
    reporter: ProgressReporter,
    on_begin: Begin = skip_record,
) -> StepResult:
    """Execute a step, or continue to; ``on_begin`` records it, once nothing prevents it.

    Raises
    ------
    EngineError
        The engine cannot continue; the same call does.
    PersonNotProved
        Who executes did not prove to be that person, or has no role for it.
    """
    nothing = StepResult(request.year, request.step)
    if missing := find_missing_year(context.reference, request.year):
        return msgspec.structs.replace(nothing, waits=missing)
    if request.is_dry_run:  # it reads one snapshot, which waits for no work on payments
        return await _describe(context, request, reporter)
    async with lock_settlement(context.database.dsn, reporter):
        decision = Decision(DecisionKind.CLOSING)
        await decision_records.prove_decider(context, request.by, decision)
        earlier = await own_acts.finish_earlier_calls(
            context, build_own_acts(request.year, request.step), interruption, reporter=reporter
        )
        result = msgspec.structs.replace(
            nothing, earlier=earlier.lines, waits=earlier.waits, posted=earlier.posted
        )
        if not earlier.allows_more:
            return result
        return await _carry(
            context, request, result, interruption=interruption, reporter=reporter, on_begin=on_begin
        )


def build_own_acts(year: int, step: Step) -> OwnActs:
    """Return how the acts of a step are named, and where they wait."""
    return OwnActs("closing", CLOSING, f"{year}-{step}-")


async def _describe(context: EngineContext, request: StepRequest, reporter: ProgressReporter) -> StepResult:
    """Return what a step would carry, and what prevents it."""
    async with open_snapshot(context.database.dsn) as connection:
        computed = await compute_step(connection, context, request, reporter=reporter)
        waits = await find_obstacle(connection, context, request)
    return StepResult(request.year, request.step, computed.sums, waits=waits)


async def _carry(
    context: EngineContext,
    request: StepRequest,
    result: StepResult,
    *,
    interruption: Interruption,
    reporter: ProgressReporter,
    on_begin: Begin,
) -> StepResult:
    """Compute the acts of a step, and have them decided."""
    async with open_snapshot(context.database.dsn) as connection:
        if waits := await find_obstacle(connection, context, request):
            return msgspec.structs.replace(result, waits=waits)
        computed = await compute_step(connection, context, request, reporter=reporter)
        acts = await computed.load_acts(connection)
    result, renamed = msgspec.structs.replace(result, sums=computed.sums), acts.renamed
    if not acts.lines:
        return result
    try:
        await _write_acts(context, request, acts, last_entry=computed.last_entry, on_begin=on_begin)
    except RefusedStep as refused:
        return msgspec.structs.replace(result, waits=str(refused))
    del computed, acts  # they have as much memory as the book, which is loaded next
    reporter.report_activity("deciding what is carried over")
    posted = await own_acts.decide_acts(
        context,
        build_own_acts(request.year, request.step),
        interruption,
        origin="the closing",
        reporter=reporter,
    )
    return msgspec.structs.replace(result, posted=posted, renamed=renamed)


async def _write_acts(
    context: EngineContext, request: StepRequest, acts: StepActs, *, last_entry: int, on_begin: Begin
) -> None:
    """Record who executes the step, and write its acts; the batch id names the proof, or the last entry that was read.

    C08 has two files, of which charges of assets have the plain number: both may be computed from the same last entry.
    """
    if request.step in TWO_PERSON_STEPS:
        proof = await decision_records.confirm_step(
            context, request.by, describe_content(request, acts, last_entry)
        )
    else:
        decision = Decision(DecisionKind.CLOSING, cents=acts.cents)
        proof = await decision_records.record_decider(context, request.by, decision, number=last_entry)
    await on_begin()
    own_number = f"R-{last_entry}" if request.step is Step.INVENTORY else str(last_entry)
    table = acts.build_table(f"P{proof}" if proof else own_number)
    await asyncio.to_thread(
        own_acts.write_acts, table, build_own_acts(request.year, request.step).find_path(context)
    )
