"""Carries over the year: what is open of one year goes on in the next, under credits of the next (rules A30, A64).

A commitment that is carried takes no AE: they were consumed in the year of the commitment.  A request that is carried releases
what it reserved in its own year and reserves it again in the next, of CP and, without a commitment, of AE.  A service that is
carried moves what is certified and unbilled between both commitments.

The item of a carried commitment has kind 0, which nothing follows, and the commitment of the next year as its parent.
"""

import numpy as np

from core.catalog import Family
from core.outcome_codes import Outcome
from kernels import advances, followers, special_accounts, spending
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part
from kernels.links import find_nodes
from kernels.prior_reservations import build_tree

_SHEETS = 6
"""Budget nodes of one fund centre: title 2 or not, by family of funds."""


@rare_part
def _check_service(acts, book, line, place):
    """Check that a service goes where its commitment went, and that enough of the commitment is certified and unbilled."""
    item, own = place
    old = as_position(book.items[item].parent)
    if book.items[old].kind != 0:
        return refused(Outcome.CARRY_MISSING.value, -1, 0)
    if book.items[as_position(book.items[old].parent)].cell != own:
        return refused(Outcome.ASSIGNMENT_DIFFERS.value, -1, 0)
    missing = acts[line].amount - book.items[old].unbilled
    return refused(Outcome.SERVICE_INSUFFICIENT.value, -1, missing) if missing > 0 else accepted()


@rare_part
def check_assignment(acts, book, line, item):
    """Check that a carry goes from a year that is over, its window too, into the next, to one accountant.

    It stays on its programme, or goes to one that follows it by an order.  A guarantee, which reserves nothing in its year,
    goes into any later one.
    """
    old = as_position(book.items[item].cell)
    own = as_position(acts[line].cell if acts[line].cell >= 0 else old)
    year, family = as_position(book.cells[old].year), book.effects[acts[line].kind].family
    years_later = np.int64(book.cells[own].year) - np.int64(year)
    is_later = years_later == 1 or (family == Family.RETENTION.value and years_later > 1)
    if not is_later or acts[line].day <= book.years[year].last_payment_day:
        return refused(Outcome.CARRY_YEAR.value, -1, 0)
    if family == Family.SERVICE.value:
        return _check_service(acts, book, line, (item, own))
    is_other_sheet = book.cells[own].centre_node % _SHEETS != book.cells[old].centre_node % _SHEETS
    # a carry posts nothing, so the debt stays in the books of its accountant
    is_elsewhere = book.cells[own].accountant != book.cells[old].accountant
    if is_other_sheet or is_elsewhere or not followers.follows(book, own, old):
        return refused(Outcome.ASSIGNMENT_DIFFERS.value, -1, 0)
    return accepted()


@part
def _compute_reservation(book, link, amount):
    """Return the demand of what the original request reserves."""
    under, effects = book.items[link[3]].under, book.effects
    ae, cp = np.int64(effects[under].ae_reserved) * amount, np.int64(effects[under].cp_reserved) * amount
    return ae, np.int64(0), cp, np.int64(0)


@part
def _find_both_nodes(book, link):
    """Return the nodes of the next year and those of the year before, on which the request reserved."""
    return find_nodes(book, link[1]), find_nodes(book, as_position(book.items[link[3]].cell))


@rare_part
def check_reservation(book, link, amount):
    """Check that the next year has the credits that a carry reserves.

    What the year before reserves does not count here: it is reserved for the carries, which come first (rule A30).  For a
    special account a carry engages nothing new, and so is bound by what may be ordered alone (rule A23).

    A rejection of the carry reserves in the year before again, whatever that year has left: it is over, so its credits may be
    annulled or carried over, and nothing is paid from it any more.
    """
    own, old = _find_both_nodes(book, link)
    demand = _compute_reservation(book, link, amount)
    if link[4] < 0:
        return spending.check_limits(build_tree(book), old, demand)
    finding = spending.check_spending(build_tree(book), own, demand)
    if finding[0] != Outcome.ACCEPTED.value:
        return finding
    orders = (np.int64(0), np.int64(0), demand[2], demand[3])
    return special_accounts.check_expense(book, as_position(link[1]), orders, np.int64(0))


@rare_part
def move_reservation(book, link, amount):
    """Release in the year before and reserve in the next; a mirror, or a negative ``amount``, does the reverse."""
    tree, (own, old) = build_tree(book), _find_both_nodes(book, link)
    demand = _compute_reservation(book, link, link[4] * amount)
    spending.apply_spending(tree, own, demand)
    spending.apply_spending(tree, old, _compute_reservation(book, link, -link[4] * amount))
    special_accounts.count_engagement(book, link[1], demand[0])
    special_accounts.count_engagement(book, as_position(book.items[link[3]].cell), -demand[0])


@rare_part
def store_carry(book, entry, link):
    """Let acts follow the commitment of the next year, ``entry``, in place of the carried one; or store a carried service.

    What is cancelled of a carried service lowers the commitment of the next year, on the accounts of the certification.
    """
    items, item = book.items, link[0]
    if book.effects[link[2]].family == Family.COMMITMENT.value:
        items[entry].parent = items[item].parent
        items[item].parent = entry
        items[item].kind = 0
        advances.carry_advances(items, item, entry)
        return
    items[entry].parent = items[as_position(items[item].parent)].parent
    items[entry].debit = items[item].debit
    items[entry].credit = items[item].credit
    items[entry].under = items[item].under


@rare_part
def undo_carry(book, entry, link):
    """Undo ``store_carry`` of the last entry: acts may follow the commitment in its own year again."""
    items, item = book.items, as_position(link[0])
    if book.effects[link[2]].family == Family.COMMITMENT.value:
        items[item].kind = items[item].under
        items[item].parent = items[entry].parent
        advances.carry_advances(items, entry, item)
