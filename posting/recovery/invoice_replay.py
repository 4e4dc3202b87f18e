"""Replay of the invoices of the requests after the last checkpoint, from the pages of payment details."""

import asyncio

import numpy as np

from core.catalog import CATALOG
from core.tables.book import PAYEE_BLOCKED_BIT
from core.tables.columns import seal, select_rows
from core.tables.invoices import RequestedInvoices, Suppliers
from core.tables.journal import RequestPages
from core.tables.text_cells import TextCells
from kernels import replay as kernel
from posting import payment_detail_pages
from posting.book import fingerprints
from posting.book.book_state import BookState
from posting.pgcopy import decode, list_columns
from posting.store.journal_store import PostgresStore

WINDOW_PAGES = 64
"""Pages in memory at the same time, about a megabyte each."""

_PAYEE_MASK = PAYEE_BLOCKED_BIT - 1
_BILLS = np.array([kind.bills for kind in CATALOG])
_COLUMNS = ", ".join([*list_columns(RequestPages), "page"])


async def replay_invoices(
    store: PostgresStore, state: BookState, secret: fingerprints.Secret, *, after: int
) -> None:
    """Restore the claims of the entries after ``after``, which are in the book already."""
    while True:
        # identifiers of this module's own table, and whole numbers
        select = f"select {_COLUMNS} from request_detail where entry_id > {int(after)}"  # noqa: S608
        stream = await store.read_copy(f"{select} order by entry_id limit {WINDOW_PAGES}")
        pages, contents = decode(RequestPages, stream, 1)
        if not len(pages.entry_id):
            return
        await asyncio.to_thread(_replay_pages, state, pages, contents, secret=secret)
        after = int(pages.entry_id[-1])


def _replay_pages(
    state: BookState, pages: RequestPages, contents: TextCells, *, secret: fingerprints.Secret
) -> None:
    data, (starts, ends) = contents.text.data, contents.spans
    texts = [data[start:end].tobytes() for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    details = payment_detail_pages.read_pages(pages.entry_id.tolist(), texts)
    requested = read_invoices(state, details, secret)
    state.ensure_invoice_capacity(len(requested.entry))
    kernel.replay_claims(requested, state.book)


def read_invoices(
    state: BookState, details: payment_detail_pages.PaymentDetails, secret: fingerprints.Secret
) -> RequestedInvoices:
    """Return the invoices of the requests among ``details``; entry and payee of each are in the book."""
    rows, items = details.rows, state.book.items[details.rows.entry_id]
    payees = state.book.payees[np.maximum((items["unbilled"] & _PAYEE_MASK) - 1, 0)]
    payees = state.book.payees[np.maximum(payees["value"] & _PAYEE_MASK, 1) - 1]  # the person of each
    high, low = (np.ascontiguousarray(payees[name]) for name in ("high", "low"))
    number = details.texts.invoice_number
    key = fingerprints.fingerprint_invoices(number.spans, number.text, Suppliers(high, low), secret=secret)
    is_claim = _BILLS[items["kind"]] & (key.high != 0)
    requested = RequestedInvoices(rows.entry_id, key.high, key.low, rows.invoice_part, rows.invoice_date)
    return seal(select_rows(requested, is_claim.nonzero()[0]))
