"""The views of ``analysis_v1`` as Arrow tables, read in streams: their columns, types and comments, and how far they go.

Only views are read, so whoever may read them may export them.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

import pyarrow as pa
from pyarrow import csv

from core.errors import CrescendoError
from posting.store.copy_out import stream_csv
from reporting.report_queries import SQL, Connection, fetch, fetch_one

SCHEMA = "analysis_v1"
CENTS = "_cents"
"""The end of the names of columns of money."""
_TYPES: Mapping[str, pa.DataType] = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
    "text": pa.string(),
    "date": pa.date32(),
    "boolean": pa.bool_(),
}
_NO_TIMES = "as_of"
"""The view that is not exported: its row is the head of the export."""


class ExportRefused(CrescendoError):
    """The ledger cannot be exported as it is; the message says what to do."""


class LedgerState(NamedTuple):
    """Which ledger is read, and how far it goes."""

    ledger: str
    batch: int
    last_entry: int
    refreshed_at: str = ""
    """When titles, codes of third parties and invoices were read last, in UTC; empty before the first refresh."""


class View(NamedTuple):
    """A view: its comment, and its columns with their comments as an Arrow schema."""

    name: str
    comment: str
    schema: pa.Schema


async def read_state(connection: Connection, ledger: str = "") -> LedgerState:
    """Return which ledger the views show, and how far.

    Raises
    ------
    ExportRefused
        There are no views, the ledger is not that named ``ledger``, or the views lack what was posted since the last refresh.
    """
    if not (await fetch_one(connection, "has_views"))["has_views"]:
        raise ExportRefused(
            "the database has no views for analysts, or this role may not read them: call crescendo analysts refresh, "
            "or crescendo analysts grant ROLE"
        )
    row = await fetch_one(connection, "views_as_of")
    if ledger and row["ledger"] != ledger:
        raise ExportRefused(f"--ledger demands {ledger}, and the database contains {row['ledger']}")
    if row["refreshed_entry"] < row["last_entry"]:
        raise ExportRefused(
            f"the views show third parties and invoices up to entry {row['refreshed_entry']:,} of "
            f"{row['last_entry']:,}: call crescendo analysts refresh first"
        )
    refreshed_at = row["refreshed_at"].isoformat() if row["refreshed_at"] else ""
    return LedgerState(row["ledger"], row["batch"], row["last_entry"], refreshed_at)


async def check_year(connection: Connection, year: int) -> None:
    """Check that the ledger has something of a year, so that nobody takes an export of nothing for one of a quiet year.

    Raises
    ------
    ExportRefused
        No account and no credits are of this year; the message lists the years of the ledger.
    """
    years = [row["year"] for row in await fetch(connection, "years_of_views")]
    if year not in years:
        present = f"it has {', '.join(map(str, years))}" if years else "it is empty"
        raise ExportRefused(f"the ledger has nothing of {year}: {present}")


async def read_views(connection: Connection) -> dict[str, View]:
    """Return the views that the role of the connection may read, by name."""
    fields: dict[str, list[pa.Field]] = {}
    comments: dict[str, str] = {}
    for row in await fetch(connection, "view_columns"):
        if row["view"] == _NO_TIMES:
            continue
        metadata = {"comment": row["comment"]}
        if row["name"].endswith(CENTS):
            metadata["unit"] = "cents of euro"
        field = pa.field(row["name"], _TYPES[row["type"]], metadata=metadata)
        fields.setdefault(row["view"], []).append(field)
        comments[row["view"]] = row["view_comment"]
    return {
        name: View(name, comments[name], pa.schema(columns, {"comment": comments[name]}))
        for name, columns in fields.items()
    }


async def stream_view(
    connection: Connection, view: View, work: Callable[[pa.Table], None], *, condition: str
) -> None:
    """Call ``work`` with the rows of a view, about 16 MB of text at a time, in another thread.

    ``condition`` is SQL of this program, which contains numbers alone.
    """
    names = ", ".join(view.schema.names)
    select = f"select {names} from {SCHEMA}.{view.name} where {condition}"  # noqa: S608 -- names of the catalog
    await stream_csv(connection, select, lambda chunk: work(parse_rows(chunk, view.schema)))


def parse_rows(chunk: bytes, schema: pa.Schema) -> pa.Table:
    """Return rows of CSV as a table; an empty text is a text, and nothing at all is null."""
    if not chunk:
        return schema.empty_table()
    table = csv.read_csv(
        pa.BufferReader(chunk),
        csv.ReadOptions(column_names=schema.names, block_size=len(chunk) + 1, use_threads=False),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    return table.cast(schema)


@asynccontextmanager
async def open_snapshot(connection: Connection) -> AsyncIterator[None]:
    """Read all views as of one moment while the body runs, with memory for the joins of the whole journal."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute(SQL["export_settings"])
        yield
