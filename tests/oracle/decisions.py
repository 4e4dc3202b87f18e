"""The decision on rows like those of the kernel: the lines of an act next to each other."""

from collections.abc import Sequence
from itertools import groupby

from tests.oracle.ledger import Ledger
from tests.oracle.lines import Line
from tests.oracle.model import Decision


def split_acts(rows: Sequence[Line]) -> list[list[Line]]:
    """Return the acts of ``rows``, in order: rows of one act have the same head."""
    return [list(lines) for _, lines in groupby(rows, key=lambda line: line.head)]


def join_acts(acts: Sequence[Sequence[Line]]) -> list[Line]:
    """Return the lines of ``acts`` one after the other, each with the row of its act's first line as head."""
    flat: list[Line] = []
    for act in acts:
        head = len(flat)
        flat += [line._replace(head=head) for line in act]
    return flat


def decide(rows: Sequence[Line], ledger: Ledger, holding: bool) -> list[Decision]:
    """Decide every act of ``rows`` in order, advancing ``ledger``; one decision per row."""
    return [decision for lines in split_acts(rows) for decision in ledger.decide(lines, holding)]
