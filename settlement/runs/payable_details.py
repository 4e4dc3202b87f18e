"""Payment details of open payables, read from the pages on which requests store them."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.columns import select_rows
from core.tables.invoices import RequestDetails
from posting import payment_detail_pages
from posting.payment_detail_pages import PaymentDetailTexts
from posting.pgcopy import TextCells
from posting.text_spans import EMPTY, append_empty, compact, concat, find_positions, take_rows

PAGES_PER_QUERY = 64
_DAYS = ("received", "due", "invoice_date", "suspension_notified", "suspension_ended")


class PayableDetails(NamedTuple):
    """The details of open payables, one per row.  Days are 0 and texts empty where the request gives none."""

    received: NDArray[np.int32]
    due: NDArray[np.int32]
    invoice_date: NDArray[np.int32]
    suspension_notified: NDArray[np.int32]
    suspension_ended: NDArray[np.int32]
    method: TextCells
    invoice: TextCells
    remittance: TextCells


class DetailsPart(NamedTuple):
    """Details that were found on some pages, in the order of the pages."""

    rows: RequestDetails
    texts: PaymentDetailTexts


def select_pages(
    first: NDArray[np.int64], last: NDArray[np.int64], entries: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the pages, by their first entries, whose range contains at least one of the ascending ``entries``."""
    is_needed = np.searchsorted(entries, last, "right") > np.searchsorted(entries, first)
    return first[is_needed]


class DetailPage(NamedTuple):
    """A stored page of payment details."""

    first_entry: int
    content: bytes


def read_pages(pages: Iterable[DetailPage], entries: NDArray[np.int64]) -> DetailsPart:
    """Read the details of ``entries`` from pages (first entry, content); at least one page."""
    firsts, content = zip(*pages, strict=True)
    rows, texts = payment_detail_pages.read_pages(firsts, content)
    needed_rows = np.flatnonzero(find_positions(entries, rows.entry_id) < len(entries))
    wanted_texts = (compact(take_rows(column, needed_rows)) for column in texts)
    return DetailsPart(select_rows(rows, needed_rows), PaymentDetailTexts(*wanted_texts))


def align_details(parts: list[DetailsPart], entries: NDArray[np.int64]) -> PayableDetails:
    """Arrange the details in the order of the ascending ``entries``."""
    entry_ids = np.concatenate([np.zeros(0, np.int64), *(part.rows.entry_id for part in parts)])
    order = np.argsort(entry_ids, kind="stable")
    positions = np.append(order, len(entry_ids))[find_positions(entry_ids[order], entries)]
    dates = (_align_days([getattr(part.rows, name) for part in parts], positions) for name in _DAYS)
    method, invoice, remittance = (
        _align_texts([getattr(part.texts, name) for part in parts], positions)
        for name in ("method", "invoice_number", "remittance")
    )
    return PayableDetails._make((*dates, method, invoice, remittance))


def _align_days(columns: list[NDArray[np.int32]], positions: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.concatenate([*columns, np.zeros(1, np.int32)])[positions].astype(np.int32)


def _align_texts(parts: list[TextCells], positions: NDArray[np.int64]) -> TextCells:
    return take_rows(append_empty(concat(parts) if parts else EMPTY), positions)
