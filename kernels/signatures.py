"""Signatures: whether who entered and who validated an act may do so on its day, at its place, for its amount (A41, A42).

A person may do it by a role of his own, or validate by the delegation that the act names, as far as its owner may validate
himself.  Of several grants the one that comes nearest decides what the refusal says.
"""

import numpy as np

from core.catalog import BudgetAction
from core.directory import Hand
from core.nomenclature import CENTRES_A_YEAR, SHEETS
from core.outcome_codes import Outcome
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part

_ROLE, _DAY, _PLACE, _AMOUNT, _OWNER, _PASSED = 0, 1, 2, 3, 4, 5
"""What a grant fails at, in the order of the checks."""


@part
def _covers_centre(book, node, centre):
    """Return whether fund centre number ``centre``, or 0 for all, is that of the node or above it."""
    if centre == 0:
        return True
    while node >= 0:
        if (node // SHEETS) % CENTRES_A_YEAR == centre:
            return True
        node = np.int64(book.nodes[as_position(node)].parent)
    return False


@part
def _covers_place(book, grant, cell, node):
    """Return whether a grant holds at ``node``, for the accountant of ``cell``; a line without a cell is everywhere."""
    if cell == 0:
        return True
    accountant = grant.accountant
    is_accountant = accountant == 0 or accountant == book.cells[cell].accountant
    return is_accountant and _covers_centre(book, node, grant.centre)


@part
def _rate_grant(book, grant, need):
    """Return what the grant fails at; ``need`` = (kind, hand, day, cell, node, cents)."""
    kind, hand, day, cell, node, cents = need
    may_do = book.role_kinds[as_position(grant.role) * book.effects.size + kind]
    if grant.hand & may_do & hand == 0:
        return _ROLE
    if day < grant.first_day or day > grant.last_day:
        return _DAY
    if not _covers_place(book, grant, cell, node):
        return _PLACE
    return _AMOUNT if hand == Hand.VALIDATION.value and cents > grant.ceiling else _PASSED


@part
def _rate_person(book, person, delegation, need):
    """Return what the nearest grant of ``person`` fails at, of those by ``delegation``; 0 for his own."""
    nearest = _ROLE
    for row in range(book.grant_starts[as_position(person)], book.grant_starts[as_position(person + 1)]):
        grant = book.grants[as_position(row)]
        if grant.delegation == delegation:
            nearest = max(nearest, _rate_grant(book, grant, need))
    return nearest


@part
def _find_owner(book, person, delegation):
    """Return the owner of a delegation that ``person`` holds; 0 if he does not hold it."""
    for row in range(book.grant_starts[as_position(person)], book.grant_starts[as_position(person + 1)]):
        if book.grants[as_position(row)].delegation == delegation:
            return np.int64(book.grants[as_position(row)].owner)
    return np.int64(0)


@part
def _sum_act(acts, row):
    """Return the cents of all lines of the act whose first row is ``row``; a line with a fault may have any amount."""
    cents, line = np.int64(0), np.int64(row)
    while line < acts.size and acts[as_position(line)].head == acts[as_position(row)].head:
        if acts[as_position(line)].fault == 0:
            cents += acts[as_position(line)].amount
        line += 1
    return cents


@part
def _refuse_entry(failure):
    if failure == _ROLE:
        return refused(Outcome.ENTRY_ROLE_MISSING.value, -1, 0)
    return refused(Outcome.ENTRY_DAY.value if failure == _DAY else Outcome.ENTRY_PLACE.value, -1, 0)


@part
def _refuse_validation(failure):
    if failure == _ROLE:
        return refused(Outcome.VALIDATION_ROLE_MISSING.value, -1, 0)
    if failure == _DAY:
        return refused(Outcome.VALIDATION_DAY.value, -1, 0)
    return refused(
        Outcome.VALIDATION_PLACE.value if failure == _PLACE else Outcome.VALIDATION_CEILING.value, -1, 0
    )


@part
def _check_validation(book, signature, need):
    """Check who validated: by a role of his own, or by the delegation that the act names."""
    person, delegation = np.int64(signature.validated), np.int64(signature.delegation)
    if delegation == 0:
        failure = _rate_person(book, person, 0, need)
        return accepted() if failure == _PASSED else _refuse_validation(failure)
    owner = _find_owner(book, person, delegation)
    if owner == 0:
        return refused(Outcome.DELEGATION_NOT_HELD.value, -1, 0)
    failure = _rate_person(book, person, delegation, need)
    if failure != _PASSED:
        return _refuse_validation(failure)
    if _rate_person(book, owner, 0, need) != _PASSED:
        return refused(Outcome.DELEGATION_OWNER.value, -1, 0)
    return accepted()


@part
def _check_hands(book, signature, need):
    """Check who entered and who validated, at one place; ``need`` = (kind, day, cell, node, cents)."""
    kind, day, cell, node, cents = need
    failure = _rate_person(
        book, np.int64(signature.entered), 0, (kind, np.int64(Hand.ENTRY.value), day, cell, node, cents)
    )
    if failure != _PASSED:
        return _refuse_entry(failure)
    return _check_validation(book, signature, (kind, np.int64(Hand.VALIDATION.value), day, cell, node, cents))


@part
def _find_giver(acts, book, line, cell):
    """Return the budget node that credits leave: the source of a move, the level above an allotment; -1 if there is none."""
    action = book.effects[acts[line].kind].budget
    if (
        action == BudgetAction.MOVE.value
        or action == BudgetAction.VIREMENT.value
        or action == BudgetAction.DECREE_TRANSFER.value
    ):
        return np.int64(acts[line].source)
    if action == BudgetAction.ALLOT.value:
        return np.int64(book.nodes[as_position(book.cells[cell].centre_node)].parent)
    return np.int64(-1)


@rare_part
def check_signature(acts, book, place, cell):
    """Check who entered and who validated the act of ``place`` = (first row, line, ...), at account assignment ``cell``.

    Credits that are moved or allotted leave another fund centre, where each of them needs a role too.
    """
    row, line, _ = place
    signature = book.signatures[as_position(acts[line].signature)]
    kind, day, cents = np.int64(acts[line].kind), np.int64(acts[line].day), _sum_act(acts, row)
    finding = _check_hands(book, signature, (kind, day, cell, np.int64(book.cells[cell].centre_node), cents))
    giver = _find_giver(acts, book, line, cell)
    if finding[0] != Outcome.ACCEPTED.value or giver < 0:
        return finding
    return _check_hands(book, signature, (kind, day, cell, giver, cents))
