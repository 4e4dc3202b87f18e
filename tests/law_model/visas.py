"""The visa of the budget controller (GBCP 103; orders by ministry; docs/rules.md, A44)."""

from datetime import timedelta

from tests.law_model.assignments import Assignment
from tests.law_model.kinds import PREDECESSORS
from tests.law_model.state import Act, Document, State

DECISIONS = frozenset({"visa", "visa_refusal", "tacit_visa", "visa_override"})
_BOUND = frozenset({"commitment", "commitment_increase"})


def check_threshold(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that what is committed without a visa stays below the threshold of its ministry and title, all lines together."""
    if act.kind not in _BOUND:
        return []
    year = state.reference.years[place.key.year]
    ministry, _ = year.ministries[year.centres[place.key.centre].programme]
    title = str(year.items[place.item].title)
    names = ((ministry, title), (ministry, "*"), ("*", title), ("*", "*"))
    threshold = next((year.visas[name] for name in names if name in year.visas), "")
    is_reached = threshold and act.total >= int(threshold) * 100
    return ["VISA_MISSING"] if is_reached else []


def check_decision(act: Act, predecessor: Document, state: State) -> list[str]:
    """Check that a planned commitment is decided once and whole, that silence counts late enough, and visas suffice."""
    if act.kind == "commitment_with_visa":
        codes = [] if predecessor.left else ["PREDECESSOR_STAGE"]
        return [*codes, "VISA_EXCEEDED"] if act.amount > predecessor.left else codes
    if act.kind not in DECISIONS or predecessor.kind not in PREDECESSORS[act.kind]:
        return []
    codes = [] if predecessor.left else ["PREDECESSOR_STAGE"]
    if act.amount != predecessor.left:
        codes.append("VISA_AMOUNT_DIFFERS")
    assert predecessor.key is not None
    last = predecessor.day + timedelta(days=state.reference.visa_days[predecessor.key.year])
    return [*codes, "VISA_PENDING"] if act.kind == "tacit_visa" and act.day <= last else codes
