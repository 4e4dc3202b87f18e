"""The tables of what requests state of their payment: payment details, and what makes the fingerprint of each invoice."""

from typing import NamedTuple

from core.tables.columns import Day, Entry, Hash32, Hash64, Small


class Suppliers(NamedTuple):
    """The supplier of each invoice."""

    high: Hash64
    """With ``low``: fingerprint of the payee."""
    low: Hash32


class RequestedInvoices(NamedTuple):
    """The invoices of stored requests, as the replay reads them: one row per entry that states an invoice number."""

    entry: Entry
    high: Hash64
    low: Hash32
    part: Small
    """0 for the whole invoice."""
    day: Day
    """0 where none is stated."""


class RequestDetails(NamedTuple):
    """The payment details of payable lines, in order of entries, without their texts.  Days are 0 where none is given."""

    entry_id: Entry
    received: Day
    due: Day
    invoice_date: Day
    priority: Small
    """-1 where none is given."""
    invoice_part: Small
    """0 where none is given, like the year."""
    right_year: Small
    suspension_notified: Day
    suspension_ended: Day
    contract: Small
    """``core.contracts.Contract``; 0 where none is stated."""
