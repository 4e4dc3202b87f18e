"""What requests say of their payment, from the pages that hold it to the rows of what is owed."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.tables.columns import select_rows
from core.tables.journal import RequestDetails
from posting import payment_detail_pages
from posting.payment_detail_pages import PaymentDetailTexts
from posting.pgcopy import TextCells
from settlement.text_spans import EMPTY, append_empty, compact, concat, find_positions, take_rows

PAGES_PER_QUERY = 64


class PayableDetails(NamedTuple):
    """A row for each row of what is owed.  Days are 0 and texts empty where nothing is said."""

    received: NDArray[np.int32]
    due: NDArray[np.int32]
    method: TextCells
    invoice: TextCells
    remittance: TextCells


def select_pages(
    first: NDArray[np.int64], last: NDArray[np.int64], entries: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The pages, by their first entries, that may say something of the ascending ``entries``."""
    holds = np.searchsorted(entries, last, "right") > np.searchsorted(entries, first)
    return first[holds]


def read_pages(
    pages: Iterable[tuple[int, bytes]], entries: NDArray[np.int64]
) -> tuple[RequestDetails, PaymentDetailTexts]:
    """What some pages, at least one, say of ``entries``."""
    firsts, content = zip(*pages, strict=True)
    rows, texts = payment_detail_pages.read_pages(firsts, content)
    at = np.flatnonzero(find_positions(entries, rows.entry_id) < len(entries))
    kept = (compact(take_rows(each, at)) for each in texts)
    return select_rows(rows, at), PaymentDetailTexts(*kept)


def align_details(
    found: list[tuple[RequestDetails, PaymentDetailTexts]], entries: NDArray[np.int64]
) -> PayableDetails:
    """What was found, at the rows of the ascending ``entries``."""
    said = np.concatenate([np.zeros(0, np.int64), *(rows.entry_id for rows, _ in found)])
    order = np.argsort(said, kind="stable")
    at = np.append(order, len(said))[find_positions(said[order], entries)]
    received, due = (
        _align_days([getattr(rows, name) for rows, _ in found], at) for name in ("received", "due")
    )
    method, invoice, remittance = (
        _align_texts([texts[place] for _, texts in found], at)
        for place in range(len(PaymentDetailTexts._fields))
    )
    return PayableDetails(received, due, method, invoice, remittance)


def _align_days(columns: list[NDArray[np.int32]], at: NDArray[np.int64]) -> NDArray[np.int32]:
    return np.concatenate([*columns, np.zeros(1, np.int32)])[at].astype(np.int32)


def _align_texts(parts: list[TextCells], at: NDArray[np.int64]) -> TextCells:
    return take_rows(append_empty(concat(parts) if parts else EMPTY), at)
