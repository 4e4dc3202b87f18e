"""One step of the closing as it is shown: its state, all its executions, and what it would find or do now."""

import msgspec

from posting.store import step_executions
from posting.store.step_executions import StepExecution
from service.engine import closing_execution, closing_plan
from service.engine.closing_plan import PlannedStep
from service.engine.engine_context import EngineContext
from service.engine.step_conditions import StepRequest, find_missing_year, open_snapshot
from service.engine.year_closing import StepResult
from service.terminal.processing_progress import ProgressReporter
from service.terminal.signals import Interruption


class ShownStep(msgspec.Struct, frozen=True):
    """A step with its executions."""

    year: int
    step: PlannedStep
    executions: list[StepExecution]
    """In order."""
    now: StepResult
    """What the step would find or do now, and what it waits for."""


async def show_step(
    context: EngineContext, request: StepRequest, *, reporter: ProgressReporter
) -> ShownStep | str:
    """Return a step with its executions, or why the year has none."""
    if missing := find_missing_year(context.reference, request.year):
        return missing
    async with open_snapshot(context.database.dsn) as connection:
        board = await closing_plan.load_board(connection, request.year)
        executions = await step_executions.load_executions(connection, request.year)
    request = msgspec.structs.replace(request, is_dry_run=True)
    now = await closing_execution.execute(context, request, Interruption(lambda: None), reporter=reporter)
    return ShownStep(request.year, board.find_step(request.step), executions.get(request.step, []), now)
