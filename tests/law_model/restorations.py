"""Restorations of credits (order of 2013, LEGIARTI000027771795; docs/rules.md, A29)."""

from tests.law_model.assignments import Assignment
from tests.law_model.nomenclature import follows_by_order
from tests.law_model.state import Act, Document, State


def check_restoration(act: Act, place: Assignment, predecessor: Document, state: State) -> list[str]:
    """Check what repays an expense against that expense, and what restores credits against what was collected."""
    if act.kind == "repayment_receivable":
        return _check_repayment(act, place, predecessor, state)
    receivable = predecessor.predecessor
    assert receivable is not None
    if receivable.predecessor is None:
        return ["RESTORATION_WITHOUT_EXPENSE"]
    return _check_expense(place, receivable, receivable.predecessor, state) + _check_deadline(
        place, predecessor, state
    )


def _check_repayment(act: Act, place: Assignment, expense: Document, state: State) -> list[str]:
    """Check that what was taken up of a debt comes back to its fund centre, by a nature for its title, and no more of it."""
    assert expense.key is not None
    is_same = place.key.centre == expense.key.centre or _goes_on(place, expense, state)
    codes = [] if is_same else ["ASSIGNMENT_DIFFERS"]
    title = state.reference.years[expense.key.year].items[expense.item].title
    repaid, _, _ = state.reference.years[place.key.year].restorations.get(place.item, (0, None, False))
    request = expense.expense
    is_expense = request.kind != "advance_request" and not request.is_reassigned
    if repaid != title or not is_expense:
        codes.append("REPAYMENT_MISMATCH")
    paid = min(debt.taken_up - debt.asked_back for debt in expense.debts)
    return [*codes, "REPAYMENT_EXCEEDS_PAYMENT"] if act.amount > paid else codes


def _check_expense(place: Assignment, receivable: Document, expense: Document, state: State) -> list[str]:
    """Check that the credits are of the assignment of the first expense, and of the accountant who collected."""
    assert expense.key is not None
    assert receivable.key is not None
    first = (
        expense.key._replace(year=place.key.year),
        expense.operation,
        expense.area,
        expense.item,
        expense.fund,
    )
    is_same = first == (place.key, place.operation, place.area, place.item, place.fund)
    if _goes_on(place, expense, state):
        parts = [
            (key.staff, key.family, bool(operation), item, fund)
            for key, operation, _, item, fund in (
                first,
                (place.key, place.operation, "", place.item, place.fund),
            )
        ]
        is_same = parts[0] == parts[1]
    years = state.reference.years
    accountants = {years[key.year].find_accountant(key.centre) for key in (place.key, receivable.key)}
    return [] if is_same and len(accountants) == 1 else ["ASSIGNMENT_DIFFERS"]


def _goes_on(place: Assignment, expense: Document, state: State) -> bool:
    """Return whether an order gives the expense's programme to that of the place, another one (GBCP 161)."""
    assert expense.key is not None
    ends = [(key.year, key.centre) for key in (place.key, expense.key)]
    return follows_by_order(state.reference.years, *ends)


def _check_deadline(place: Assignment, receipt: Document, state: State) -> list[str]:
    """Check the day of collection: some natures have no deadline, some have none on an open operation."""
    receivable = receipt.predecessor
    assert receivable is not None
    assert receivable.key is not None
    assert receivable.predecessor is not None
    assert receivable.predecessor.key is not None
    _, years, stays = state.reference.years[receivable.key.year].restorations[receivable.item]
    if years is None or receipt.collected_day.year <= receivable.predecessor.key.year + years:
        return []
    is_of_open_operation = stays and place.operation != "" and receipt.day.year == place.key.year
    return [] if is_of_open_operation else ["RESTORATION_TOO_LATE"]
