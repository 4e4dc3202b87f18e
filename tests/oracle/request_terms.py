"""What a request states of its contract, and of the one suspension of its term before the order."""

from collections.abc import Mapping

from core.act_fields import Field
from tests.oracle import days

CONTRACTS = ("none", "works", "supplies", "services", "concession", "works_balance")


def has_contract(fields: Mapping[Field, str]) -> bool:
    """Return whether the contract exists, if one is stated."""
    if fields.get(Field.CONTRACT) == "works_balance" and not fields.get(Field.RECEIVED):
        return False  # the term of the balance runs from a day that nothing else tells
    return fields.get(Field.CONTRACT, "none") in CONTRACTS


def is_possible(fields: Mapping[Field, str]) -> bool:
    """Return whether the contract exists, and the suspension ended after it began and not after the order."""
    if not has_contract(fields):
        return False
    notified, ended = fields.get(Field.SUSPENSION_NOTIFIED), fields.get(Field.SUSPENSION_ENDED)
    if not notified and not ended:
        return True
    if not notified or not ended:
        return False
    first, last, ordered = (days.parse(text or "") for text in (notified, ended, fields.get(Field.DATE)))
    return None in (first, last, ordered) or (first or 0) < (last or 0) <= (ordered or 0)
