"""The reversal of a step: a proof is withdrawn, so that the steps that need it wait again.

What the acts of a step did, no act of the catalog undoes as a whole: the plan says of each such step what stands against it.
"""

import msgspec

from closing.steps import DESCRIPTIONS, Step
from posting.store import step_executions
from posting.store.step_executions import PROVEN, WITHDRAWN, StepEnd
from service.database import command_queries
from service.engine.closing_plan import find_state
from service.engine.engine_context import EngineContext
from service.engine.step_conditions import StepRequest

_REFUSED = "{step} cannot be reversed: {obstacle}"
_LOCKED = "{year} is locked by C13, which is final: nothing of its closing is reversed any more"
_NOT_PROVEN = "{step} of {year} is {state}: there is no proof to withdraw"


class ReversedStep(msgspec.Struct, frozen=True):
    """What was reversed."""

    year: int
    step: Step
    waits: str = ""
    """Why nothing is reversed; empty if it is."""
    dependents: list[Step] = []
    """The steps that need this one, and wait for it again."""


async def reverse_step(context: EngineContext, request: StepRequest, reason: str) -> ReversedStep:
    """Withdraw the proof of a step.

    Raises
    ------
    PersonNotProved
        Who reverses it did not prove to be that person, or has no role for it.
    """
    year, step = request.year, request.step
    result = ReversedStep(year, step)
    if obstacle := DESCRIPTIONS[step].obstacle:
        return msgspec.structs.replace(result, waits=_REFUSED.format(step=step, obstacle=obstacle))
    with command_queries.translate_database_errors(context.database.dsn):
        async with command_queries.connect(context.database.dsn) as connection:
            await command_queries.apply_migrations(connection)
            executions = await step_executions.load_executions(connection, year)
            state = find_state(step, executions)
            if find_state(Step.LOCK, executions) == PROVEN:
                return msgspec.structs.replace(result, waits=_LOCKED.format(year=year))
            if state != PROVEN:
                waits = _NOT_PROVEN.format(step=step, year=year, state=state)
                return msgspec.structs.replace(result, waits=waits)
            async with connection.transaction():
                execution = await step_executions.begin_execution(
                    connection, year, step, by=request.by, reason=reason
                )
                await step_executions.end_execution(connection, execution, StepEnd(WITHDRAWN))
    dependents = [row.step for row in DESCRIPTIONS.values() if step in row.needs]
    return msgspec.structs.replace(result, dependents=dependents)
