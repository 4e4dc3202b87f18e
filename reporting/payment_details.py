"""What payment requests say of their payment, looked up on the pages that hold it."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from core.tables.journal import RequestDetails
from posting import payment_detail_pages
from posting.payment_detail_pages import Texts
from reporting.act_views import PaymentTerms
from reporting.report_queries import Connection, fetch

_EPOCH = date(1970, 1, 1)


async def terms_of(connection: Connection, entries: Sequence[int]) -> dict[int, PaymentTerms]:
    """What each of ``entries`` says, by entry; those that say nothing are left out."""
    pages = await fetch(connection, "request_pages", entries)
    if not pages:
        return {}
    rows, texts = payment_detail_pages.read(
        [each["entry_id"] for each in pages], [each["page"] for each in pages]
    )
    at = np.flatnonzero(np.isin(rows.entry_id, entries))
    return {int(rows.entry_id[row]): _terms(rows, texts, row) for row in at.tolist()}


def _terms(rows: RequestDetails, texts: Texts, row: int) -> PaymentTerms:
    priority = int(rows.priority[row])
    return PaymentTerms(
        received=_day(rows.received[row]),
        due=_day(rows.due[row]),
        method=texts.method.shown(row),
        priority=None if priority < 0 else priority,
        invoice_number=texts.invoice_number.shown(row),
        invoice_date=_day(rows.invoice_date[row]),
        remittance=texts.remittance.shown(row),
    )


def _day(number: np.int32) -> str | None:
    return (_EPOCH + timedelta(int(number))).isoformat() if number else None
