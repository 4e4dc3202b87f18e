"""The predecessor of a line: found by reference, by entry number, or by line number in the same act."""

import numpy as np

from core.catalog import BudgetAction, Family, Remainder, Role, Stage
from core.kind_rules import Pairing
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR
from core.tables.book import ROLE_COUNT
from core.tables.journal import PREDECESSOR_BY_ENTRY
from kernels import (
    advances,
    assets,
    carries,
    commitments,
    followers,
    funds,
    key_index,
    payees,
    restorations,
)
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part
from kernels.prefetch import PREVIOUS, read_guess


@rare_part
def _find_by_number(acts, book, place):
    """Return the predecessor named by its entry, or by its line in the same act, where the kind allows it; 0 if none."""
    row, line, _ = place
    entries = np.int64(book.counters[0].entries)
    if acts[line].previous_line == PREDECESSOR_BY_ENTRY:
        entry = np.int64(acts[line].previous_high)
        return entry if 0 < entry <= entries else np.int64(0)
    if book.effects[acts[line].kind].after == Stage.NONE.value:
        return np.int64(0)
    offset = np.int64(acts[line].previous_line) - 1
    is_same_act = acts[line].previous_high == 0 and acts[line].previous_low == 0
    return entries + 1 + offset if is_same_act and 0 <= offset < line - row else np.int64(0)


@part
def find_predecessor(acts, book, place):
    """Return the entry that a line follows; 0 if there is none."""
    _, line, guesses = place
    offset = np.int64(acts[line].previous_line) - 1
    if offset < 0:
        return _find_by_number(acts, book, place)
    key = (acts[line].previous_high, acts[line].previous_low)
    key_row = key_index.find_guessed_key(book.slots, book.keys, read_guess(guesses, PREVIOUS, line), key)
    if key_row < 0:
        return _find_by_number(acts, book, place)
    first = np.int64(book.keys[as_position(key_row)].value)
    return first + offset if offset <= book.items[first].lines_after else np.int64(0)


@rare_part
def _check_once(book, kind, item):
    """Check that the payable is still open, and that no such act follows yet; return an outcome."""
    if book.effects[book.items[item].kind].opens and book.items[item].open == 0:
        return np.int64(Outcome.PREDECESSOR_STAGE.value)
    if commitments.is_followed(book.items, item):
        return np.int64(book.effects[kind].shortfall)
    return np.int64(Outcome.ACCEPTED.value)


@part
def _check_stage(acts, book, line, item):
    """Check that the predecessor is at the stage where the line begins, with an amount left; return an outcome."""
    effects = book.effects[acts[line].kind]
    is_at_stage = book.effects[book.items[item].kind].reaches == effects.after
    if effects.after == Stage.BY_HAND.value:
        return np.int64(Outcome.ACCEPTED.value if is_at_stage else Outcome.NOT_ON_SUSPENSE.value)
    takes_up = effects.draws == Remainder.OPEN.value or effects.draws == Remainder.VISA.value
    if not is_at_stage or (takes_up and book.items[item].open == 0):
        return np.int64(Outcome.PREDECESSOR_STAGE.value)
    if effects.draws == Remainder.ONCE.value or effects.draws == Remainder.IMPUTATION.value:
        return _check_once(book, acts[line].kind, item)
    return np.int64(Outcome.ACCEPTED.value)


@part
def _check_debt(acts, book, line, item):
    """Check the stage of a debt that a line takes up, its bank details, assignment, payee, and payment term."""
    outcome = _check_stage(acts, book, line, item)
    if outcome != Outcome.ACCEPTED.value:
        return refused(outcome, -1, 0)
    remits, payee = book.effects[acts[line].kind].remits != 0, payees.read_payee_of_item(book, item)
    if remits and payees.has_other_bank(book, payee, acts[line].bank):
        return refused(Outcome.BANK_DETAILS_DIFFER.value, -1, 0)
    finding = check_assignment(acts, book, line, item)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    outcome = payees.check_transfer(book, payee) if remits else outcome
    if outcome != Outcome.ACCEPTED.value:
        return refused(outcome, -1, 0)
    effects = book.effects[acts[line].kind]
    settles = effects.settles > 0 or effects.pairs == Pairing.WITHHOLDING.value
    if settles and effects.after == Stage.PAYABLE.value and commitments.is_suspended(book, item):
        return refused(Outcome.TERM_SUSPENDED.value, -1, 0)
    return finding


@part
def is_settled_by_entry(book, cell, account):
    """Return whether an entry of the ledger settles what is owed on ``account``, in the budget year of ``cell``."""
    first_period = as_position(book.cells[as_position(cell)].year) * PERIODS_PER_YEAR
    roles = first_period * ROLE_COUNT
    is_liaison = account == book.roles[roles + Role.DEBT_LIAISON.value]
    return is_liaison or account == book.roles[roles + Role.TAX_RELIEF.value]


@part
def _check_way(book, kind, item):
    """Refuse what would pay or divert a debt that an entry of the ledger settles, and what sets pay or an advance off."""
    effects = book.effects[kind]
    if is_settled_by_entry(book, book.items[item].cell, book.items[item].credit):
        if effects.carries == 0:
            return refused(Outcome.SETTLED_WITHOUT_TRANSFER.value, -1, 0)
    is_pay = book.effects[book.items[item].under].credit == Role.PAYROLL.value
    diverts = effects.reaches == Stage.PAYABLE.value and effects.carries == 0
    if is_pay and (diverts or effects.pairs != Pairing.NONE.value):
        return refused(Outcome.PAYROLL_DIVERSION.value, -1, 0)
    if effects.pairs != Pairing.NONE.value and advances.is_advance(book, book.items[item].under):
        return refused(Outcome.ADVANCE_DIVERSION.value, -1, 0)
    return accepted()


@part
def check_order(acts, book, line, item):
    """Check whether a line may take up a debt, in general and in this way."""
    effects = book.effects[acts[line].kind]
    finding = _check_debt(acts, book, line, item)
    takes_up_payable = effects.inherits != 0 and effects.after == Stage.PAYABLE.value
    if takes_up_payable and finding[0] == Outcome.ACCEPTED.value:
        return _check_way(book, acts[line].kind, item)
    return finding


@rare_part
def _refuse_family(acts, book, line, item):
    if not book.effects[acts[line].kind].undoes:
        is_carried = book.items[item].kind == 0
        outcome = Outcome.COMMITMENT_CARRIED.value if is_carried else Outcome.PREDECESSOR_STAGE.value
        return refused(outcome, -1, 0)
    is_gone = book.items[item].kind == 0 or book.effects[book.items[item].kind].undoes != 0
    if is_gone and book.effects[book.items[item].under].family == book.effects[acts[line].kind].follows:
        return refused(Outcome.ORIGINAL_FOLLOWED.value, -1, 0)
    return refused(Outcome.REVERSAL_FORBIDDEN.value, -1, 0)


@part
def check_family(acts, book, line, item):
    """Check that a line which needs no stage follows an act of the right family: an entry may be of any kind."""
    if book.effects[book.items[item].kind].family != book.effects[acts[line].kind].follows:
        return _refuse_family(acts, book, line, item)
    return check_assignment(acts, book, line, item)


@rare_part
def _check_interest_assignment(acts, book, line, item):
    """Check that interest is charged to ordinary credits of title 3, on the programme of its request (rule A59).

    In a later year that is the one which follows it by an order (rule A64).
    """
    request = as_position(book.items[item].cell)
    own = as_position(acts[line].cell if acts[line].cell >= 0 else request)
    if not followers.follows(book, own, request):
        return refused(Outcome.ASSIGNMENT_DIFFERS.value, -1, 0)
    if book.cells[own].charges_interest == 0:
        return refused(Outcome.INTEREST_ASSIGNMENT.value, -1, 0)
    return accepted()


@rare_part
def _check_own_assignment(acts, book, line, item):
    """Check the assignment of a kind that has one of its own."""
    if book.effects[acts[line].kind].carries != 0:
        return carries.check_assignment(acts, book, line, item)
    if book.effects[acts[line].kind].budget == BudgetAction.OPEN_FUND.value:
        return funds.check_receipt(acts, book, line, item)
    if assets.is_of_asset(book, acts[line].kind):
        return assets.check_assignment(acts, book, line, item)
    if book.effects[acts[line].kind].family == Family.RECEIVABLE.value:
        return restorations.check_repayment(acts, book, line, item)
    if book.effects[acts[line].kind].family == Family.RESTORATION.value:
        return restorations.check_restoration(acts, book, line, item)
    is_by_hand = book.effects[acts[line].kind].after == Stage.BY_HAND.value
    if is_by_hand or book.effects[acts[line].kind].pairs == Pairing.TARGET.value:
        return accepted()
    return _check_interest_assignment(acts, book, line, item)


@part
def check_assignment(acts, book, line, item):
    """Check that the line gives no assignment, or that of its predecessor, unless its kind has one of its own."""
    if book.effects[acts[line].kind].assigns != 0:
        return _check_own_assignment(acts, book, line, item)
    if acts[line].cell >= 0 and acts[line].cell != book.items[item].cell:
        return refused(Outcome.ASSIGNMENT_DIFFERS.value, -1, 0)
    return accepted()
