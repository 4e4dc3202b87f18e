"""The kinds of task, one row each: its arguments, and the function that performs it in a process beside the service.

To add a kind, add its arguments, its function and a row here, and a route in ``service.http.handlers``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from closing.steps import Step
from core.payment_rules import TIME_ZONE
from core.person_decisions import DecisionKind, StatedPerson
from core.reference.files import SAMPLE_FOLDER
from posting.store import person_proof
from service.configuration.settings import Settings
from service.database.embedded_server import Database
from service.engine import (
    bank_import,
    closing_execution,
    late_interest,
    payment_runs,
    step_preparation,
    step_reversal,
)
from service.engine.engine_context import EngineContext, load_reference
from service.engine.step_conditions import StepRequest
from service.tasks import task_queries
from service.tasks.task_arguments import (
    AbandonmentTask,
    ClosingTask,
    ImportTask,
    InterestProposal,
    IssueTask,
    LineTask,
    PayeeTask,
    ReleaseTask,
    RunProposal,
    StepAction,
)
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption
from settlement.orders.pain001_writer import Pain001Version
from settlement.runs import proposals, run_edits, run_queries, run_status
from settlement.runs.issue import IssueRequest
from settlement.runs.payment_reference import PaymentReference


class TaskEnvironment(NamedTuple):
    """What a task works with, and for whom."""

    settings: Settings
    """Its ``database`` is the address of the running service's database."""
    by: StatedPerson
    """The key or token of who requested it."""
    begun_before: datetime | None
    """When the task was begun first, if its process ended before its result was stored; else None."""
    interruption: Interruption
    reporter: ProgressReporter

    async def load_context(self) -> EngineContext:
        """Load the reference data for work that posts."""
        reference = await asyncio.to_thread(load_reference, self.settings)
        return EngineContext(self.settings, Database(self.settings.database), reference, needs_engine=True)


async def _propose(environment: TaskEnvironment, proposal: RunProposal) -> Any:
    folder = environment.settings.reference or SAMPLE_FOLDER
    reference = await asyncio.to_thread(PaymentReference.load, folder)
    today = _choose_moment(proposal.at).astimezone(ZoneInfo(TIME_ZONE)).date()
    request = proposals.ProposalRequest(environment.by, proposal.until or today, today)
    async with run_queries.open_connection(environment.settings.database) as connection:
        run = await _find_own_run(connection, environment) or await proposals.propose_run(
            connection, reference, request, on_step=environment.reporter.report_activity
        )
    return await _describe_run(environment, run)


async def _find_own_run(connection: run_queries.Connection, environment: TaskEnvironment) -> int | None:
    """Return the run that an interrupted process of this task has proposed; None if there is none."""
    if environment.begun_before is None:
        return None
    proposer = await person_proof.find_person(connection, environment.by, DecisionKind.PROPOSAL)
    runs = await run_queries.load_runs(connection)
    numbers = [
        run["run"]
        for run in runs
        if run["proposed_by"] == proposer.name and run["proposed_at"] >= environment.begun_before
    ]
    return numbers[0] if numbers else None


async def _release(environment: TaskEnvironment, release: ReleaseTask) -> Any:
    async with run_queries.open_connection(environment.settings.database) as connection:
        if not await _is_in_state(connection, environment, release.run, state="released"):
            await run_edits.release_run(connection, release.run, environment.by)
    return await _describe_run(environment, release.run)


async def _abandon(environment: TaskEnvironment, abandonment: AbandonmentTask) -> Any:
    async with run_queries.open_connection(environment.settings.database) as connection:
        if not await _is_in_state(connection, environment, abandonment.run, state="abandoned"):
            await run_edits.abandon_run(connection, abandonment.run, abandonment.reason, by=environment.by)
    return await _describe_run(environment, abandonment.run)


async def _is_in_state(
    connection: run_queries.Connection, environment: TaskEnvironment, run: int, *, state: str
) -> bool:
    """Return whether an interrupted process of this task has brought the run to ``state`` already."""
    if environment.begun_before is None:
        return False
    rows = await run_queries.load_runs(connection, run)
    return bool(rows) and rows[0]["state"] == state


async def _edit_lines(environment: TaskEnvironment, edit: LineTask) -> Any:
    return await _edit_run(environment, edit, edit.lines)


async def _edit_payees(environment: TaskEnvironment, edit: PayeeTask) -> Any:
    async with run_queries.open_connection(environment.settings.database) as connection:
        numbers = [await run_edits.find_payee(connection, code) for code in edit.payees]
    return await _edit_run(environment, edit, numbers)


async def _edit_run(environment: TaskEnvironment, edit: LineTask | PayeeTask, numbers: list[int]) -> Any:
    async with run_queries.open_connection(environment.settings.database) as connection:
        if not await _has_edit(connection, environment, edit, numbers=numbers):
            await run_edits.edit_run(
                connection, edit.run, edit.edit, numbers=numbers, reason=edit.reason, by=environment.by
            )
    return await _describe_run(environment, edit.run)


async def _has_edit(
    connection: run_queries.Connection,
    environment: TaskEnvironment,
    edit: LineTask | PayeeTask,
    *,
    numbers: list[int],
) -> bool:
    """Return whether an interrupted process of this task has stored the edit already."""
    if environment.begun_before is None:
        return False
    editor = await person_proof.find_person(connection, environment.by, DecisionKind.EDIT)
    former = task_queries.FormerEdit(
        edit.run, edit.edit, numbers, edit.reason, editor.name, environment.begun_before
    )
    return await task_queries.has_edit(connection, former)


async def _issue(environment: TaskEnvironment, issue: IssueTask) -> Any:
    request = IssueRequest(environment.by, _choose_moment(issue.at), Pain001Version(issue.version))
    context = await environment.load_context()
    is_issued = await payment_runs.issue_in_database(
        context, issue.run, request, interruption=environment.interruption, reporter=environment.reporter
    )
    if not is_issued:
        raise InterruptedError
    return await _describe_run(environment, issue.run)


async def _import_bank_file(environment: TaskEnvironment, request: ImportTask) -> Any:
    context = await environment.load_context()
    interest = late_interest.InterestRequest(_choose_moment(request.at), by=environment.by)
    options = bank_import.ImportOptions(
        environment.reporter, request.again, interest if request.interest else None, environment.by
    )
    result = await bank_import.import_files(
        context, [Path(request.path)], environment.interruption, options=options
    )
    if result.is_interrupted:
        raise InterruptedError
    return result


async def _propose_interest(environment: TaskEnvironment, proposal: InterestProposal) -> Any:
    request = late_interest.InterestRequest(_choose_moment(proposal.at), proposal.dry_run, environment.by)
    result = await late_interest.propose_interest(
        await environment.load_context(),
        request,
        environment.interruption,
        reporter=environment.reporter,
    )
    if result.is_interrupted:
        raise InterruptedError
    return result


async def _close_step(environment: TaskEnvironment, task: ClosingTask) -> Any:
    """Do what was requested with a step of the closing; after an interruption the same call continues it."""
    day = _choose_moment(task.at).astimezone(ZoneInfo(TIME_ZONE)).date()
    is_dry_run = task.action is StepAction.DRY_RUN
    request = StepRequest(task.year, Step(task.step), day, is_dry_run, environment.by)
    context = await environment.load_context()
    if task.action is StepAction.REVERSE:
        return await step_reversal.reverse_step(context, request, task.reason or "")
    if task.action is StepAction.PREPARE:
        return await step_preparation.prepare_step(context, request, reporter=environment.reporter)
    result = await closing_execution.execute(
        context, request, environment.interruption, reporter=environment.reporter
    )
    if result.is_interrupted:
        raise InterruptedError
    return result


async def _describe_run(environment: TaskEnvironment, run: int) -> Any:
    async with run_queries.open_connection(environment.settings.database) as connection:
        return await run_status.describe_run(connection, run, run_status.LineSelection())


def _choose_moment(at: datetime | None) -> datetime:
    """Return the moment that was requested, in Paris time unless it has an offset; now if there is none."""
    if at is None:
        return datetime.now(UTC)
    return at if at.tzinfo else at.replace(tzinfo=ZoneInfo(TIME_ZONE))


class TaskKind(NamedTuple):
    """A kind of task."""

    arguments: type[msgspec.Struct]
    perform: Callable[[TaskEnvironment, Any], Awaitable[Any]]
    """Performs it and returns its result.

    Raises ``InterruptedError`` if a signal stopped it, or no engine is at work any more: it continues later.
    """


TASK_KINDS: Mapping[str, TaskKind] = {
    "propose": TaskKind(RunProposal, _propose),
    "edit_lines": TaskKind(LineTask, _edit_lines),
    "edit_payees": TaskKind(PayeeTask, _edit_payees),
    "release": TaskKind(ReleaseTask, _release),
    "abandon": TaskKind(AbandonmentTask, _abandon),
    "issue": TaskKind(IssueTask, _issue),
    "bank_import": TaskKind(ImportTask, _import_bank_file),
    "late_interest": TaskKind(InterestProposal, _propose_interest),
    "closing": TaskKind(ClosingTask, _close_step),
}
