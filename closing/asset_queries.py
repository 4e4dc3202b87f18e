"""Loads what was done to assets in columns, without a Python object per row."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import numpy as np

from closing.depreciation import PlanBook
from core.catalog import Family, list_kinds
from core.chart import Chart
from core.sql_files import read_queries
from core.tables.columns import concat_tables
from core.tables.rollover import AssetEntries
from posting.pgcopy import HEADER, TRAILER, decode, list_columns
from posting.store import copy_out

Connection = asyncpg.Connection
SQL = read_queries("closing", "queries.sql")
_KINDS = list_kinds(lambda kind: kind.family is Family.ASSET)


async def load_asset_entries(connection: Connection, last_entry: int) -> AssetEntries:
    """Load the entries of assets up to ``last_entry``, in any order."""
    parts = [decode(AssetEntries, HEADER + TRAILER).rows]

    def add_rows(stream: bytes) -> None:
        parts.append(decode(AssetEntries, b"".join([HEADER, stream, TRAILER])).rows)

    columns, kinds = ", ".join(list_columns(AssetEntries)), ", ".join(map(str, _KINDS))
    select = f"select {columns} from entry where entry_id <= {last_entry} and kind in ({kinds})"  # noqa: S608 -- numbers
    await copy_out.stream_rows(connection, select, add_rows)
    return concat_tables(parts)


async def load_plan_book(
    connection: Connection, charts: Mapping[int, Chart], cells: Sequence[Mapping[str, Any]]
) -> PlanBook:
    """Load the numbers of accounts, and join them to the plans of ``charts``."""
    accounts = await connection.fetch(SQL["account_numbers"])
    years = np.zeros(max((row["cell"] for row in cells), default=0) + 1, np.int64)
    for row in cells:
        years[row["cell"]] = row["budget_year"]
    plans = {year: chart.assets for year, chart in charts.items()}
    return PlanBook(plans, {row["id"]: row["code"] for row in accounts}, years)
