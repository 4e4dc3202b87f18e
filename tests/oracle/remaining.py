"""What remains to be paid of the commitments of a fund centre (rule A63): engaged, less withdrawn, less paid."""

from collections.abc import Mapping
from typing import NamedTuple

from core.catalog import CATALOG, Family
from tests.oracle.model import Cell, JournalRow

_SIGNS = {"payment": 1, "set_off": 1, "void": -1}


class CommitmentSums(NamedTuple):
    """What commitments engaged, withdrew and paid so far, in cents."""

    engaged: int
    withdrawn: int
    paid: int


def sum_commitments(
    journal: Mapping[int, JournalRow], cells: Mapping[int, Cell], nodes: frozenset[int]
) -> CommitmentSums:
    """Return what the commitments of a fund centre, by its nodes, engaged, withdrew and paid so far.

    What is carried into the next year is engaged there, and no longer in the year before.
    """
    engaged = withdrawn = paid = 0
    for entry, row in journal.items():
        root, name = _find_root(journal, entry), CATALOG[row.kind].name
        if name == "commitment_carry" and cells[journal[row.predecessor].cell].centre_node in nodes:
            engaged -= row.amount
        if CATALOG[journal[root].kind].family is not Family.COMMITMENT:
            continue
        if cells[journal[root].cell].centre_node not in nodes:
            continue
        amount = row.amount
        if CATALOG[row.kind].undoes:
            name, amount = CATALOG[journal[row.predecessor].kind].name, -row.amount
        engaged += amount * (name in {"commitment", "commitment_increase", "commitment_carry"})
        withdrawn += amount * (name in {"commitment_decrease", "prior_withdrawal"})
        paid += amount * _SIGNS.get(name, 0)
    return CommitmentSums(engaged, withdrawn, paid)


def _find_root(journal: Mapping[int, JournalRow], entry: int) -> int:
    """Return the commitment that ``entry`` belongs to, otherwise the first entry of its chain."""
    while CATALOG[journal[entry].kind].family is not Family.COMMITMENT and journal[entry].predecessor:
        entry = journal[entry].predecessor
    return entry
