"""Credits that leave a year that is over: carried into the next by an order, or annulled (LOLF art. 15 and 21; A66, A67)."""

from tests.law_model.assignments import Assignment
from tests.law_model.budget import DecreeKey, NodeKey
from tests.law_model.kinds import (
    CARRY_INS,
    CARRY_OUTS,
    LEAVES_YEAR,
    UNUSED_EARMARK,
    UNUSED_UNFREEZES,
)
from tests.law_model.nomenclature import FAMILIES, ORDINARY, Year, follows_by_order
from tests.law_model.special_accounts import find_section, sum_ordered, sum_receipts
from tests.law_model.state import Act, Document, State


def check_unused(act: Act, place: Assignment, earlier: list[Document], state: State) -> list[str]:
    """Check a line that takes credits off a year that is over, or brings them into the next."""
    if act.kind in UNUSED_UNFREEZES:
        frozen = state.budget.nodes[place.key].sums(_budget(act)).frozen_here
        return ["UNFREEZE_EXCEEDED"] if act.amount > frozen else []
    codes = _check_taking(act, place, state) if act.kind in LEAVES_YEAR else []
    if act.kind in CARRY_INS:
        codes = ["FUND_CENTRE_LEVEL"] if place.operation and _budget(act) == "cp" else []
        return codes if _is_brought(act, place, earlier, state) else [*codes, "CARRY_OVER_MISMATCH"]
    if act.kind in CARRY_OUTS:
        codes += _check_order(act, place, state)
    return codes


def _budget(act: Act) -> str:
    return "ae" if act.kind == UNUSED_EARMARK else act.kind.rpartition("_")[2]


def _check_taking(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that what leaves a place is neither used nor distributed there, nor used at any level above."""
    budget, nodes = _budget(act), state.budget.nodes
    if place.operation:
        free = nodes[place.key._replace(centre=place.operation)].sums(budget).available
        return ["BUDGET_BELOW_CONSUMPTION"] if act.amount > free else []
    path = state.budget.list_path(place.key)
    codes = ["ALLOTMENT_EXCEEDED"] if act.amount > nodes[place.key].sums(budget).undistributed else []
    is_used = any(act.amount > nodes[key].sums(budget).available for key in path)
    return [*codes, "BUDGET_BELOW_CONSUMPTION"] if is_used else codes


def _check_order(act: Act, place: Assignment, state: State) -> list[str]:
    """Check that what is taken is brought by the next line, that it may be carried at all, and not too much of it."""
    is_estimated = not state.budget.is_limited(place.key)
    is_staff_ae = place.key.staff and _budget(act) == "ae"
    is_paired = act.next_line is not None and _is_pair(act, place, act.next_line, state)
    codes = [] if is_paired and not is_estimated and not is_staff_ae else ["CARRY_OVER_MISMATCH"]
    return codes + _check_ceiling(act, place, state)


def _check_ceiling(act: Act, place: Assignment, state: State) -> list[str]:
    """Check CP against 3 % of what the first finance law opened, or on a special account against what its receipts left."""
    if _budget(act) != "cp" or place.key.family != FAMILIES[0]:
        return []
    year = place.key.year
    section = find_section(place.key, state)
    if section:
        programmes = {code for code, own in state.reference.years[year].earmarked.items() if own == section}
        carried = sum(
            _sum_carried(year, code, staff, state) for code in programmes for staff in (False, True)
        )
        remainder = sum_receipts(section, year, state) - sum_ordered(section, year, state)
        return ["CARRY_OVER_LIMIT"] if carried + act.amount > remainder else []
    programme, staff = state.reference.years[year].centres[place.key.centre].programme, place.key.staff
    after = state.reference.years.get(year + 1)
    if after and programme in after.lifted and not staff:
        return []
    law = state.budget.decreed[DecreeKey(year, programme, staff, "cp", "law")]
    most = law * state.reference.carry_over_limits[year] // 1000
    return ["CARRY_OVER_LIMIT"] if _sum_carried(year, programme, staff, state) + act.amount > most else []


def _sum_carried(year: int, programme: str, staff: bool, state: State) -> int:
    return state.budget.decreed[DecreeKey(year, programme, staff, "cp", "carried")]


def _is_pair(act: Act, place: Assignment, after: Act, state: State) -> bool:
    """Return whether the next line brings the same sum on the same day into the next year, of the same titles and programme.

    A line that is wrong by itself has a code of its own, and says nothing of the pair.
    """
    if after.is_faulty:
        return True
    files = state.reference.years.get(after.budget_year)
    item = files.items.get(after.text("commitment_item")) if files else None
    fund = files.funds.get(after.text("fund") or ORDINARY) if files else None
    if files is None or item is None or fund is None or after.text("fund_centre") not in files.centres:
        return True
    key = NodeKey(after.budget_year, after.text("fund_centre"), item.staff, fund[0])
    is_kind = after.kind in CARRY_INS and after.kind[-2:] == act.kind[-2:]
    is_alike = (after.amount, after.day) == (act.amount, act.day)
    return is_kind and is_alike and _goes_on(place.key, key, state)


def _goes_on(before: NodeKey, after: NodeKey, state: State) -> bool:
    """Return whether credits of a year go on at a place of the next one (LOLF 15: the same programme, or the same objects)."""
    years = state.reference.years
    if after.year != before.year + 1 or (after.staff, after.family) != (before.staff, before.family):
        return False
    programmes = [_find_programme(years[key.year], key) for key in (before, after)]
    ends = ((after.year, after.centre), (before.year, before.centre))
    return programmes[0] == programmes[1] or follows_by_order(years, *ends)


def _find_programme(year: Year, key: NodeKey) -> str:
    return year.centres[key.centre].programme


def _is_brought(act: Act, place: Assignment, earlier: list[Document], state: State) -> bool:
    """Return whether the line before took what this one brings."""
    before = earlier[-1] if earlier else None
    if before is None or before.key is None or before.kind not in CARRY_OUTS:
        return False
    is_same = before.kind[-2:] == act.kind[-2:] and before.amount == act.amount
    return is_same and _goes_on(before.key, place.key, state)


def apply_unused(act: Act, document: Document, state: State) -> None:
    """Take credits off a place and every level above it, or bring them to one; an earmark goes with its operation."""
    assert document.key is not None
    key, budget, amount = document.key, _budget(act), document.amount
    if act.kind in UNUSED_UNFREEZES:
        state.budget.freeze(key, budget, -amount)
        return
    if act.kind == UNUSED_EARMARK:
        state.budget.earmark(key, document.operation, -amount)
        return
    sign = 1 if act.kind in CARRY_INS else -1
    state.budget.open_with_levels(key, budget, sign * amount)
    if document.operation:
        state.budget.earmark(key, document.operation, sign * amount)
    if act.kind in CARRY_OUTS and budget == "cp" and key.family == FAMILIES[0]:
        programme = _find_programme(state.reference.years[key.year], key)
        state.budget.note_decree(key._replace(centre=programme), budget, "carried", amount)
