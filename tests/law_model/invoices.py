"""Invoices are paid once (A37), and debts lapse after four years (law of 31 December 1968)."""

from tests.law_model.codes import INVOICE_TWICE, LAPSED
from tests.law_model.kinds import INVOICED
from tests.law_model.state import Act, Document, State

YEARS_OF_LAPSE = 5
"""A debt of the year N lapses on 1 January of the fifth year after: 2013 on 1 January 2018 (law.md 21)."""


def find_invoice(act: Act) -> tuple[str, str, str] | None:
    """Return what identifies an invoice: supplier, number, date; none without a number."""
    if act.kind not in INVOICED or not act.text("invoice_number"):
        return None
    return act.text("payee"), act.text("invoice_number"), act.text("invoice_date")


def check_invoice(act: Act, state: State) -> list[str]:
    """Check that no act of any sender, kind or year has asked for this invoice."""
    invoice = find_invoice(act)
    return [INVOICE_TWICE] if invoice and invoice in state.invoices else []


def check_prescription(act: Act, predecessor: Document | None) -> list[str]:
    """Check that the debt has not lapsed on the day of the request."""
    if act.kind not in INVOICED:
        return []
    year = find_right_year(act, predecessor)
    return [LAPSED] if year and act.day.year >= year + YEARS_OF_LAPSE else []


def find_right_year(act: Act, predecessor: Document | None) -> int:
    """Return the year in which the debt arose: stated, of the service, or of the invoice; 0 if none is known."""
    if act.text("right_year"):
        return int(act.text("right_year"))
    if predecessor and predecessor.service_day:
        return predecessor.service_day.year
    return act.invoice_day.year if act.invoice_day else 0
