"""Retentions: a guarantee is retained once from a request on a commitment, before all else, within a share (rule A36)."""

from core.catalog import CATALOG, ActKind, Family, Role
from core.outcome_codes import Outcome
from tests.oracle import invoices
from tests.oracle.lines import Line
from tests.oracle.model import Cell, LineRefused, State, World

_ASSETS = 5


def require_retainable(world: World, state: State, kind: ActKind, *, line: Line, request: int) -> None:
    """Refuse a guarantee from what is no request on a commitment, that another act took up, or above the share."""
    if kind.name != "retention":
        return
    item = state.items[request]
    cell, requested = world.cells.get(item.cell, Cell(0)), CATALOG[item.kind]
    is_request = requested.follows is Family.COMMITMENT and requested.debit is not Role.ADVANCE
    if not is_request or not (cell.operating or cell.repaid_title == _ASSETS):
        raise LineRefused(Outcome.RETENTION_REQUEST)
    if invoices.has_uses(state, request):
        raise LineRefused(Outcome.RETENTION_LATE)
    share = item.open * world.years[cell.year].retention_limit // 1000
    if line.amount > share:
        raise LineRefused(Outcome.RETENTION_EXCEEDED, missing=line.amount - share)


def choose_account(world: World, cell: Cell, period: int) -> int:
    """Return the account of what is retained: assets have one of their own."""
    role = Role.ASSET_RETENTION if cell.repaid_title == _ASSETS else Role.RETENTION
    return world.roles.get((period, role), 0)
