"""Assets: put into service, depreciated by the plan of their account, and taken out, whole or in part (decision D293).

The ``open`` of an asset is its net value, its ``unbilled`` what is depreciated; both together are its cost.  Its plan and its
accounts are those of the budget year in which it was put into service.

A part that leaves takes the same share of both with it.  Its net value is taken out first: then the share of what is
depreciated may leave, and no more, as what leaves beyond it would be charged again (decision D311).  The ``parent`` of an
asset is the last entry that took out of it; the ``unbilled`` of that entry is what is still to leave after it, its ``open``
the entry before it.
"""

import numpy as np

from core.debt_stages import Remainder
from core.families import Family
from core.outcome_codes import Outcome
from core.tables.account_columns import ACCOUNT_COLUMNS, AccountColumn
from core.tables.book import LEDGER_ACCOUNTS
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part

_DAYS_BEFORE_1970 = 719_468
"""From 1 March of the year 0, on which the count of the calendar begins."""
_DAYS_OF_ERA = 146_097
_DIGIT_BITS = 15
"""The bits of one step of a division: an amount has at most 47, and a step must be below 2 ** 63."""
_DIGITS = 4


@part
def _read_plan(book, cell, account, column):
    """Return an account of the plan of ``account`` in the year of ``cell``, or its months."""
    at = as_position(book.cells[as_position(cell)].year) * ACCOUNT_COLUMNS + column
    return as_position(book.assets[at * LEDGER_ACCOUNTS + account])


@part
def count_months(day):
    """Return the months from March of the year 0 to the month of ``day``, in the Gregorian calendar."""
    days = np.int64(day) + _DAYS_BEFORE_1970
    era, in_era = days // _DAYS_OF_ERA, days % _DAYS_OF_ERA
    years = (in_era - in_era // 1460 + in_era // 36_524 - in_era // 146_096) // 365
    in_year = in_era - (365 * years + years // 4 - years // 100)
    return (era * 400 + years) * 12 + (5 * in_year + 2) // 153


@part
def _find_charge_limit(book, item, day):
    """Return the cents that may be charged to ``day``: the plan to the end of its month, less what is depreciated.

    The month of the service counts whole.  The cost is shared equally over the months, and what is due is rounded down to the
    cent, so that the charges of the whole plan are the cost.
    """
    months = np.int64(
        _read_plan(book, book.items[item].cell, book.items[item].debit, AccountColumn.MONTHS.value)
    )
    if months == 0:
        return np.int64(0)
    passed = min(months, count_months(day) - count_months(book.items[item].day) + 1)
    cost = book.items[item].open + book.items[item].unbilled
    return max(np.int64(0), cost * passed // months - book.items[item].unbilled)


@part
def divide_product(first, second, divisor):
    """Return ``first * second // divisor``, digit by digit of ``second``, which is at most ``divisor``.

    The product itself may be above 64 bits.
    """
    quotient, rest = np.int64(0), np.int64(0)
    for place in range(_DIGITS - 1, -1, -1):
        digit = (second >> (place * _DIGIT_BITS)) & ((1 << _DIGIT_BITS) - 1)
        rest = (rest << _DIGIT_BITS) + first * digit
        quotient = (quotient << _DIGIT_BITS) + rest // divisor
        rest %= divisor
    return quotient


@part
def _read_share(items, asset):
    """Return the cents of what is depreciated that are to leave with the net value that was taken out."""
    last = as_position(items[asset].parent)
    return np.int64(items[last].unbilled) if last > 0 else np.int64(0)


@part
def takes_out(book, kind):
    """Return whether ``kind`` takes out of an asset."""
    draws = book.effects[kind].draws
    return draws == Remainder.NET_VALUE.value or draws == Remainder.DEPRECIATED.value


@rare_part
def note_disposal(book, entry, asset, amount):
    """Note at ``entry``, which took ``amount`` out of ``asset``, what of the depreciation is to leave after it."""
    items = book.items
    share = _read_share(items, asset)
    if book.effects[items[entry].kind].draws == Remainder.NET_VALUE.value:
        stays = np.int64(items[asset].unbilled) - share
        share += divide_product(stays, np.int64(amount), np.int64(items[asset].open) + amount)
    else:
        share = max(np.int64(0), share - amount)
    items[entry].open = items[asset].parent
    items[entry].unbilled = share
    items[asset].parent = entry


@rare_part
def remove_disposal(items, entry, asset):
    """Undo ``note_disposal`` of the last entry that took out of ``asset``."""
    items[asset].parent = items[entry].open


@rare_part
def _check_share(items, asset, amount):
    """Check that no more of the depreciation leaves than its share; once all is depreciated, any part of it may."""
    share = _read_share(items, asset)
    if items[asset].open > 0 and amount > share:
        return refused(Outcome.DEPRECIATION_SHARE_EXCEEDED.value, -1, amount - share)
    return accepted()


@rare_part
def check_item(acts, book, line, item):
    """Check that a charge is within the plan, and that no more leaves than stands: of the net value, or depreciated."""
    draws = book.effects[acts[line].kind].draws
    if draws == Remainder.NET_VALUE.value:
        limit = np.int64(book.items[item].open)
    elif draws == Remainder.DEPRECIATED.value:
        limit = np.int64(book.items[item].unbilled)
    else:
        limit = _find_charge_limit(book, item, acts[line].day)
    if acts[line].amount > limit:
        return refused(book.effects[acts[line].kind].shortfall, -1, acts[line].amount - limit)
    if draws == Remainder.DEPRECIATED.value:
        return _check_share(book.items, item, acts[line].amount)
    return accepted()


@rare_part
def check_assignment(acts, book, line, item):
    """Check that an asset stays with its accountant; the year and the programme of what follows may be others."""
    own, of_asset = acts[line].cell, as_position(book.items[item].cell)
    if own >= 0 and book.cells[as_position(own)].accountant != book.cells[of_asset].accountant:
        return refused(Outcome.ASSIGNMENT_DIFFERS.value, -1, 0)
    return accepted()


@part
def is_of_asset(book, kind):
    """Return whether ``kind`` puts an asset into service, or follows one."""
    return book.effects[kind].family == Family.ASSET.value


@rare_part
def find_accounts(acts, book, line, link):
    """Return the (debit, credit) accounts of a line, by the plan of its asset."""
    item, cell, base, _, _ = link
    draws = book.effects[base].draws
    if draws == Remainder.NONE.value:
        account = as_position(acts[line].account)
        return account, _read_plan(book, cell, account, AccountColumn.UNDER_CONSTRUCTION.value)
    cell, account = book.items[item].cell, as_position(book.items[item].debit)
    depreciation = _read_plan(book, cell, account, AccountColumn.DEPRECIATION.value)
    if draws == Remainder.DEPRECIATION.value:
        return _read_plan(book, cell, account, AccountColumn.CHARGE.value), depreciation
    if draws == Remainder.DEPRECIATED.value:
        return depreciation, account
    return _read_plan(book, cell, account, AccountColumn.NET_VALUE.value), account


@rare_part
def move_value(items, item, which, amount):
    """Add ``amount``, negative where a line draws on it, to what an asset has of ``which``; a charge moves it over."""
    if which == Remainder.DEPRECIATED.value:
        items[item].unbilled += amount
    else:
        items[item].open += amount
    if which == Remainder.DEPRECIATION.value:
        items[item].unbilled -= amount
