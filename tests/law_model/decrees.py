"""What decrees may move, open and cancel in a year (LOLF 12 to 14, 20)."""

from tests.law_model.assignments import Assignment
from tests.law_model.budget import NodeKey
from tests.law_model.credits import check_lowering, find_source
from tests.law_model.nomenclature import FAMILIES
from tests.law_model.state import Act, State

_LAWS = {"law", "amending"}
OPENED_BY = {"": "law", "finance_law": "law", "amending_law": "amending", "decree_of_advance": "advanced"}
"""The sum to which an opening of each origin counts; the other origins count to none."""


def check_decree(act: Act, place: Assignment, state: State) -> list[str]:
    """Check an act of a decree, or an opening that is by a decree of advance."""
    if act.kind.startswith("budget_opening"):
        return _check_advance(act, place, state)
    if act.kind.startswith("decree_cancellation"):
        base = state.budget.sum_decreed(_budget(act), place.key.year, figures=_LAWS)
        cancelled = state.budget.sum_decreed(_budget(act), place.key.year, figures={"cancelled"})
        codes = check_lowering(act, place, state)
        return [*codes, "CANCELLATION_LIMIT"] if cancelled + act.amount > base * 15 // 1000 else codes
    return _check_move(act, place, state)


def _budget(act: Act) -> str:
    return act.kind.rpartition("_")[2]


def _check_advance(act: Act, place: Assignment, state: State) -> list[str]:
    if act.text("origin") != "decree_of_advance" or place.key.family != FAMILIES[0]:
        return []
    base = state.budget.sum_decreed(_budget(act), place.key.year, figures={"law"})
    opened = state.budget.sum_decreed(_budget(act), place.key.year, figures={"advanced"})
    return ["ADVANCE_LIMIT"] if opened + act.amount > base // 100 else []


def _check_move(act: Act, place: Assignment, state: State) -> list[str]:
    """Check both ends of a move by decree: their ministries, what the law voted, and the limit of both."""
    source, codes = find_source(act, place, state)
    if source is None:
        return codes
    year, budget, target = state.reference.years[place.key.year], state.budget, place.key
    codes += check_ministries(act, place, state)
    if any(year.centres[end.centre].level != "programme" for end in (source, target)):
        return [*codes, "FUND_CENTRE_LEVEL"]
    if source.centre == target.centre or (target.staff and not source.staff) or target.family != FAMILIES[0]:
        codes.append("MOVE_FORBIDDEN")
    sums = budget.nodes[source].sums(_budget(act))
    codes += budget.check_taking([source], _budget(act), act.amount, act.day)
    codes += ["ALLOTMENT_EXCEEDED"] if sums.undistributed < act.amount else []
    voted = sum(
        budget.sum_decreed(budget_name, target.year, figures=_LAWS, programme=target.centre)
        for budget_name in ("ae", "cp")
    )
    codes += [] if voted else ["PROGRAMME_NOT_VOTED"]
    is_over = act.kind.startswith("virement") and any(_is_over(act, end, state) for end in (source, target))
    return [*codes, "VIREMENT_LIMIT"] if is_over else codes


def check_ministries(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that a move by decree joins programmes as its kind says; a level that is wrong is told apart from that."""
    source, _ = find_source(act, place, state)
    if source is None or not act.kind.startswith(("virement", "decree_transfer")):
        return []
    year = state.reference.years[place.key.year]
    (giver, giving_budget), (taker, taking_budget) = (
        year.ministries[year.centres[end.centre].programme] for end in (source, place.key)
    )
    is_right = giving_budget == taking_budget and (giver == taker) == act.kind.startswith("virement")
    return [] if is_right else ["DECREE_MISMATCH"]


def _is_over(act: Act, end: NodeKey, state: State) -> bool:
    """Return whether the moves of a programme, or of its title 2, would exceed 2 % of what the first law opened for it."""
    for of_staff in (False, True) if end.staff else (False,):
        law, moved = (
            state.budget.sum_decreed(
                _budget(act), end.year, figures={figure}, programme=end.centre, of_staff=of_staff
            )
            for figure in ("law", "moved")
        )
        if moved + act.amount > law * 2 // 100:
            return True
    return False
