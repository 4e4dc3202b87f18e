"""The budget acts: credits opened by programme, moved, handed down to BOPs and units; a few out of order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.samples.sample_nomenclature import load_programme_sizes
from bench.year import line_arrays
from bench.year.budget_credits import UnitCredits
from bench.year.commitments import sum_by_position
from bench.year.line_arrays import ORDINARY, LineArrays, create_lines, join_lines
from bench.year.spending_mixture import ACTS
from bench.year.spending_units import HT2, OWN_FUND, SHEETS, T2, Codes, Units
from core.nomenclature import OTHER_TITLES, STAFF_TITLE
from core.outcome_codes import Outcome

OPENING_DAY, BOP_ALLOTMENT_DAY, UNIT_ALLOTMENT_DAY, MOVE_DAY = 1, 3, 4, 7
"""Days of January."""
REDEPLOYMENT_DAY = 273
"""1 October."""

_JANUARY_PARTS, _OCTOBER_PARTS = 10, 50
"""A move takes one part in so many of what the receiving unit spends."""
_MEASURES = ("ae", "cp")


class Grants(NamedTuple):
    """Credits of one measure: who gets how much on which sheet, and whose act says so."""

    owner: NDArray[np.int64]
    centre: NDArray[np.int64]
    sheet: NDArray[np.int64]
    fund: NDArray[np.int64]
    amount: NDArray[np.int64]


class Moves(NamedTuple):
    """Credits that pass from one unit to its neighbour in the same BOP: positions of units."""

    source: NDArray[np.int64]
    target: NDArray[np.int64]


class BudgetActs(NamedTuple):
    """The acts of January, and those of October."""

    opening: LineArrays
    redeployment: LineArrays


def build_budget_acts(units: Units, codes: Codes, given: UnitCredits, acts: int) -> BudgetActs:
    """Budget acts such that each unit ends up with its given."""
    pairs = np.flatnonzero((units.bop[:-1] == units.bop[1:]) & _find_spending_units(given)[1:])
    january, october = (Moves(each, each + 1) for each in (pairs[::20], pairs[7::20]))
    parts: list[LineArrays] = []
    redeployed: list[LineArrays] = []
    for measure, cents in zip(_MEASURES, (given.ae, given.cp), strict=True):
        moved = [(january, _JANUARY_PARTS)] + [(october, _OCTOBER_PARTS)] * (measure == "cp")
        first = cents.copy()
        for moves, parts_of in moved:
            amount = cents[moves.target * SHEETS + HT2] // parts_of
            first[moves.source * SHEETS + HT2] += amount
            first[moves.target * SHEETS + HT2] -= amount
        parts += _build_allotments(units, codes, (measure, first), acts)
        parts.append(_build_moves(units, codes, (measure, january, cents), (MOVE_DAY, _JANUARY_PARTS)))
        if measure == "cp":
            redeployed.append(
                _build_moves(units, codes, (measure, october, cents), (REDEPLOYMENT_DAY, _OCTOBER_PARTS))
            )
            redeployed.append(_build_overdrawn_moves(redeployed[0], first, units))
    parts.append(_build_earmarks(units, codes, given.earmarked))
    parts += _build_forbidden_acts(units, codes)
    return BudgetActs(_number_acts(parts, 0), _number_acts(redeployed, 500_000))


def _find_spending_units(given: UnitCredits) -> NDArray[np.bool_]:
    return (given.cp[HT2::SHEETS] > 100) & (given.ae[HT2::SHEETS] > 100)


def _number_acts(parts: list[LineArrays], before: int) -> LineArrays:
    """One numbering over the acts of all parts."""
    for part in parts:
        part.number[:] += before
        before = int(part.number.max(initial=before))
    return join_lines(parts)


def _build_allotments(
    units: Units, codes: Codes, given: tuple[str, NDArray[np.int64]], acts: int
) -> list[LineArrays]:
    """Opening by programme, what T2 gives to other titles, then allotments to BOPs and to units."""
    measure, amount = given
    own = _build_unit_grants(units, amount)
    bops = _sum_grants(own._replace(centre=units.bop[own.owner], owner=units.programme[own.owner]))
    opened = _sum_grants(bops._replace(centre=bops.owner))
    own = own._replace(owner=units.bop[own.owner])
    opened, transfers = _add_payroll(opened, codes, acts)
    return [
        _build_lines(opened, codes, f"budget_opening_{measure}", OPENING_DAY),
        _build_title_moves(transfers, codes, measure),
        _build_lines(bops, codes, f"allotment_{measure}", BOP_ALLOTMENT_DAY),
        _build_lines(own, codes, f"allotment_{measure}", UNIT_ALLOTMENT_DAY),
    ]


def _build_unit_grants(units: Units, amount: NDArray[np.int64]) -> Grants:
    """What each unit gets, without the sheets on which it gets nothing; the owner is the unit's position."""
    node = np.flatnonzero(amount)
    unit, sheet = node // SHEETS, node % SHEETS
    fund = np.where(sheet == OWN_FUND, units.fund[unit], ORDINARY)
    return Grants(unit, units.centre[unit].astype(np.int64), sheet, fund.astype(np.int64), amount[node])


def _sum_grants(grants: Grants) -> Grants:
    """One row for each centre and sheet, in order."""
    keys, first, group = np.unique(
        grants.centre * SHEETS + grants.sheet, return_index=True, return_inverse=True
    )
    total = sum_by_position(group, grants.amount, len(keys))
    return Grants(grants.owner[first], keys // SHEETS, keys % SHEETS, grants.fund[first], total)


def _add_payroll(opened: Grants, codes: Codes, acts: int) -> tuple[Grants, Grants]:
    """Add each programme's payroll to its T2; a hundredth of it comes to HT2 by a move, not an opening."""
    programmes = np.unique(opened.centre)
    sizes = load_programme_sizes()
    pay = [sizes[codes.centres[at]] for at in programmes]
    cents = np.array(
        [each.consumed_meur * each.staff_percent * 1_150_000 * acts // ACTS for each in pay], np.int64
    )
    plain = np.full(len(programmes), ORDINARY)
    payroll = Grants(programmes, programmes, np.full(len(programmes), T2), plain, cents)
    other = opened.sheet == HT2
    room = dict(zip(opened.centre[other].tolist(), opened.amount[other].tolist(), strict=True))
    moved = np.minimum(cents // 100, np.array([room.get(int(at), 0) // 2 for at in programmes]))
    less = payroll._replace(sheet=np.full(len(programmes), HT2), amount=-moved)
    payroll = payroll._replace(amount=cents + moved)
    every = _sum_grants(Grants(*map(np.concatenate, zip(opened, payroll, less, strict=True))))
    return _filter_grants(every, every.amount > 0), _filter_grants(payroll._replace(amount=moved), moved > 0)


def _filter_grants(grants: Grants, rows: NDArray[np.bool_]) -> Grants:
    return Grants(*(column[rows] for column in grants))


def _build_lines(grants: Grants, codes: Codes, kind: str, day: int) -> LineArrays:
    """An act for each owner, a line for each grant."""
    grants = Grants(*(column[np.argsort(grants.owner, kind="stable")] for column in grants))
    lines = create_lines(len(grants.owner), kind, 0, np.full(len(grants.owner), day, np.int16))
    opens = np.flatnonzero(np.diff(grants.owner, prepend=-1))
    group = np.cumsum(np.diff(grants.owner, prepend=-1) != 0)
    lines.number[:] = group
    lines.line[:] = np.arange(len(group)) - opens[group - 1] + 1 if len(group) else 0
    lines.centre[:] = grants.centre
    lines.item[:] = _choose_budget_item(grants.sheet, codes)
    lines.fund[:] = grants.fund
    lines.amount[:] = grants.amount
    return lines


def _choose_budget_item(sheet: NDArray[np.integer], codes: Codes) -> NDArray[np.integer]:
    return np.where(sheet == T2, codes.items.index(STAFF_TITLE), codes.items.index(OTHER_TITLES))


def _build_title_moves(transfers: Grants, codes: Codes, measure: str) -> LineArrays:
    lines = _build_lines(
        transfers._replace(sheet=np.full(len(transfers.owner), HT2)),
        codes,
        f"budget_move_{measure}",
        OPENING_DAY,
    )
    lines.source[:] = lines.centre
    lines.source_item[:] = codes.items.index(STAFF_TITLE)
    return lines


def _build_moves(
    units: Units, codes: Codes, what: tuple[str, Moves, NDArray[np.int64]], when: tuple[int, int]
) -> LineArrays:
    """Moves between neighbours, each an act of its own."""
    (measure, moves, given), (day, parts) = what, when
    amount = given[moves.target * SHEETS + HT2] // parts
    target = units.centre[moves.target].astype(np.int64)
    plain = np.full(len(target), ORDINARY)
    lines = _build_lines(
        Grants(target, target, np.full(len(target), HT2), plain, amount), codes, f"budget_move_{measure}", day
    )
    lines.source[:] = units.centre[moves.source]
    return lines


def _build_overdrawn_moves(moved: LineArrays, first: NDArray[np.int64], units: Units) -> LineArrays:
    """Some of the moves again, of twice what the source had."""
    lines = line_arrays.take_rows(moved, slice(None, None, 5))
    position = {int(centre): at for at, centre in enumerate(units.centre)}
    lines.amount[:] = [2 * first[position[int(centre)] * SHEETS + HT2] for centre in lines.source]
    lines.number[:] = np.arange(len(lines.number)) + 1
    lines.fault[:] = Outcome.BUDGET_BELOW_CONSUMPTION
    return lines


def _build_earmarks(units: Units, codes: Codes, earmarked: NDArray[np.int64]) -> LineArrays:
    operation = np.flatnonzero(earmarked)
    site = np.zeros(len(earmarked), np.int64)
    for first, count, centre in zip(units.operation, units.operations, units.centre, strict=True):
        site[first : first + count] = centre
    plain = np.full(len(operation), ORDINARY)
    grants = Grants(operation, site[operation], np.full(len(operation), HT2), plain, earmarked[operation])
    lines = _build_lines(grants, codes, "earmark", MOVE_DAY)
    lines.operation[:] = operation
    return lines


def _build_forbidden_acts(units: Units, codes: Codes) -> list[LineArrays]:
    """T2 fed from other titles, a BOP that hands down what it has not, a BOP opened like a programme."""
    bop = np.unique(units.bop).astype(np.int64)[::25]
    programme = np.unique(units.programme).astype(np.int64)[::5]
    unit = np.array([units.centre[np.argmax(units.bop == each)] for each in bop], np.int64)
    cases = (
        (programme, T2, "budget_move_ae", Outcome.MOVE_FORBIDDEN),
        (unit, HT2, "allotment_cp", Outcome.ALLOTMENT_EXCEEDED),
        (bop, HT2, "budget_opening_cp", Outcome.FUND_CENTRE_LEVEL),
    )
    parts = []
    for centre, sheet, kind, fault in cases:
        plain, amount = np.full(len(centre), ORDINARY), np.full(len(centre), 100_000)
        lines = _build_lines(
            Grants(centre, centre, np.full(len(centre), sheet), plain, amount), codes, kind, MOVE_DAY
        )
        lines.fault[:] = fault
        if fault is Outcome.MOVE_FORBIDDEN:
            lines.source[:], lines.source_item[:] = centre, codes.items.index(OTHER_TITLES)
        parts.append(lines)
    return parts
