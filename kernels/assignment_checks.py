"""Resolution of codes to account assignments: unknown codes and mismatches, in the order in which they are reported."""

import numpy as np

from core.act_fields import Field
from core.nomenclature import CentreLevel
from core.outcome_codes import Outcome
from core.periods import YEAR_FIRST
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
_TITLE_TWO = (Outcome.TITLE_TWO_COMMITMENT.value, Field.COMMITMENT_ITEM.value)
_ACCOUNT_UNKNOWN = (Outcome.ACCOUNT_UNKNOWN.value, Field.ACCOUNT.value)
_ACCOUNT_MISMATCH = (Outcome.ACCOUNT_MISMATCH.value, Field.ACCOUNT.value)
_OPENING_ACCOUNT = (Outcome.OPENING_ACCOUNT.value, Field.ACCOUNT.value)
_RESULT_ACCOUNT = (Outcome.RESULT_ACCOUNT.value, Field.ACCOUNT.value)
_ACCOUNT_RESTRICTED = (Outcome.ACCOUNT_RESTRICTED.value, Field.ACCOUNT.value)


@part
def _read_fund(lines, codes, row):
    return lines.fund[row] if lines.fund[row] != 0 else codes.ordinary[0]


@part
def _read_source_item(lines, row):
    return lines.source_item[row] if lines.source_item[row] != 0 else lines.item[row]


@part
def _is_centre(centre, codes):
    """Return whether the year has this programme, BOP or UO; an operation has its own field."""
    return codes.centre_exists[centre] != 0 and codes.centre_level[centre] != _OPERATION


@part
def _find_unknown_code(lines, codes, uses, row):
    """Return the fault of the first code that the year does not have, or that is at a forbidden level."""
    kind, centre, operation = lines.kind[row], lines.centre[row], lines.operation[row]
    moves = uses.moves[kind] != 0
    if not _is_centre(centre, codes):
        return _CENTRE_UNKNOWN
    if moves and not _is_centre(lines.source_centre[row], codes):
        return _SOURCE_CENTRE_UNKNOWN
    if uses.spends[kind] != 0 and codes.centre_level[centre] != _UO:
        return _LEVEL_WRONG
    if codes.area_exists[lines.area[row]] == 0:
        return _AREA_UNKNOWN
    if codes.item_exists[lines.item[row]] == 0:
        return _ITEM_UNKNOWN
    if moves and codes.item_exists[_read_source_item(lines, row)] == 0:
        return _SOURCE_ITEM_UNKNOWN
    if codes.fund_exists[_read_fund(lines, codes, row)] == 0:
        return _FUND_UNKNOWN
    if codes.centre_exists[operation] == 0 or (operation > 0 and codes.centre_level[operation] != _OPERATION):
        return _OPERATION_UNKNOWN
    return _NO_FAULT


@part
def _is_item_allowed(item, kind, codes, uses):
    """Return whether the kind may use the item: T2 and HT2 bring credits, categories are spent, earmarks may use both.

    Payroll spends categories of title 2 alone; an operation has none (rule A17).  Receivables have natures of receipt.
    """
    if uses.receives[kind] != 0 or codes.item_receipt[item] != 0:
        return uses.receives[kind] == codes.item_receipt[item]
    if uses.pays_staff[kind] != 0 and codes.item_staff[item] == 0:
        return False
    is_budget_only = codes.item_budget_only[item] != 0
    if uses.brings[kind] != 0:
        return is_budget_only
    if uses.earmarks[kind] != 0:
        return codes.item_staff[item] == 0
    return not is_budget_only


@part
def _find_mismatch(lines, codes, uses, row):
    """Return the fault of the first code, all of which exist, that does not match the others or the kind (rules A20, A39)."""
    centre, operation, item = lines.centre[row], lines.operation[row], lines.item[row]
    programme, activity = codes.centre_programme[centre], lines.activity[row]
    area = codes.area_programme[lines.area[row]]
    fund = codes.fund_programme[_read_fund(lines, codes, row)]
    if area != 0 and area != programme:
        return _MISMATCH, Field.FUNCTIONAL_AREA.value
    if activity != 0 and activity != programme:
        return _MISMATCH, Field.ACTIVITY.value
    if item > 0 and not _is_item_allowed(item, lines.kind[row], codes, uses):
        return _MISMATCH, Field.COMMITMENT_ITEM.value
    if fund != 0 and fund != programme:
        return _MISMATCH, Field.FUND.value
    if operation > 0 and (codes.centre_parent[operation] != centre or uses.pays_staff[lines.kind[row]] != 0):
        return _MISMATCH, Field.OPERATION.value
    if item > 0 and uses.engages[lines.kind[row]] != 0 and codes.item_staff[item] != 0:
        return _TITLE_TWO
    return _NO_FAULT


@part
def _check_account(lines, codes, uses, row):
    """Return the fault of an account that the year or the item does not have, or that the kind may not post to."""
    account, item = np.int64(lines.account[row]), np.int64(lines.item[row])
    if codes.account_exists[account] == 0:
        return _ACCOUNT_UNKNOWN
    if uses.suspense[lines.kind[row]] != 0 and codes.account_suspense[account] == 0:
        return _ACCOUNT_MISMATCH
    if uses.assets[lines.kind[row]] != 0:
        return _NO_FAULT if codes.account_asset[account] != 0 else _ACCOUNT_MISMATCH
    if uses.journals[lines.kind[row]] != 0:
        return _ACCOUNT_RESTRICTED if codes.account_restricted[account] != 0 else _NO_FAULT
    if uses.opens_year[lines.kind[row]] != 0:
        return _NO_FAULT if codes.account_opening[account] != 0 else _OPENING_ACCOUNT
    if uses.results[lines.kind[row]] != 0:
        return _NO_FAULT if codes.account_result[account] != 0 else _RESULT_ACCOUNT
    if uses.allots[lines.kind[row]] != 0:
        return _NO_FAULT if codes.account_allocation[account] != 0 else _RESULT_ACCOUNT
    if uses.inventory[lines.kind[row]] != 0:
        return _NO_FAULT
    if account > 0 and (uses.charges[lines.kind[row]] | uses.suspense[lines.kind[row]]) == 0:
        return _ACCOUNT_MISMATCH
    if account > 0 and lines.named[row] != 0 and item > 0:
        if codes.admitted[item * codes.account_exists.size + account] == 0:
            return _ACCOUNT_MISMATCH
    return _NO_FAULT


@part
def _check_line(lines, codes, uses, row):
    if lines.named[row] != 0:
        fault = _find_unknown_code(lines, codes, uses, row)
        if fault[0] == 0:
            fault = _find_mismatch(lines, codes, uses, row)
        if fault[0] != 0:
            return fault
    return _check_account(lines, codes, uses, row)


@part
def _pack_assignment(lines, codes, row):
    operation, year = np.int64(lines.operation[row]), lines.year[row] - YEAR_FIRST
    centre = operation if operation > 0 else np.int64(lines.centre[row])
    centre_and_area = (centre << CENTRE_BIT) | (np.int64(lines.area[row]) << AREA_BIT)
    return (
        centre_and_area
        | (np.int64(lines.item[row]) << ITEM_BIT)
        | (np.int64(_read_fund(lines, codes, row)) << FUND_BIT)
        | year
    )


@part
def _compute_source_node(lines, codes, row):
    """Return the node that a move takes from; fund and year are those of its target."""
    sheet = np.int64(codes.item_staff[_read_source_item(lines, row)]) * _STAFF_OFFSET
    sheet += codes.fund_family[_read_fund(lines, codes, row)]
    return codes.nodes[0] + lines.source_centre[row] * codes.nodes[1] + sheet


@kernel(reads(LineCodes), reads(YearCodes), reads(KindUses), fills(LineFaults), fills(PlacedLines))
def place_lines(lines, codes, uses, faults, placed):
    """Resolve the assignments of one year's lines; fault lines with codes that are unknown or do not match.

    Reads     lines           n rows
              codes           the codes of the year's files
              uses            by kind
    Advances  faults          n rows; a line with a fault keeps it
              placed          n rows; lines of other years, or with a fault, are left unchanged
    Order     rows are independent
    Outcomes  FUND_CENTRE_UNKNOWN, FUND_CENTRE_LEVEL, FUNCTIONAL_AREA_UNKNOWN, COMMITMENT_ITEM_UNKNOWN, FUND_UNKNOWN,
              OPERATION_UNKNOWN, NOMENCLATURE_MISMATCH, TITLE_TWO_COMMITMENT, ACCOUNT_UNKNOWN, ACCOUNT_MISMATCH,
              ACCOUNT_RESTRICTED, OPENING_ACCOUNT, RESULT_ACCOUNT; never raises
    Overflow  impossible: the registry bounds every number
    Cost      O(n), one pass
    Oracle    tests.oracle.assignment_checks.place_line
    """
    lines, codes, uses = borrow(lines), borrow(codes), borrow(uses)
    for row in range(faults.fault.size):
        if faults.fault[row] != 0 or lines.year[row] != codes.year[0]:
            continue
        fault, field = _check_line(lines, codes, uses, row)
        if fault != 0:
            faults.fault[row], faults.field[row] = fault, field
            continue
        placed.account[row] = lines.account[row]
        if lines.named[row] != 0:
            placed.word[row] = _pack_assignment(lines, codes, row)
            if uses.moves[lines.kind[row]] != 0:
                placed.source[row] = _compute_source_node(lines, codes, row)
