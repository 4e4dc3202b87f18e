"""Reports after each scenario: open items add up, and the follow-up agrees with what remains to be paid."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

import asyncpg

from reporting import aged_items, code_labels, follow_up
from reporting.aged_items import BY_ITEM, AgedItems, ItemScope
from reporting.analysts import plots
from reporting.analysts.refresh import refresh_views
from reporting.code_names import read_names
from reporting.commitments import load_outstanding_commitments
from reporting.reconciliation import load_reconciliation
from reporting.report_catalog import REPORTS
from reporting.report_definition import PageRange, ReportArguments
from reporting.verification import verify
from tests.file_strategies import REFERENCE
from tests.reporting.analysts.analyst_roles import Connection

SUBJECTS = (
    *("advances", "inventory", "openings", "receipts", "retentions", "rollover", "settlement", "suspense"),
)
"""Files of scenarios whose acts leave items that the reports follow."""
(FOLLOW_UP,) = [report for report in REPORTS if report.name == "follow-up"]
OPENED_BY_CREDIT, OPENED_BY_DEBIT = ("401", "404", "408", "467", "5126"), ("409", "41")
NO_STAGE = ("408", "409", "418")
"""Certified service, advances and accruals, which the view of analysts does not list."""
OPEN_BY_ACCOUNT = """
select account, sum(open_cents)::bigint as cents from analysis_v1.open_item
where account like any(array['401%', '404%', '41%', '467%', '47%', '5126%']) group by account
"""
OPEN_BY_STAGE = (
    "select exercise, stage, sum(open_cents)::bigint as cents from analysis_v1.open_item group by 1, 2"
)
YEARS = (2018, 2019, 2020)
HAND_OPENINGS = "select from analysis_v1.act where kind in ('opening_debit', 'opening_credit')"


async def check_reports(dsn: str) -> None:
    """Check the reports of a ledger whose acts followed the reference data of the tests."""
    connection = await asyncpg.connect(dsn)
    try:
        names = await read_names(connection, code_labels.load(REFERENCE))
        items = await aged_items.load_aged_items(connection, names, ItemScope(grouping=BY_ITEM))
        assert items.add_up, items.accounts
        assert [row for row in items.items if _is_overdrawn(row)] == []
        arguments = ReportArguments(FOLLOW_UP.default_values, page=PageRange(0, 1000))
        lines = (await follow_up.load_follow_up(connection, names, arguments)).lines
        outstanding = await load_outstanding_commitments(connection, names)
        await _check_view(connection, items.items)
    finally:
        await connection.close()
    assert sum(line.remaining_cents for line in lines) == outstanding.remaining_cents
    assert sum(line.paid_cents for line in lines) == outstanding.paid_cents
    assert sum(line.withdrawn_cents for line in lines) == outstanding.withdrawn_cents
    assert sum(line.certified_cents for line in lines) == outstanding.unbilled_cents
    assert sum(line.invoiced_cents + line.prerecorded_cents for line in lines) == outstanding.requested_cents
    assert sum(line.carried_in_cents - line.carried_out_cents for line in lines) == 0
    verification = await verify(dsn, folder=REFERENCE, checks=["document_numbers"])
    assert verification.findings == []


async def check_reconciliation(dsn: str) -> None:
    """Check that the budget balance and the result of each exercise are reconciled, whatever the acts were."""
    connection = await asyncpg.connect(dsn)
    try:
        names = await read_names(connection, code_labels.load(REFERENCE))
        for (exercise,) in await connection.fetch("select distinct exercise from entry"):
            reconciliation = await load_reconciliation(connection, names, exercise=exercise)
            assert reconciliation.is_reconciled, reconciliation
    finally:
        await connection.close()


async def _check_view(connection: Connection, items: Sequence[AgedItems]) -> None:
    """Compare the view with the items, which follow each posting back; an opening by hand says not which item it repeats."""
    await refresh_views(connection, code_labels.load(REFERENCE))
    await _check_plot(connection)
    if await connection.fetch(HAND_OPENINGS):
        return
    sums: Counter[str] = Counter()
    for row in items:
        sums[row.account] += 0 if row.account.startswith(NO_STAGE) else abs(row.open_cents)
    rows = await connection.fetch(OPEN_BY_ACCOUNT)
    assert {row["account"]: row["cents"] for row in rows} == +sums


async def _check_plot(connection: Connection) -> None:
    """Compare the bars of a plot with the view, up to a day after all acts."""
    rows = await connection.fetch(OPEN_BY_STAGE)
    for year in YEARS:
        series = await plots.load_ages(connection, year, date(year + 5, 12, 31))
        by_stage = {row["stage"]: row["cents"] for row in rows if row["exercise"] == year}
        assert {stage.name: sum(stage.cents) for stage in series} == by_stage


def _is_overdrawn(row: AgedItems) -> bool:
    """Return whether more was taken off an item than it had."""
    return (row.account.startswith(OPENED_BY_CREDIT) and row.open_cents > 0) or (
        row.account.startswith(OPENED_BY_DEBIT) and row.open_cents < 0
    )
