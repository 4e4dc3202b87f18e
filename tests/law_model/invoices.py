"""Invoices are requested once (A37), and debts lapse after four years (law of 31 December 1968)."""

import re
from typing import NamedTuple

from tests.law_model.codes import INVOICE_TWICE, LAPSED
from tests.law_model.kinds import INVOICED, ON_SERVICE
from tests.law_model.state import Act, Document, State

YEARS_OF_LAPSE = 5
"""A debt of the year N lapses on 1 January of the fifth year after: 2013 on 1 January 2018."""


class Invoice(NamedTuple):
    """What identifies an invoice: supplier, number and date, which a request may leave out."""

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
    claims = [claim for claim in state.documents if claim.invoice and claim not in earlier]
    is_twice = any(
        claim.rejected < claim.amount and _overlap(claim.part, part) and _may_be(claim.invoice, invoice)
        for claim in claims
        if claim.invoice
    )
    return [INVOICE_TWICE] if is_twice else []


def _may_be(first: tuple[str, str, str], second: tuple[str, str, str]) -> bool:
    """Return whether two requests may be for one invoice: a date that is left out may be any."""
    return first[:2] == second[:2] and (not first[2] or not second[2] or first[2] == second[2])


def _overlap(first: str, second: str) -> bool:
    """Return whether two claims meet: the whole meets every part, a part meets itself."""
    return not first or not second or int(first) == int(second)


def check_prescription(act: Act, predecessor: Document | None) -> list[str]:
    """Check that the debt has not lapsed on the day of the request, unless something stopped the lapse."""
    if act.kind not in INVOICED or act.text("prescription_stop"):
        return []
    year = find_right_year(act, predecessor)
    return [LAPSED] if year and act.day.year >= year + YEARS_OF_LAPSE else []


def find_right_year(act: Act, predecessor: Document | None) -> int:
    """Return the year in which the debt arose: stated, or the earlier of service and invoice; 0 if none is known."""
    if act.text("right_year"):
        return int(act.text("right_year"))
    service = predecessor.service_day if predecessor and act.kind in ON_SERVICE else None
    return min((day.year for day in (service, act.invoice_day) if day), default=0)
