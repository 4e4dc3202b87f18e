"""Years, periods and dates (docs/rules.md; LOLF 9 and 28)."""

from collections.abc import Mapping
from datetime import date, timedelta

from tests.law_model.assignments import Assignment
from tests.law_model.chain import find_root
from tests.law_model.kinds import (
    ACCRUAL_CORRECTION,
    ACCRUALS,
    ASSET_CHANGES,
    BALANCED_BY_CLOSING,
    CARRIES,
    CARRY_INS,
    COMMITMENTS,
    CREDIT_KINDS,
    CREDIT_REVERSALS,
    IDENTIFICATIONS,
    INTEREST,
    INVENTORY,
    INVOICED,
    JOURNALS,
    LEAVES_YEAR,
    MOVEMENTS,
    ON_SERVICE,
    OPENINGS,
    PARTS,
    PREDECESSORS,
    PROVISION,
    PROVISION_CORRECTION,
    REASSIGNMENT_ORIGIN,
    REASSIGNMENT_TARGET,
    RELEASE,
    RELEASES,
    REQUESTS,
    RESULTS,
    SPENDS_AE,
    STATES_PLACE,
    TAKES_FROM_COMMITMENT,
    YEAR_BOUND,
)
from tests.law_model.periods import CLOSED, INVENTORY_MONTHS, LOCKED, NOBODY, OPEN, RESULT_MONTH
from tests.law_model.state import Act, Document, State

_PERIOD_CODES: Mapping[str, list[str]] = {OPEN: [], CLOSED: ["PERIOD_CLOSED"], LOCKED: ["PERIOD_LOCKED"]}
_OWN_MONTHS: Mapping[str, int] = {
    **dict.fromkeys(ACCRUALS | {ACCRUAL_CORRECTION}, INVENTORY_MONTHS[0]),
    **dict.fromkeys((PROVISION, RELEASE, PROVISION_CORRECTION), INVENTORY_MONTHS[1]),
    **dict.fromkeys(RESULTS, RESULT_MONTH),
}
FIRST_ANTICIPATION = (11, 1)
_OF_RUNNING_YEAR = ("receivable", "repayment_receivable", "credit_restoration")


def check_dates(act: Act, state: State) -> list[str]:
    """Check that the day of posting lies in the exercise (A03)."""
    if act.exercise not in state.reference.months_open_at_start:
        return ["EXERCISE_UNKNOWN"]
    is_inside = find_month(act, state.reference.window_days[act.exercise]) > 0
    return ["DATE_OUTSIDE_EXERCISE"] if not is_inside or _is_misplaced(act) else []


def check_period(act: Act, predecessor: Document | None, state: State) -> list[str]:
    """Check that the month is open for the accountant: of the act, or of the one that it follows (A04).

    While the act before is missing, nobody knows whose month it is.
    """
    if act.kind in OPENINGS:
        return []  # month 0, which no random decision closes
    months = state.reference.window_days
    month = find_month(act, months[act.exercise]) if act.exercise in months else 0
    if not month or (act.kind in PREDECESSORS and predecessor is None):
        return []
    has_own_place = act.kind in STATES_PLACE and act.text("fund_centre")
    key = predecessor.key if predecessor and not has_own_place else None
    centre, budget_year = (key.centre, key.year) if key else (act.text("fund_centre"), act.budget_year)
    year = state.reference.years.get(budget_year)
    is_known = year is not None and centre in year.centres
    accountant = year.find_accountant(centre) if year and is_known else NOBODY
    return _PERIOD_CODES[state.periods.read(act.exercise, month, accountant)]


def find_month(act: Act, window_days: int) -> int:
    """Return the month of the exercise in which an act is posted, which some kinds have of their own; 0 if in none."""
    month = _find_month_of_day(act, window_days)
    return _OWN_MONTHS.get(act.kind, month) if month else 0


def _find_month_of_day(act: Act, window_days: int) -> int:
    """Return the month of the day: December in the window after the year."""
    if act.day.year == act.exercise:
        return act.day.month
    last = date(act.exercise, 12, 31) + timedelta(days=window_days)
    return 12 if date(act.exercise, 12, 31) < act.day <= last else 0


def _is_misplaced(act: Act) -> bool:
    """Return whether an act is posted before its day, or on a day with credits that its own has not (A03; LOLF 8 and 9)."""
    if act.day < act.own_day:
        return True
    takes_credits = act.kind in YEAR_BOUND and act.day.year != act.own_day.year
    begins = date(act.own_day.year, *FIRST_ANTICIPATION)
    states_service = act.kind in SPENDS_AE and act.service_start is not None
    return takes_credits or (states_service and act.own_day < begins <= act.day)


def check_order(act: Act, predecessor: Document | None) -> list[str]:
    """Check that no act is dated before its predecessor, nor before the increase or service that it takes (A03, A33)."""
    if predecessor and (act.day < predecessor.day or _takes_later_amounts(act, predecessor)):
        return ["DATE_BEFORE_PREDECESSOR"]
    return []


def _takes_later_amounts(act: Act, commitment: Document) -> bool:
    """Return whether what was there until the day of the act is not enough, though all of it together would be."""
    if commitment.kind not in COMMITMENTS or act.kind not in TAKES_FROM_COMMITMENT | {"advance_request"}:
        return False
    bills = act.kind in ON_SERVICE | {"penalty"}
    remainder = commitment.certified - commitment.billed if bills else commitment.uncommitted
    kind = "service" if bills else "commitment_increase"
    later = sum(source.left for source in commitment.sources if source.kind == kind and source.day > act.day)
    return later > 0 and remainder - later < act.amount <= remainder


def check_year(act: Act, place: Assignment, predecessor: Document | None, state: State) -> list[str]:
    """Check that the act spends, or settles, the credits of its own day's year (A22, A24, A30)."""
    if act.kind in SPENDS_AE:
        return _check_commitment_year(act, place, state)
    if act.kind == "service" and act.day.year < place.key.year:
        return ["BUDGET_YEAR_CLOSED"]
    if act.kind == "prior_withdrawal":
        return _check_prior_withdrawal(act, place, predecessor, state)
    if act.kind in LEAVES_YEAR:
        return [] if _is_just_over(act, place, state) else ["BUDGET_YEAR_CLOSED"]
    if act.kind in CARRY_INS:
        return [] if place.key.year == act.day.year else ["BUDGET_YEAR_CLOSED"]
    if act.kind in CREDIT_KINDS and act.day.year > place.key.year:
        return ["BUDGET_YEAR_CLOSED"]
    if act.kind == "commitment_decrease" and predecessor and predecessor.kind == "commitment_carry":
        return ["BUDGET_YEAR_CLOSED"]  # another year consumed the AE (GBCP 160)
    if (
        act.kind in IDENTIFICATIONS
    ):  # in the books of the year, to the end of the complementary period (LOLF 28)
        return [] if place.key.year == act.exercise else ["BUDGET_YEAR_CLOSED"]
    of_one_year = JOURNALS | BALANCED_BY_CLOSING | INVENTORY | ASSET_CHANGES | MOVEMENTS | {"asset_service"}
    if act.kind in of_one_year:
        return [] if place.key.year == act.day.year else ["BUDGET_YEAR_CLOSED"]
    of_year = {"commitment_decrease", "earmark", "earmark_decrease", *_OF_RUNNING_YEAR}
    of_year |= {REASSIGNMENT_ORIGIN, REASSIGNMENT_TARGET, "retention", *RELEASES}
    of_year |= {"penalty", "penalty_confirmation"}
    if act.kind in REQUESTS | CARRIES | CREDIT_REVERSALS | of_year:
        codes = [] if place.key.year == act.day.year else ["BUDGET_YEAR_CLOSED"]
        return [*codes, *_check_last_day(act, place, state)]
    if act.kind in {"payment", "set_off", "advance_withholding"}:
        return [] if _is_payable(act, place, predecessor, state) else ["BUDGET_YEAR_CLOSED"]
    return []


def _is_just_over(act: Act, place: Assignment, state: State) -> bool:
    """Return whether the year of the credits pays nothing any more, and is the one before that of the day (A66; LOLF 15)."""
    last = date(place.key.year, 12, 31) + timedelta(days=state.reference.window_days[place.key.year])
    return last < act.day <= date(place.key.year + 1, 12, 31)


def _check_prior_withdrawal(
    act: Act, place: Assignment, predecessor: Document | None, state: State
) -> list[str]:
    """Check that an earlier year consumed the AE, and that a recycling case suits the commitment (A15; GBCP 160)."""
    is_carried = predecessor is not None and predecessor.kind == "commitment_carry"
    codes = [] if act.day.year > place.key.year or is_carried else ["COMMITMENT_NOT_PRIOR"]
    if not _stands_in(act.day.year, place, state):
        codes.append("FUND_CENTRE_UNKNOWN")
    needs_operation = state.reference.years[act.exercise].recycling.get(act.text("recycling_case"), False)
    return [*codes, "RECYCLING_MISMATCH"] if needs_operation and not place.operation else codes


def _stands_in(year: int, place: Assignment, state: State) -> bool:
    """Return whether a year has the fund centre of a place and its operation: an order may have suppressed them."""
    files = state.reference.years.get(year)
    if files is None or place.key.centre not in files.centres:
        return False
    operation = files.centres.get(place.operation)
    return not place.operation or (operation is not None and operation.parent == place.key.centre)


def _check_last_day(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that a payment is ordered by the last day that an order sets (A31; GBCP art. 134)."""
    last = state.reference.last_order_days.get(place.key.year)
    is_late = act.kind in INVOICED | RELEASES | {INTEREST} and last is not None and act.day > last
    return ["AFTER_LAST_DATE"] if is_late else []


def _is_payable(act: Act, place: Assignment, predecessor: Document | None, state: State) -> bool:
    """Return whether CP of the place's year may be consumed on the day: in the year, or in the window if it has days.

    In the window only what was ordered between 1 October and 31 December may be paid (A31; decree 2007-687).
    """
    if act.day.year == place.key.year:
        return True
    end = date(place.key.year, 12, 31)
    is_late = predecessor is not None and date(place.key.year, 10, 1) <= _find_order(predecessor).day <= end
    return is_late and end < act.day <= end + timedelta(days=state.reference.window_days[place.key.year])


def _find_order(debt: Document) -> Document:
    """Return the order to pay: the request, or what released a guarantee."""
    while debt.kind in PARTS and debt.predecessor:
        debt = debt.predecessor
    return debt if debt.kind in RELEASES else find_root(debt)


def is_carried_in_order(act: Act, place: Assignment, predecessor: Document, state: State) -> bool:
    """Return whether a carry goes into the next year, after the last day on which the year before pays (A30, A64).

    A guarantee or a penalty, which has no credits of its year, goes into any later year (ours).
    """
    assert predecessor.key is not None
    year = predecessor.key.year
    last = date(year, 12, 31) + timedelta(days=state.reference.window_days[year])
    goes_far = act.kind in {"retention_carry", "penalty_carry"}
    is_later = place.key.year > year if goes_far else place.key.year == year + 1
    return is_later and act.day > last


def is_anticipation(act: Act, place: Assignment) -> bool:
    """Return whether an act engages the AE of the year after its day's, from 1 November (A22)."""
    is_next = place.key.year == act.day.year + 1
    return is_next and (act.day.month, act.day.day) >= FIRST_ANTICIPATION


def _check_commitment_year(act: Act, place: Assignment, state: State) -> list[str]:
    if place.key.year == act.day.year:
        return []
    if not is_anticipation(act, place) or "ANTICIPATION_LIMIT" not in state.built:
        return ["BUDGET_YEAR_CLOSED"]
    if act.service_start is None or act.service_start < date(place.key.year, 1, 1):
        return ["BUDGET_YEAR_CLOSED"]
    quarter = state.budget.find_quarter(place.key, place.item, place.operation)
    return ["ANTICIPATION_LIMIT"] if act.amount > quarter else []
