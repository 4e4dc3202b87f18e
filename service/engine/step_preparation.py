"""The preparation of a step of the closing that needs two persons: what another person confirms, and then executes."""

import asyncio
import hashlib

import msgspec

from closing.step_sums import StepSums
from closing.steps import TWO_PERSON_STEPS, Step
from posting.store.step_executions import StepFinding
from posting.store.step_persons import RefusedStep, StepContent
from service.engine import decision_records, year_lock
from service.engine.engine_context import EngineContext
from service.engine.step_acts import StepActs
from service.engine.step_conditions import (
    StepRequest,
    compute_step,
    find_missing_year,
    find_obstacle,
    open_snapshot,
)
from service.terminal.processing_progress import ProgressReporter

_ONE_PERSON = "one person executes {step}: no other prepares it"


class PreparedStep(msgspec.Struct, frozen=True):
    """What a person prepared."""

    year: int
    step: Step
    preparation: int = 0
    """Its number; 0 if nothing is stored."""
    sums: StepSums | None = None
    """What is open for the step; None if that was not computed."""
    findings: list[StepFinding] = []
    """What is to be locked; empty for a step with acts."""
    waits: str = ""
    """Why it is not prepared, and what to do; empty if it is, or if nothing is open."""


async def prepare_step(
    context: EngineContext, request: StepRequest, *, reporter: ProgressReporter
) -> PreparedStep:
    """Compute what a step of two persons would do, and store who prepares it, for another person to execute.

    Raises
    ------
    PersonNotProved
        Who prepares did not prove to be that person, or has no role for it.
    """
    nothing = PreparedStep(request.year, request.step)
    if missing := find_missing_year(context.reference, request.year):
        return msgspec.structs.replace(nothing, waits=missing)
    if request.step not in TWO_PERSON_STEPS:
        return msgspec.structs.replace(nothing, waits=_ONE_PERSON.format(step=request.step))
    if request.step is Step.LOCK:
        return await _prepare_lock(context, request, nothing)
    async with open_snapshot(context.database.dsn) as connection:
        if waits := await find_obstacle(connection, context, request):
            return msgspec.structs.replace(nothing, waits=waits)
        computed = await compute_step(connection, context, request, reporter=reporter)
        acts = await computed.load_acts(connection)
    result = msgspec.structs.replace(nothing, sums=computed.sums)
    if not acts.lines:
        return result
    content = await asyncio.to_thread(describe_content, request, acts, computed.last_entry)
    return await _store(context, request, content, result=result)


async def _prepare_lock(context: EngineContext, request: StepRequest, result: PreparedStep) -> PreparedStep:
    findings, content, is_done = await year_lock.load_lock(context, request)
    result = msgspec.structs.replace(result, findings=findings)
    if blocks := [finding for finding in findings if finding.blocks]:
        return msgspec.structs.replace(result, waits=f"{blocks[0].subject}: {blocks[0].detail}")
    return result if is_done else await _store(context, request, content, result=result)


async def _store(
    context: EngineContext, request: StepRequest, content: StepContent, *, result: PreparedStep
) -> PreparedStep:
    """Store what a person prepares."""
    try:
        number = await decision_records.prepare_step(context, request.by, content)
    except RefusedStep as refused:
        return msgspec.structs.replace(result, waits=str(refused))
    return msgspec.structs.replace(result, preparation=number)


def describe_content(request: StepRequest, acts: StepActs, last_entry: int) -> StepContent:
    """Return what the acts of a step contain: two that differ by the last entry that was read alone have one digest.

    So have two that differ by their day: who executes a step may do so on a later day than who prepared it.  Where the day
    decides what the acts carry or annul, their lines differ.
    """
    table = acts.build_table("")
    rows = table.drop_columns(["reference", "date"]).combine_chunks().to_batches()
    digest = hashlib.sha256()
    for batch in rows:
        digest.update(repr(batch.to_pydict()).encode())
    return StepContent(request.year, request.step, last_entry, acts.lines, acts.cents, digest.digest())
