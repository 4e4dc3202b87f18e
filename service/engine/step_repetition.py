"""The repetition of a carry: a step that was proven has nothing left, as long as no entry changed what is open of its year.

Whoever calls C06 or C04 again then waits for no reading of the journal.
"""

from closing import review_queries
from closing.journal_queries import Connection
from closing.step_kinds import CARRYING_STEPS
from closing.step_sums import StepSums
from posting.store import step_executions
from posting.store.step_executions import PROVEN
from service.engine.step_conditions import StepRequest


async def find_sums(connection: Connection, request: StepRequest, batch_prefix: str) -> StepSums | None:
    """Return the sums of a step that has nothing left to carry; None if only the journal can say what is open.

    What the latest file of the step was computed from is compared, and not its end: acts may have come between the two.
    """
    if request.step not in CARRYING_STEPS:
        return None
    executions = (await step_executions.load_executions(connection, request.year)).get(request.step, [])
    if not executions or executions[-1].state != PROVEN:
        return None
    latest = await review_queries.load_latest_carry(connection, batch_prefix)
    if latest is None or await review_queries.has_later_entries(connection, request.year, latest.entry):
        return None
    return StepSums([], [], latest.lines)
