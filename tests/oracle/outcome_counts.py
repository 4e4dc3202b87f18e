"""Decided lines grouped by outcome."""

from collections.abc import Iterable, Mapping

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome

GROUPS = ("accepted", "registered", "duplicate", "held", "refused")
_NAMED = {Outcome.DUPLICATE: "duplicate", Outcome.HELD: "held"}

_REGISTERING = {KIND_NUMBERS["third_party"], KIND_NUMBERS["bank_details"]}
Row = Mapping[str, int]
Line = tuple[Row, Row, int, str]
"""Act, decision, requested cents, reference."""


def find_group(act: Row, decision: Row) -> str:
    """Return the group of one line."""
    if decision["outcome"] == Outcome.ACCEPTED:
        return "registered" if act["kind"] in _REGISTERING else "accepted"
    return _NAMED.get(Outcome(decision["outcome"]), "refused")


def sum_kinds(lines: Iterable[Line]) -> dict[int, int]:
    """Return the decided cents of the accepted lines, by kind; kinds that register a payee have no amount."""
    cents: dict[int, int] = {}
    for act, decision, _, _ in lines:
        if find_group(act, decision) == "accepted":
            cents[act["kind"]] = cents.get(act["kind"], 0) + act["amount"]
    return cents


def group_outcomes(lines: Iterable[Line]) -> dict[str, tuple[list[int], list[int]]]:
    """Return for each group (lines, requested cents, decided cents, bytes of references), and its rows."""
    groups: dict[str, tuple[list[int], list[int]]] = {group: ([0, 0, 0, 0], []) for group in GROUPS}
    for row, (act, decision, cents, reference) in enumerate(lines):
        totals, rows = groups[find_group(act, decision)]
        rows.append(row)
        for place, amount in enumerate((1, cents, act["amount"], len(reference.encode()))):
            totals[place] += amount
    return groups
