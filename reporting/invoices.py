"""Invoices: which requests state them, how much of each was rejected and paid, and by which acts (rule A37).

The numbers of invoices stand in the pages of payment details, which are read in their order, a few at a time.  So the report
may have any length, and a page of it begins after an entry.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import date
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.amount_fields import Cents
from core.catalog import list_kinds
from core.periods import YEAR_FIRST
from core.tables.text_cells import TextCells
from posting import payment_detail_pages
from posting.payment_detail_pages import PaymentDetails
from reporting.followers import Followers, load_followers
from reporting.open_items import add_up_settlements, find_state
from reporting.report_definition import PageRange, ReportArguments
from reporting.report_queries import Connection, Row, fetch, find_batch_or_last
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.visibility import Visibility

PAGE_ROWS, PAGE_ROWS_MAX = 100, 1000
PAYING_ACTS_MAX = 20
"""Most acts that are listed with an invoice."""
_ROWS_AT_ONCE = 500
_PAGES_AT_ONCE = 4
"""Pages of payment details in memory at the same time, about a megabyte each."""
_BILLING = list_kinds(lambda kind: kind.bills)
_EPOCH = date(1970, 1, 1)
_ONLY_SIGNIFICANT = pc.ReplaceSubstringOptions("[\\x00-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7f]", "")
"""Leaves out every ASCII character that is neither a letter nor a digit."""


class RequestedInvoice(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an invoice or a part of it.

    Of a request that the caller may not see there are only its number and its day, and these only if the caller names supplier
    and number of the invoice: as a refusal names them.
    """

    entry: int
    """The number of the request."""
    day: str
    """The day of the request."""
    is_visible: bool
    """False for a request of another ministry or programme; all else is empty then."""
    supplier: str = ""
    invoice_number: str = ""
    invoice_date: str | None = None
    invoice_part: int | None = None
    """Null for the whole invoice."""
    sender: str = ""
    reference: str = ""
    amount_cents: Cents | None = None
    """Requested."""
    rejected_cents: Cents | None = None
    settled_cents: Cents | None = None
    """Paid, set off or diverted to another payee, including transfers that the bank returned since."""
    state: str = ""
    """``requested``, ``partly_rejected``, ``rejected``, ``partly_paid``, ``paid`` or ``carried``."""
    settled_by: list[int] = []
    """The entries that paid it, set it off or diverted it: the first 20."""
    settlements: int | None = None
    """How many they are."""


class Invoices(msgspec.Struct, frozen=True):
    """Some requested invoices, in order of the requests."""

    batch: int
    invoices: list[RequestedInvoice]
    next_after: int | None
    """The entry after which the next ones begin; null if these are the last ones."""


class InvoicePage(msgspec.Struct, frozen=True):
    """One page of requested invoices, in order of the requests."""

    batch: int
    invoices: list[RequestedInvoice]
    next: str | None


class _Query(NamedTuple):
    """Which invoices to look up; None for any."""

    payees: Sequence[int] | None
    number: str | None
    """Its letters in upper case, and its digits."""
    day: int | None
    """From 1970 on."""
    entry: int | None
    visibility: Visibility

    @property
    def names_invoice(self) -> bool:
        return self.payees is not None and self.number is not None


class _Candidates(NamedTuple):
    """The lines of some pages whose invoice may be the one that is looked for."""

    details: PaymentDetails
    rows: NDArray[np.intp]


async def load_invoices(connection: Connection, arguments: ReportArguments) -> Invoices:
    """Load one page of the requested invoices that the caller may see."""
    page = arguments.page or PageRange(0, PAGE_ROWS)
    rows: list[RequestedInvoice] = []
    async with aclosing(_stream_rows(connection, arguments, page)) as pieces:
        async for piece in pieces:
            rows += piece
            if len(rows) > page.limit:
                break
    next_after = rows[page.limit - 1].entry if len(rows) > page.limit else None
    return Invoices(await find_batch_or_last(connection, None), rows[: page.limit], next_after)


def stream_invoices(
    connection: Connection, arguments: ReportArguments
) -> AsyncGenerator[list[RequestedInvoice], None]:
    """Yield all requested invoices that the caller may see, a few hundred at a time."""
    return _stream_rows(connection, arguments, PageRange(0, _ROWS_AT_ONCE))


def build_page(invoices: Invoices, rows: list[RequestedInvoice], next_address: str | None) -> InvoicePage:
    """Return the page of these rows."""
    return InvoicePage(invoices.batch, rows, next_address)


async def _stream_rows(
    connection: Connection, arguments: ReportArguments, page: PageRange
) -> AsyncGenerator[list[RequestedInvoice], None]:
    """Yield the rows behind entry ``page.after``, a few hundred at a time, and no empty piece.

    A query is for as many candidates whatever the page: the caller may see few of them, or none.
    """
    query = await _read_query(connection, arguments)
    if query is None:
        return
    async with aclosing(_stream_candidates(connection, query, page.after)) as pieces:
        async for candidates in pieces:
            for start in range(0, len(candidates.rows), _ROWS_AT_ONCE):
                part = _Candidates(candidates.details, candidates.rows[start : start + _ROWS_AT_ONCE])
                if rows := await _describe(connection, query, part):
                    yield rows


async def _read_query(connection: Connection, arguments: ReportArguments) -> _Query | None:
    """Return what the arguments look up; None if no invoice can be it."""
    supplier, number, day, entry = (arguments.values[name] for name in ("supplier", "number", "day", "entry"))
    payees = None
    if supplier is not None:
        payees = [row["payee"] for row in await fetch(connection, "payees_of_code", supplier)]
    significant = None if number is None else normalise_numbers(pa.array([number]))[0].as_py()
    if payees == [] or significant == "" or (day is not None and day.year < YEAR_FIRST):
        return None
    days = None if day is None else (day - _EPOCH).days
    return _Query(payees, significant, days, entry, arguments.visibility)


async def _stream_candidates(
    connection: Connection, query: _Query, after: int
) -> AsyncGenerator[_Candidates, None]:
    """Yield the lines behind entry ``after`` with an invoice like the one that is looked for."""
    last = query.entry
    after = max(after, last - 1) if last is not None else after
    while pages := await fetch(connection, "invoice_pages", after, _PAGES_AT_ONCE if last is None else 1):
        details = payment_detail_pages.read_pages(
            [page["entry_id"] for page in pages], [page["page"] for page in pages]
        )
        entries = details.rows.entry_id
        is_behind = (entries > after) & (entries <= (entries[-1] if last is None else last))
        rows = np.flatnonzero(is_behind & _mark_invoices(details, query))
        if len(rows):
            yield _Candidates(details, rows)
        after = int(entries[-1])
        if last is not None:
            return


def _mark_invoices(details: PaymentDetails, query: _Query) -> NDArray[np.bool_]:
    """Mark the lines whose invoice has the number and the day that are looked for; without a number there is no invoice."""
    number = normalise_numbers(to_arrow(details.texts.invoice_number))
    comparison, text = ("not_equal", "") if query.number is None else ("equal", query.number)
    marks = pc.call_function(comparison, [number, pa.scalar(text)]).to_numpy(zero_copy_only=False)
    return marks if query.day is None else marks & (details.rows.invoice_date == query.day)


def normalise_numbers(numbers: pa.Array) -> pa.Array:
    """Return the numbers as they count: ASCII letters in upper case, digits, and every other character beyond ASCII."""
    significant = pc.call_function("replace_substring_regex", [numbers], _ONLY_SIGNIFICANT)
    return pc.call_function("ascii_upper", [significant])


def to_arrow(cells: TextCells) -> pa.Array:
    """Return the texts of pages, which lie one behind the other."""
    starts, ends = cells.spans
    offsets = np.concatenate([starts[:1], ends]).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(cells.text.data)]
    return pa.Array.from_buffers(pa.string(), len(ends), buffers)


async def _describe(connection: Connection, query: _Query, part: _Candidates) -> list[RequestedInvoice]:
    """Describe the requests among some lines, as far as the caller may see them."""
    entries = part.details.rows.entry_id[part.rows].tolist()
    visibility = query.visibility
    requests = await fetch(
        connection, "invoice_requests", entries, entries[0], entries[-1], _BILLING, query.payees,
        visibility.sender, visibility.centres,
    )  # fmt: skip
    visible = [row for row in requests if row["is_seen"]]
    details = dict(zip(entries, part.rows.tolist(), strict=True))
    by_entry = {row.entry: row for row in await _describe_visible(connection, visible, part, rows=details)}
    if query.names_invoice:
        hidden = [row for row in requests if not row["is_seen"]]
        by_entry |= {row["entry_id"]: _hide(row) for row in hidden}
    return [by_entry[entry] for entry in sorted(by_entry)]


def _hide(row: Row) -> RequestedInvoice:
    return RequestedInvoice(entry=row["entry_id"], day=row["day"].isoformat(), is_visible=False)


async def _describe_visible(
    connection: Connection, requests: Sequence[Row], part: _Candidates, *, rows: Mapping[int, int]
) -> list[RequestedInvoice]:
    """Describe requests that the caller may see; ``rows`` are those of their details, by entry."""
    if not requests:
        return []
    codes = await fetch(connection, "codes_of_payees", list({row["payee"] for row in requests}))
    suppliers = {row["payee"]: row["code"] for row in codes}
    followers = await load_followers(connection, [row["entry_id"] for row in requests])
    return [
        RequestedInvoice(
            **{name: row[name] for name in ("sender", "reference")},
            **_read_invoice(part.details, rows[row["entry_id"]]),
            **_read_settlements(followers, row),
            entry=row["entry_id"],
            day=row["day"].isoformat(),
            is_visible=True,
            supplier=suppliers.get(row["payee"], ""),
            amount_cents=row["amount"],
        )
        for row in requests
    ]


def _read_settlements(followers: Followers, row: Row) -> Mapping[str, Any]:
    sums = add_up_settlements(followers.sums[row["entry_id"]])
    settlements = followers.settlements.get(row["entry_id"], [])
    return {
        "rejected_cents": sums.rejected,
        "settled_cents": sums.settled,
        "state": find_state(row["amount"], sums),
        "settled_by": settlements[:PAYING_ACTS_MAX],
        "settlements": len(settlements),
    }


def _read_invoice(details: PaymentDetails, row: int) -> Mapping[str, Any]:
    day = int(details.rows.invoice_date[row])
    return {
        "invoice_number": details.texts.invoice_number.decode_row(row),
        "invoice_date": np.datetime64(day, "D").item().isoformat() if day else None,
        "invoice_part": int(details.rows.invoice_part[row]) or None,
    }


_COLUMNS = (
    *(Column("supplier"), Column("invoice"), Column("dated"), Column("part", CellType.COUNT)),
    *(Column("entry", CellType.COUNT), Column("day"), Column("sender"), Column("reference")),
    *(Column(name, CellType.MONEY) for name in ("requested", "rejected", "paid")),
    *(Column("state"), Column("paid by", CellType.PROSE)),
)


def build_table(rows: Sequence[RequestedInvoice]) -> ReportTable:
    """Build the table with one row per request."""
    drop_order = ("part", "state", "rejected", "sender", "reference", "dated", "paid by", "day")
    return ReportTable("Invoices", _COLUMNS, [list(_list_cells(row)) for row in rows], drop_order=drop_order)


def _list_cells(row: RequestedInvoice) -> Iterator[Cell]:
    yield from (row.supplier, row.invoice_number, row.invoice_date, row.invoice_part)
    yield from (row.entry, row.day, row.sender, row.reference)
    yield from (row.amount_cents, row.rejected_cents, row.settled_cents)
    yield row.state if row.is_visible else "not visible"
    rest = (row.settlements or 0) - len(row.settled_by)
    yield " ".join([*map(str, row.settled_by), *([f"and {rest:,} more"] if rest > 0 else [])])
