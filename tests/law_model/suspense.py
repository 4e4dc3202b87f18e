"""Suspense accounts: what stands there is cleared by an entry that names it, or justified (A70; chart 4741000000)."""

from tests.law_model.assignments import Assignment
from tests.law_model.kinds import CLEARING_CREDIT, CLEARING_DEBIT, CLEARINGS, JOURNAL_DEBIT, JUSTIFICATION
from tests.law_model.state import Act, Document, State


def check_justification(act: Act, state: State) -> list[str]:
    """Check that a justification says why, on a suspense account of the year: it has no assignment with an account."""
    if act.kind != JUSTIFICATION:
        return []
    codes = [] if act.text("reason").strip() else ["JUSTIFICATION_MISSING"]
    year, account = state.reference.years.get(act.budget_year), act.text("account")
    if year is None:
        return codes
    if account not in year.accounts:
        return [*codes, "ACCOUNT_UNKNOWN"]
    return codes if account.startswith(year.suspense) else [*codes, "ACCOUNT_MISMATCH"]


def check_item(act: Act, place: Assignment | None, item: Document, state: State) -> list[str]:
    """Check that the entry left the amount on the stated account, and that something of it is open."""
    if act.kind not in CLEARINGS | {JUSTIFICATION}:
        return []
    sides = {CLEARING_DEBIT: {False}, CLEARING_CREDIT: {True}, JUSTIFICATION: {True, False}}
    is_there = item.account == act.text("account") and (item.kind == JOURNAL_DEBIT) in sides[act.kind]
    codes = [] if is_there and _has_same_owner(act, place, item, state) else ["NOT_ON_SUSPENSE"]
    is_too_much = act.amount > item.left or not item.left
    return [*codes, "SUSPENSE_EXCEEDED"] if is_too_much else codes


def _has_same_owner(act: Act, place: Assignment | None, item: Document, state: State) -> bool:
    """Return whether a clearing is of the accountant and the year of the entry: the balance of each is his own."""
    if act.kind == JUSTIFICATION or place is None:
        return True
    assert item.key is not None
    owners = {
        (key.year, state.reference.years[key.year].find_accountant(key.centre))
        for key in (place.key, item.key)
    }
    return len(owners) == 1
