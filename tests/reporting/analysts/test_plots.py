"""Plots: their figures are those of the views, and the files are well-formed SVG."""

from datetime import date
from itertools import chain
from xml.etree import ElementTree as ET

from core.catalog import KIND_NUMBERS
from core.money import format_euros
from reporting.analysts import plots
from tests.databases import open_connection
from tests.reporting.analysts.analyst_roles import Connection

YEAR = 2018


async def test_the_lines_end_at_what_each_programme_consumed(views: Connection) -> None:
    series = await plots.load_execution(views, YEAR)
    total = await views.fetchval(
        "select sum(cp_cents)::bigint from analysis_v1.execution_month where exercise = $1", YEAR
    )
    assert sum(line.cents[-1] for line in series) == total > 0
    assert all(line.cents == sorted(line.cents) for line in series)
    svg = plots.draw_execution(series, YEAR)
    root = ET.fromstring(svg.encode())
    assert len(root.findall("{http://www.w3.org/2000/svg}polyline")) == len(series) <= plots.PROGRAMMES + 1
    assert format_euros(series[0].cents[-1]) in svg


async def test_the_bars_add_up_to_what_is_open(busy_dsn: str) -> None:
    async with open_connection(busy_dsn) as connection:
        series = await plots.load_ages(connection, YEAR, date(YEAR, 12, 31))
        rows = await connection.fetch(
            "select stage, sum(open_cents)::bigint as cents from analysis_v1.open_item where exercise = $1 group by 1",
            YEAR,
        )
    assert {stage.name: sum(stage.cents) for stage in series} == {row["stage"]: row["cents"] for row in rows}
    ET.fromstring(plots.draw_ages(series, YEAR, date(YEAR, 12, 31)).encode())


async def test_what_is_cleared_after_the_day_is_open_on_it(busy_dsn: str) -> None:
    """Of items of 70.00, 30.00 and 8.00 on suspense accounts, 50.00 are cleared on the last day of the year."""
    async with open_connection(busy_dsn) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "set local session_replication_role = replica; update entry set day = '2018-12-31' where kind = any"
            f"('{{{KIND_NUMBERS['clearing_debit']},{KIND_NUMBERS['clearing_credit']}}}')"
        )
        sums = [
            sum(chain.from_iterable(stage.cents for stage in series if stage.name == "by_hand"))
            for day in (30, 31)
            for series in [await plots.load_ages(connection, YEAR, date(YEAR, 12, day))]
        ]
        await transaction.rollback()
    assert sums == [108_00, 58_00]


def test_an_empty_year_is_drawn() -> None:
    ET.fromstring(plots.draw_execution([], YEAR).encode())
    ET.fromstring(plots.draw_ages([], YEAR, date(YEAR, 12, 31)).encode())
