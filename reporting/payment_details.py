"""The payment terms of payment requests, looked up in the pages of payment details."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from core.contracts import CONTRACT_BY_NAME
from core.tables.invoices import RequestDetails
from posting import payment_detail_pages
from posting.payment_detail_pages import PaymentDetailTexts
from reporting.act_views import PaymentTerms
from reporting.report_queries import Connection, fetch

_EPOCH = date(1970, 1, 1)
_CONTRACT_NAMES: Mapping[int, str] = {contract.value: name for name, contract in CONTRACT_BY_NAME.items()}


async def fetch_terms(connection: Connection, entries: Sequence[int]) -> dict[int, PaymentTerms]:
    """Fetch the payment terms of ``entries``, by entry; entries without terms are left out."""
    pages = await fetch(connection, "request_pages", entries)
    if not pages:
        return {}
    rows, texts = payment_detail_pages.read_pages(
        [page["entry_id"] for page in pages], [page["page"] for page in pages]
    )
    at = np.flatnonzero(np.isin(rows.entry_id, entries))
    return {int(rows.entry_id[row]): _build_terms(rows, texts, row) for row in at.tolist()}


def _build_terms(rows: RequestDetails, texts: PaymentDetailTexts, row: int) -> PaymentTerms:
    priority = int(rows.priority[row])
    return PaymentTerms(
        received=_format_day(rows.received[row]),
        due=_format_day(rows.due[row]),
        method=texts.method.decode_row(row),
        priority=None if priority < 0 else priority,
        invoice_number=texts.invoice_number.decode_row(row),
        invoice_date=_format_day(rows.invoice_date[row]),
        invoice_part=int(rows.invoice_part[row]) or None,
        right_year=int(rows.right_year[row]) or None,
        prescription_stop=texts.prescription_stop.decode_row(row),
        nature=texts.nature.decode_row(row),
        suspension_notified=_format_day(rows.suspension_notified[row]),
        suspension_ended=_format_day(rows.suspension_ended[row]),
        contract=_CONTRACT_NAMES.get(int(rows.contract[row]), ""),
        reason=texts.reason.decode_row(row),
        remittance=texts.remittance.decode_row(row),
    )


def _format_day(number: np.int32) -> str | None:
    return (_EPOCH + timedelta(int(number))).isoformat() if number else None
