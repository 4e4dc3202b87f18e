"""Open items by age: the items of each account add up to its balance, for every kind of act."""

from datetime import date

import asyncpg

from core.reference.files import SAMPLE_FOLDER
from reporting import code_labels
from reporting.aged_items import BY_ITEM, ItemScope, build_table, load_aged_items
from reporting.code_names import CodeNames, read_names
from reporting.report_queries import Connection

DAY = date(2018, 12, 31)


async def test_the_items_of_a_year_add_up_to_the_balances(journal: str) -> None:
    connection = await asyncpg.connect(journal)
    try:
        names = await read_names(connection, code_labels.load(SAMPLE_FOLDER))
        by_payee = await load_aged_items(connection, names, ItemScope(day=DAY))
        by_item = await load_aged_items(connection, names, ItemScope(day=DAY, grouping=BY_ITEM))
    finally:
        await connection.close()
    assert {account.account[:3] for account in by_payee.accounts} >= {"401", "408", "467"}
    assert by_payee.add_up, [row for row in by_payee.accounts if row.open_cents != row.balance_cents]
    assert by_item.accounts == by_payee.accounts
    assert all(row.items == 1 for row in by_item.items)
    # nothing is cleared that was not open: no item of a debt stands on the other side
    assert [
        row for row in by_item.items if row.account.startswith(("401", "408", "5126")) and row.open_cents > 0
    ] == []
    for row in by_payee.items:
        assert row.open_cents == sum(
            (row.age_30_cents, row.age_60_cents, row.age_90_cents, row.age_365_cents, row.older_cents)
        )


async def test_the_small_journal_by_item(reader: Connection, names: CodeNames) -> None:
    result = await load_aged_items(reader, names, ItemScope(account="401", day=DAY, grouping=BY_ITEM))
    assert result.add_up
    assert {row.account for row in result.items} == {"4011100000"}
    (direct,) = [row for row in result.items if row.reference == "D3"]
    assert (direct.open_cents, direct.payee, direct.oldest, direct.age_days) == (
        -2_500,
        "SUPPLIER",
        "2018-03-15",
        291,
    )
    assert direct.age_365_cents == direct.open_cents
    table = build_table(result)
    assert table.rows[0][-1] == "equals the balance"
    assert len(table.footer) == len(table.columns)
    assert (await load_aged_items(reader, names, ItemScope(last_day=date(2017, 12, 31)))).items == []
