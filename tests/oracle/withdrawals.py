"""Withdrawals of commitments of earlier years: what is reported as consumed, and what is available again.

Source: GBCP art. 160: only the withdrawal of a commitment of the running year makes its AE available again, save the cases
that an order sets.
"""

from core.money import BALANCE_MAX
from core.outcome_codes import Outcome
from tests.oracle import budget
from tests.oracle.availability import walk_up
from tests.oracle.lines import Line
from tests.oracle.model import NONE, Cell, LineRefused, State, World

OF_OPERATION = 256
"""From here on, the number of a case that holds on an operation alone."""


def apply_withdrawal(world: World, state: State, line: Line, cell: Cell, *, is_carried: bool) -> None:
    """Lower the reported consumption of the year of the line's day; in a recycling case, that which counts.

    The AE of a commitment that ``is_carried`` were consumed before the year of ``cell``.
    """
    if line.day <= world.years[cell.year].last_day and not is_carried:
        raise LineRefused(Outcome.COMMITMENT_NOT_PRIOR)
    if line.source >= OF_OPERATION and cell.operation_node == NONE:
        raise LineRefused(Outcome.RECYCLING_MISMATCH)
    place = _find_place(world, line, cell)
    if line.source > 0:
        budget.apply_changes(state, budget.list_changes(world, place, (0, -line.amount, 0, 0)))
        return
    operations = [] if place.operation_node == NONE else [place.operation_node]
    for node in (*operations, *walk_up(world.nodes, place.centre_node)):
        total = state.withdrawn.get(node, 0) + line.amount
        if total > BALANCE_MAX:
            raise LineRefused(Outcome.BALANCE_LIMIT, node)
        state.withdrawn[node] = total


def _find_place(world: World, line: Line, cell: Cell) -> Cell:
    """Return the assignment at the nodes of the year of the line's day, or refuse where that year lacks them."""
    later = (number for number in sorted(world.years) if number >= cell.year)
    year = next((number for number in later if line.day <= world.years[number].last_day), NONE)
    centre = world.find_node_of_year(cell.centre_node, year)
    operation = NONE if cell.operation_node == NONE else world.find_node_of_year(cell.operation_node, year)
    if centre == NONE or (operation == NONE and cell.operation_node != NONE):
        raise LineRefused(Outcome.FUND_CENTRE_UNKNOWN)
    if operation != NONE and world.nodes[operation].parent != centre:
        raise LineRefused(Outcome.FUND_CENTRE_UNKNOWN)
    return cell._replace(centre_node=centre, operation_node=operation)
