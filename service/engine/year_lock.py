"""Step C13: every month of a year is locked for all accountants, in order, and the sums by account are sealed.

The proof of C12 may be older than the last entry of the year, so the lock asks itself whether charges or products are left:
behind it nothing brings them to the result.
A lock cannot be undone, so one person prepares it, and another one confirms it, also where every month is locked already:
two persons stand for the seal.  Months are closed before, by decisions of their own; after an interruption the same call
locks the rest.
"""

from typing import NamedTuple

import msgspec

from closing.journal_queries import Connection
from closing.steps import Step
from core.period_states import PeriodAction, States, view_folios
from core.periods import MONTHS_OF_YEAR, PeriodState, to_period
from posting.store import period_store, step_executions
from posting.store.period_store import NewDecision, RefusedDecision
from posting.store.step_executions import PROVEN, StepFinding
from posting.store.step_persons import RefusedStep, StepContent
from service.database import command_queries
from service.engine import decision_records, step_acts
from service.engine.engine_context import EngineContext
from service.engine.step_conditions import Begin, StepRequest
from service.terminal.processing_progress import ProgressReporter

_CLOSE = 'close it first: crescendo period close --year {year} --month {month} --reason "..."'
_LATE_CHARGES = "charges and products that are not in the result"
_DETERMINE = "execute C12 again, before month 15 is closed: crescendo close execute C12 --year {year}"
_LATE_ACCRUALS = "accruals that are not reversed"
_REVERSE = "execute C08 again: crescendo close execute C08 --year {year}"
_REASON = "step C13 of the closing of {year}"


class LockedYear(msgspec.Struct, frozen=True):
    """What was locked of a year."""

    findings: list[StepFinding]
    waits: str = ""
    seal: bytes | None = None


class PlannedLock(NamedTuple):
    """What a person prepares."""

    findings: list[StepFinding]
    content: StepContent
    is_done: bool
    """Whether every month is locked, and the sums are sealed as they are."""


async def lock_year(
    context: EngineContext, request: StepRequest, *, reporter: ProgressReporter, on_begin: Begin
) -> LockedYear:
    """Lock every month of a year that is not locked, and seal it; with a dry run, list the months.

    ``on_begin`` records it, once another person has confirmed it.

    Raises
    ------
    PersonNotProved
        Who locks did not prove to be that person, or has no role for it.
    """
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            await command_queries.apply_migrations(connection)
            states = await period_store.load_states(connection)
            findings = await _list_findings(connection, context, request.year)
            if request.is_dry_run or any(finding.blocks for finding in findings):
                return LockedYear(findings)
            unlocked = find_unlocked_months(states, request.year)
            seal = await step_executions.compute_seal(connection, request.year)
            if unlocked or not await _has_seal(connection, request.year, seal):
                content = describe_lock(request, seal)
                try:
                    await decision_records.confirm_step(context, request.by, content)
                    await on_begin()
                    await _lock_months(connection, request, unlocked, reporter=reporter)
                except (RefusedStep, RefusedDecision) as refused:
                    return LockedYear(findings, str(refused))
            seal = await step_executions.compute_seal(connection, request.year)
    return LockedYear(findings, seal=seal)


async def _lock_months(
    connection: Connection,
    request: StepRequest,
    months: list[int],
    *,
    reporter: ProgressReporter,
) -> None:
    for number, month in enumerate(months):
        reporter.report_steps(number, len(months), f"locking the months of {request.year}")
        await period_store.store_decision(
            connection,
            NewDecision(
                *(request.year, month, "", PeriodAction.LOCK),
                *(_REASON.format(year=request.year), request.by),
            ),
        )


async def _list_findings(connection: Connection, context: EngineContext, year: int) -> list[StepFinding]:
    """List the months of a year, and what of a year that is not locked is still to be brought to the result."""
    states = await period_store.load_states(connection)
    months = list_months(states, year)
    if not find_unlocked_months(states, year):
        return months
    late_lines = (await step_acts.load_result(connection, context.reference, year)).balances.balances
    accruals = (await step_acts.load_accruals(connection, year)).accruals.accruals
    left_over = ((_LATE_CHARGES, late_lines, _DETERMINE), (_LATE_ACCRUALS, accruals, _REVERSE))
    return [
        *months,
        *(
            StepFinding(subject, len(rows), sum(row.cents for row in rows), True, remedy.format(year=year))
            for subject, rows, remedy in left_over
            if rows
        ),
    ]


def describe_lock(request: StepRequest, seal: bytes) -> StepContent:
    """Return what a person prepares of the lock: the months of the year, and the sums that they contain."""
    return StepContent(request.year, request.step, 0, len(MONTHS_OF_YEAR), 0, seal)


async def _has_seal(connection: Connection, year: int, seal: bytes) -> bool:
    """Return whether a proven lock of the year has sealed the same sums."""
    executions = (await step_executions.load_executions(connection, year)).get(Step.LOCK, [])
    return any(row.state == PROVEN and row.seal == seal.hex() for row in executions)


def find_unlocked_months(states: States, year: int) -> list[int]:
    """Return the months of a year that are not locked for some accountant, in order."""
    return [month for month in MONTHS_OF_YEAR if (_view(states, year, month) != PeriodState.LOCKED).any()]


def list_months(states: States, year: int) -> list[StepFinding]:
    """List the months of a year: one that is open for some accountant blocks."""
    findings: list[StepFinding] = []
    for month in MONTHS_OF_YEAR:
        folios = _view(states, year, month)
        is_open, is_locked = (
            bool((folios == PeriodState.OPEN).any()),
            bool((folios == PeriodState.LOCKED).all()),
        )
        state = "is open" if is_open else "is locked" if is_locked else "is closed"
        detail = _CLOSE.format(year=year, month=month) if is_open else ""
        findings.append(StepFinding(f"month {year}-{month:02} {state}", 1, 0, is_open, detail))
    return findings


def _view(states: States, year: int, month: int) -> States:
    return view_folios(states, to_period(year, month))


async def load_lock(context: EngineContext, request: StepRequest) -> PlannedLock:
    """Return the months of a year, and what a person prepares of its lock."""
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            await command_queries.apply_migrations(connection)
            states = await period_store.load_states(connection)
            findings = await _list_findings(connection, context, request.year)
            seal = await step_executions.compute_seal(connection, request.year)
            has_seal = await _has_seal(connection, request.year, seal)
    is_done = has_seal and not find_unlocked_months(states, request.year)
    return PlannedLock(findings, describe_lock(request, seal), is_done)
