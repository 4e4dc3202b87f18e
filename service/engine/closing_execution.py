"""The execution of a step of the closing: what it needs is proven first, and its end says whether it is proven.

A step that only proves something is executed by the step that needs it, where nobody has: a person may call that one at once.
What may have changed since is proven again.  What cannot begin leaves the proofs that are there as they are.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from closing.journal_queries import Connection
from closing.step_sums import StepSums
from closing.steps import DESCRIPTIONS, Step, StepType
from core.person_decisions import Decision, DecisionKind
from posting.store import step_executions
from posting.store.step_executions import PROVEN, WITHDRAWN, StepFinding
from service.database import command_queries
from service.engine import (
    asset_depreciation,
    decision_records,
    own_acts,
    step_checks,
    step_repetition,
    year_closing,
    year_lock,
)
from service.engine.asset_depreciation import DepreciationRequest
from service.engine.closing_plan import Executions, find_state
from service.engine.engine_context import EngineContext
from service.engine.step_conditions import (
    StepRequest,
    find_missing_year,
    find_obstacle,
    list_needed_steps,
    open_snapshot,
)
from service.engine.step_ends import build_end, list_undecided_acts
from service.engine.year_closing import StepResult
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption

_PART = "a part of the step that cannot begin"
_NEEDS = "{step} needs {needed}, which is not proven: crescendo close show {needed} --year {year}"


class Work(NamedTuple):
    """One execution of a step."""

    context: EngineContext
    request: StepRequest
    interruption: Interruption
    reporter: ProgressReporter
    record: "_Record"


@dataclass(slots=True)
class _Record:
    """The record of an execution, which is stored once its step begins to work; the connection owns it until its end."""

    connection: Connection
    request: StepRequest
    number: int = 0
    """0 as long as it has not begun."""

    async def begin(self) -> None:
        """Store that the execution begins, if it has not."""
        request = self.request
        if not (self.number or request.is_dry_run):
            self.number = await step_executions.begin_execution(
                self.connection, request.year, request.step, by=request.by
            )

    async def end(self, result: StepResult) -> StepResult:
        """Store with what the execution ends, and return its result with that state."""
        await self.begin()
        end = build_end(result)
        await step_executions.end_execution(self.connection, self.number, end)
        return msgspec.structs.replace(result, state=end.state)


async def execute(
    context: EngineContext, request: StepRequest, interruption: Interruption, *, reporter: ProgressReporter
) -> StepResult:
    """Execute a step, or continue to; store who did, and with what it ended.  Of one that cannot begin nothing is stored.

    Raises
    ------
    EngineError
        The engine cannot continue; the same call does.
    PersonNotProved
        Who executes did not prove to be that person, or has no role for it.
    """
    result = StepResult(request.year, request.step)
    if missing := find_missing_year(context.reference, request.year):
        return msgspec.structs.replace(result, waits=missing)
    if not request.is_dry_run:
        await decision_records.prove_decider(context, request.by, Decision(DecisionKind.CLOSING))
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            record = _Record(connection, request)
            return await _execute(Work(context, request, interruption, reporter, record), result)


async def _execute(work: Work, result: StepResult) -> StepResult:
    context, request, _, _, record = work
    waits = await _find_step_obstacle(context, request)
    perform = _PERFORM[DESCRIPTIONS[request.step].type]
    if request.is_dry_run:
        tried = await perform(work)
        return msgspec.structs.replace(tried, waits=tried.waits or waits)
    result = msgspec.structs.replace(result, waits=waits)
    if sums := None if waits else await step_repetition.find_sums(context, request):
        return await record.end(msgspec.structs.replace(result, sums=sums))
    if not waits:
        result = await _prove_checks(work, result)
    if not result.waits:
        result = await perform(work)
    if result.waits and not record.number:
        return result
    findings = [
        *result.findings,
        *list_undecided_acts(result.posted),
        *await _list_open_needs(context, request),
    ]
    return await record.end(msgspec.structs.replace(result, findings=findings))


async def _list_open_needs(context: EngineContext, request: StepRequest) -> list[StepFinding]:
    """List the steps without whose proof this one gives its acts, and is not proven: what they release later waits for it."""
    year, step = request.year, request.step
    return [
        StepFinding(f"{needed} is not proven", 0, 0, True, _describe_missing_proof(needed, step, year))
        for needed in DESCRIPTIONS[step].last_needs
        if needed not in list_needed_steps(request) and await _load_state(context, year, needed) != PROVEN
    ]


async def _find_step_obstacle(context: EngineContext, request: StepRequest) -> str:
    """Return why the step cannot be executed; empty if it can.  What a charge lacks on its day its own call finds."""
    async with open_snapshot(context.database.dsn) as connection:
        if DESCRIPTIONS[request.step].type is StepType.CHECK:
            waits = await step_checks.find_check_obstacle(connection, request)
        elif request.step in (Step.INVENTORY, Step.LOCK):
            waits = ""
        else:
            waits = await find_obstacle(connection, context, request)
        executions = await step_executions.load_executions(connection, request.year)
    waits = waits or _find_missing_proof(request, executions)
    return waits or await _find_undecided_file(context, request)


def _find_missing_proof(request: StepRequest, executions: Executions) -> str:
    """Return which step must be proven by a person before; empty if all are, or are checks that the step executes itself.

    A proof that a person has withdrawn is given again by a person alone.
    """
    year, step = request.year, request.step
    for needed in (*list_needed_steps(request), *DESCRIPTIONS[step].renewed):
        state = find_state(needed, executions)
        is_check = DESCRIPTIONS[needed].type is StepType.CHECK
        if state == WITHDRAWN or (state != PROVEN and not is_check):
            return _describe_missing_proof(needed, step, year)
        check = msgspec.structs.replace(request, step=needed)
        if is_check and (waits := _find_missing_proof(check, executions)):
            return waits
    return ""


async def _find_undecided_file(context: EngineContext, request: StepRequest) -> str:
    """Return which file is not decided of a step that need not be proven yet, but changes what this one carries; or empty."""
    for step in DESCRIPTIONS[request.step].last_needs:
        acts = year_closing.build_own_acts(request.year, step)
        if waits := await own_acts.describe_undecided_file(context, acts):
            return waits
    return ""


async def _prove_checks(work: Work, result: StepResult) -> StepResult:
    """Execute the checks that the step needs and that are not proven, or may have changed since; add what of them blocks."""
    context, request, interruption, reporter, _ = work
    renewed = await _list_checks_to_repeat(context, request)
    for needed in (*renewed, *list_needed_steps(request)):
        if needed not in renewed and await _load_state(context, request.year, needed) == PROVEN:
            continue
        check = msgspec.structs.replace(request, step=needed)
        proof = await execute(context, check, interruption, reporter=reporter)
        if proof.state != PROVEN:
            findings = [finding for finding in proof.findings if finding.blocks]
            waits = proof.waits or _describe_missing_proof(needed, request.step, request.year)
            return msgspec.structs.replace(result, waits=waits, findings=findings)
    return result


async def _list_checks_to_repeat(context: EngineContext, request: StepRequest) -> tuple[Step, ...]:
    """List the checks that are executed again right before a step; openings that are final need liaison accounts at zero."""
    renewed = DESCRIPTIONS[request.step].renewed
    is_final = request.step is Step.OPENING and await _load_state(context, request.year, Step.LOCK) == PROVEN
    return (*renewed, Step.LIAISON) if is_final else renewed


async def _load_state(context: EngineContext, year: int, step: Step) -> str:
    async with open_snapshot(context.database.dsn) as connection:
        return find_state(step, await step_executions.load_executions(connection, year))


def _describe_missing_proof(needed: Step, step: Step, year: int) -> str:
    return _NEEDS.format(needed=needed, step=step, year=year)


async def _give_acts(work: Work) -> StepResult:
    context, request, interruption, reporter, record = work
    is_inventory = request.step is Step.INVENTORY
    charged = await _charge_assets(work) if is_inventory else None
    if charged and charged.is_interrupted:
        return charged
    result = await year_closing.execute_step(
        context, request, interruption, reporter=reporter, on_begin=record.begin
    )
    return _join(charged, result) if charged else result


async def _charge_assets(work: Work) -> StepResult:
    """Charge the depreciation of the year, the first part of the inventory."""
    context, request, interruption, reporter, record = work
    charges = await asset_depreciation.charge_depreciation(
        context,
        DepreciationRequest(request.year, request.day, request.is_dry_run, request.by),
        interruption,
        reporter=reporter,
        on_begin=record.begin,
    )
    sums = charges.sums.step_sums if charges.sums else None
    return StepResult(
        *(request.year, request.step, sums),
        posted=charges.posted,
        waits=charges.waits,
        earlier=charges.earlier,
    )


def _join(charged: StepResult, reversals: StepResult) -> StepResult:
    """Return both parts of the inventory as one result: what is charged of assets, and the accruals that are reversed.

    One part does not need the other: what keeps one from beginning is found, and does not stop the other.
    """
    sums, posted = charged.sums, reversals.posted
    if sums and reversals.sums:
        sums = StepSums(
            [*sums.carried, *reversals.sums.carried],
            [*sums.blocked, *reversals.sums.blocked],
            sums.done + reversals.sums.done,
        )
    if charged.posted and posted:
        posted = msgspec.structs.replace(
            posted,
            receipts=[*charged.posted.receipts, *posted.receipts],
            reasons=[*charged.posted.reasons, *posted.reasons],
            lost=[*charged.posted.lost, *posted.lost],
        )
    waits = list(dict.fromkeys(text for text in (charged.waits, reversals.waits) if text))
    has_begun = bool(charged.posted or posted)
    return msgspec.structs.replace(
        reversals,
        sums=sums or reversals.sums,
        posted=posted or charged.posted,
        earlier=charged.earlier + reversals.earlier,
        waits="" if has_begun else "; ".join(waits),
        findings=[StepFinding(_PART, 0, blocks=True, detail=text) for text in waits if has_begun],
    )


async def _check(work: Work) -> StepResult:
    context, request, _, reporter, record = work
    await record.begin()
    async with open_snapshot(context.database.dsn) as connection:
        findings = await step_checks.list_findings(connection, context, request, reporter=reporter)
    return StepResult(request.year, request.step, findings=findings)


async def _lock(work: Work) -> StepResult:
    context, request, _, reporter, record = work
    locked = await year_lock.lock_year(context, request, reporter=reporter, on_begin=record.begin)
    return StepResult(
        request.year, request.step, waits=locked.waits, findings=locked.findings, seal=locked.seal
    )


_Perform = Callable[[Work], Awaitable[StepResult]]
_PERFORM: Mapping[StepType, _Perform] = {
    StepType.ACTS: _give_acts,
    StepType.CHECK: _check,
    StepType.LOCK: _lock,
}
