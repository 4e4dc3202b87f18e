"""The budget acts: credits opened by programme, moved, allotted to BOPs and units; and a few that must be refused."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.year import line_arrays
from bench.year.bill_cells import BillCells
from bench.year.budget_credits import UnitCredits
from bench.year.change_rates import load_rates, take_evenly
from bench.year.commitments import sum_by_position
from bench.year.line_arrays import ORDINARY, LineArrays, create_lines, join_lines
from bench.year.spending_mixture import split_exactly
from bench.year.spending_units import HT2, OWN_FUND, SHEETS, T2, Codes, Units
from core.nomenclature import OTHER_TITLES, STAFF_TITLE
from core.origins import TITLES
from core.outcome_codes import Outcome

OPENING_DAY, BOP_ALLOTMENT_DAY, UNIT_ALLOTMENT_DAY, MOVE_DAY = 1, 3, 4, 7
"""Days of January."""
REDEPLOYMENT_DAY = 273
"""1 October."""

_JANUARY_DIVISOR, _OCTOBER_DIVISOR = 10, 50
"""A move transfers one part in so many of the receiving unit's spending."""
_MEASURES = ("ae", "cp")


class Grants(NamedTuple):
    """Credits of one measure: fund centre, sheet, fund and amount; ``owner`` groups the lines of one act."""

    owner: NDArray[np.int64]
    centre: NDArray[np.int64]
    sheet: NDArray[np.int64]
    fund: NDArray[np.int64]
    amount: NDArray[np.int64]


class Moves(NamedTuple):
    """Moves of credits from one unit to its neighbour in the same BOP, by the positions of the units."""

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    day: int
    divisor: int
    """A move transfers one part in so many of the target's credits."""

    def compute_amounts(self, credits_of_nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the amount of each move."""
        return credits_of_nodes[self.target * SHEETS + HT2] // self.divisor


class BudgetActs(NamedTuple):
    """The budget acts of January, and those of October."""

    opening: LineArrays
    redeployment: LineArrays


def build_budget_acts(units: Units, codes: Codes, final: UnitCredits, *, cells: BillCells) -> BudgetActs:
    """Build budget acts after which each unit has its ``final`` credits; openings are split by title as in the bill."""
    pairs = np.flatnonzero((units.bop[:-1] == units.bop[1:]) & _find_spending_units(final)[1:])
    january = Moves(pairs[::20], pairs[::20] + 1, MOVE_DAY, _JANUARY_DIVISOR)
    october = Moves(pairs[7::20], pairs[7::20] + 1, REDEPLOYMENT_DAY, _OCTOBER_DIVISOR)
    room = _sum_room(units, final)
    opening: list[LineArrays] = []
    redeployment: list[LineArrays] = []
    for measure, cents in zip(_MEASURES, (final.ae, final.cp), strict=True):
        allotted = cents.copy()
        for moves in (january, october) if measure == "cp" else (january,):
            amount = moves.compute_amounts(cents)
            allotted[moves.source * SHEETS + HT2] += amount
            allotted[moves.target * SHEETS + HT2] -= amount
        opening += _build_allotments(units, codes, measure, allotted=allotted, room=room, cells=cells)
        opening.append(_build_moves(units, codes, measure, moves=january, cents=cents))
        if measure == "cp":
            redeployment.append(_build_moves(units, codes, measure, moves=october, cents=cents))
            redeployment.append(_build_overdrawn_moves(redeployment[0], allotted, units))
    opening.append(_build_earmarks(units, codes, final.earmarked))
    opening += _build_forbidden_acts(units, codes)
    return BudgetActs(_number_acts(opening, 0), _number_acts(redeployment, 500_000))


def _find_spending_units(final: UnitCredits) -> NDArray[np.bool_]:
    return (final.cp[HT2::SHEETS] > 100) & (final.ae[HT2::SHEETS] > 100)


def _sum_room(units: Units, final: UnitCredits) -> Mapping[int, int]:
    """Sum half of the HT2 credits of each programme, by its number: of AE or CP, whichever is less."""
    count = int(units.programme.max()) + 1
    sums = (sum_by_position(units.programme, cents[HT2::SHEETS], count) for cents in (final.ae, final.cp))
    return dict(enumerate((np.minimum(*sums) // 2).tolist()))


def _number_acts(parts: list[LineArrays], last_number: int) -> LineArrays:
    """Number the acts of all parts after ``last_number``, and join the parts."""
    for part in parts:
        part.number[:] += last_number
        last_number = int(part.number.max(initial=last_number))
    return join_lines(parts)


def _build_allotments(
    units: Units,
    codes: Codes,
    measure: str,
    *,
    allotted: NDArray[np.int64],
    room: Mapping[int, int],
    cells: BillCells,
) -> list[LineArrays]:
    """Build openings by programme, moves from T2 to other titles, then allotments to BOPs and to units."""
    own = _build_unit_grants(units, allotted)
    bops = _sum_grants(own._replace(centre=units.bop[own.owner], owner=units.programme[own.owner]))
    openings = _sum_grants(bops._replace(centre=bops.owner))
    own = own._replace(owner=units.bop[own.owner])
    openings, transfers = _move_staff_credits(openings, room)
    return [
        _build_openings(openings, codes, measure, cells=cells),
        _build_title_moves(transfers, codes, measure),
        _build_lines(bops, codes, f"allotment_{measure}", day=BOP_ALLOTMENT_DAY),
        _build_lines(own, codes, f"allotment_{measure}", day=UNIT_ALLOTMENT_DAY),
    ]


def _build_unit_grants(units: Units, amount: NDArray[np.int64]) -> Grants:
    """Build the grants of each unit, without sheets that get nothing; the owner is the unit's position."""
    node = np.flatnonzero(amount)
    unit, sheet = node // SHEETS, node % SHEETS
    fund = np.where(sheet == OWN_FUND, units.fund[unit], ORDINARY)
    return Grants(unit, units.centre[unit].astype(np.int64), sheet, fund.astype(np.int64), amount[node])


def _sum_grants(grants: Grants) -> Grants:
    """Sum the grants by centre and sheet, in order."""
    keys, first, group = np.unique(
        grants.centre * SHEETS + grants.sheet, return_index=True, return_inverse=True
    )
    total = sum_by_position(group, grants.amount, len(keys))
    return Grants(grants.owner[first], keys // SHEETS, keys % SHEETS, grants.fund[first], total)


def _move_staff_credits(openings: Grants, room: Mapping[int, int]) -> tuple[Grants, Grants]:
    """Let a hundredth of each programme's T2 be opened on top, and reach HT2 by a move instead of the opening.

    ``room`` is half of what HT2 has of either measure, as AE and CP of staff are opened alike.
    """
    staff = _filter_grants(openings, openings.sheet == T2)
    limits = np.array([room[centre] for centre in staff.centre.tolist()], np.int64)
    moved = np.minimum(staff.amount // 100, limits)
    less = staff._replace(sheet=np.full(len(moved), HT2), amount=-moved)
    more = staff._replace(amount=moved)
    total = _sum_grants(Grants(*map(np.concatenate, zip(openings, more, less, strict=True))))
    return _filter_grants(total, total.amount > 0), _filter_grants(more, moved > 0)


def _filter_grants(grants: Grants, rows: NDArray[np.bool_]) -> Grants:
    return Grants(*(column[rows] for column in grants))


def _build_lines(grants: Grants, codes: Codes, kind: str, *, day: int) -> LineArrays:
    """Build an act for each owner, with a line for each grant."""
    grants = Grants(*(column[np.argsort(grants.owner, kind="stable")] for column in grants))
    lines = create_lines(len(grants.owner), kind, 0, day=np.full(len(grants.owner), day, np.int16))
    starts = np.flatnonzero(np.diff(grants.owner, prepend=-1))
    group = np.cumsum(np.diff(grants.owner, prepend=-1) != 0)
    lines.number[:] = group
    lines.line[:] = np.arange(len(group)) - starts[group - 1] + 1 if len(group) else 0
    lines.centre[:] = grants.centre
    lines.item[:] = _choose_budget_item(grants.sheet, codes)
    lines.fund[:] = grants.fund
    lines.amount[:] = grants.amount
    return lines


def _build_openings(openings: Grants, codes: Codes, measure: str, *, cells: BillCells) -> LineArrays:
    """Build the openings by the finance law: by title, but those of funds, which belong to no title."""
    is_split = (openings.sheet == HT2) & (openings.fund == ORDINARY)
    row, title, amount = _split_titles(openings, codes, cells, is_split=is_split)
    grants = Grants(*(column[row] for column in openings))._replace(amount=amount)
    order = np.argsort(grants.owner, kind="stable")
    grants = Grants(*(column[order] for column in grants))
    lines = _build_lines(grants, codes, f"budget_opening_{measure}", day=OPENING_DAY)
    item = np.array([0, *(codes.items.index(f"T{number}") for number in range(1, TITLES))])[title[order]]
    lines.item[:] = np.where(item > 0, item, lines.item)
    return lines


class _TitleParts(NamedTuple):
    row: NDArray[np.int64]
    title: NDArray[np.int64]
    """0 for what belongs to no single title."""
    amount: NDArray[np.int64]


def _split_titles(
    openings: Grants, codes: Codes, cells: BillCells, *, is_split: NDArray[np.bool_]
) -> _TitleParts:
    """Split the openings by the CP that the bill gives each title."""
    euros = _sum_titles(codes, cells)
    parts: list[tuple[int, int, int]] = []
    for row, (centre, cents) in enumerate(
        zip(openings.centre.tolist(), openings.amount.tolist(), strict=True)
    ):
        weights = euros[cells.programmes.index(codes.centres[centre])]
        if is_split[row] and weights.any():
            shares = split_exactly(cents, weights).tolist()
            parts += [(row, title, share) for title, share in enumerate(shares) if share]
        else:
            parts.append((row, 0, cents))
    return _TitleParts(*np.array(parts, np.int64).T)


def _sum_titles(codes: Codes, cells: BillCells) -> NDArray[np.float64]:
    """Sum the CP of the bill by programme and title, without staff: shape (programmes, titles)."""
    titles = np.array([0, *(item.title for item in codes.nomenclature.items.values())])[cells.item]
    euros = np.zeros((len(cells.programmes), TITLES))
    np.add.at(euros, (cells.programme[1:], titles[1:]), np.where(cells.is_staff, 0, cells.cp_euros)[1:])
    return euros


def _choose_budget_item(sheet: NDArray[np.integer], codes: Codes) -> NDArray[np.integer]:
    return np.where(sheet == T2, codes.items.index(STAFF_TITLE), codes.items.index(OTHER_TITLES))


def _build_title_moves(transfers: Grants, codes: Codes, measure: str) -> LineArrays:
    lines = _build_lines(
        transfers._replace(sheet=np.full(len(transfers.owner), HT2)),
        codes,
        f"budget_move_{measure}",
        day=OPENING_DAY,
    )
    lines.source[:] = lines.centre
    lines.source_item[:] = codes.items.index(STAFF_TITLE)
    return lines


def _build_moves(
    units: Units, codes: Codes, measure: str, *, moves: Moves, cents: NDArray[np.int64]
) -> LineArrays:
    """Build the moves between neighbours, each an act of its own; ``cents`` are the final credits of the nodes."""
    target = units.centre[moves.target].astype(np.int64)
    plain, sheet = np.full(len(target), ORDINARY), np.full(len(target), HT2)
    grants = Grants(target, target, sheet, plain, moves.compute_amounts(cents))
    lines = _build_lines(grants, codes, f"budget_move_{measure}", day=moves.day)
    lines.source[:] = units.centre[moves.source]
    return lines


def _build_overdrawn_moves(moves: LineArrays, allotted: NDArray[np.int64], units: Units) -> LineArrays:
    """Repeat some of the moves with twice the amount that the source had, so that they must be refused."""
    rows = take_evenly(np.arange(len(moves.number)), load_rates()["overdrawn_move"])
    lines = line_arrays.take_rows(moves, rows)
    positions = {int(centre): position for position, centre in enumerate(units.centre)}
    lines.amount[:] = [2 * allotted[positions[int(centre)] * SHEETS + HT2] for centre in lines.source]
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
    lines = _build_lines(grants, codes, "earmark", day=MOVE_DAY)
    lines.operation[:] = operation
    return lines


def _build_forbidden_acts(units: Units, codes: Codes) -> list[LineArrays]:
    """Build acts that must be refused: T2 fed from other titles, allotments above the BOP's credits, openings of BOPs."""
    rates, bops = load_rates(), np.unique(units.bop).astype(np.int64)
    programme = take_evenly(
        np.unique(units.programme).astype(np.int64), rates["staff_credits_from_other_titles"]
    )
    bop = take_evenly(bops, rates["allotment_above_bop"])
    unit = np.array([units.centre[np.argmax(units.bop == number)] for number in bop], np.int64)
    cases = (
        (programme, T2, "budget_move_ae", Outcome.MOVE_FORBIDDEN),
        (unit, HT2, "allotment_cp", Outcome.ALLOTMENT_EXCEEDED),
        (take_evenly(bops, rates["opening_of_bop"]), HT2, "budget_opening_cp", Outcome.FUND_CENTRE_LEVEL),
    )
    parts = []
    for centre, sheet, kind, fault in cases:
        plain, amount = np.full(len(centre), ORDINARY), np.full(len(centre), 100_000)
        lines = _build_lines(
            Grants(centre, centre, np.full(len(centre), sheet), plain, amount), codes, kind, day=MOVE_DAY
        )
        lines.fault[:] = fault
        if fault is Outcome.MOVE_FORBIDDEN:
            lines.source[:], lines.source_item[:] = centre, codes.items.index(OTHER_TITLES)
        parts.append(lines)
    return parts
