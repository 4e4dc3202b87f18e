"""The bank account to which a transfer went: that of its payment run, or the one registered when it was accepted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from core.catalog import Family, list_kinds
from reporting.report_queries import Connection, Row, fetch

REMITTING = list_kinds(lambda kind: kind.remits)
_FOLLOWING = list_kinds(
    lambda kind: (
        kind.family is Family.SETTLEMENT
        and kind.inherits
        and not (kind.remits or kind.settles or kind.cp_consumed)
    )
)
"""What follows a transfer: its debit, rejection or return, and the identification of a return."""
_PAGE_LINES = 1 << 16
"""Lines of a page of a payment run, but of the last one."""


class TransferDetails(NamedTuple):
    """The run that issued a transfer, and the entry with the account to which it went."""

    run: int | None
    """None for a transfer that no run issued: the account is the one registered at the time of its entry."""
    details: int


async def find_transfers_above(connection: Connection, rows: Sequence[Row]) -> dict[int, Row]:
    """Return the transfer that each of these entries is or follows, by entry."""
    entries = [row["entry_id"] for row in rows if row["kind"] in (*REMITTING, *_FOLLOWING)]
    if not entries:
        return {}
    climbed = await fetch(connection, "transfers_above", entries, REMITTING, _FOLLOWING)
    return {row["act"]: row for row in climbed}


async def find_details(connection: Connection, transfers: Sequence[Row]) -> dict[int, TransferDetails]:
    """Return the details of each transfer, by its entry."""
    submissions = list({row["submission"] for row in transfers})
    issued = await fetch(connection, "runs_of_submissions", submissions) if submissions else []
    run_of = {row["submission"]: row["run"] for row in issued}
    by_run: dict[int, list[Row]] = defaultdict(list)
    for row in transfers:
        if row["submission"] in run_of:
            by_run[run_of[row["submission"]]].append(row)
    details_by_entry = {row["entry_id"]: TransferDetails(None, row["entry_id"]) for row in transfers}
    for run, rows in by_run.items():
        details = await _read_run(connection, run, rows)
        details_by_entry |= {
            row["entry_id"]: TransferDetails(run, details.get(row["predecessor"], row["entry_id"]))
            for row in rows
        }
    return details_by_entry


async def _read_run(connection: Connection, run: int, rows: Sequence[Row]) -> Mapping[int, int]:
    """Return the entry with the account of each debt that these transfers pay, from the lines of the run."""
    pages = [row["page"] for row in await fetch(connection, "pages_of_run", run)]
    # the acts of a run are in the order of its lines, less those that it does not pay
    first = min(min(row["line"] for row in rows) // _PAGE_LINES, max(len(pages) - 1, 0))
    missing, details = {row["predecessor"] for row in rows}, dict[int, int]()
    for page in (*pages[first:], *pages[:first]):
        if not missing:
            break
        (row,) = await fetch(connection, "page_of_run", run, page)
        details |= _read_page(row["content"], missing)
        missing -= details.keys()
    return details


def _read_page(content: bytes, debts: set[int]) -> dict[int, int]:
    table = pa.ipc.open_stream(content).read_all()
    options = pc.SetLookupOptions(value_set=pa.array(sorted(debts), pa.int64()))
    rows = table.filter(pc.call_function("is_in", [table["entry_id"]], options))
    return dict(zip(rows["entry_id"].to_pylist(), rows["details"].to_pylist(), strict=True))
