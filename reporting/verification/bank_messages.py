"""The bank's answers as the checks read them: what was stored of them, and from which account a fund centre is paid."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from core import accountants, calendar, nomenclature
from reporting.verification.snapshot_queries import JournalSnapshot

TABLES = ("bank_statement", "bank_attempt", "bank_item", "bank_submission")
_ASSIGNED = pa.schema([("exercise", pa.int32()), ("centre", pa.string()), ("account", pa.string())])


class TablePart(NamedTuple):
    """Rows for a table of the workbench."""

    table: str
    rows: pa.Table


async def read_parts(snapshot: JournalSnapshot, folder: Path) -> AsyncIterator[TablePart]:
    """All there is to know of the bank's answers; each table comes at least once."""
    for name in TABLES:
        async for rows in snapshot.read_table(name):
            yield TablePart(name, rows)
    yield TablePart("assigned", await asyncio.to_thread(read_assigned_accounts, folder))


def read_assigned_accounts(folder: Path) -> pa.Table:
    """The operations account of every fund centre, by exercise."""
    rows = []
    for year in calendar.load(folder.joinpath("calendar.toml")).exercises:
        year_folder = folder.joinpath(str(year))
        year_accountants = accountants.load(year_folder, nomenclature.load(year_folder))
        rows += [
            {"exercise": year, "centre": centre, "account": year_accountants.accountants[code].iban}
            for centre, code in year_accountants.by_centre.items()
        ]
    return pa.Table.from_pylist(rows, _ASSIGNED)
