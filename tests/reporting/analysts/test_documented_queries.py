"""The queries of docs/analysts.md: on the views, on the Parquet files, and as a plain program adds up, the result is one."""

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
import pytest_asyncio

from core.catalog import CATALOG
from reporting.analysts.parquet_export import ExportRequest, export_year
from tests.databases import open_connection
from tests.reporting.analysts.analyst_roles import Connection

TEXT = (Path(__file__).parents[3] / "docs/analysts.md").read_text()
QUERIES = re.findall(r"^\*\*(\d+)\. .+?\*\*\n\n```sql\n(.+?);\n```", TEXT, re.MULTILINE | re.DOTALL)
YEAR = 2018
Rows = list[tuple[Any, ...]]


def normalise(rows: Iterable[Sequence[Any]]) -> Rows:
    """Return rows with plain whole numbers, in an order of their own: the collations of the two databases may differ."""
    plain = [
        tuple(value if isinstance(value, str) or value is None else int(value) for value in row)
        for row in rows
    ]
    return sorted(plain, key=repr)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def files(
    analyst_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[duckdb.DuckDBPyConnection]:
    """DuckDB with a schema of the same names over the exported files, as the page says."""
    folder = tmp_path_factory.mktemp("parquet")
    async with open_connection(analyst_dsn) as connection:
        manifest = (await export_year(connection, ExportRequest(YEAR, folder))).read_manifest()
    with duckdb.connect() as database:
        database.execute("create schema analysis_v1")
        for name in manifest.views:
            database.execute(
                f"create view analysis_v1.{name} as select * from read_parquet('{folder}/{name}/**/*.parquet')"
            )
        yield database


async def read_entries(connection: Connection) -> list[dict[str, Any]]:
    """Read the entries of the year as they are stored, with the codes of their numbers; nothing of the views."""
    rows = await connection.fetch(
        """
        select e.amount, e.kind, e.month, s.sender, p.code as payee, d.code as debit, c.code as credit
        from entry e join submission s using (submission)
        left join (select distinct payee, code from payee) p on p.payee = e.payee
        left join reference_text d on d.kind = 5 and d.id = e.debit
        left join reference_text c on c.kind = 5 and c.id = e.credit
        where e.exercise = $1""",
        YEAR,
    )
    return [dict(row) for row in rows]


def group(
    entries: Iterable[dict[str, Any]], key: Callable[[dict[str, Any]], Any]
) -> dict[Any, tuple[int, int]]:
    """Count and add up entries by a key."""
    sums: dict[Any, list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        sums[key(entry)][0] += 1
        sums[key(entry)][1] += entry["amount"]
    return {key: (count, cents) for key, (count, cents) in sums.items()}


def expect_months(entries: list[dict[str, Any]]) -> Rows:
    debit = group((entry for entry in entries if entry["debit"]), lambda entry: entry["month"])
    credit = group((entry for entry in entries if entry["credit"]), lambda entry: entry["month"])
    return [(month, debit[month][1], credit[month][1]) for month in debit.keys() | credit.keys()]


def expect_payees(entries: list[dict[str, Any]]) -> Rows:
    paid = group(
        (entry for entry in entries if CATALOG[entry["kind"]].name == "payment"), lambda entry: entry["payee"]
    )
    rows = [(payee, count, cents) for payee, (count, cents) in paid.items()]
    return sorted(rows, key=lambda row: (-row[2], row[0]))[:20]


def expect_classes(entries: list[dict[str, Any]]) -> Rows:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for entry in entries:
        for place, side in enumerate(("debit", "credit"), 1):
            if entry[side]:
                sums[entry[side][0]][0] += 1
                sums[entry[side][0]][place] += entry["amount"]
    return [(digit, *figures) for digit, figures in sums.items()]


def expect_senders(entries: list[dict[str, Any]]) -> Rows:
    acts = group(entries, lambda entry: (entry["sender"], entry["kind"]))
    return [
        (sender, CATALOG[kind].name, CATALOG[kind].french, count, cents)
        for (sender, kind), (count, cents) in acts.items()
    ]


def expect_accounts(entries: list[dict[str, Any]]) -> Rows:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for entry in entries:
        for place, side in enumerate(("debit", "credit")):
            if entry[side]:
                sums[entry[side]][place] += entry["amount"]
    return [(account, debit, credit, debit - credit) for account, (debit, credit) in sums.items()]


BY_HAND: dict[str, Callable[[list[dict[str, Any]]], Rows]] = {
    "1": expect_months,
    "2": expect_accounts,
    "3": expect_payees,
    "9": expect_classes,
    "10": expect_senders,
}
"""Results that a plain program adds up from the stored entries; those of the others are compared in test_views.py."""


def test_the_page_has_ten_queries() -> None:
    assert [number for number, _ in QUERIES] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize(("number", "query"), QUERIES, ids=[number for number, _ in QUERIES])
async def test_a_query_gives_the_same_on_views_and_files(
    views: Connection, files: duckdb.DuckDBPyConnection, number: str, query: str
) -> None:
    rows = normalise(tuple(row.values()) for row in await views.fetch(query))
    assert rows == normalise(files.execute(query).fetchall())
    assert rows
    if number in BY_HAND:
        by_hand = normalise(BY_HAND[number](await read_entries(views)))
        assert _drop_title(number, rows) == by_hand


def _drop_title(number: str, rows: Rows) -> Rows:
    """Return the trial balance without the titles of accounts, which no entry has."""
    return [row[:1] + row[2:] for row in rows] if number == "2" else rows
