"""What the views of analysts show equals the reports, which are computed in another way."""

from collections import Counter

import pytest

from core.catalog import CATALOG
from core.errors import DatabaseUnfit
from core.nomenclature import CentreLevel
from core.reference.files import SAMPLE_FOLDER
from posting.store.analyst_store import lock_refresh
from reporting import budget, code_labels, open_items, suspense
from reporting.analysts.refresh import refresh_views
from reporting.code_names import CodeNames, read_names
from reporting.trial_balance import BY_ACCOUNTANT, BalanceScope, load_trial_balance
from reporting.visibility import WHOLE_JOURNAL
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.analysts.analyst_roles import Connection

EXERCISE = 2018
BALANCES = """
select coalesce(accountant, '') as accountant, account, sum(debit_cents)::bigint as debit, sum(credit_cents)::bigint as credit
from analysis_v1.{view} where exercise = $1 and month between 1 and 15 group by 1, 2
"""


async def read_codes(connection: Connection) -> CodeNames:
    return await read_names(connection, code_labels.load(SAMPLE_FOLDER))


@pytest.mark.parametrize("view", ["balance", "journal_line"])
async def test_balances_are_those_of_the_trial_balance(views: Connection, view: str) -> None:
    names = await read_codes(views)
    report = await load_trial_balance(views, names, BalanceScope(EXERCISE, grouping=BY_ACCOUNTANT))
    rows = await views.fetch(BALANCES.format(view=view), EXERCISE)
    sums = {(row["accountant"], row["account"]): (row["debit"], row["credit"]) for row in rows}
    assert sums == {(row.accountant, row.account): (row.debit, row.credit) for row in report.accounts}
    assert sum(debit for debit, _ in sums.values()) == sum(credit for _, credit in sums.values()) > 0


async def test_every_entry_is_an_act_of_a_known_kind(views: Connection) -> None:
    rows = await views.fetch("select kind, kind_title, count(*) from analysis_v1.act group by 1, 2")
    stored = await views.fetch("select kind, count(*) from entry group by 1")
    assert {(row["kind"], row["kind_title"]): row["count"] for row in rows} == {
        (CATALOG[row["kind"]].name, CATALOG[row["kind"]].french): row["count"] for row in stored
    }


async def test_codes_of_third_parties_and_titles_are_whole(views: Connection) -> None:
    counts = await views.fetchrow("""
        select count(*) filter (where payee is null), count(*) filter (where programme is null)
        from analysis_v1.payment""")
    assert tuple(counts) == (0, 0)
    assert await views.fetchval("select count(*) from analysis_v1.payment") > 0
    assert (
        await views.fetchval("select count(*) from analysis_v1.journal_line where account_title is null") == 0
    )
    assert await views.fetchval("select count(*) from analysis_v1.third_party") == await views.fetchval(
        "select count(distinct payee) from payee"
    )


@pytest.mark.parametrize("level", list(CentreLevel))
async def test_credits_are_those_of_the_budget_report(views: Connection, level: CentreLevel) -> None:
    """Those of upper levels were passed on, and are subtracted once."""
    names = await read_codes(views)
    report = await budget.load_budget(views, names, budget.BudgetScope(level))
    rows = await views.fetch("select * from analysis_v1.credit_node where level = $1", level.name.lower())
    figures = {
        (row["budget_year"], row["fund_centre"], row["envelope"], row["fund_family"]): (
            *(row["ae_opened_cents"], row["ae_consumed_cents"], row["ae_available_cents"]),
            *(row["cp_opened_cents"], row["cp_consumed_cents"], row["cp_available_cents"]),
        )
        for row in rows
    }
    expected = {
        (node.year, node.centre, node.envelope, node.family): (
            *(node.ae.opened, node.ae.consumed, node.ae.available),
            *(node.cp.opened, node.cp.consumed, node.cp.available),
        )
        for node in report.nodes
    }
    assert figures == expected


async def test_the_months_add_up_to_the_consumed_credits(views: Connection) -> None:
    """The sums by month come from acts, those of the nodes from the engine's balances."""
    months = await views.fetch(
        "select programme, budget_year, sum(cp_cents)::bigint as cents from analysis_v1.execution_month group by 1, 2"
    )
    nodes = await views.fetch("""
        select programme, budget_year, sum(cp_consumed_cents)::bigint as cents from analysis_v1.credit_node
        where level = 'programme' group by 1, 2""")
    consumed = {(row["programme"], row["budget_year"]): row["cents"] for row in nodes if row["cents"]}
    assert {
        (row["programme"], row["budget_year"]): row["cents"] for row in months if row["cents"]
    } == consumed
    assert consumed


async def test_open_requests_are_payable_as_in_their_report(views: Connection) -> None:
    names = await read_codes(views)
    rows = await views.fetch(
        "select e.*, s.sender from entry e join submission s using (submission) where e.kind = any($1::smallint[])",
        open_items.REQUESTS,
    )
    status = await open_items.load_payments(views, names, rows, limit=500, visibility=WHOLE_JOURNAL)
    payable = {line.entry: line.payable for line in status.lines if line.payable}
    view = await views.fetch("select entry, open_cents from analysis_v1.open_item where stage = 'payable'")
    requests = {row["entry_id"] for row in rows}
    assert {row["entry"]: row["open_cents"] for row in view if row["entry"] in requests} == payable
    assert payable


async def test_commitments_are_those_of_their_report(small_analyst_dsn: str) -> None:
    async with open_connection(small_analyst_dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        rows = await connection.fetch(
            "select e.*, s.sender from entry e join submission s using (submission) where e.kind = any($1::smallint[])",
            open_items.COMMITMENTS,
        )
        status = await open_items.load_commitments(
            connection, names, rows, limit=500, visibility=WHOLE_JOURNAL
        )
        view = await connection.fetch("select * from analysis_v1.commitment")
    figures = {row["entry"]: tuple(row.values())[-5:] for row in view}
    assert figures == {
        line.entry: (line.initial, line.increased, line.decreased, line.certified, line.requested)
        for line in status.lines
    }
    assert Counter(len(row) for row in figures.values()) == {5: 2}


async def test_invoices_have_their_numbers_as_stated(small_analyst_dsn: str) -> None:
    async with open_connection(small_analyst_dsn) as connection:
        rows = await connection.fetch("select * from analysis_v1.invoice where invoice_key = 'F20187'")
    assert [(row["invoice_number"], row["reference"], row["payee"], row["amount_cents"]) for row in rows] == [
        ("F-2018-7", "D1", "SUPPLIER", 4000)
    ]
    assert (str(rows[0]["invoice_date"]), str(rows[0]["received"]), str(rows[0]["due"])) == (
        *("2018-02-26", "2018-03-01", "2018-03-28"),
    )


async def test_suspense_items_are_those_of_their_report(busy_dsn: str) -> None:
    async with open_connection(busy_dsn) as connection:
        names = await read_names(connection, code_labels.load(REFERENCE))
        result = await suspense.load_suspense(connection, names)
        rows = await connection.fetch(
            "select entry, account, open_cents from analysis_v1.open_item where stage = 'by_hand'"
        )
    assert {(row["entry"], row["account"]): row["open_cents"] for row in rows} == {
        (item.entry, item.account): abs(item.open_cents) for item in result.items
    }
    assert len(rows) > 2


async def test_stages_of_open_items(busy_dsn: str) -> None:
    """One transfer waits for its debit, one is returned; the rest of a part that was rejected is not open."""
    async with open_connection(busy_dsn) as connection:
        rows = await connection.fetch(
            "select stage, sum(open_cents)::bigint as cents from analysis_v1.open_item where stage <> 'by_hand' group by 1"
        )
    assert {row["stage"]: row["cents"] for row in rows} == {
        "payable": 400,
        "in_transit": 7500,
        "reopened": 2000,
    }


async def test_a_second_refresh_adds_nothing(views: Connection, analyst_dsn: str) -> None:
    before = await views.fetchrow("select count(*), max(entry_id) from analyst_detail")
    result = await refresh_views(views, code_labels.load(SAMPLE_FOLDER))
    assert (result.detail_lines, result.indexes) == (0, 0)
    assert await views.fetchrow("select count(*), max(entry_id) from analyst_detail") == before
    async with open_connection(analyst_dsn) as other:
        with pytest.raises(DatabaseUnfit, match="another refresh"):
            await lock_refresh(other)
