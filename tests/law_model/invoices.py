"""Invoices are requested once (A37), and debts lapse after four years (law of 31 December 1968)."""

import re
from typing import NamedTuple

from tests.law_model.codes import INVOICE_TWICE, LAPSED
from tests.law_model.kinds import INVOICED
from tests.law_model.state import Act, Document, State

YEARS_OF_LAPSE = 5
"""A debt of the year N lapses on 1 January of the fifth year after: 2013 on 1 January 2018."""


class Invoice(NamedTuple):
    """What identifies an invoice: supplier, number and date."""

    payee: str
    number: str
    day: str


def find_invoice(act: Act) -> Invoice | None:
    """Return the invoice that a request names; none without a number.  Of the number, letters and digits count."""
    number = "".join(re.findall("[A-Z0-9]", act.text("invoice_number").upper()))
    if act.kind not in INVOICED or not number:
        return None
    return Invoice(act.text("payee"), number, act.text("invoice_date"))


def check_invoice(act: Act, state: State, earlier: list[Document]) -> list[str]:
    """Check that no other act, of any sender, kind or year, asks for this invoice, or for this part of it."""
    invoice, part = find_invoice(act), act.text("invoice_part")
    if invoice is None:
        return []
    claims = [claim for claim in state.documents if claim.invoice == invoice and claim not in earlier]
    is_twice = any(claim.rejected < claim.amount and _overlap(claim.part, part) for claim in claims)
    return [INVOICE_TWICE] if is_twice else []


def _overlap(first: str, second: str) -> bool:
    """Return whether two claims meet: the whole meets every part, a part meets itself."""
    return not first or not second or int(first) == int(second)


def check_prescription(act: Act, predecessor: Document | None) -> list[str]:
    """Check that the debt has not lapsed on the day of the request, unless something stopped the lapse."""
    if act.kind not in INVOICED or act.text("prescription_stop"):
        return []
    year = find_right_year(act, predecessor)
    return [LAPSED] if year and act.posting_day.year >= year + YEARS_OF_LAPSE else []


def find_right_year(act: Act, predecessor: Document | None) -> int:
    """Return the year in which the debt arose: stated, of the service, or of the invoice; 0 if none is known."""
    if act.text("right_year"):
        return int(act.text("right_year"))
    if act.kind == "payment_request":
        return predecessor.service_day.year if predecessor and predecessor.service_day else 0
    return act.invoice_day.year if act.invoice_day else 0
