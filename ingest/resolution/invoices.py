"""The invoices that requests state: supplier and number as one fingerprint; the date and the part of the invoice."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.merges import Merges
from core.tables.columns import seal
from core.tables.invoices import Suppliers
from core.tables.journal import Spans
from ingest.resolution.line_batch import BILLS, LineBatch
from ingest.resolution.merged_payees import replace_suppliers
from posting.book import fingerprints

_PART_LIMIT, _DAY_LIMIT = np.iinfo(np.uint8).max, np.iinfo(np.uint16).max


def fingerprint_invoices(
    line_batch: LineBatch,
    kind: NDArray[np.uint8],
    keys: Mapping[str, np.ndarray],
    *,
    merges: Merges,
    secret: fingerprints.Secret,
) -> dict[str, np.ndarray]:
    """Return fingerprint, date and part of the invoice that each request states; nothing if no line can state one.

    ``keys`` contain the fingerprints of the payees.
    """
    number = line_batch.read_text(Field.INVOICE_NUMBER)
    if number is None or "payee_high" not in keys or not (bills := BILLS[kind]).any():
        return {}
    spans = number.expand_spans()
    spans = seal(Spans(spans.start, np.where(bills, spans.end, spans.start)))
    suppliers = Suppliers(*(np.ascontiguousarray(keys[name]) for name in ("payee_high", "payee_low")))
    suppliers = replace_suppliers(line_batch, suppliers, merges, secret=secret)
    high, low = fingerprints.fingerprint_invoices(spans, number.values.text, suppliers, secret=secret)
    part, _ = line_batch.read_number(Field.INVOICE_PART)
    days, _ = line_batch.read_number(Field.INVOICE_DATE)
    return {
        "invoice_high": high,
        "invoice_low": low,
        "invoice_part": part.clip(0, _PART_LIMIT),
        "invoice_day": days.clip(0, _DAY_LIMIT),
    }
