"""Suspense accounts: what stands there is cleared by an entry that names it, justified, or opened (A61, A70; chart 474)."""

from tests.law_model.assignments import Assignment
from tests.law_model.budget import NodeKey
from tests.law_model.kinds import (
    ALLOCATIONS,
    BALANCED_BY_CLOSING,
    CLEARINGS,
    DEBIT_LINES,
    IDENTIFICATIONS,
    JUSTIFICATION,
    MOVEMENTS,
    OPENING_ITEMS,
    OPENING_REDUCTIONS,
    RESULTS,
    UNKNOWN_DEBIT,
)
from tests.law_model.nomenclature import ORDINARY, Year
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
    if act.kind in IDENTIFICATIONS:
        return _check_identified_item(act, item, state)
    if act.kind in OPENING_ITEMS:
        return _check_opened_item(act, place, item, state)
    if act.kind not in CLEARINGS | OPENING_REDUCTIONS | {JUSTIFICATION}:
        return []
    is_other_side = act.kind == JUSTIFICATION or is_on_debit(item) != (act.kind in DEBIT_LINES)
    is_there = item.account == act.text("account") and is_other_side
    codes = [] if is_there and _has_same_owner(act, place, item, state) else ["NOT_ON_SUSPENSE"]
    is_too_much = act.amount > item.left or not item.left
    return [*codes, "SUSPENSE_EXCEEDED"] if is_too_much else codes


def _check_opened_item(act: Act, place: Assignment | None, item: Document, state: State) -> list[str]:
    """Check that an opening names what its accountant had on the account in the year before (A61, A70)."""
    assert item.key is not None
    is_own = place is None or (
        place.key.year == item.key.year + 1 and find_owner(place.key, state) == find_owner(item.key, state)
    )
    return [] if is_own and item.account == act.text("account") else ["NOT_ON_SUSPENSE"]


def find_owner(key: NodeKey, state: State) -> str:
    """Return the accountant in whose books a fund centre is."""
    return state.reference.years[key.year].find_accountant(key.centre)


def _check_identified_item(act: Act, item: Document, state: State) -> list[str]:
    """Check that money stands on the account of what is not identified yet (A56; chart 4721000000)."""
    assert item.key is not None
    codes = [] if any(stands_as(item, kind, act, state) for kind in MOVEMENTS) else ["NOT_ON_SUSPENSE"]
    return [*codes, "SUSPENSE_EXCEEDED"] if act.amount > item.left or not item.left else codes


def stands_as(item: Document, kind: str, act: Act, state: State) -> bool:
    """Return whether an amount stands where the bank's movements of a kind do: what it debited, on the side of the debit."""
    account = state.reference.years[act.exercise].settlement[kind]
    return item.account == account and is_on_debit(item) == (kind == UNKNOWN_DEBIT)


def is_on_debit(item: Document) -> bool:
    """Return whether an amount on suspense stands on the side of the debit."""
    return item.kind in DEBIT_LINES | {UNKNOWN_DEBIT}


def read_books(act: Act, state: State) -> tuple[Assignment | None, list[str]]:
    """Return in whose books a credit of the bank or an opening stands: those of the accountant of its fund centre."""
    year, centre = state.reference.years.get(act.budget_year), act.text("fund_centre")
    if year is None:
        return None, ["FIELD_INVALID"]
    if act.kind in BALANCED_BY_CLOSING:
        return _read_opened_books(act, year)
    codes = ["ACCOUNT_MISMATCH" if act.text("account") in year.accounts else "ACCOUNT_UNKNOWN"] * bool(
        act.text("account")
    )
    if centre not in year.centres or year.centres[centre].level == "operation":
        return None, [*codes, "FUND_CENTRE_UNKNOWN"]
    key = NodeKey(act.budget_year, centre, False, year.funds[ORDINARY][0])
    return Assignment(key, "", "", "", ORDINARY, year.settlement[act.kind]), codes


def _read_opened_books(act: Act, year: Year) -> tuple[Assignment | None, list[str]]:
    """Return the books of a line of one side that the closing writes, on an account that its kind may post on."""
    centre, account = act.text("fund_centre"), act.text("account")
    codes = ["ACCOUNT_UNKNOWN"] if account and account not in year.accounts else []
    if account and not codes:
        codes += _check_own_account(act, account, year)
    if act.kind in OPENING_ITEMS | OPENING_REDUCTIONS and not account.startswith(year.suspense):
        codes.append("ACCOUNT_MISMATCH")
    if centre not in year.centres or year.centres[centre].level == "operation":
        return None, [*codes, "FUND_CENTRE_UNKNOWN"]
    key = NodeKey(act.budget_year, centre, False, year.funds[ORDINARY][0])
    return Assignment(key, "", "", "", ORDINARY, account), codes


def _check_own_account(act: Act, account: str, year: Year) -> list[str]:
    """Check that an opening is on the balance sheet or the technical account, and a result on its own accounts (A61, A62)."""
    if act.kind in RESULTS:
        is_right = account[0] in "67" or account in {year.result.result, year.result.transfer}
        return [] if is_right else ["RESULT_ACCOUNT"]
    if act.kind in ALLOCATIONS:
        is_right = bool(year.settled_on) and account in {year.result.result, year.settled_on}
        return [] if is_right else ["RESULT_ACCOUNT"]
    is_right = account[0] in "12345" or account == year.technical_account
    return [] if is_right else ["OPENING_ACCOUNT"]


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
