"""Contribution funds and assigned revenue: credits up to what was collected (LOLF art. 17; docs/rules.md, A19)."""

from tests.law_model.assignments import Assignment
from tests.law_model.nomenclature import ORDINARY, follows_by_order
from tests.law_model.state import Act, Document, State

_WITHOUT_RECEIPT = {"carry_over", "transfer"}


def check_origin(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that an opening needs no receipt: on ordinary credits, or of what was carried over or comes from elsewhere.

    Of a year before that the books have, orders carry credits over, and no opening does (LOLF art. 15; A67).
    """
    if not act.kind.startswith("budget_opening"):
        return []
    is_of_fund = place.fund != ORDINARY and act.text("origin") not in _WITHOUT_RECEIPT
    codes = ["FUND_RECEIPT_MISSING"] if is_of_fund or act.text("origin") == "contribution_fund" else []
    has_year_before = place.key.year - 1 in state.reference.years
    return codes + (
        ["CARRY_OVER_UNORDERED"] if act.text("origin") == "carry_over" and has_year_before else []
    )


def check_receipt(place: Assignment, receipt: Document, state: State) -> list[str]:
    """Check that the receipt is of the fund, programme and year of the credits, and repays no expense."""
    receivable = receipt.predecessor
    assert receivable is not None
    assert receivable.key is not None
    years, keys = state.reference.years, (place.key, receivable.key)
    programmes = {years[key.year].centres[key.centre].programme for key in keys}
    ends = [(key.year, key.centre) for key in keys]
    goes_on = len(programmes) == 1 or follows_by_order(years, *ends)
    is_of_fund = place.fund != ORDINARY and place.fund == receivable.fund and goes_on
    is_of_year = place.key.year in (receipt.day.year, receipt.collected_day.year)
    is_right = is_of_fund and is_of_year and receivable.predecessor is None
    return [] if is_right else ["FUND_RECEIPT_MISMATCH"]
