"""The decision over rows, as the kernel takes them: the lines of an act next to each other."""

from collections.abc import Sequence
from itertools import groupby

from tests.oracle.ledger import Ledger
from tests.oracle.model import Decision, Line


def split_acts(rows: Sequence[Line]) -> list[list[Line]]:
    """The acts that ``rows`` hold, in order: rows of one act name the same head."""
    return [list(lines) for _, lines in groupby(rows, key=lambda line: line.head)]


def join_acts(acts: Sequence[Sequence[Line]]) -> list[Line]:
    """The lines of ``acts`` one after another, each naming the row of its act's first."""
    flat: list[Line] = []
    for act in acts:
        head = len(flat)
        flat += [line._replace(head=head) for line in act]
    return flat


def decide(rows: Sequence[Line], ledger: Ledger, holding: bool) -> list[Decision]:
    """Decide every act of ``rows`` in order, advancing ``ledger``; one decision per row."""
    return [decision for lines in split_acts(rows) for decision in ledger.decide(lines, holding)]
