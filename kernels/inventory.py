"""The inventory at the end of a year: accruals, provisions, and what reverses, corrects or releases them (rule A65)."""

import numpy as np

from core.catalog import KIND_NUMBERS, Family, Remainder, Role, Stage
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR
from core.tables.account_columns import ACCOUNT_COLUMNS, INVENTORY_COLUMN
from core.tables.book import LEDGER_ACCOUNTS
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part

_KIND_FIRST = KIND_NUMBERS["accrual"]
_REVERSAL_DAYS = 2
"""From 31 December of the year to the day on which the next one reverses its accruals."""


@part
def is_inventory(book, kind):
    """Return whether ``kind`` is of the inventory, or changes what it posted."""
    family = book.effects[kind].family
    return family == Family.INVENTORY.value or family == Family.INVENTORY_CHANGE.value


@rare_part
def find_counterpart(acts, book, line):
    """Return the account that the stated one stands against for the kind, in the exercise of the line; 0 if it has none."""
    year = as_position(acts[line].period) // PERIODS_PER_YEAR
    column = year * ACCOUNT_COLUMNS + INVENTORY_COLUMN + as_position(acts[line].kind) - _KIND_FIRST
    return as_position(book.assets[as_position(column * LEDGER_ACCOUNTS + acts[line].account)])


@rare_part
def _check_reversal(acts, book, line, item):
    """Check that an accrual is reversed whole, on 2 January of the year after its own."""
    last_day = book.years[as_position(book.cells[book.items[item].cell].year)].last_day
    if acts[line].day != last_day + _REVERSAL_DAYS:
        return refused(Outcome.INVENTORY_DAY.value, -1, 0)
    if acts[line].amount != book.items[item].open:
        return refused(Outcome.REVERSAL_NOT_WHOLE.value, -1, 0)
    return accepted()


@rare_part
def _check_stage(book, kind, item):
    """Check that what stands in month 14 is corrected there: a provision has a kind of its own for that."""
    is_provision = book.effects[book.items[item].kind].reaches == Stage.PROVIDED.value
    if is_provision and book.effects[kind].after != Stage.PROVIDED.value:
        return refused(Outcome.PREDECESSOR_STAGE.value, -1, 0)
    return accepted()


@rare_part
def check_line(acts, book, line, link):
    """Check the day of a line of the inventory, 31 December of its exercise but for reversals, and its accounts."""
    item, cell, base, _, sign = link
    year = as_position(acts[line].period) // PERIODS_PER_YEAR
    if sign < 0 and book.effects[acts[line].kind].after == Stage.ACCRUED.value:
        return _check_reversal(acts, book, line, as_position(item))
    is_released = book.effects[base].draws == Remainder.OPEN.value
    is_other_year = np.int64(year) != np.int64(book.cells[cell].year) and not is_released
    if is_other_year or acts[line].day != book.years[year].last_day:
        return refused(Outcome.INVENTORY_DAY.value, -1, 0)
    if sign < 0:
        return _check_stage(book, acts[line].kind, as_position(item))
    counterpart = find_counterpart(acts, book, line)
    expected = np.int64(book.items[as_position(item)].credit) if is_released else np.int64(counterpart)
    is_missing = counterpart == 0 or expected != counterpart
    return refused(Outcome.INVENTORY_ACCOUNT.value, -1, 0) if is_missing else accepted()


@rare_part
def find_account(acts, book, line, role):
    """Return the account of a line of the inventory: the stated one, or the one that it stands against."""
    if role == Role.INVENTORY.value:
        return as_position(acts[line].account)
    return find_counterpart(acts, book, line)
