"""Codes to account assignments: what is unknown or does not go together, in the order in which it is told."""

import numpy as np

from core.act_fields import Field
from core.calendar import YEAR_FIRST
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from core.tables.raw_lines import KindUses, LineCodes, LineFaults, PlacedLines, YearCodes
from kernels.cells import AREA_BIT, CENTRE_BIT, FUND_BIT, ITEM_BIT
from kernels.jit import borrow, fills, kernel, part, reads

_STAFF_OFFSET = 3
_OPERATION, _UO = CentreLevel.OPERATION.value, CentreLevel.UO.value
_NO_FAULT = (0, 0)
_CENTRE_UNKNOWN = (Outcome.FUND_CENTRE_UNKNOWN.value, Field.FUND_CENTRE.value)
_SOURCE_CENTRE_UNKNOWN = (Outcome.FUND_CENTRE_UNKNOWN.value, Field.COUNTERPART.value)
_LEVEL_WRONG = (Outcome.FUND_CENTRE_LEVEL.value, Field.FUND_CENTRE.value)
_AREA_UNKNOWN = (Outcome.FUNCTIONAL_AREA_UNKNOWN.value, Field.FUNCTIONAL_AREA.value)
_ITEM_UNKNOWN = (Outcome.COMMITMENT_ITEM_UNKNOWN.value, Field.COMMITMENT_ITEM.value)
_SOURCE_ITEM_UNKNOWN = (Outcome.COMMITMENT_ITEM_UNKNOWN.value, Field.COUNTERPART.value)
_FUND_UNKNOWN = (Outcome.FUND_UNKNOWN.value, Field.FUND.value)
_OPERATION_UNKNOWN = (Outcome.OPERATION_UNKNOWN.value, Field.OPERATION.value)
_MISMATCH = Outcome.NOMENCLATURE_MISMATCH.value
_ACCOUNT_UNKNOWN = (Outcome.ACCOUNT_UNKNOWN.value, Field.ACCOUNT.value)
_ACCOUNT_MISMATCH = (Outcome.ACCOUNT_MISMATCH.value, Field.ACCOUNT.value)


@part
def _read_fund(places, codes, row):
    return places.fund[row] if places.fund[row] != 0 else codes.ordinary[0]


@part
def _read_source_item(places, row):
    return places.source_item[row] if places.source_item[row] != 0 else places.item[row]


@part
def _is_centre(centre, codes):
    """A programme, BOP or UO that the year holds: an operation has a field of its own."""
    return codes.centre_exists[centre] != 0 and codes.centre_level[centre] != _OPERATION


@part
def _find_unknown_code(places, codes, uses, row):
    """The first code that the year does not hold, or that stands where it may not."""
    kind, centre, operation = places.kind[row], places.centre[row], places.operation[row]
    moves = uses.moves[kind] != 0
    if not _is_centre(centre, codes):
        return _CENTRE_UNKNOWN
    if moves and not _is_centre(places.source_centre[row], codes):
        return _SOURCE_CENTRE_UNKNOWN
    if uses.spends[kind] != 0 and codes.centre_level[centre] != _UO:
        return _LEVEL_WRONG
    if codes.area_exists[places.area[row]] == 0:
        return _AREA_UNKNOWN
    if codes.item_exists[places.item[row]] == 0:
        return _ITEM_UNKNOWN
    if moves and codes.item_exists[_read_source_item(places, row)] == 0:
        return _SOURCE_ITEM_UNKNOWN
    if codes.fund_exists[_read_fund(places, codes, row)] == 0:
        return _FUND_UNKNOWN
    if codes.centre_exists[operation] == 0 or (operation > 0 and codes.centre_level[operation] != _OPERATION):
        return _OPERATION_UNKNOWN
    return _NO_FAULT


@part
def _is_item_allowed(item, kind, codes, uses):
    """Credits come by T2 and HT2, spending names its category, an earmark may name either."""
    only = codes.item_budget_only[item] != 0
    if uses.brings[kind] != 0:
        return only
    return uses.earmarks[kind] != 0 or not only


@part
def _find_mismatch(places, codes, uses, row):
    """The first code, each of them held, that does not go with the others (A39)."""
    centre, operation, item = places.centre[row], places.operation[row], places.item[row]
    programme, activity = codes.centre_programme[centre], places.activity[row]
    area = codes.area_programme[places.area[row]]
    fund = codes.fund_programme[_read_fund(places, codes, row)]
    if area != 0 and area != programme:
        return _MISMATCH, Field.FUNCTIONAL_AREA.value
    if activity != 0 and activity != programme:
        return _MISMATCH, Field.ACTIVITY.value
    if item > 0 and not _is_item_allowed(item, places.kind[row], codes, uses):
        return _MISMATCH, Field.COMMITMENT_ITEM.value
    if fund != 0 and fund != programme:
        return _MISMATCH, Field.FUND.value
    if operation > 0 and codes.centre_parent[operation] != centre:
        return _MISMATCH, Field.OPERATION.value
    return _NO_FAULT


@part
def _check_account(places, codes, row):
    account, item = np.int64(places.account[row]), np.int64(places.item[row])
    if codes.account_exists[account] == 0:
        return _ACCOUNT_UNKNOWN
    if account > 0 and places.named[row] != 0 and item > 0:
        if codes.admitted[item * codes.account_exists.size + account] == 0:
            return _ACCOUNT_MISMATCH
    return _NO_FAULT


@part
def _check_line(places, codes, uses, row):
    if places.named[row] != 0:
        found = _find_unknown_code(places, codes, uses, row)
        if found[0] == 0:
            found = _find_mismatch(places, codes, uses, row)
        if found[0] != 0:
            return found
    return _check_account(places, codes, row)


@part
def _pack_assignment(places, codes, row):
    operation, year = np.int64(places.operation[row]), places.year[row] - YEAR_FIRST
    centre = operation if operation > 0 else np.int64(places.centre[row])
    place = (centre << CENTRE_BIT) | (np.int64(places.area[row]) << AREA_BIT)
    return (
        place
        | (np.int64(places.item[row]) << ITEM_BIT)
        | (np.int64(_read_fund(places, codes, row)) << FUND_BIT)
        | year
    )


@part
def _compute_source_node(places, codes, row):
    """The node a move takes from; fund and year are those of its target."""
    sheet = np.int64(codes.item_staff[_read_source_item(places, row)]) * _STAFF_OFFSET
    sheet += codes.fund_family[_read_fund(places, codes, row)]
    return codes.nodes[0] + places.source_centre[row] * codes.nodes[1] + sheet


@kernel(reads(LineCodes), reads(YearCodes), reads(KindUses), fills(LineFaults), fills(PlacedLines))
def place_lines(places, codes, uses, marks, placed):
    """Find the assignments of one year's lines, faulting what is unknown or does not go together.

    Reads     places          n rows
              codes           what the year's files hold
              uses            by kind
    Advances  marks           n rows; those that have a fault keep it
              placed          n rows; those of other years, or with a fault, stay as they are
    Order     rows are independent
    Outcomes  FUND_CENTRE_UNKNOWN, FUND_CENTRE_LEVEL, FUNCTIONAL_AREA_UNKNOWN, COMMITMENT_ITEM_UNKNOWN, FUND_UNKNOWN,
              OPERATION_UNKNOWN, NOMENCLATURE_MISMATCH, ACCOUNT_UNKNOWN, ACCOUNT_MISMATCH; never raises
    Overflow  impossible: the registry bounds every number
    Cost      O(n), one pass
    Oracle    tests.oracle.assignment_checks.place_line
    """
    places, codes, uses = borrow(places), borrow(codes), borrow(uses)
    for row in range(marks.fault.size):
        if marks.fault[row] != 0 or places.year[row] != codes.year[0]:
            continue
        fault, field = _check_line(places, codes, uses, row)
        if fault != 0:
            marks.fault[row], marks.field[row] = fault, field
            continue
        placed.account[row] = places.account[row]
        if places.named[row] != 0:
            placed.word[row] = _pack_assignment(places, codes, row)
            if uses.moves[places.kind[row]] != 0:
                placed.source[row] = _compute_source_node(places, codes, row)
