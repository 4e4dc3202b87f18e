"""Reassignments: one act takes a paid expense from an imputation and brings all of it to others (rule A05)."""

from collections.abc import Sequence
from itertools import takewhile

from core.catalog import CATALOG, Family, Role
from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from tests.oracle import expenses
from tests.oracle.lines import Line
from tests.oracle.model import Cell, LineRefused, State, World


def require_targets(
    world: World, state: State, *, act: Sequence[Line], place: tuple[int, int], debit: int
) -> None:
    """Refuse an expense under a commitment and interest, and lines that do not bring the whole amount elsewhere."""
    request = state.items[expenses.find_request(state, debit)]
    original = CATALOG[request.kind]
    if original.follows is not Family.NONE or original.debit is not Role.EXPENSE or request.repayments:
        raise LineRefused(Outcome.REASSIGNMENT_FORBIDDEN)
    own, *later = act[place[1] - place[0] :]
    targets = list(takewhile(lambda line: CATALOG[line.kind].pairs is Pairing.TARGET, later))
    if any(line.fault for line in targets):
        return  # that line itself is refused
    accountants = {world.cells.get(line.cell, Cell(0)).accountant for line in targets}
    accountant = world.cells.get(state.items[debit].cell, Cell(0)).accountant
    days = {(line.day, line.period) for line in targets}
    is_whole = sum(line.amount for line in targets) == own.amount
    if not is_whole or accountants != {accountant} or days != {(own.day, own.period)}:
        raise LineRefused(Outcome.REASSIGNMENT_UNPAIRED)
