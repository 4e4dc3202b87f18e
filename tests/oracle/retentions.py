"""What is kept back: a guarantee, once from a request on a commitment, before all else, within a share (rule A36)."""

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


def require_penalty_account(world: World, state: State, kind: ActKind, *, commitment: int) -> None:
    """Refuse a penalty on a title that has no account for it."""
    cell = world.cells.get(state.items[commitment].cell, Cell(0)) if commitment else Cell(0)
    if kind.name == "penalty" and not (cell.operating or cell.repaid_title == _ASSETS):
        raise LineRefused(Outcome.PENALTY_ITEM)


def choose_accounts(world: World, cell: Cell, period: int) -> dict[Role, int]:
    """Return the accounts of guarantees and of penalties: assets have their own."""
    is_asset = cell.repaid_title == _ASSETS
    retention = Role.ASSET_RETENTION if is_asset else Role.RETENTION
    penalty = Role.ASSET_PENALTY if is_asset else Role.PENALTY
    of_period = {role: world.roles.get((period, role), 0) for role in (retention, penalty)}
    return {Role.RETENTION: of_period[retention], Role.PENALTY: of_period[penalty]}
