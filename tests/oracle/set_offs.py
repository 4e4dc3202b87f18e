"""Pairs: two lines of one act, by one amount, on a debt and on a receivable or an advance of the same person (A36, A58)."""

from collections.abc import Sequence

from core.account_roles import Role
from core.catalog import CATALOG, ActKind
from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from tests.oracle import advances, merges, receipt_days, suspense
from tests.oracle.lines import Line
from tests.oracle.model import Cell, LineRefused, State, World

_PAIRS = (
    [Pairing.DEBT, Pairing.RECEIVABLE],
    [Pairing.WITHHOLDING, Pairing.ADVANCE],
    [Pairing.SUSPENSE, Pairing.IDENTIFICATION],
)
_CODES = {
    Pairing.DEBT: Outcome.RECEIVABLE_MISSING,
    Pairing.RECEIVABLE: Outcome.SET_OFF_MISMATCH,
    Pairing.WITHHOLDING: Outcome.ADVANCE_MISSING,
    Pairing.ADVANCE: Outcome.ADVANCE_MISMATCH,
    Pairing.SUSPENSE: Outcome.IDENTIFICATION_UNPAIRED,
    Pairing.IDENTIFICATION: Outcome.IDENTIFICATION_MISMATCH,
}


def require_pair(
    world: World, state: State, kind: ActKind, *, act: Sequence[Line], place: tuple[int, int], followed: int
) -> None:
    """Refuse the line at ``place`` of an act unless it stands beside the other line of its pair."""
    at = place[1] - place[0]
    if kind.pairs not in _CODES:
        return
    if kind.pairs in {Pairing.DEBT, Pairing.WITHHOLDING, Pairing.SUSPENSE}:
        if not _is_pair(act[at : at + 2]):
            raise LineRefused(_CODES[kind.pairs])
        return
    if not at or not _is_pair(act[at - 1 : at + 1]):
        raise LineRefused(_CODES[kind.pairs])
    debt = state.items[place[1] - 1].parent
    if kind.pairs is Pairing.ADVANCE:
        advances.require_own_advance(world, state, debt=debt, transfer=followed)
    elif kind.pairs is Pairing.IDENTIFICATION:
        is_of_one = len({_name_parties(world, state, item)[1] for item in (debt, followed)}) == 1
        own_role = {
            "identification_receipt": Role.SUSPENSE_RECEIPT,
            "identification_return": Role.SUSPENSE_RETURN,
            "identification_debit": Role.SUSPENSE_DEBIT,
        }[kind.name]
        roles = suspense.find_roles(world, state.items[debt], act[at].period)
        years = [world.cells.get(state.items[item].cell, Cell(0)).year for item in (debt, followed)]
        is_of_later_year = kind.name == "identification_receipt" and years[1] > years[0]
        if not is_of_one or own_role not in roles or is_of_later_year:
            raise LineRefused(Outcome.IDENTIFICATION_MISMATCH)
    elif _name_parties(world, state, debt) != _name_parties(world, state, followed):
        raise LineRefused(Outcome.SET_OFF_MISMATCH)
    else:
        receipt_days.require_due(state.items[followed], act[at].day)


def _is_pair(lines: Sequence[Line]) -> bool:
    if [CATALOG[line.kind].pairs for line in lines] not in _PAIRS:
        return False
    return len({(line.amount, line.day, line.period) for line in lines}) == 1


def _name_parties(world: World, state: State, entry: int) -> tuple[int, int]:
    """Return the creditor or debtor of an item, as a person, and its accountant."""
    item = state.items[entry]
    return merges.find_person(state, item.payee), world.cells.get(item.cell, Cell(0)).accountant
