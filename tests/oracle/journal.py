"""The rows of the journal: one for every accepted line."""

from collections.abc import Iterable, Mapping, Sequence

from core.catalog import list_kinds
from core.kind_rules import MOVES_CREDITS
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from tests.oracle import copy_rows

TYPES = (
    *("int8", "int8", "int8", "int8", "int4", "int4", "date", "int4", "int4", "int4"),
    *("int2", "int2", "int2", "int2", "int2", "int2", "text"),
)
"""The types of entry, predecessor, amount, content, submission, line, day, cell, source, payee, kind, exercise, month, debit,
credit, accountant and reference."""

_MOVES = frozenset(list_kinds(lambda kind: kind.budget in MOVES_CREDITS))

Record = Mapping[str, int]
LineDetails = tuple[int, int, str]
"""Line of the submission, day since 1970-01-01, reference."""


def build_rows(
    lines: Iterable[tuple[Record, Record, LineDetails]], submission: int, first_node: int
) -> list[Sequence[int | str]]:
    """Return one row for each accepted line, from its act, its decision, and its details."""
    rows: list[Sequence[int | str]] = []
    for act, decision, (line, day, reference) in lines:
        if decision["outcome"] == Outcome.ACCEPTED:
            content = act["content"] - (2**64 if act["content"] >= 2**63 else 0)
            moves = act["kind"] in _MOVES
            source = max(act["source"], 0) + (first_node if moves else 0)
            years, month = divmod(act["period"], PERIODS_PER_YEAR)
            entry = (
                decision["entry"],
                decision["predecessor"],
                act["amount"],
                content,
                submission,
                line,
                day,
            )
            place = (decision["cell"], source, decision["payee"], act["kind"], years + YEAR_FIRST, month)
            posting = (decision["debit"], decision["credit"], decision["accountant"])
            rows.append((*entry, *place, *posting, reference))
    return rows


def encode_rows(rows: Iterable[Sequence[int | str]]) -> bytes:
    """Return the COPY bytes of ``rows``, without header and trailer."""
    return b"".join(copy_rows.encode_row(TYPES, row) for row in rows)
