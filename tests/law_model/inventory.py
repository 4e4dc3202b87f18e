"""The inventory of a year: accruals that 2 January reverses, provisions that stay until they are released (A65; chart 60)."""

from datetime import date

from tests.law_model.kinds import (
    ACCRUAL_CORRECTION,
    ACCRUAL_REVERSAL,
    ACCRUALS,
    INVENTORY,
    INVENTORY_CHANGES,
    INVENTORY_CORRECTIONS,
    PROVISION,
    RELEASE,
)
from tests.law_model.state import Act, Document, State

_CREDITS_ACCOUNT = frozenset({"prepaid_expense", "unsettled_advance", "accrued_income"})
"""The entries whose stated account is credited; the others debit it."""


def check_entry(act: Act, state: State) -> list[str]:
    """Check that an entry is of the last day of its exercise, on an assignment of that year."""
    if act.kind == RELEASE:
        return _check_release(act, state)
    if act.kind not in INVENTORY:
        return []
    is_right = act.day == date(act.exercise, 12, 31) and act.budget_year == act.exercise
    return [] if is_right else ["INVENTORY_DAY"]


def _check_release(act: Act, state: State) -> list[str]:
    """Check the account of a release by itself, which states it without an assignment of its own."""
    year, account = state.reference.years[act.exercise], act.text("account")
    codes = [] if act.day == date(act.exercise, 12, 31) else ["INVENTORY_DAY"]
    if account not in year.accounts:
        return [*codes, "ACCOUNT_UNKNOWN"]
    return codes if year.find_counterpart(RELEASE, account) else [*codes, "INVENTORY_ACCOUNT"]


def check_change(act: Act, entry: Document, state: State) -> list[str]:
    """Check what follows an entry: its day, its account, and what is left of the entry."""
    if act.kind not in INVENTORY_CHANGES:
        return []
    codes = [] if _is_of_its_day(act, entry) else ["INVENTORY_DAY"]
    if act.kind == RELEASE and _find_released_account(act, state) != _find_counterpart(entry, state):
        codes.append("INVENTORY_ACCOUNT")
    if act.kind == ACCRUAL_REVERSAL and act.amount < entry.left:
        codes.append("REVERSAL_NOT_WHOLE")
    if act.kind == RELEASE and not entry.left:
        codes.append("PREDECESSOR_STAGE")
    return [*codes, "REVERSAL_EXCEEDS_ORIGINAL"] if act.amount > entry.left else codes


def _is_of_its_day(act: Act, entry: Document) -> bool:
    if act.kind == ACCRUAL_REVERSAL:
        return act.day == date(entry.exercise + 1, 1, 2) and act.exercise == entry.exercise + 1
    if act.kind in INVENTORY_CORRECTIONS:
        return act.day == date(entry.exercise, 12, 31) and act.exercise == entry.exercise
    return True


def _find_released_account(act: Act, state: State) -> str:
    return state.reference.years[act.exercise].find_counterpart(RELEASE, act.text("account"))


def _find_counterpart(entry: Document, state: State) -> str:
    return state.reference.years[entry.exercise].find_counterpart(entry.kind, entry.account)


def check_stage(act: Act, entry: Document) -> list[str]:
    """Check that an accrual is reversed or corrected, a provision released or corrected; say what else is wrong then."""
    changes_accrual = act.kind in {ACCRUAL_REVERSAL, ACCRUAL_CORRECTION}
    if entry.kind in (ACCRUALS if changes_accrual else {PROVISION}):
        return []
    codes = ["PREDECESSOR_STAGE"]
    if entry.kind in INVENTORY and not _is_of_its_day(act, entry):
        codes.append("INVENTORY_DAY")
    is_too_much = entry.kind in INVENTORY and act.amount > entry.left
    return [*codes, "REVERSAL_EXCEEDS_ORIGINAL"] if is_too_much else codes


def enter(_: Act, document: Document, __: State) -> None:
    """Let an entry stand with its whole amount; no credits change."""
    document.left = document.amount


def change(act: Act, document: Document, _: State) -> None:
    """Take a change off its entry; a release posts the account that it states."""
    assert document.predecessor is not None
    document.predecessor.left -= document.amount
    if act.kind == RELEASE:
        document.account = act.text("account")


def list_legs(document: Document, state: State) -> list[tuple[str, str]]:
    """Return the debit and the credit of an entry, or of what follows it."""
    entry = document.predecessor
    if entry is None:
        account, counterpart = document.account, _find_counterpart(document, state)
        return [(counterpart, account) if document.kind in _CREDITS_ACCOUNT else (account, counterpart)]
    if document.kind == RELEASE:
        return [(_find_counterpart(entry, state), document.account)]
    return [(credit, debit) for debit, credit in list_legs(entry, state)]
