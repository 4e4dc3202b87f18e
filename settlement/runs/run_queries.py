"""What runs read from the journal and keep in the database, in columns wherever there are many rows."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.errors import CrescendoError, DatabaseUnfit
from core.sql_files import read_queries
from core.tables.journal import NewPayees
from core.tables.payment_runs import Payables, RunEntries, RunLines
from posting.pgcopy import HEADER, TRAILER, TextCells, decode, list_columns
from posting.store import copy_out
from settlement.orders.pain001_writer import sum_exactly
from settlement.runs import run_pages
from settlement.runs.exclusions import Exclusion
from settlement.runs.open_payables import REFERENCED_KINDS, SEARCHED_KINDS, OpenPayables, PayablesSearch
from settlement.runs.payable_details import (
    PAGES_PER_QUERY,
    PayableDetails,
    align_details,
    read_pages,
    select_pages,
)
from settlement.runs.payee_accounts import PayeeAccounts, build_payee_accounts
from settlement.runs.payment_acts import RunEdits
from settlement.runs.payment_files import AcceptedActs
from settlement.runs.selection import Proposal

SQL = read_queries("settlement.runs", "queries.sql")

Connection = asyncpg.Connection


class NoSuchRun(CrescendoError):
    """A run, or a line of one, that is not there, or not at that stage any more."""


@asynccontextmanager
async def open_connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of its own, beside whoever writes the journal."""
    connection = await asyncpg.connect(dsn, server_settings={"application_name": "crescendo payments"})
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def lock_proposals(connection: Connection) -> AsyncIterator[None]:
    """Let nobody else propose meanwhile: two runs would propose the same."""
    await connection.fetch(SQL["one_at_a_time"])
    yield


async def search_payables(connection: Connection) -> tuple[OpenPayables, int]:
    """What is owed as of now, and the journal's last entry; within one snapshot."""
    row = await _fetch_row(connection, "journal")
    search, size = PayablesSearch(row["last_entry"]), row["partition_rows"]
    under_way: asyncio.Future[None] | None = None
    for part in range(row["last_entry"] // size, -1, -1):
        rows = await _copy_payables(connection, part * size, min((part + 1) * size, row["last_entry"]))
        if under_way:
            await under_way
        under_way = asyncio.get_running_loop().run_in_executor(None, _add_stream, search, rows)
    if under_way:
        await under_way
    return await asyncio.to_thread(search.collect), row["last_entry"]


async def _copy_payables(connection: Connection, first: int, last: int) -> bytes:
    names = ", ".join(list_columns(Payables))
    named, read = (", ".join(map(str, numbers)) for numbers in (REFERENCED_KINDS, SEARCHED_KINDS))
    reference = f"case when kind in ({named}) then reference else '' end"
    where = f"entry_id > {first} and entry_id <= {last} and kind in ({read})"
    return await _copy_stream(connection, f"select {names}, {reference} from entry where {where}")  # noqa: S608


def _add_stream(search: PayablesSearch, stream: bytes) -> None:
    rows, texts = decode(Payables, stream, 1)
    search.add_rows(rows, texts)


async def load_details(connection: Connection, entries: NDArray[np.int64]) -> PayableDetails:
    """What the requests say of their payment; ``entries`` ascend."""
    least = int(entries[0]) if len(entries) else 0
    known = await connection.fetch(SQL["request_pages"], least) if len(entries) else []
    first, last = (np.array([row[at] for row in known], np.int64) for at in range(2))
    pages_wanted, found = select_pages(first, last, entries).tolist(), []
    for at in range(0, len(pages_wanted), PAGES_PER_QUERY):
        rows = await connection.fetch(SQL["request_page"], pages_wanted[at : at + PAGES_PER_QUERY], least)
        found.append(
            await asyncio.to_thread(read_pages, [(row["entry_id"], row["page"]) for row in rows], entries)
        )
    return await asyncio.to_thread(align_details, found, entries)


async def load_centres(connection: Connection) -> list[str]:
    """Fund centres by number of the account assignment."""
    return [row["code"] for row in await connection.fetch(SQL["centres"])]


async def load_pending_pages(connection: Connection) -> dict[int, list[bytes]]:
    """The pages of runs that are not over, by run."""
    found: dict[int, list[bytes]] = {}
    for row in await connection.fetch(SQL["pending_pages"]):
        found.setdefault(row["run"], []).append(row["content"])
    return found


async def load_entries(connection: Connection, entries: Sequence[int]) -> list[asyncpg.Record]:
    """Entries by their numbers: predecessor, kind, reference."""
    return await connection.fetch(SQL["followed"], entries)


async def load_payee_accounts(connection: Connection) -> PayeeAccounts:
    """Every registration and change of bank details."""
    select = "select payee, entry_id, code, name, iban, bic from payee"
    rows, texts = await asyncio.to_thread(decode, NewPayees, await _copy_stream(connection, select), 4)
    return build_payee_accounts(rows, texts)


async def load_next_run(connection: Connection) -> int:
    """The number of the next run; kept for us until the end of the transaction."""
    return (await _fetch_row(connection, "next_run"))["run"]


async def store_proposal(
    connection: Connection, proposal: Proposal, head: tuple[int, date, int, list[str]], by: str
) -> None:
    """Keep a proposal; ``head`` are its number, the day until which, the last entry seen, and its accountants."""
    lines = proposal.lines
    content = await asyncio.to_thread(run_pages.pack_pages, lines, proposal.remittance)
    pays = lines.left_out == Exclusion.NO
    counts = (
        int(pays.sum()),
        sum_exactly(lines.amount[pays]),
        int((~pays).sum()),
        sum_exactly(lines.amount[~pays]),
    )
    rows = [
        (head[0], at, min(run_pages.PAGE_LINES, len(pays) - at * run_pages.PAGE_LINES), page)
        for at, page in enumerate(content)
    ]
    async with connection.transaction():
        await connection.execute(SQL["insert_run"], *head, *counts, run_pages.hash_pages(content), by)
        names = ["run", "page", "lines", "content"]
        await connection.copy_records_to_table("payment_page", records=rows, columns=names)


async def load_lines(connection: Connection, run: int, digest: str) -> tuple[RunLines, TextCells]:
    """The lines of a run, in order; ``digest`` is that of its proposal.

    Raises
    ------
    DatabaseUnfit
        They are not those that were proposed.
    """
    content = [row["content"] for row in await connection.fetch(SQL["run_pages"], run)]
    found = (await asyncio.to_thread(run_pages.hash_pages, content)).hex()
    if found != digest:
        raise DatabaseUnfit(
            f"the lines of run {run} are not those proposed: they hash to {found}, not {digest}"
        )
    return await asyncio.to_thread(run_pages.unpack_pages, content)


async def load_edits(connection: Connection, run: int) -> RunEdits:
    """What was changed of a run, as it stands in the end."""
    rows = await connection.fetch(SQL["edits"], run)

    def those(what: str, of: str) -> NDArray[np.int32]:
        return np.array(sorted(row[of] for row in rows if row["what"] == what), np.int32)

    return RunEdits(those("hold", "line"), those("unhold", "line"), those("regroup", "payee"))


async def load_runs(connection: Connection, run: int | None = None) -> list[dict[str, Any]]:
    """Runs as they stand; of one, or of all."""
    return [dict(row.items()) for row in await connection.fetch(SQL["run"], run)]


async def fetch(connection: Connection, query: str, *arguments: Any) -> list[dict[str, Any]]:
    """Rows of a named query."""
    return [dict(row.items()) for row in await connection.fetch(SQL[query], *arguments)]


async def execute(connection: Connection, query: str, *arguments: Any) -> None:
    """Store by a named query.

    Raises
    ------
    NoSuchRun
        The database refuses: what is there does not allow it.
    """
    try:
        await connection.execute(SQL[query], *arguments)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.UniqueViolationError) as error:
        raise NoSuchRun(str(error)) from error


async def load_accepted(connection: Connection, submission: int) -> AcceptedActs:
    """The entries of a submission: the row of its file that each came from, and its number."""
    row = await _fetch_row(connection, "entries_of", submission)
    where = f"submission = {submission} and entry_id >= {row['first']} and entry_id <= {row['last']}"
    stream = await _copy_stream(connection, f"select entry_id, line from entry where {where}")  # noqa: S608
    found, _ = await asyncio.to_thread(decode, RunEntries, stream)
    return AcceptedActs(found.line.astype(np.int64), found.entry_id)


async def _fetch_row(connection: Connection, query: str, *arguments: Any) -> Mapping[str, Any]:
    (row,) = await connection.fetch(SQL[query], *arguments)
    return row


async def _copy_stream(connection: Connection, select: str) -> bytes:
    """The binary COPY stream of a query."""
    parts: list[bytes] = []
    await copy_out.stream_rows(connection, select, parts.append)
    return b"".join([HEADER, *parts, TRAILER])
