"""The bank messages for the checks: the stored rows, and the operations account of each fund centre."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pyarrow as pa

from core import accountants, calendar, nomenclature
from reporting.verification.snapshot_queries import JournalSnapshot, TablePart

TABLES = ("bank_statement", "bank_attempt", "bank_item", "bank_submission")
_ASSIGNED = pa.schema([("exercise", pa.int32()), ("centre", pa.string()), ("account", pa.string())])


async def read_parts(snapshot: JournalSnapshot, folder: Path) -> AsyncIterator[TablePart]:
    """Yield the rows about bank messages; at least one part for each table."""
    for name in TABLES:
        async for rows in snapshot.read_table(name):
            yield TablePart(name, rows)
    yield TablePart("assigned", await asyncio.to_thread(read_assigned_accounts, folder))


def read_assigned_accounts(folder: Path) -> pa.Table:
    """Return the operations account of every fund centre, by exercise."""
    rows = []
    for year in calendar.load(folder.joinpath("calendar.toml")).exercises:
        year_folder = folder.joinpath(str(year))
        year_accountants = accountants.load(year_folder, nomenclature.load(year_folder))
        rows += [
            {"exercise": year, "centre": centre, "account": year_accountants.accountants[code].iban}
            for centre, code in year_accountants.by_centre.items()
        ]
    return pa.Table.from_pylist(rows, _ASSIGNED)
