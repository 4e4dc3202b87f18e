"""The execution of a step of the closing: what it needs is proven first, and its end says whether it is proven.

A step that only proves something is executed by the step that needs it, where nobody has: a person may call that one at once.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

import msgspec

from closing.depreciation import CHARGE
from closing.depreciation_acts import DepreciationSums
from closing.step_sums import CarriedSum, StepSums
from closing.steps import DESCRIPTIONS, Step, StepType
from posting.store import step_executions
from posting.store.step_executions import INTERRUPTED, PROVEN, REFUSED, StepEnd, StepFinding
from service.database import command_queries
from service.engine import asset_depreciation, step_checks, year_closing, year_lock
from service.engine.asset_depreciation import DepreciationRequest
from service.engine.engine_context import EngineContext
from service.engine.step_conditions import StepRequest, find_missing_year, find_obstacle, open_snapshot
from service.engine.year_closing import StepResult
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption

_UNBUILT = "{step} is not built, so nothing executes it"
_NOT_PROVEN = "{needed} is not proven, which {step} needs: crescendo close show {needed} --year {year}"
_NEEDS_UNBUILT = "{needed} is not built, and {step} needs it: {step} waits"


class Work(NamedTuple):
    """One execution of a step."""

    context: EngineContext
    request: StepRequest
    interruption: Interruption
    reporter: ProgressReporter


async def execute(
    context: EngineContext, request: StepRequest, interruption: Interruption, *, reporter: ProgressReporter
) -> StepResult:
    """Execute a step, or continue to; store who did, and with what it ended.

    Raises
    ------
    EngineError
        The engine cannot continue; the same call does.
    PersonNotProved
        Who executes did not prove to be that person, or has no role for it.
    """
    result = StepResult(request.year, request.step)
    description = DESCRIPTIONS[request.step]
    if missing := find_missing_year(context.reference, request.year):
        return msgspec.structs.replace(result, waits=missing)
    if description.type is StepType.MISSING:
        return msgspec.structs.replace(result, waits=_UNBUILT.format(step=request.step))
    if request.is_dry_run:
        waits = await _find_step_obstacle(context, request) or await _find_unproven(context, request)
        tried = await _PERFORM[description.type](Work(context, request, interruption, reporter))
        return msgspec.structs.replace(tried, waits=tried.waits or waits)
    execution = await _begin(context, request)
    waits = await _find_step_obstacle(context, request)
    waits = waits or await _prove_needs(context, request, interruption, reporter=reporter)
    if waits:
        result = msgspec.structs.replace(result, waits=waits)
    else:
        result = await _PERFORM[description.type](Work(context, request, interruption, reporter))
    end = _build_end(result)
    async with command_queries.connect(context.database.dsn) as connection:
        await step_executions.end_execution(connection, execution, end)
    return msgspec.structs.replace(result, state=end.state)


async def _begin(context: EngineContext, request: StepRequest) -> int:
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            await command_queries.apply_migrations(connection)
            return await step_executions.begin_execution(
                connection, request.year, request.step, by=request.by
            )


async def _find_step_obstacle(context: EngineContext, request: StepRequest) -> str:
    """Return why the step cannot be executed on its day; empty if it can.  That of a charge is found by its own call."""
    async with open_snapshot(context.database.dsn) as connection:
        if DESCRIPTIONS[request.step].type is StepType.CHECK:
            return await step_checks.find_check_obstacle(connection, request)
        if request.step in (Step.DEPRECIATION, Step.LOCK):
            return ""
        return await find_obstacle(connection, context, request)


async def _find_unproven(context: EngineContext, request: StepRequest) -> str:
    """Return which step must be proven before; empty if all are, or need only be executed."""
    async with open_snapshot(context.database.dsn) as connection:
        executions = await step_executions.load_executions(connection, request.year)
    for needed in DESCRIPTIONS[request.step].needs:
        last = executions.get(needed, [])[-1:]
        is_check = DESCRIPTIONS[needed].type is StepType.CHECK
        if not (last and last[0].state == PROVEN) and not (is_check and not last):
            return _describe_unproven(needed, request)
    return ""


async def _prove_needs(
    context: EngineContext, request: StepRequest, interruption: Interruption, *, reporter: ProgressReporter
) -> str:
    """Execute the checks that the step needs and that are not proven; return which step is not; empty if all are."""
    async with open_snapshot(context.database.dsn) as connection:
        executions = await step_executions.load_executions(connection, request.year)
    for needed in DESCRIPTIONS[request.step].needs:
        last = executions.get(needed, [])[-1:]
        if last and last[0].state == PROVEN:
            continue
        if DESCRIPTIONS[needed].type is not StepType.CHECK:
            return _describe_unproven(needed, request)
        check = msgspec.structs.replace(request, step=needed)
        proof = await execute(context, check, interruption, reporter=reporter)
        if proof.state != PROVEN:
            return proof.waits or _describe_unproven(needed, request)
    return ""


def _describe_unproven(needed: Step, request: StepRequest) -> str:
    is_built = DESCRIPTIONS[needed].type is not StepType.MISSING
    text = _NOT_PROVEN if is_built else _NEEDS_UNBUILT
    return text.format(needed=needed, step=request.step, year=request.year)


async def _give_acts(work: Work) -> StepResult:
    context, request, interruption, reporter = work
    if request.step is not Step.DEPRECIATION:
        return await year_closing.execute_step(context, request, interruption, reporter=reporter)
    charges = await asset_depreciation.charge_depreciation(
        context,
        DepreciationRequest(request.year, request.day, request.is_dry_run, request.by),
        interruption,
        reporter=reporter,
    )
    sums = _convert_charges(charges.sums) if charges.sums else None
    return StepResult(
        *(request.year, request.step, sums),
        posted=charges.posted,
        waits=charges.waits,
        earlier=charges.earlier,
    )


def _convert_charges(charges: DepreciationSums) -> StepSums:
    """Return what is charged of assets in the shape of what other steps carry."""
    rows = [CarriedSum(CHARGE, "", row.lines, row.cents, account=row.account) for row in charges.charges]
    return StepSums(rows, charges.blocked, charges.charged_lines)


async def _check(work: Work) -> StepResult:
    context, request, _, reporter = work
    async with open_snapshot(context.database.dsn) as connection:
        findings = await step_checks.list_findings(connection, context, request, reporter=reporter)
    return StepResult(request.year, request.step, findings=findings)


async def _lock(work: Work) -> StepResult:
    context, request, _, reporter = work
    locked = await year_lock.lock_year(context, request, reporter=reporter)
    return StepResult(
        request.year, request.step, waits=locked.waits, findings=locked.findings, seal=locked.seal
    )


_Perform = Callable[[Work], Awaitable[StepResult]]
_PERFORM: Mapping[StepType, _Perform] = {
    StepType.ACTS: _give_acts,
    StepType.CHECK: _check,
    StepType.LOCK: _lock,
}


def _build_end(result: StepResult) -> StepEnd:
    """Return with what an execution ends: it is proven if nothing of it blocks."""
    findings = [*result.findings, *_list_obstacles(result)]
    receipts = result.posted.receipts if result.posted else []
    is_blocked = any(finding.blocks for finding in findings)
    state = INTERRUPTED if result.is_interrupted else REFUSED if is_blocked else PROVEN
    counted = result.findings if not receipts else ()
    return StepEnd(
        state,
        sum(receipt.accepted.lines for receipt in receipts) or sum(row.lines for row in counted),
        sum(receipt.accepted.cents for receipt in receipts) or sum(row.cents for row in counted),
        findings,
        receipts[-1].submission if receipts else None,
        result.seal,
    )


def _list_obstacles(result: StepResult) -> list[StepFinding]:
    """List what keeps the acts of a step from being proven: obstacles, refusals, and why it does not begin."""
    blocked = result.sums.blocked if result.sums else []
    reasons = result.posted.reasons if result.posted else []
    waits = (
        [StepFinding("the step cannot begin", 0, blocks=True, detail=result.waits)] if result.waits else []
    )
    return [
        *waits,
        *(StepFinding(row.kind, row.lines, row.cents, True, row.obstacle) for row in blocked),
        *(StepFinding(str(reason.code), reason.lines, reason.cents, True) for reason in reasons),
    ]
