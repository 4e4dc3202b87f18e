"""The tables of invoices: what makes the fingerprint of each, and those that stored requests state."""

from typing import NamedTuple

from core.tables.columns import Day, Entry, Hash32, Hash64, Small


class Suppliers(NamedTuple):
    """The supplier and the day of each invoice."""

    high: Hash64
    """With ``low``: fingerprint of the payee."""
    low: Hash32
    day: Day
    """0 where none is stated."""


class RequestedInvoices(NamedTuple):
    """The invoices of stored requests, as the replay reads them: one row per entry that states an invoice number."""

    entry: Entry
    high: Hash64
    low: Hash32
    part: Small
    """0 for the whole invoice."""
