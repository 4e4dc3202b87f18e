"""Visas: from a threshold on a commitment follows a visa, and uses its amount; silence counts after some days (rule A44)."""

from collections.abc import Sequence

from core.catalog import CATALOG, ActKind
from core.outcome_codes import Outcome
from tests.oracle.lines import Line
from tests.oracle.model import Cell, LineRefused, OpenItem, State, World

_FREE = ("commitment", "commitment_increase")


def require_visa(world: World, kind: ActKind, cell: int, act: Sequence[Line]) -> None:
    """Refuse what commits without a visa where the lines of the act reach the threshold of its assignment."""
    threshold = world.cells.get(cell, Cell(0)).visa_threshold
    if kind.name in _FREE and threshold and _sum_act(act) >= threshold:
        raise LineRefused(Outcome.VISA_MISSING)


def _sum_act(act: Sequence[Line]) -> int:
    """Return what the lines of an act commit; a faulty one has no amount, and a decrease commits nothing."""
    return sum(line.amount for line in act if not line.fault and CATALOG[line.kind].ae_consumed > 0)


def require_silence(world: World, kind: ActKind, day: int, request: OpenItem) -> None:
    """Refuse to count on silence while the controller may still answer."""
    days = world.years[world.cells[request.cell].year].visa_days
    if kind.name == "tacit_visa" and day <= request.day + days:
        raise LineRefused(Outcome.VISA_PENDING)


def use_visa(state: State, kind: ActKind, visa: int, amount: int) -> None:
    """Take the amount of a decision, or of a commitment, from what is left of what it follows."""
    item = state.items[visa]
    if amount > item.open:
        raise LineRefused(kind.shortfall, missing=amount - item.open)
    state.items[visa] = item._replace(open=item.open - amount)
