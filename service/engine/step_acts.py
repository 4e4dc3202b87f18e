"""What a step of the closing has to do, and its acts: the carries of what is open, the result, or the opening balances."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from closing import (
    allocation_acts,
    carry_over_acts,
    earmark_acts,
    opening_balances,
    opening_items,
    result_acts,
    reversal_acts,
    rollover,
    unused_credit_queries,
)
from closing.allocation_acts import OpenResult
from closing.carry_acts import RenamedActs, list_renamed_acts
from closing.carry_over_acts import UnusedWork, UnusedYear
from closing.journal_queries import Connection
from closing.opening_acts import build_opening_table
from closing.opening_balances import Opening
from closing.result_acts import ResultBalances
from closing.reversal_acts import OpenAccruals
from closing.rollover import Rollover
from closing.step_kinds import CARRYING_STEPS
from closing.step_sums import BlockedSum, StepSums, sum_step
from closing.steps import Step
from core.periods import OPENING_MONTH, to_period
from posting.book.registry import ReferenceData
from service.terminal.processing_progress import ProgressReporter


class StepActs(NamedTuple):
    """The acts of a step."""

    lines: int
    cents: int
    build_table: Callable[[str], pa.Table]
    """Builds their file; its argument ends the batch id."""
    renamed: RenamedActs = RenamedActs()
    """Those whose references the next year uses already."""


class ComputedStep(NamedTuple):
    """What a step has to do, in one snapshot of the journal."""

    sums: StepSums
    last_entry: int
    """The last entry that was read."""
    load_acts: Callable[[Connection], Awaitable[StepActs]]
    """Loads its acts in the same snapshot."""


class OpenedYear(NamedTuple):
    """The balances of a year, and the last entry that they contain."""

    year: int
    opening: Opening
    last_entry: int
    unopened: list[BlockedSum]
    """What is still to be opened of the year before it."""


class DeterminedYear(NamedTuple):
    """The charges and products of a year, and the last entry that they contain."""

    year: int
    balances: ResultBalances
    last_entry: int


class AccruedYear(NamedTuple):
    """The accruals of a year that are not reversed, and the last entry that was read."""

    year: int
    accruals: OpenAccruals
    last_entry: int


async def load_open_year(
    connection: Connection,
    reference: ReferenceData,
    year: int,
    *,
    reporter: ProgressReporter,
    steps: Collection[Step] = CARRYING_STEPS,
) -> Rollover:
    """Load what is open of a year for ``steps``; the transaction must be one snapshot."""
    on_step = reporter.report_activity
    return await rollover.load_rollover(connection, year, reference, on_step=on_step, steps=steps)


async def load_openings(connection: Connection, reference: ReferenceData, year: int) -> OpenedYear:
    """Load the balances of a year, and what was opened of them; the transaction must be one snapshot."""
    last_entry: int = await connection.fetchval(rollover.SQL["last_entry"]) or 0
    opening = await _load_balances(connection, reference, year)
    return OpenedYear(year, opening, last_entry, await load_missing_openings(connection, reference, year - 1))


async def load_result(connection: Connection, reference: ReferenceData, year: int) -> DeterminedYear:
    """Load the charges and products of a year; the transaction must be one snapshot."""
    last_entry: int = await connection.fetchval(rollover.SQL["last_entry"]) or 0
    rows = await _fetch_balances(connection, year)
    balances = result_acts.build_balances(rows, reference.charts[year], reference.accountants[year])
    return DeterminedYear(year, balances, last_entry)


async def load_accruals(connection: Connection, year: int) -> AccruedYear:
    """Load the accruals of a year; the transaction must be one snapshot."""
    last_entry: int = await connection.fetchval(rollover.SQL["last_entry"]) or 0
    kinds = (reversal_acts.ACCRUAL_KINDS, reversal_acts.CREDITING_KINDS, reversal_acts.CHANGE_KINDS)
    rows = await connection.fetch(rollover.SQL["open_accruals"], year, *kinds)
    return AccruedYear(year, reversal_acts.build_accruals(rows), last_entry)


async def _fetch_balances(connection: Connection, year: int) -> list[Any]:
    periods = [to_period(number, OPENING_MONTH) for number in (year, year + 1)]
    return await connection.fetch(rollover.SQL["opening_balances"], *periods)


async def load_missing_openings(
    connection: Connection, reference: ReferenceData, year: int
) -> list[BlockedSum]:
    """Load what is still to be opened of a year, which the openings of the next one would lack; empty for an unknown year."""
    if year not in reference.charts:
        return []
    return opening_balances.sum_missing_openings(await _load_balances(connection, reference, year), year)


async def _load_balances(connection: Connection, reference: ReferenceData, year: int) -> Opening:
    rows = await _fetch_balances(connection, year)
    next_year = opening_balances.read_next_year(reference.charts[year + 1], reference.accountants[year + 1])
    charts = reference.charts[year], reference.charts[year + 1]
    suspended = charts[0].suspense & charts[1].suspense
    arguments = (year, sorted(suspended), *opening_items.KINDS)
    is_suspended = any(row["account"] in suspended for row in rows)  # otherwise the journal needs no reading
    items = await connection.fetch(rollover.SQL["opening_items"], *arguments) if is_suspended else ()
    return opening_balances.build_openings(
        rows, next_year, technical_account=charts[0].opening, items=opening_items.group_items(items)
    )


async def load_unused_sums(
    connection: Connection, reference: ReferenceData, year: int, *, day: date
) -> dict[Step, StepSums]:
    """Add up what each step carries or annuls of the credits that a year has left; the transaction must be one snapshot."""
    unused = await unused_credit_queries.load_unused_year(connection, reference, year)
    return await asyncio.to_thread(_sum_unused_work, unused, day)


def _sum_unused_work(unused: UnusedYear, day: date) -> dict[Step, StepSums]:
    """Add up the work of both steps: C07 first, as C15 takes from ``unused`` what it carries and annuls."""
    return {step: _compute_unused_work(unused, step, day)[1] for step in (Step.EARMARKS, Step.CARRY_OVER)}


class PlannedYear(NamedTuple):
    """What is to do in a year, for each sort of steps."""

    open_year: Rollover
    determined_year: DeterminedYear
    open_result: OpenResult
    opened_year: OpenedYear
    unused: Mapping[Step, StepSums]


def sum_planned_step(step: Step, year: PlannedYear) -> StepSums:
    """Add up what a step has to do."""
    if step in year.unused:
        return year.unused[step]
    if step is Step.OPENING:
        return _sum_opened_year(year.opened_year)
    if step is Step.ALLOCATION:
        return allocation_acts.sum_result(year.open_result)
    if step is Step.RESULT:
        return result_acts.sum_balances(year.determined_year.balances)
    return sum_step(year.open_year, step)


def _sum_opened_year(opened_year: OpenedYear) -> StepSums:
    sums = opening_balances.sum_openings(opened_year.opening)
    return msgspec.structs.replace(sums, blocked=[*opened_year.unopened, *sums.blocked])


def compute_carry(open_year: Rollover, step: Step, day: date) -> ComputedStep:
    """Return what a step carries, dated ``day``."""

    async def load_acts(connection: Connection) -> StepActs:
        parts = await rollover.load_carry_lines(connection, open_year, step)
        lines, cents = sum(len(part.amount) for part in parts), sum(int(part.amount.sum()) for part in parts)
        return StepActs(
            lines,
            cents,
            lambda cause: rollover.build_table(parts, open_year, day, step=step, cause=cause),
            list_renamed_acts(parts),
        )

    return ComputedStep(sum_step(open_year, step), open_year.last_entry, load_acts)


def compute_result(determined_year: DeterminedYear) -> ComputedStep:
    """Return what is still to be brought to the result of a year."""
    year, balances, last_entry = determined_year
    sums = result_acts.sum_balances(balances)

    async def load_acts(_: Connection) -> StepActs:
        acts = list(result_acts.list_acts(balances))
        return StepActs(
            sums.lines,
            sums.cents,
            lambda cause: result_acts.build_table(acts, balances, year, last_entry=last_entry, cause=cause),
        )

    return ComputedStep(sums, last_entry, load_acts)


async def compute_unused_credits(
    connection: Connection, reference: ReferenceData, step: Step, *, year: int, day: date
) -> ComputedStep:
    """Return what a step carries or annuls of the credits that a year has left; the transaction must be one snapshot."""
    unused = await unused_credit_queries.load_unused_year(connection, reference, year)
    work, sums = await asyncio.to_thread(_compute_unused_work, unused, step, day)
    acts = work.acts

    async def load_acts(_: Connection) -> StepActs:
        lines = [line.cents for act in acts for line in act.lines]
        return StepActs(
            len(lines),
            sum(lines),
            lambda cause: carry_over_acts.build_table(
                acts, year, day, step=step, last_entry=unused.last_entry, cause=cause
            ),
        )

    return ComputedStep(sums, unused.last_entry, load_acts)


def _compute_unused_work(unused: UnusedYear, step: Step, day: date) -> tuple[UnusedWork, StepSums]:
    if step is Step.EARMARKS:
        work = earmark_acts.compute_earmarks(unused, day)
        return work, carry_over_acts.sum_work(work, unused.done_earmarks)
    work = carry_over_acts.compute_carry_over(unused, day)
    return work, carry_over_acts.sum_work(work, unused.done)


def compute_reversals(accrued_year: AccruedYear) -> ComputedStep:
    """Return what is still to be reversed of the accruals of a year."""
    year, accruals, last_entry = accrued_year
    sums = reversal_acts.sum_accruals(accruals)

    async def load_acts(_: Connection) -> StepActs:
        return StepActs(
            sums.lines,
            sums.cents,
            lambda cause: reversal_acts.build_table(accruals.accruals, year, cause=cause),
        )

    return ComputedStep(sums, last_entry, load_acts)


def compute_openings(opened_year: OpenedYear) -> ComputedStep:
    """Return what is still to be opened of a year."""
    year, opening, last_entry, _ = opened_year
    sums = _sum_opened_year(opened_year)

    async def load_acts(_: Connection) -> StepActs:
        acts = list(opening_balances.list_acts(opening))
        return StepActs(
            sums.lines,
            sums.cents,
            lambda cause: build_opening_table(acts, year, last_entry=last_entry, cause=cause),
        )

    return ComputedStep(sums, last_entry, load_acts)
