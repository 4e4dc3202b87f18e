"""The budget acts: credits opened by programme, moved, handed down to BOPs and units; a few out of order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.samples.sample_nomenclature import weights
from bench.year import line_arrays
from bench.year.budget_credits import Credits
from bench.year.commitments import sums
from bench.year.line_arrays import ORDINARY, Lines, blank, join
from bench.year.spending_mixture import ACTS
from bench.year.spending_units import HT2, OWN_FUND, SHEETS, T2, Codes, Units
from core.nomenclature import OTHER_TITLES, STAFF_TITLE
from core.outcome_codes import Outcome

OPENED, HANDED_DOWN, TO_UNITS, MOVED = 1, 3, 4, 7
"""Days of January."""
REDEPLOYED = 273
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


class Budget(NamedTuple):
    """The acts of January, and those of October."""

    opening: Lines
    redeployment: Lines


def draw(units: Units, codes: Codes, given: Credits, acts: int) -> Budget:
    """Budget acts such that each unit ends up with its given."""
    pairs = np.flatnonzero((units.bop[:-1] == units.bop[1:]) & _spends(given)[1:])
    january, october = (Moves(each, each + 1) for each in (pairs[::20], pairs[7::20]))
    parts: list[Lines] = []
    redeployed: list[Lines] = []
    for measure, cents in zip(_MEASURES, (given.ae, given.cp), strict=True):
        moved = [(january, _JANUARY_PARTS)] + [(october, _OCTOBER_PARTS)] * (measure == "cp")
        first = cents.copy()
        for moves, parts_of in moved:
            amount = cents[moves.target * SHEETS + HT2] // parts_of
            first[moves.source * SHEETS + HT2] += amount
            first[moves.target * SHEETS + HT2] -= amount
        parts += _handed_down(units, codes, (measure, first), acts)
        parts.append(_moved(units, codes, (measure, january, cents), (MOVED, _JANUARY_PARTS)))
        if measure == "cp":
            redeployed.append(_moved(units, codes, (measure, october, cents), (REDEPLOYED, _OCTOBER_PARTS)))
            redeployed.append(_overdrawn(redeployed[0], first, units))
    parts.append(_earmarked(units, codes, given.earmarked))
    parts += _forbidden(units, codes)
    return Budget(_numbered(parts, 0), _numbered(redeployed, 500_000))


def _spends(given: Credits) -> NDArray[np.bool_]:
    return (given.cp[HT2::SHEETS] > 100) & (given.ae[HT2::SHEETS] > 100)


def _numbered(parts: list[Lines], before: int) -> Lines:
    """One numbering over the acts of all parts."""
    for part in parts:
        part.number[:] += before
        before = int(part.number.max(initial=before))
    return join(parts)


def _handed_down(units: Units, codes: Codes, given: tuple[str, NDArray[np.int64]], acts: int) -> list[Lines]:
    """Opening by programme, what T2 gives to other titles, then allotments to BOPs and to units."""
    measure, amount = given
    own = _granted(units, amount)
    bops = _summed(own._replace(centre=units.bop[own.owner], owner=units.programme[own.owner]))
    opened = _summed(bops._replace(centre=bops.owner))
    own = own._replace(owner=units.bop[own.owner])
    opened, transfers = _with_pay(opened, codes, acts)
    return [
        _lines(opened, codes, f"budget_opening_{measure}", OPENED),
        _between_titles(transfers, codes, measure),
        _lines(bops, codes, f"allotment_{measure}", HANDED_DOWN),
        _lines(own, codes, f"allotment_{measure}", TO_UNITS),
    ]


def _granted(units: Units, amount: NDArray[np.int64]) -> Grants:
    """What each unit gets, without the sheets on which it gets nothing; the owner is the unit's position."""
    node = np.flatnonzero(amount)
    unit, sheet = node // SHEETS, node % SHEETS
    fund = np.where(sheet == OWN_FUND, units.fund[unit], ORDINARY)
    return Grants(unit, units.centre[unit].astype(np.int64), sheet, fund.astype(np.int64), amount[node])


def _summed(grants: Grants) -> Grants:
    """One row for each centre and sheet, in order."""
    keys, first, group = np.unique(
        grants.centre * SHEETS + grants.sheet, return_index=True, return_inverse=True
    )
    total = sums(group, grants.amount, len(keys))
    return Grants(grants.owner[first], keys // SHEETS, keys % SHEETS, grants.fund[first], total)


def _with_pay(opened: Grants, codes: Codes, acts: int) -> tuple[Grants, Grants]:
    """Add each programme's payroll to its T2; a hundredth of it comes to HT2 by a move, not an opening."""
    programmes = np.unique(opened.centre)
    sizes = weights()
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
    every = _summed(Grants(*map(np.concatenate, zip(opened, payroll, less, strict=True))))
    return _where(every, every.amount > 0), _where(payroll._replace(amount=moved), moved > 0)


def _where(grants: Grants, rows: NDArray[np.bool_]) -> Grants:
    return Grants(*(column[rows] for column in grants))


def _lines(grants: Grants, codes: Codes, kind: str, day: int) -> Lines:
    """An act for each owner, a line for each grant."""
    grants = Grants(*(column[np.argsort(grants.owner, kind="stable")] for column in grants))
    lines = blank(len(grants.owner), kind, 0, np.full(len(grants.owner), day, np.int16))
    opens = np.flatnonzero(np.diff(grants.owner, prepend=-1))
    group = np.cumsum(np.diff(grants.owner, prepend=-1) != 0)
    lines.number[:] = group
    lines.line[:] = np.arange(len(group)) - opens[group - 1] + 1 if len(group) else 0
    lines.centre[:] = grants.centre
    lines.item[:] = _budget_item(grants.sheet, codes)
    lines.fund[:] = grants.fund
    lines.amount[:] = grants.amount
    return lines


def _budget_item(sheet: NDArray[np.integer], codes: Codes) -> NDArray[np.integer]:
    return np.where(sheet == T2, codes.items.index(STAFF_TITLE), codes.items.index(OTHER_TITLES))


def _between_titles(transfers: Grants, codes: Codes, measure: str) -> Lines:
    lines = _lines(
        transfers._replace(sheet=np.full(len(transfers.owner), HT2)), codes, f"budget_move_{measure}", OPENED
    )
    lines.source[:] = lines.centre
    lines.source_item[:] = codes.items.index(STAFF_TITLE)
    return lines


def _moved(
    units: Units, codes: Codes, what: tuple[str, Moves, NDArray[np.int64]], when: tuple[int, int]
) -> Lines:
    """Moves between neighbours, each an act of its own."""
    (measure, moves, given), (day, parts) = what, when
    amount = given[moves.target * SHEETS + HT2] // parts
    target = units.centre[moves.target].astype(np.int64)
    plain = np.full(len(target), ORDINARY)
    lines = _lines(
        Grants(target, target, np.full(len(target), HT2), plain, amount), codes, f"budget_move_{measure}", day
    )
    lines.source[:] = units.centre[moves.source]
    return lines


def _overdrawn(moved: Lines, first: NDArray[np.int64], units: Units) -> Lines:
    """Some of the moves again, of twice what the source had."""
    lines = line_arrays.take(moved, slice(None, None, 5))
    position = {int(centre): at for at, centre in enumerate(units.centre)}
    lines.amount[:] = [2 * first[position[int(centre)] * SHEETS + HT2] for centre in lines.source]
    lines.number[:] = np.arange(len(lines.number)) + 1
    lines.fault[:] = Outcome.BUDGET_BELOW_CONSUMPTION
    return lines


def _earmarked(units: Units, codes: Codes, earmarked: NDArray[np.int64]) -> Lines:
    operation = np.flatnonzero(earmarked)
    site = np.zeros(len(earmarked), np.int64)
    for first, count, centre in zip(units.operation, units.operations, units.centre, strict=True):
        site[first : first + count] = centre
    plain = np.full(len(operation), ORDINARY)
    grants = Grants(operation, site[operation], np.full(len(operation), HT2), plain, earmarked[operation])
    lines = _lines(grants, codes, "earmark", MOVED)
    lines.operation[:] = operation
    return lines


def _forbidden(units: Units, codes: Codes) -> list[Lines]:
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
        lines = _lines(Grants(centre, centre, np.full(len(centre), sheet), plain, amount), codes, kind, MOVED)
        lines.fault[:] = fault
        if fault is Outcome.MOVE_FORBIDDEN:
            lines.source[:], lines.source_item[:] = centre, codes.items.index(OTHER_TITLES)
        parts.append(lines)
    return parts
