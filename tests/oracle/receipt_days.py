"""The day on which a receivable is due, and on which a receipt counts (civil code art. 1347-1; LOLF art. 28)."""

from core.catalog import CATALOG
from core.outcome_codes import Outcome
from tests.oracle.model import LineRefused, OpenItem, State

_RECEIVABLES = ("receivable", "repayment_receivable")


def add_days(state: State, entry: int, bare: OpenItem, source: int) -> OpenItem:
    """Return the item of a new entry with the day on which it is due, or that of the credit which it collects."""
    name = CATALOG[bare.kind].name
    if name in _RECEIVABLES:
        return bare._replace(due=max(source, 0))
    if name == "identification_receipt":
        return bare._replace(credit_day=find_credit_day(state, entry))
    return bare


def find_credit_day(state: State, entry: int) -> int:
    """Return the day of what stood on suspense and the entry before ``entry`` takes off."""
    return state.items[state.items[entry - 1].parent].day


def read_day(receipt: OpenItem) -> int:
    """Return the day on which a receipt counts."""
    return receipt.credit_day or receipt.day


def require_due(receivable: OpenItem, day: int) -> None:
    """Refuse to set off a receivable before its term."""
    if day < receivable.due:
        raise LineRefused(Outcome.RECEIVABLE_NOT_DUE)
