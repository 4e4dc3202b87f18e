"""Earmarked special accounts: a year engages, and orders, no more than was collected and brought forward (LOLF 21; A23)."""

from tests.law_model.assignments import Assignment
from tests.law_model.budget import NodeKey
from tests.law_model.chain import find_root
from tests.law_model.kinds import REASSIGNMENT_TARGET, RELEASES, REQUESTS, SPENDS_AE
from tests.law_model.nomenclature import Section
from tests.law_model.state import Act, Document, State

_ORDERS = (
    REQUESTS | RELEASES | {"advance_request", "request_carry", REASSIGNMENT_TARGET, "penalty_confirmation"}
)
_WITHOUT_COMMITMENT = frozenset({"direct_payment_request", "payroll", REASSIGNMENT_TARGET})


def check_receipts(act: Act, place: Assignment, predecessor: Document | None, state: State) -> list[str]:
    """Check that what an act engages or orders is covered by the receipts of its section in its year, each by itself."""
    section = _find_section(place.key, state)
    if not section:
        return []
    files = state.reference.years[place.key.year]
    programmes = {code for code, name in files.earmarked.items() if name == section}
    receipts = state.collected[place.key.year, section] + files.brought_forward.get(
        (section, place.key.year), 0
    )
    ordered = sum(
        node.cp.reserved + node.cp.consumed
        for key, node in state.budget.nodes.items()
        if key.year == place.key.year and key.centre in programmes
    )
    engaged = sum(state.budget.engaged[place.key.year, code] for code in programmes)
    exceeds = (act.kind in _ORDERS and ordered + act.amount > receipts) or (
        _engages(act, predecessor) and engaged + act.amount > receipts
    )
    return ["SPECIAL_RECEIPTS_EXCEEDED"] if exceeds else []


def _engages(act: Act, predecessor: Document | None) -> bool:
    """Return whether an act takes AE of its year: what was engaged before takes none when it is ordered or carried."""
    if act.kind == "request_carry":
        return predecessor is not None and find_root(predecessor).kind in _WITHOUT_COMMITMENT
    if act.kind == "commitment_change_reversal":
        return predecessor is not None and predecessor.kind == "commitment_decrease"
    return act.kind in SPENDS_AE | _WITHOUT_COMMITMENT


def collect(receipt: Document, receivable: Document, state: State) -> None:
    """Count a receipt for its section in the year of its day (LOLF 28); what repays an expense restores credits instead.

    The section goes on without a programme that is suppressed or leaves it, and without sections the account does.
    """
    if receivable.predecessor is not None or receivable.key is None:
        return
    section, last = _find_section(receivable.key, state), receipt.day.year
    for year in range(receivable.key.year + 1, last + 1):
        files = state.reference.years.get(year)
        remaining = set(files.earmarked.values()) if files else set[Section]()
        if section:
            own = _find_section(receivable.key._replace(year=year), state)
            whole = Section(section.account, "")
            names = (own, section, whole) if own and _goes_on(section, own) else (section, whole)
            section = next((name for name in names if name in remaining), None)
    if section:
        state.collected[last, section] += receipt.amount


def _goes_on(before: Section, own: Section) -> bool:
    """Return whether what a programme belongs to now is what it belonged to, as far as both have sections."""
    return own.account == before.account and (own.name == before.name or "" in (own.name, before.name))


def _find_section(key: NodeKey, state: State) -> Section | None:
    files = state.reference.years.get(key.year)
    centre = files.centres.get(key.centre) if files else None
    return files.earmarked.get(centre.programme) if files and centre else None
