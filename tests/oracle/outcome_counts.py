"""What became of lines, way by way."""

from collections.abc import Iterable, Mapping

from core.catalog import KIND_NUMBERS
from core.outcome_codes import Outcome

GROUPS = ("accepted", "registered", "duplicate", "held", "refused")
_NAMED = {Outcome.DUPLICATE: "duplicate", Outcome.HELD: "held"}

_REGISTERING = {KIND_NUMBERS["third_party"], KIND_NUMBERS["bank_details"]}
Row = Mapping[str, int]
Line = tuple[Row, Row, int, str]
"""Act, decision, cents asked for, reference."""


def find_group(act: Row, told: Row) -> str:
    """How one line ended."""
    if told["outcome"] == Outcome.ACCEPTED:
        return "registered" if act["kind"] in _REGISTERING else "accepted"
    return _NAMED.get(Outcome(told["outcome"]), "refused")


def group_outcomes(lines: Iterable[Line]) -> dict[str, tuple[list[int], list[int]]]:
    """For each way: (lines, cents asked for, cents worth, bytes of references), and which rows ended so."""
    found: dict[str, tuple[list[int], list[int]]] = {way: ([0, 0, 0, 0], []) for way in GROUPS}
    for row, (act, told, cents, reference) in enumerate(lines):
        totals, rows = found[find_group(act, told)]
        rows.append(row)
        for place, more in enumerate((1, cents, act["amount"], len(reference.encode()))):
            totals[place] += more
    return found
