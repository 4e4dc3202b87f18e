"""The repetition of a carry: a step that was proven has nothing left, as long as no entry changed what is open of its year.

Whoever calls C06 or C04 again then waits for no reading of the journal, and for no check: what carries nothing needs no proof
of the journal that is newer than the one it has.
"""

from closing import review_queries
from closing.journal_queries import Connection
from closing.step_kinds import CARRYING_STEPS
from closing.step_sums import StepSums
from closing.steps import DESCRIPTIONS
from posting.store import step_executions
from posting.store.step_executions import PROVEN
from service.engine.closing_plan import Executions, find_state
from service.engine.engine_context import EngineContext
from service.engine.step_conditions import StepRequest, list_needed_steps, open_snapshot
from service.engine.year_closing import build_own_acts


async def find_sums(context: EngineContext, request: StepRequest) -> StepSums | None:
    """Return the sums of a step that has nothing left to carry; None if only the journal can say what is open.

    What the latest file of the step was computed from is compared, and not its end: acts may have come between the two.
    """
    if request.step not in CARRYING_STEPS:
        return None
    async with open_snapshot(context.database.dsn) as connection:
        return await _load_sums(connection, request)


async def _load_sums(connection: Connection, request: StepRequest) -> StepSums | None:
    if not _is_proven(request, await step_executions.load_executions(connection, request.year)):
        return None
    prefix = build_own_acts(request.year, request.step).batch_prefix
    latest = await review_queries.load_latest_carry(connection, prefix)
    if latest is None or await review_queries.has_later_entries(connection, request.year, latest.entry):
        return None
    return StepSums([], [], latest.lines)


def _is_proven(request: StepRequest, executions: Executions) -> bool:
    """Return whether the last execution of a step proved it, and each step that it needs is proven still."""
    latest = executions.get(request.step, [])
    needed = (*DESCRIPTIONS[request.step].renewed, *list_needed_steps(request))
    return (
        bool(latest)
        and latest[-1].state == PROVEN
        and all(find_state(step, executions) == PROVEN for step in needed)
    )
