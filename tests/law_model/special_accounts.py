"""Earmarked special accounts: a year engages, and orders, no more than was collected and brought forward (LOLF 21; A23)."""

from tests.law_model.assignments import Assignment
from tests.law_model.budget import NodeKey
from tests.law_model.chain import find_root
from tests.law_model.kinds import (
    ON_COMMITMENT,
    PARTS,
    PAYABLES,
    PENALTIES,
    REASSIGNMENT_TARGET,
    RELEASES,
    REQUESTS,
    SPENDS_AE,
)
from tests.law_model.nomenclature import Section
from tests.law_model.state import Act, Document, State

_ORDERS = (
    REQUESTS | RELEASES | {"advance_request", "request_carry", REASSIGNMENT_TARGET, "penalty_confirmation"}
)
_WITHOUT_COMMITMENT = frozenset({"direct_payment_request", "payroll", REASSIGNMENT_TARGET})
_RESERVES_AE = frozenset({"direct_payment_request", "payroll", "late_interest"})
_CARRIES = frozenset(
    {"commitment_carry", "service_carry", "request_carry", "retention_carry", "penalty_carry"}
)
_REJECTIONS = frozenset({"payment_request_rejection", "retention_rejection", "penalty_rejection"})
_NAMES_PAYEE = (PAYABLES - PARTS - RELEASES) | {"penalty"}
_TAKES_CREDITS = (
    SPENDS_AE
    | _RESERVES_AE
    | {REASSIGNMENT_TARGET, "fund_opening"}
    | frozenset(
        f"{action}_{budget}"
        for action in ("budget_opening", "budget_move", "virement", "decree_transfer")
        for budget in ("ae", "cp")
    )
)


def check_receipts(act: Act, place: Assignment, predecessor: Document | None, state: State) -> list[str]:
    """Check that what an act engages or orders is covered by the receipts of its section in its year, each by itself."""
    section = find_section(place.key, state)
    if not section:
        return []
    files = state.reference.years[place.key.year]
    programmes = _list_programmes(section, place.key.year, state)
    receipts = sum_receipts(section, place.key.year, state)
    ordered = sum_ordered(section, place.key.year, state)
    engaged = sum(state.budget.engaged[place.key.year, code] for code in programmes)
    engaged += state.carried[place.key.year, section]
    if act.kind == "penalty_confirmation":
        receipts += act.amount  # it is collected by the same act
    exceeds = (act.kind in _ORDERS and ordered + act.amount > receipts) or (
        _engages(act, predecessor) and engaged + act.amount > receipts
    )
    codes = ["SPECIAL_RECEIPTS_EXCEEDED"] if exceeds else []
    allowed = files.state_payees.get(act.text("payee"))
    is_forbidden = act.kind in _NAMES_PAYEE and allowed is not None and section.account not in allowed
    return [*codes, "SPECIAL_PAYMENT_FORBIDDEN"] if is_forbidden else codes


def _list_programmes(section: Section, year: int, state: State) -> set[str]:
    return {code for code, own in state.reference.years[year].earmarked.items() if own == section}


def sum_receipts(section: Section, year: int, state: State) -> int:
    """Return what a section collected in a year, with what it brought forward into it."""
    balance = state.reference.years[year].brought_forward.get((section, year), 0)
    return state.collected[year, section] + balance


def sum_ordered(section: Section, year: int, state: State) -> int:
    """Return the CP that a section has reserved and consumed in a year."""
    programmes = _list_programmes(section, year, state)
    return sum(
        node.cp.reserved + node.cp.consumed
        for key, node in state.budget.nodes.items()
        if key.year == year and key.centre in programmes
    )


def check_pay(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that no pay is charged to a special account but one that has it by its nature (LOLF 20 I)."""
    files = state.reference.years[place.key.year]
    is_charged = act.kind in _TAKES_CREDITS and bool(act.text("fund_centre")) and place.key.staff
    is_without_pay = files.centres[place.key.centre].programme in files.without_pay
    return ["SPECIAL_PAY_FORBIDDEN"] if is_charged and is_without_pay else []


def _engages(act: Act, predecessor: Document | None) -> bool:
    """Return whether an act engages anew: what was engaged before is not engaged again when it is ordered or carried."""
    if act.kind == "commitment_change_reversal":
        return predecessor is not None and predecessor.kind == "commitment_decrease"
    return act.kind in SPENDS_AE | _WITHOUT_COMMITMENT


def carry(document: Document, state: State) -> None:
    """Count what goes on in a year without new AE, and what is given back of it or returns to a carried commitment (LOLF 21).

    The balance brought forward has the money of what was engaged and not paid.
    """
    before, amount = document.predecessor, document.amount
    if before is None or document.key is None:
        return
    if document.kind in _CARRIES:
        _count(document, amount, state)
    elif document.kind == "prior_withdrawal":
        if before.kind == "commitment_carry" and document.key.year == document.day.year:
            _count(before, -amount, state)
    elif document.kind in _REJECTIONS and before.kind in _CARRIES:
        _count(before, -amount, state)
    elif document.kind in _REJECTIONS and before.kind in ON_COMMITMENT | PENALTIES:
        commitment = before.predecessor.now if before.predecessor else before
        if commitment.key and before.key and commitment.key.year != before.key.year:
            _count(commitment, amount, state)


def _count(document: Document, amount: int, state: State) -> None:
    assert document.key is not None
    section = find_section(document.key, state)
    if section and not (document.kind == "request_carry" and find_root(document).kind in _RESERVES_AE):
        state.carried[document.key.year, section] += amount


def confirm(penalty: Document, state: State) -> None:
    """Collect what the State keeps of a penalty: a receipt of the budget (ours; docs/rules.md, A36)."""
    section = find_section(penalty.key, state) if penalty.key else None
    if penalty.key and section:
        state.collected[penalty.key.year, section] += penalty.amount


def collect(receipt: Document, receivable: Document, state: State) -> None:
    """Count a receipt for its section in the year in which its money came (LOLF 28); what repays an expense restores credits.

    The section goes on without a programme that is suppressed or leaves it, and without sections the account does.
    """
    _count_receipt(receipt, receivable, receipt.amount, state)


def take_back(reversal: Document, receivable: Document, state: State) -> None:
    """Count what was not collected off the receipts, in the year of the day on which it is taken back (ours; A56)."""
    _count_receipt(reversal, receivable, -reversal.amount, state)


def _count_receipt(receipt: Document, receivable: Document, cents: int, state: State) -> None:
    if receivable.predecessor is not None or receivable.key is None:
        return
    section, last = find_section(receivable.key, state), receipt.collected_day.year
    for year in range(receivable.key.year + 1, last + 1):
        files = state.reference.years.get(year)
        remaining = set(files.earmarked.values()) if files else set[Section]()
        if section:
            own = find_section(receivable.key._replace(year=year), state)
            whole = Section(section.account, "")
            names = (own, section, whole) if own and _goes_on(section, own) else (section, whole)
            section = next((name for name in names if name in remaining), None)
    if section:
        state.collected[last, section] += cents


def _goes_on(before: Section, own: Section) -> bool:
    """Return whether what a programme belongs to now is what it belonged to, as far as both have sections."""
    return own.account == before.account and (own.name == before.name or "" in (own.name, before.name))


def find_section(key: NodeKey, state: State) -> Section | None:
    """Return the section of an earmarked special account that a fund centre belongs to, if it does."""
    files = state.reference.years.get(key.year)
    centre = files.centres.get(key.centre) if files else None
    return files.earmarked.get(centre.programme) if files and centre else None
