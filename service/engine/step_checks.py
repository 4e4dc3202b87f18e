"""The steps of the closing that prove something and post nothing: what each finds, and what of it blocks."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import NamedTuple

from closing import review_queries
from closing.journal_queries import Connection
from closing.review_queries import LIAISON_CLASS, TRANSIT_ACCOUNT
from closing.step_sums import sum_step
from closing.steps import Step
from posting.store.step_executions import StepFinding
from reporting import code_labels
from reporting.code_names import read_names
from reporting.suspense import EXPENSE, RECEIPT, SORTS, SuspenseItem, SuspenseItems, find_sort, load_suspense
from service.engine import step_acts
from service.engine.engine_context import EngineContext
from service.engine.step_conditions import StepRequest, find_last_payment_day
from service.engine.treasury_checks import compare_treasury
from service.terminal.processing_progress import ProgressReporter
from settlement.reconciliation.account_status import load_accounts_report

_NOT_OVER = "{year} is not over: this step is executed from {next_year}-01-01 on, by --at DAY"
_CLEAR = (
    "clear it onto a final account by the last day on which {year} pays (LOLF art. 28): crescendo report suspense --exercise "
    "{year}"
)
_LISTED = "only receipts may stay, and are listed in the annex to the settlement bill (LOLF art. 28)"
_JUSTIFY = "clear it, or justify it: crescendo report suspense --exercise {year}"
_DIFFERENT = "crescendo report suspense --exercise {year} shows both sums; nothing clears or justifies what is not an item"
_ISSUE = "issue it or abandon it: it pays what was due in {year}"
_UNBALANCED = "no act may leave it so (TRANSFER_UNPAIRED): look for the cause by crescendo verify"
_UNSETTLED = "it is not between accountants: no step settles it, and it does not stop the closing"
_ITEMS_MAX = 100
"""Items that a check lists one by one."""


class CheckScope(NamedTuple):
    """What a check reads, in one snapshot of the ledger."""

    connection: Connection
    context: EngineContext
    year: int
    reporter: ProgressReporter


async def find_check_obstacle(connection: Connection, request: StepRequest) -> str:
    """Return why a check cannot be made on its day; empty if it can."""
    if not await review_queries.has_year(connection, request.year):
        return f"the ledger has no months of {request.year} yet: send its first acts"
    if request.step is not Step.CUT or request.day > date(request.year, 12, 31):
        return ""
    return _NOT_OVER.format(year=request.year, next_year=request.year + 1)


async def list_findings(
    connection: Connection, context: EngineContext, request: StepRequest, *, reporter: ProgressReporter
) -> list[StepFinding]:
    """Return what a check finds; the transaction must be one snapshot."""
    reporter.report_activity(f"checking {request.step} of {request.year}")
    return await _CHECKS[request.step](CheckScope(connection, context, request.year, reporter))


async def _list_last_dates(scope: CheckScope) -> list[StepFinding]:
    """List the last dates of a year, which the loaded calendar has."""
    exercise = scope.context.reference.calendar.exercises[scope.year]
    order_day = exercise.find_last_order_day()
    named = "last_order_day" if exercise.last_order_day else "none is set, so the year orders to its end"
    rows = (
        ("commitments of the year", f"until {scope.year}-12-31"),
        ("orders of payment", f"until {order_day}: {named}"),
        ("payments of the year", f"until {find_last_payment_day(scope.context.reference, scope.year)}"),
        ("complementary period", f"{exercise.complementary_days} days"),
        ("credits of payroll", f"checked from month {exercise.payroll_check_month} on"),
    )
    return [StepFinding(subject, 1, detail=detail) for subject, detail in rows]


async def _review(scope: CheckScope) -> list[StepFinding]:
    """Count what is unfinished before the year is cut, and find what must not be there."""
    last_day = find_last_payment_day(scope.context.reference, scope.year)
    runs = await review_queries.list_pending_runs(scope.connection, last_day)
    counts = {
        "acts held for a predecessor": await review_queries.count_held_acts(scope.connection),
        "files not decided": await review_queries.count_undecided_files(scope.connection),
        "requests suspended": await review_queries.count_suspended_requests(scope.connection, scope.year),
    }
    return [
        *(
            StepFinding(f"payment {name}", 1, cents, True, _ISSUE.format(year=scope.year))
            for name, _, cents in runs
        ),
        *await _review_suspense(scope.connection, scope.context, scope.year),
        *(StepFinding(subject, *count) for subject, count in counts.items()),
        *await _list_balances(scope.connection, scope.year, TRANSIT_ACCOUNT, subject="transfers in transit"),
        *await _list_balances(scope.connection, scope.year, LIAISON_CLASS, subject="liaison account"),
        *await _compare_with_bank(scope.connection, scope.context),
    ]


async def _review_suspense(connection: Connection, context: EngineContext, year: int) -> list[StepFinding]:
    suspense = await _load_suspense(connection, context, year)
    items = suspense.items
    expenses = [item for item in items if item.sort == EXPENSE]
    receipts = [item for item in items if item.sort == RECEIPT]
    clear = _CLEAR.format(year=year)
    others = expenses[_ITEMS_MAX:]
    further = StepFinding(
        "further budget expenses on suspense accounts",
        *(len(others), sum(item.open_cents for item in others), True, clear),
    )
    return [
        *(
            StepFinding(
                f"budget expense @{item.entry} on suspense account {item.account}",
                *(1, item.open_cents, True, clear),
            )
            for item in expenses[:_ITEMS_MAX]
        ),
        *([further] if others else []),
        StepFinding(
            "budget receipts on suspense accounts",
            len(receipts),
            sum(item.open_cents for item in receipts),
            detail=_LISTED,
        ),
        *_compare_with_balances(suspense, EXPENSE),
    ]


def _compare_with_balances(suspense: SuspenseItems, sort: str = SORTS[0]) -> list[StepFinding]:
    """List the suspense accounts whose items do not add up to their balance: what is not among the items is not checked."""
    return [
        StepFinding(
            f"suspense account {row.account}, whose items are not its balance",
            *(row.items, row.balance_cents - row.open_cents, True, _DIFFERENT.format(year=row.exercise)),
        )
        for row in suspense.accounts
        if sort in (SORTS[0], find_sort(row.account)) and row.balance_cents not in (None, row.open_cents)
    ]


async def _load_suspense(connection: Connection, context: EngineContext, year: int) -> SuspenseItems:
    codes = await asyncio.to_thread(_load_labels, context)
    return await load_suspense(connection, await read_names(connection, codes), exercise=year)


def _load_labels(context: EngineContext) -> code_labels.CodeLabels:
    folder = context.settings.reference
    return code_labels.load(folder) if folder else code_labels.load()


async def _list_balances(
    connection: Connection, year: int, digits: str, *, subject: str
) -> list[StepFinding]:
    balances = await review_queries.list_balances(connection, year, digits)
    return [StepFinding(f"{subject} {account}", lines, cents) for account, lines, cents in balances]


async def _compare_with_bank(connection: Connection, context: EngineContext) -> list[StepFinding]:
    report = await load_accounts_report(connection, context.reference.accountants)
    return [
        StepFinding(f"bank difference of {row.account}", 1, row.difference, detail="crescendo bank status")
        for row in report.accounts
        if row.difference
    ]


async def _find_late_commitments(scope: CheckScope) -> list[StepFinding]:
    """Find what consumed AE of the year after its end."""
    first, lines, cents = await review_queries.count_late_commitments(scope.connection, scope.year)
    detail = f"the first is {first}" if lines else "the engine refuses them (BUDGET_YEAR_CLOSED)"
    return [StepFinding(f"AE of {scope.year} consumed after 31 December", lines, cents, lines > 0, detail)]


async def _count_open_commitments(scope: CheckScope) -> list[StepFinding]:
    """Count by programme what C06 would carry: a ministry withdraws what it will not use."""
    open_year = await step_acts.load_open_year(
        scope.connection, scope.context.reference, scope.year, reporter=scope.reporter
    )
    return [
        StepFinding(f"{row.kind} of programme {row.programme}", row.lines, row.cents)
        for row in sum_step(open_year, Step.COMMITMENTS).carried
    ]


async def _list_unjustified_items(scope: CheckScope) -> list[StepFinding]:
    """List the items on suspense accounts that are not justified, which block, and accounts with more than their items.

    An expense of the budget blocks with a justification too: only receipts may stay (LOLF art. 28).  Findings
    are stored with each execution, so the first items are listed; the others are counted, as are those justified.
    """
    suspense = await _load_suspense(scope.connection, scope.context, scope.year)
    open_items = [item for item in suspense.items if _must_leave(item)]
    others = open_items[_ITEMS_MAX:]
    justified_items = [item for item in suspense.items if not _must_leave(item)]
    clear = _CLEAR.format(year=scope.year)
    justify = _JUSTIFY.format(year=scope.year)
    counts = (("further items", others, True), ("items that are justified", justified_items, False))
    return [
        *(
            StepFinding(
                f"item @{item.entry} on {item.account} of {item.accountant}",
                *(1, item.open_cents, True, clear if item.sort == EXPENSE else justify),
            )
            for item in open_items[:_ITEMS_MAX]
        ),
        *(
            StepFinding(subject, len(items), sum(item.open_cents for item in items), blocks, justify * blocks)
            for subject, items, blocks in counts
            if items
        ),
        *_compare_with_balances(suspense),
    ]


def _must_leave(item: SuspenseItem) -> bool:
    """Whether an item may not stay on suspense: it is not justified, or is an expense of the budget."""
    return item.justified_on is None or item.sort == EXPENSE


async def _list_liaison_differences(scope: CheckScope) -> list[StepFinding]:
    """List accounts of class 18: those between accountants must be zero over all of them together."""
    chart = scope.context.reference.charts[scope.year]
    between_accountants = chart.liaison | {chart.result.transfer}
    balances = await review_queries.list_balances(scope.connection, scope.year, LIAISON_CLASS)
    own = [row for row in balances if row.name in between_accountants and row.cents]
    other = [row for row in balances if row.name not in between_accountants]
    return [
        *(
            StepFinding(f"liaison account {name}", lines, cents, True, _UNBALANCED)
            for name, lines, cents in own
        ),
        *(
            StepFinding(f"liaison account {name}", lines, cents, False, _UNSETTLED)
            for name, lines, cents in other
        ),
    ]


async def _compare_treasury(scope: CheckScope) -> list[StepFinding]:
    return await compare_treasury(scope.connection, scope.context.reference, scope.year)


_Check = Callable[[CheckScope], Awaitable[list[StepFinding]]]
_CHECKS: Mapping[Step, _Check] = {
    Step.LAST_DATES: _list_last_dates,
    Step.REVIEW: _review,
    Step.CUT: _find_late_commitments,
    Step.WITHDRAWALS: _count_open_commitments,
    Step.SUSPENSE: _list_unjustified_items,
    Step.LIAISON: _list_liaison_differences,
    Step.CASH: _compare_treasury,
}
