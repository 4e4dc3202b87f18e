"""What remains to be paid of the commitments of a fund centre (rule A63): engaged, less withdrawn, less paid."""

from collections.abc import Mapping
from typing import NamedTuple

from core.catalog import CATALOG, Family
from tests.oracle.model import Cell, JournalRow

_SIGNS = {"payment": 1, "set_off": 1, "void": -1, "penalty_confirmation": 1}
_ENGAGING = {"commitment", "commitment_with_visa", "commitment_increase", "commitment_carry"}


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
        for commitment, cents in _list_moves(journal, entry):
            engaged += cents * (cells[journal[commitment].cell].centre_node in nodes)
        if CATALOG[journal[root].kind].family is not Family.COMMITMENT:
            continue
        if cells[journal[root].cell].centre_node not in nodes:
            continue
        amount = row.amount
        if CATALOG[row.kind].undoes:
            name, amount = CATALOG[journal[row.predecessor].kind].name, -row.amount
        engaged += amount * (name in _ENGAGING)
        withdrawn += amount * (name in {"commitment_decrease", "prior_withdrawal"})
        paid += amount * _SIGNS.get(name, 0)
    return CommitmentSums(engaged, withdrawn, paid)


def _list_moves(journal: Mapping[int, JournalRow], entry: int) -> list[tuple[int, int]]:
    """Return what an entry moves between the commitments of two years: a carry, or the rejection of an earlier request."""
    row = journal[entry]
    name, followed = CATALOG[row.kind].name, journal.get(row.predecessor)
    if name == "commitment_carry":
        return [(row.predecessor, -row.amount)]
    if name == "service_carry":
        old = _find_commitment_of_service(journal, row.predecessor)
        return [(old, -row.amount), (_find_carry(journal, old), row.amount)]
    if (
        name in ("payment_request_rejection", "penalty_rejection")
        and followed
        and CATALOG[followed.kind].follows is Family.COMMITMENT
    ):
        last = followed.predecessor
        while 0 < _find_carry(journal, last) < entry:
            last = _find_carry(journal, last)
        return [(followed.predecessor, -row.amount), (last, row.amount)]
    return []


def _find_carry(journal: Mapping[int, JournalRow], commitment: int) -> int:
    """Return the commitment to which ``commitment`` was carried; 0 if it was not."""
    return next(
        (
            entry
            for entry, row in journal.items()
            if row.predecessor == commitment and CATALOG[row.kind].name == "commitment_carry"
        ),
        0,
    )


def _find_commitment_of_service(journal: Mapping[int, JournalRow], service: int) -> int:
    """Return the commitment of a service: of one that was carried, the commitment to which it went."""
    row = journal[service]
    if CATALOG[row.kind].name != "service_carry":
        return row.predecessor
    return _find_carry(journal, _find_commitment_of_service(journal, row.predecessor))


def _find_root(journal: Mapping[int, JournalRow], entry: int) -> int:
    """Return the commitment that ``entry`` belongs to, otherwise the first entry of its chain."""
    while CATALOG[journal[entry].kind].family is not Family.COMMITMENT and journal[entry].predecessor:
        entry = journal[entry].predecessor
    return entry
