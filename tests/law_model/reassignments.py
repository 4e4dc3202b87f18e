"""Reassignments: a paid expense leaves its imputation for others of the same year, once (réimputation; domain 3.4)."""

from tests.law_model.kinds import REASSIGNMENT_ORIGIN, REASSIGNMENT_TARGET, REQUESTS
from tests.law_model.state import Act, Document, State


def check_origin(act: Act, debit: Document) -> list[str]:
    """Check that what a debit paid is moved once, at most as much as was paid, and never after it came back."""
    is_recovered = debit.recovered == debit.amount  # of an advance, of which nothing is left then
    codes = ["PREDECESSOR_STAGE"] if debit.followed or is_recovered else []
    codes += ["EXPENSE_REASSIGNED"] if _is_moved(debit) else []
    return [*codes, "REVERSAL_EXCEEDS_ORIGINAL"] if act.amount > debit.amount else codes


def _is_moved(debit: Document) -> bool:
    """Return whether a debit was reassigned, or the one of the transfer that it sends again: CP were consumed once."""
    step: Document | None = debit
    while step and step.kind != "payment":
        if step.is_reassigned:
            return True
        step = step.predecessor
    return False


def check_targets(act: Act, debit: Document, state: State) -> list[str]:
    """Check that an expense without commitment goes whole to others, on one day, in the books of its accountant."""
    if act.kind != REASSIGNMENT_ORIGIN:
        return []
    request = debit
    while request.predecessor and request.kind not in REQUESTS | {"late_interest"}:
        request = request.predecessor
    if request.predecessor or debit.expense.repayments:  # only a request without commitment follows nothing
        return ["REASSIGNMENT_FORBIDDEN"]
    targets = list[Act]()
    after = act.next_line
    while after and after.kind == REASSIGNMENT_TARGET:
        targets.append(after)
        after = after.next_line
    is_whole = sum(target.amount for target in targets) == act.amount
    is_together = all(target.day == act.day and _has_accountant(target, debit, state) for target in targets)
    return [] if is_whole and is_together else ["REASSIGNMENT_UNPAIRED"]


def _has_accountant(target: Act, debit: Document, state: State) -> bool:
    """Return whether the accountant of the debit has the target too; an unknown fund centre has a code of its own."""
    assert debit.key is not None
    year = state.reference.years.get(target.budget_year)
    if year is None or target.text("fund_centre") not in year.centres:
        return True
    accountant = state.reference.years[debit.key.year].find_accountant(debit.key.centre)
    return year.find_accountant(target.text("fund_centre")) == accountant


def take_away(_: Act, document: Document, state: State) -> None:
    """Give back what the request consumed at its imputation, AE and CP, as they are one there (GBCP 159)."""
    assert document.predecessor is not None
    document.predecessor.is_reassigned = document.predecessor.expense.is_reassigned = True
    document.left = document.amount
    _consume(document, state, -document.amount)


def bring(_: Act, document: Document, state: State) -> None:
    """Consume at the new imputation."""
    assert document.predecessor is not None
    document.predecessor.left -= document.amount
    _consume(document, state, document.amount)


def _consume(document: Document, state: State, amount: int) -> None:
    assert document.key is not None
    for budget in ("ae", "cp"):
        state.budget.consume(document.key, document.operation, budget, amount)
