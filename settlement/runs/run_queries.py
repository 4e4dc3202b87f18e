"""Queries of payment runs: what they read from the journal and store in the database; in columns if rows are many."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Any, NamedTuple

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.errors import CrescendoError, DatabaseUnfit
from core.money import sum_exactly
from core.sql_files import read_queries
from core.tables.journal import NewPayees
from core.tables.payment_runs import Payables, RunEntries
from posting.pgcopy import HEADER, TRAILER, decode, list_columns
from posting.store import copy_out
from posting.store.limited_connections import open_limited_connection
from settlement.runs import run_pages
from settlement.runs.exclusions import Exclusion
from settlement.runs.open_payables import REFERENCED_KINDS, SEARCHED_KINDS, OpenPayables, PayablesSearch
from settlement.runs.payable_details import (
    PAGES_PER_QUERY,
    DetailPage,
    PayableDetails,
    align_details,
    read_pages,
    select_pages,
)
from settlement.runs.payee_accounts import PayeeAccounts, build_payee_accounts
from settlement.runs.payment_acts import RunEdits
from settlement.runs.payment_files import AcceptedActs
from settlement.runs.run_pages import RunTable

SQL = read_queries("settlement.runs", "queries.sql")
_OWN_RUN = "is released by somebody who made it"
_OWN_RUN_TEXT = "is not released: who proposed or changed a run may not release it, so another person must"
"""The text of the database, and the one for people."""

Connection = asyncpg.Connection


class NoSuchRun(CrescendoError):
    """A run or a line of one does not exist, or not in the state that the command needs."""


class PayablesSnapshot(NamedTuple):
    """The open payables, and the last entry of the journal that they are found in."""

    payables: OpenPayables
    last_entry: int


class ProposalHeader(NamedTuple):
    """A proposed run without its lines."""

    run: int
    until: date
    """The last due day of its lines."""
    last_entry: int
    accountants: list[str]
    proposed_by: str
    new_days: int
    """The days for which bank details were new to it."""
    rules_hash: bytes
    """SHA-256 of the file of rules that says so."""


@asynccontextmanager
async def open_connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """Open a connection besides that of the engine, which may be writing the journal."""
    async with open_limited_connection(dsn, {"application_name": "crescendo payments"}) as connection:
        yield connection


@asynccontextmanager
async def lock_proposals(connection: Connection) -> AsyncIterator[None]:
    """Prevent other proposals at the same time, which would propose the same payables."""
    await connection.fetch(SQL["lock_proposals"])
    yield


async def search_payables(connection: Connection) -> PayablesSnapshot:
    """Find the open payables; the transaction must be one snapshot."""
    row = await _fetch_row(connection, "journal")
    search, size = PayablesSearch(row["last_entry"]), row["partition_rows"]
    adding: asyncio.Future[None] | None = None
    for partition in range(row["last_entry"] // size, -1, -1):
        last = min((partition + 1) * size, row["last_entry"])
        stream = await _copy_payables(connection, partition * size, last)
        if adding:
            await adding
        adding = asyncio.get_running_loop().run_in_executor(None, _add_stream, search, stream)
    if adding:
        await adding
    return PayablesSnapshot(await asyncio.to_thread(search.collect), row["last_entry"])


async def _copy_payables(connection: Connection, first: int, last: int) -> bytes:
    names = ", ".join(list_columns(Payables))
    referenced, searched = (", ".join(map(str, numbers)) for numbers in (REFERENCED_KINDS, SEARCHED_KINDS))
    reference = f"case when kind in ({referenced}) then reference else '' end"
    where = f"entry_id > {first} and entry_id <= {last} and kind in ({searched})"
    return await _copy_stream(connection, f"select {names}, {reference} from entry where {where}")  # noqa: S608


def _add_stream(search: PayablesSearch, stream: bytes) -> None:
    rows, references = decode(Payables, stream, 1)
    search.add_rows(rows, references)


async def load_details(connection: Connection, entries: NDArray[np.int64]) -> PayableDetails:
    """Load the payment details of requests; ``entries`` ascend."""
    oldest = int(entries[0]) if len(entries) else 0
    pages = await connection.fetch(SQL["request_pages"], oldest) if len(entries) else []
    first, last = (np.array([row[column] for row in pages], np.int64) for column in range(2))
    needed, parts = select_pages(first, last, entries).tolist(), []
    for at in range(0, len(needed), PAGES_PER_QUERY):
        rows = await connection.fetch(SQL["request_page"], needed[at : at + PAGES_PER_QUERY], oldest)
        contents = [DetailPage(row["entry_id"], row["page"]) for row in rows]
        parts.append(await asyncio.to_thread(read_pages, contents, entries))
    return await asyncio.to_thread(align_details, parts, entries)


async def load_accountants(connection: Connection) -> dict[int, str]:
    """Return the accountants by number."""
    return {row["id"]: row["code"] for row in await connection.fetch(SQL["accountants"])}


async def load_account_numbers(connection: Connection, codes: Iterable[str]) -> NDArray[np.int16]:
    """Return the numbers of accounts; those that no entry has are left out."""
    return np.array([row["id"] for row in await connection.fetch(SQL["accounts"], list(codes))], np.int16)


async def load_pending_pages(connection: Connection) -> dict[int, list[bytes]]:
    """Return the pages of the runs that are neither issued nor abandoned, by run."""
    pages: dict[int, list[bytes]] = {}
    for row in await connection.fetch(SQL["pending_pages"]):
        pages.setdefault(row["run"], []).append(row["content"])
    return pages


async def load_payee_accounts(connection: Connection) -> PayeeAccounts:
    """Load every registration and change of bank details."""
    select = "select payee, entry_id, code, name, iban, bic from payee"
    rows, texts = await asyncio.to_thread(decode, NewPayees, await _copy_stream(connection, select), 4)
    return build_payee_accounts(rows, texts)


async def load_time(connection: Connection) -> datetime:
    """Return the present time of the database, which notes the times of batches and runs."""
    return (await _fetch_row(connection, "time"))["at"]


async def load_first_entry(connection: Connection, since: datetime) -> int:
    """Return the first entry of the batches committed from ``since`` on; of later ones too if a clock was set back."""
    return (await _fetch_row(connection, "first_entry", since))["entry"]


async def load_next_run(connection: Connection) -> int:
    """Return the number of the next run; ``lock_proposals`` keeps it free."""
    return (await _fetch_row(connection, "next_run"))["run"]


async def store_proposal(connection: Connection, header: ProposalHeader, proposal: RunTable) -> None:
    """Store a proposed run."""
    lines = proposal.lines
    pages = await asyncio.to_thread(run_pages.pack_pages, proposal)
    is_paid = lines.left_out == Exclusion.NONE
    counts = (
        int(is_paid.sum()),
        sum_exactly(lines.amount[is_paid]),
        int((~is_paid).sum()),
        sum_exactly(lines.amount[~is_paid]),
    )
    rows = [
        (header.run, number, min(run_pages.PAGE_LINES, len(is_paid) - number * run_pages.PAGE_LINES), page)
        for number, page in enumerate(pages)
    ]
    key, rules = header[:4], header[4:]
    async with connection.transaction():
        await connection.execute(SQL["insert_run"], *key, *counts, run_pages.hash_pages(pages), *rules)
        names = ["run", "page", "lines", "content"]
        await connection.copy_records_to_table("payment_page", records=rows, columns=names)


async def load_lines(connection: Connection, run: int, digest: str) -> RunTable:
    """Load the lines of a run, in order; ``digest`` is that of its proposal.

    Raises
    ------
    DatabaseUnfit
        They are not those that were proposed.
    """
    pages = [row["content"] for row in await connection.fetch(SQL["run_pages"], run)]
    actual = (await asyncio.to_thread(run_pages.hash_pages, pages)).hex()
    if actual != digest:
        raise DatabaseUnfit(
            f"the lines of run {run} are not those proposed: their SHA-256 is {actual}, not {digest}"
        )
    return await asyncio.to_thread(run_pages.unpack_pages, pages)


async def load_edits(connection: Connection, run: int) -> RunEdits:
    """Load the edits of a run that are in effect."""
    rows = await connection.fetch(SQL["edits"], run)

    def select(edit: str, column: str) -> NDArray[np.int32]:
        return np.array(sorted(row[column] for row in rows if row["what"] == edit), np.int32)

    return RunEdits(select("hold", "line"), select("unhold", "line"), select("regroup", "payee"))


async def load_runs(connection: Connection, run: int | None = None) -> list[dict[str, Any]]:
    """Load one run, or all, with their state."""
    return [dict(row.items()) for row in await connection.fetch(SQL["run"], run)]


async def fetch(connection: Connection, query: str, *arguments: Any) -> list[dict[str, Any]]:
    """Return the rows of a named query."""
    return [dict(row.items()) for row in await connection.fetch(SQL[query], *arguments)]


async def execute(connection: Connection, query: str, *arguments: Any) -> None:
    """Store by a named query.

    Raises
    ------
    NoSuchRun
        A constraint of the database does not allow it.
    """
    try:
        await connection.execute(SQL[query], *arguments)
    except (asyncpg.IntegrityConstraintViolationError, asyncpg.UniqueViolationError) as error:
        raise NoSuchRun(str(error).replace(_OWN_RUN, _OWN_RUN_TEXT)) from error


async def load_accepted_acts(connection: Connection, submission: int) -> AcceptedActs:
    """Load the entries of a submission of acts."""
    row = await _fetch_row(connection, "entries_of", submission)
    where = f"submission = {submission} and entry_id >= {row['first']} and entry_id <= {row['last']}"
    stream = await _copy_stream(connection, f"select entry_id, line from entry where {where}")  # noqa: S608
    entries, _ = await asyncio.to_thread(decode, RunEntries, stream)
    return AcceptedActs(entries.line.astype(np.int64), entries.entry_id)


async def _fetch_row(connection: Connection, query: str, *arguments: Any) -> Mapping[str, Any]:
    (row,) = await connection.fetch(SQL[query], *arguments)
    return row


async def _copy_stream(connection: Connection, select: str) -> bytes:
    """Return the binary COPY stream of a query."""
    parts: list[bytes] = []
    await copy_out.stream_rows(connection, select, parts.append)
    return b"".join([HEADER, *parts, TRAILER])
