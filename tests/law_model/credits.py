"""Availability of credits, and what each kind takes of them (domain 2.4 and 2.5; GBCP 128 to 160, 233)."""

from datetime import date

from tests.law_model.assignments import Assignment
from tests.law_model.budget import NodeKey
from tests.law_model.chain import find_root
from tests.law_model.form import FINANCE_LAWS
from tests.law_model.kinds import INTEREST, ON_COMMITMENT, RELEASES, SPENDS_AE
from tests.law_model.nomenclature import FAMILIES
from tests.law_model.state import Act, Document, State


def _is_payroll_checked(act: Act, year: int) -> bool:
    """Return whether the day is one from December of the year of the credits on (A28; GBCP art. 233)."""
    return act.day >= date(year, 12, 1)


def list_checks(act: Act, is_in_advance: bool) -> tuple[str, ...]:
    """Return the budgets in which an act needs available credits."""
    if act.kind in SPENDS_AE and not is_in_advance:
        return ("ae",)
    is_checked_payroll = act.kind == "payroll" and _is_payroll_checked(act, act.budget_year)
    if act.kind in {"direct_payment_request", INTEREST} or is_checked_payroll:
        return ("ae", "cp")
    takes_cp = ON_COMMITMENT | RELEASES | {"advance_request", "penalty_confirmation"}
    return ("cp",) if act.kind in takes_cp else ()


def check_credits(act: Act, place: Assignment, state: State, is_in_advance: bool) -> list[str]:
    """Check that the credits are there, at every level (A11, A23)."""
    codes = [
        code
        for budget in list_checks(act, is_in_advance)
        for code in state.budget.name_shortage(place.key, place.operation, budget, act.amount)
    ]
    if act.kind == "earmark":
        codes += state.budget.name_shortage(place.key, "", "ae", act.amount)
    return codes


def check_reservation(act: Act, place: Assignment, budgets: tuple[str, ...], state: State) -> list[str]:
    """Check that credits which a carried request or an expense at its new imputation takes are there, at every level (A23)."""
    where, is_carry = (place.key, place.operation), act.kind == "request_carry"
    return [
        code
        for budget in budgets
        for code in state.budget.name_shortage(*where, budget, act.amount, is_carry=is_carry)
    ]


def check_payroll_payment(act: Act, place: Assignment, payroll: Document, state: State) -> list[str]:
    """Check before a payment from December on that payroll taken without a check has credits: none may be overdrawn (A28)."""
    if (
        act.kind != "payment"
        or find_root(payroll).kind != "payroll"
        or not _is_payroll_checked(act, place.key.year)
    ):
        return []
    return [
        code
        for budget in ("ae", "cp")
        for code in state.budget.name_shortage(place.key, place.operation, budget, 0)
    ]


def check_allotment(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that the level above has enough to distribute (A19)."""
    budget = act.kind.rpartition("_")[2]
    above = state.budget.list_path(place.key)[1:2]
    if not above:
        return []  # the level is wrong, and has a code of its own
    return (
        ["ALLOTMENT_EXCEEDED"] if state.budget.nodes[above[0]].sums(budget).undistributed < act.amount else []
    )


def check_lowering(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that credits that leave a place are neither used nor distributed there (A19; LOLF 14)."""
    budget = act.kind.rpartition("_")[2]
    sums = state.budget.nodes[place.key].sums(budget)
    is_excessive = sums.undistributed < act.amount or _cancels_too_much(act, place, state)
    codes = ["ALLOTMENT_EXCEEDED"] if is_excessive else []
    return codes + state.budget.check_taking([place.key], budget, act.amount, act.day)


def _cancels_too_much(act: Act, place: Assignment, state: State) -> bool:
    """Return whether a cancellation takes more from a title than finance laws opened on it (A22; LOLF 9)."""
    is_ordinary = place.key.family == FAMILIES[0] and act.text("origin") in {"", *FINANCE_LAWS}
    title = state.budget.find_title(place.key, place.item)
    counts = act.kind == "cancellation_ae" and is_ordinary and title.title > 0
    return counts and state.budget.title_openings[title] < act.amount


def check_freeze(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that what is frozen is neither used nor distributed, at its place and above it, and unfreeze what is frozen."""
    budget = act.kind.rpartition("_")[2]
    if act.kind.startswith("unfreeze"):
        frozen = state.budget.nodes[place.key].sums(budget).frozen_here
        return ["UNFREEZE_EXCEEDED"] if frozen < act.amount else []
    path = state.budget.list_path(place.key)
    undistributed = state.budget.nodes[place.key].sums(budget).undistributed
    codes = ["ALLOTMENT_EXCEEDED"] if undistributed < act.amount else []
    return codes + state.budget.check_taking(path, budget, act.amount, act.day)


def check_earmark_decrease(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that an operation keeps the AE that are engaged or requested on it, and those of earlier years (GBCP 156, 157)."""
    key = place.key._replace(centre=place.operation)
    codes = ["ALLOTMENT_EXCEEDED"] if state.budget.nodes[key].ae.undistributed < act.amount else []
    return codes + state.budget.check_taking([key], "ae", act.amount, act.day)


def find_source(act: Act, place: Assignment, state: State) -> tuple[NodeKey | None, list[str]]:
    """Return the node that a move takes credits from; ``counterpart`` is a centre, or a centre and an item."""
    centre, _, item = act.text("counterpart").partition("/")
    year = state.reference.years[place.key.year]
    if centre not in year.centres or year.centres[centre].level == "operation":
        return None, ["FUND_CENTRE_UNKNOWN"]
    if item and item not in year.items:
        return None, ["COMMITMENT_ITEM_UNKNOWN"]
    staff = year.items[item or place.item].staff
    return place.key._replace(centre=centre, staff=staff), []


def check_move(act: Act, place: Assignment, state: State) -> list[str]:
    """Check a move: inside one programme, one level, never from the other titles to title 2 (LOLF 7, A18)."""
    source, codes = find_source(act, place, state)
    if source is None:
        return codes
    centres, target = state.reference.years[place.key.year].centres, place.key
    if centres[source.centre].level != centres[target.centre].level:
        codes.append("FUND_CENTRE_LEVEL")
    is_forbidden = source == target or (target.staff and not source.staff)
    if is_forbidden or centres[source.centre].programme != centres[target.centre].programme:
        codes.append("MOVE_FORBIDDEN")
    budget = act.kind.rpartition("_")[2]
    sums = state.budget.nodes[source].sums(budget)
    if centres[source.centre].level != "uo" and sums.undistributed < act.amount:
        codes.append("ALLOTMENT_EXCEEDED")
    return codes + state.budget.check_taking([source], budget, act.amount, act.day)
