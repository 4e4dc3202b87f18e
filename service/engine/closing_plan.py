"""The plan of the closing of a year: its steps, what is open for each, and who prepared and confirmed it."""

import msgspec

from closing.step_sums import StepSums
from closing.steps import PLAN, TWO_PERSON_STEPS, Step
from posting.book.registry import ReferenceData
from posting.store import step_persons
from posting.store.step_persons import StepPreparation
from service.engine import step_acts
from service.engine.step_acts import PlannedYear
from service.engine.step_conditions import find_last_payment_day, find_missing_year, open_snapshot
from service.terminal.processing_progress import ProgressReporter


class PlannedStep(msgspec.Struct, frozen=True):
    """A step of the plan, with what is open for it now."""

    step: Step
    french: str
    summary: str
    source: str
    persons: int
    """Two where one person prepares the step, and another one executes it."""
    sums: StepSums
    preparation: StepPreparation | None = None
    """The last preparation of a step of two persons; None if there is none."""


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
    if missing := find_missing_year(reference, year):
        return missing
    async with open_snapshot(dsn) as connection:
        open_year = await step_acts.load_open_year(connection, reference, year, reporter=reporter)
        planned = PlannedYear(
            open_year,
            await step_acts.load_result(connection, reference, year),
            await step_acts.load_openings(connection, reference, year),
        )
        preparations = {
            step: await step_persons.load_preparation(connection, year, step) for step in TWO_PERSON_STEPS
        }
    steps = [
        PlannedStep(*row, step_acts.sum_planned_step(row.step, planned), preparations.get(row.step))
        for row in PLAN
    ]
    return ClosingPlan(year, find_last_payment_day(reference, year).isoformat(), steps)
