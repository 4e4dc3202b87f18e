"""Step C16 in the engine: what is left of a result for the settlement act, and what prevents its allocation."""

from datetime import date

from closing import allocation_acts, rollover
from closing.allocation_acts import OpenResult
from closing.journal_queries import Connection
from core.periods import RESULT_MONTH, to_period
from posting.book.registry import ReferenceData
from service.engine import own_acts
from service.engine.engine_context import EngineContext
from service.engine.step_acts import ComputedStep, StepActs

_EARLY = "{act} is of {day}: execute the step from then on, by --at DAY"


async def load_allocation(connection: Connection, reference: ReferenceData, year: int) -> OpenResult:
    """Load the result of a year that is not allotted; the transaction must be one snapshot."""
    last_entry: int = await connection.fetchval(rollover.SQL["last_entry"]) or 0
    charts = reference.charts[year], reference.charts[year + 1]
    periods = to_period(year, RESULT_MONTH), to_period(year + 1, 1), to_period(year + 1, RESULT_MONTH)
    own = charts[0].result
    rows = await connection.fetch(rollover.SQL["allotted_result"], own.result, *periods)
    place = reference.accountants[year + 1].main_centres.get(own.accountant, "")
    return allocation_acts.build_open_result(rows, charts, place=place, last_entry=last_entry)


def compute_allocation(result: OpenResult, day: date) -> ComputedStep:
    """Return what is still to be allotted of the result of a year, dated ``day`` in the next one."""
    sums = allocation_acts.sum_result(result)

    async def load_acts(_: Connection) -> StepActs:
        return StepActs(
            sums.lines, sums.cents, lambda cause: allocation_acts.build_table(result, day, cause=cause)
        )

    return ComputedStep(sums, result.last_entry, load_acts)


async def find_allocation_obstacle(
    connection: Connection, context: EngineContext, year: int, *, day: date
) -> str:
    """Return why no result can be allotted on ``day``; empty if it can, or if none is left."""
    result = await load_allocation(connection, context.reference, year)
    if not result.cents:
        return ""
    if obstacle := allocation_acts.find_obstacle(result):
        return obstacle
    if day < result.act.day:
        return _EARLY.format(act=result.act.name, day=result.act.day)
    return await own_acts.describe_closed_day(context, day, year + 1)
