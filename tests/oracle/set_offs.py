"""Set-offs: two lines of one act, by one amount, on a debt and on a receivable of the same person (rule A58)."""

from collections.abc import Sequence

from core.catalog import CATALOG, ActKind
from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from tests.oracle.lines import Line
from tests.oracle.model import Cell, LineRefused, OpenItem, State, World


def require_pair(
    world: World, state: State, kind: ActKind, *, act: Sequence[Line], place: tuple[int, int], receivable: int
) -> None:
    """Refuse the line at ``place`` of an act unless it stands beside the other line of its set-off."""
    at = place[1] - place[0]
    if kind.pairs is Pairing.DEBT and not _is_set_off(act[at : at + 2]):
        raise LineRefused(Outcome.RECEIVABLE_MISSING)
    if kind.pairs is Pairing.RECEIVABLE:
        if not at or not _is_set_off(act[at - 1 : at + 1]):
            raise LineRefused(Outcome.SET_OFF_MISMATCH)
        debt = state.items[state.items[place[1] - 1].parent]
        if _name_parties(world, debt) != _name_parties(world, state.items[receivable]):
            raise LineRefused(Outcome.SET_OFF_MISMATCH)


def _is_set_off(lines: Sequence[Line]) -> bool:
    if [CATALOG[line.kind].pairs for line in lines] != [Pairing.DEBT, Pairing.RECEIVABLE]:
        return False
    return len({(line.amount, line.day, line.period) for line in lines}) == 1


def _name_parties(world: World, item: OpenItem) -> tuple[int, int]:
    """Return the creditor or debtor of an item, and its accountant."""
    return item.payee, world.cells.get(item.cell, Cell(0)).accountant
