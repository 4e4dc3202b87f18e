"""Contribution funds and assigned revenue: what a receipt must be to open their credits (LOLF art. 17; rule A19)."""

from core.outcome_codes import Outcome
from tests.oracle import receipt_days
from tests.oracle.model import LineRefused, OpenItem, State, World


def require_receipt(world: World, state: State, receipt: OpenItem, own: int) -> None:
    """Refuse a receipt of another fund, programme or year than the credits, and one that repays an expense."""
    opened, collected = world.cells[own], world.cells[receipt.cell]
    year = world.years[opened.year]
    is_of_place = opened.fund == collected.fund and world.follows(opened, collected)
    days = receipt.day, receipt_days.read_day(receipt)
    is_of_year = any(year.first_day <= day <= year.last_day for day in days)
    repays = state.items[receipt.parent].parent != 0
    if not opened.fund or not is_of_place or not is_of_year or repays:
        raise LineRefused(Outcome.FUND_RECEIPT_MISMATCH)
