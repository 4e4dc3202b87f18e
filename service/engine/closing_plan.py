"""The plan of the closing of a year: its steps with their states, and what is open for each.

The state of a step is derived from its executions, and is never set by hand.
"""

from collections.abc import Mapping, Sequence

import msgspec

from closing import review_queries
from closing.journal_queries import Connection
from closing.step_sums import StepSums
from closing.steps import CARRIES, PHASES_FRENCH, PLAN, TWO_PERSON_STEPS, Step, StepDescription, StepType
from core.carry_overs import find_last_day
from posting.book.registry import ReferenceData
from posting.store import step_executions, step_persons
from posting.store.step_executions import PROVEN, StepExecution
from posting.store.step_persons import StepPreparation
from service.engine import result_allocation, step_acts
from service.engine.step_acts import PlannedYear
from service.engine.step_conditions import find_last_payment_day, find_missing_year, open_snapshot
from service.terminal.processing_progress import ProgressReporter

NOT_BEGUN, PROVISIONAL = "not begun", "provisional"
Executions = Mapping[str, Sequence[StepExecution]]


class PlannedStep(msgspec.Struct, frozen=True):
    """A step of the plan, with its state."""

    step: Step
    phase: str
    phase_fr: str
    french: str
    summary: str
    source: str
    dates: str
    persons: int
    """Two where one person prepares the step, and another one executes it."""
    state: str
    """``not begun``, ``at work``, ``interrupted``, ``refused``, ``provisional``, ``proven``, ``withdrawn``."""
    needs: list[Step]
    """The steps that are proven before it; those that C15 needs after 31 March alone too."""
    waits_for: list[Step]
    """Those of them that are not proven yet, without what C15 needs after 31 March alone."""
    reversal_obstacle: str = ""
    """What stands against its reversal; empty where it can be reversed."""
    lines: int = 0
    """What all executions carried or charged; of a check, what the last one counted."""
    cents: int = 0
    last: StepExecution | None = None
    """Its last execution; None if there is none."""
    preparation: StepPreparation | None = None
    """The last preparation of a step of two persons; None if there is none."""
    sums: StepSums | None = None
    """What is open for it now; None for a step that carries nothing, and where it was not computed."""


class ClosingBoard(msgspec.Struct, frozen=True):
    """The steps of closing a year, with their states."""

    year: int
    steps: list[PlannedStep]
    """In the order of their execution."""

    def find_step(self, step: Step) -> PlannedStep:
        """Return a step of the plan."""
        return next(row for row in self.steps if row.step is step)


class ClosingPlan(ClosingBoard, frozen=True):
    """The steps of closing a year, with what is open for each."""

    last_payment_day: str
    """The last day on which the year pays; steps are executed after it."""


async def load_plan(
    dsn: str, reference: ReferenceData, year: int, *, reporter: ProgressReporter
) -> ClosingPlan | str:
    """Return the plan of a year with what is open for each step, or why there is none."""
    if missing := find_missing_year(reference, year):
        return missing
    async with open_snapshot(dsn) as connection:
        open_year = await step_acts.load_open_year(connection, reference, year, reporter=reporter)
        planned = PlannedYear(
            open_year,
            await step_acts.load_result(connection, reference, year),
            await result_allocation.load_allocation(connection, reference, year),
            await step_acts.load_openings(connection, reference, year),
            await step_acts.load_unused_sums(connection, reference, year, day=find_last_day(year)),
        )
        board = await load_board(connection, year)
    sums = {step: step_acts.sum_planned_step(step, planned) for step in CARRIES}
    steps = [msgspec.structs.replace(row, sums=sums.get(row.step)) for row in board.steps]
    return ClosingPlan(year, steps, find_last_payment_day(reference, year).isoformat())


async def load_known_board(connection: Connection, year: int) -> ClosingBoard | None:
    """Return the board of a year; None if the ledger has no months of it."""
    return await load_board(connection, year) if await review_queries.has_year(connection, year) else None


async def load_board(connection: Connection, year: int) -> ClosingBoard:
    """Return the steps of a year with their states, from what is stored of their executions alone."""
    executions = await step_executions.load_executions(connection, year)
    preparations = {
        step: await step_persons.load_preparation(connection, year, step) for step in TWO_PERSON_STEPS
    }
    steps = [_build_step(row, executions, preparation=preparations.get(row.step)) for row in PLAN]
    return ClosingBoard(year, steps)


def _build_step(
    row: StepDescription, executions: Executions, *, preparation: StepPreparation | None
) -> PlannedStep:
    needs = [*row.needs, *row.last_needs]
    waits_for = [needed for needed in row.needs if find_state(needed, executions) != PROVEN]
    all_executions = executions.get(row.step, [])
    counted = all_executions if row.type is StepType.ACTS else all_executions[-1:]
    return PlannedStep(
        *(row.step, row.phase.value, PHASES_FRENCH[row.phase], row.french, row.summary, row.source),
        *(row.dates, row.persons, find_state(row.step, executions), needs, waits_for, row.obstacle),
        sum(execution.lines for execution in counted),
        sum(execution.cents for execution in counted),
        last=_find_last(row.step, executions),
        preparation=preparation,
    )


def find_state(step: Step, executions: Executions) -> str:
    """Return the state of a step: that of its last execution.

    A lock stays proven, as nothing undoes it.  Openings are provisional until the year is locked.
    """
    last = _find_last(step, executions)
    if last is None:
        return NOT_BEGUN
    locks = [execution for execution in executions.get(Step.LOCK, []) if execution.state == PROVEN]
    if step is Step.LOCK and locks:
        return PROVEN
    is_final = any(lock.ended is not None and last.started > lock.ended for lock in locks)
    if step is Step.OPENING and last.state == PROVEN and not is_final:
        return PROVISIONAL
    return last.state


def _find_last(step: Step, executions: Executions) -> StepExecution | None:
    return executions[step][-1] if executions.get(step) else None
