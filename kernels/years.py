"""The rules of year and date: no act is dated before what it follows, and credits are used in their own year."""

import numpy as np

from core.catalog import BudgetAction, Family, Measure, Remainder
from core.kind_rules import CreditCheck, YearRule
from core.origins import QUARTER, Origin
from core.outcome_codes import Outcome
from core.periods import PERIODS_PER_YEAR
from kernels import advances, commitments, debts
from kernels.findings import accepted, refused
from kernels.jit import as_position, part, rare_part


@rare_part
def _check_sources(acts, book, line, item):
    """Check that a line takes no amount that is committed or certified after its day, the earliest amounts going first.

    An advance takes none, and is at most what was committed and open by its day.
    """
    draws = np.int64(book.effects[acts[line].kind].draws)
    if draws == Remainder.NONE.value:
        draws = np.int64(Remainder.OPEN.value)
    remainder = commitments.read_remainder(book.items, item, draws)
    later = commitments.sum_later_sources(book, item, draws, acts[line].day)
    if later > 0 and remainder - later < acts[line].amount <= remainder:
        return refused(Outcome.DATE_BEFORE_PREDECESSOR.value, -1, 0)
    return accepted()


@part
def check_order_of_dates(acts, book, line, item):
    """Check that a line is not dated before the entry that it follows, nor before the amounts of it that it takes."""
    if acts[line].day < book.items[item].day:
        return refused(Outcome.DATE_BEFORE_PREDECESSOR.value, -1, 0)
    effects = book.effects
    draws, follows = effects[acts[line].kind].draws, effects[acts[line].kind].follows
    if (
        draws != Remainder.NONE.value or advances.is_advance(book, acts[line].kind)
    ) and follows == Family.COMMITMENT.value == effects[book.items[item].kind].family:
        if commitments.may_precede_sources(book.items, item, acts[line].day):
            return _check_sources(acts, book, line, item)
    return accepted()


@rare_part
def _find_order_day(book, item):
    """Return the day of the order: the request of which a payable is a part, or that payable itself, also if it releases."""
    payable = as_position(item)
    while debts.is_part(book, payable):
        payable = as_position(book.items[payable].parent)
    return np.int64(book.items[payable].day)


@rare_part
def _check_window(acts, book, line, link):
    """Check that a payment after the year is in its window, of an order issued in the last months of the year."""
    year = as_position(book.cells[link[1]].year)
    last_day = book.years[year].last_day
    if last_day < acts[line].day <= book.years[year].last_payment_day:
        if book.years[year].window_from <= _find_order_day(book, link[0]) <= last_day:
            return accepted()
    return refused(Outcome.BUDGET_YEAR_CLOSED.value, -1, 0)


@part
def spends_in_advance(acts, book, line, cell):
    """Return whether a line takes AE of a year that has not begun."""
    spends = book.effects[acts[line].kind].year_rule == YearRule.SPENDS_AE.value
    return spends and acts[line].day < book.years[as_position(book.cells[cell].year)].first_day


@rare_part
def _check_anticipation(acts, book, line, link):
    """Check that AE of the next year may be taken: from 1 November, for service from 1 January on, and within the quarter."""
    cell = link[1]
    year, base = as_position(book.cells[cell].year), np.int64(book.cells[cell].title_before)
    if acts[line].day < book.years[year].anticipation_from or acts[line].source < book.years[year].first_day:
        return refused(Outcome.BUDGET_YEAR_CLOSED.value, -1, 0)
    remainder = np.int64(0)
    if base >= 0:
        remainder = (
            book.titles[base].opened // QUARTER - book.titles[as_position(book.cells[cell].title)].anticipated
        )
    if acts[line].amount > remainder:
        return refused(Outcome.ANTICIPATION_LIMIT.value, -1, acts[line].amount - remainder)
    return accepted()


@rare_part
def add_to_title(acts, book, line, cell, amount):
    """Add to its title what a line opens by a finance law or commits in advance, or take off what it cancels of the former.

    A negative ``amount`` undoes it.
    """
    row, kind = np.int64(book.cells[cell].title), acts[line].kind
    if row < 0:
        return
    action = book.effects[kind].budget
    if action == BudgetAction.SPEND.value:
        book.titles[row].anticipated += amount
        book.titles[row].touched = 1
    elif book.effects[kind].measure == Measure.AE.value:
        if _is_of_finance_law(acts[line].source):
            book.titles[row].opened += -amount if action == BudgetAction.CANCEL.value else amount
            book.titles[row].touched = 1


@part
def _is_of_finance_law(origin):
    return origin == Origin.FINANCE_LAW.value or origin == Origin.AMENDING_LAW.value


@rare_part
def check_cancelled_title(acts, book, line, cell, target):
    """Check that a cancellation leaves a title no less than nothing of what finance laws opened on it."""
    row = np.int64(book.cells[cell].title)
    is_of_ae = book.effects[acts[line].kind].measure == Measure.AE.value
    if row >= 0 and is_of_ae and _is_of_finance_law(acts[line].source):
        missing = acts[line].amount - book.titles[row].opened
        if missing > 0:
            return refused(Outcome.ALLOTMENT_EXCEEDED.value, target, missing)
    return accepted()


@rare_part
def _check_year_over(book, year, day):
    """Check that a year is over, its window too, and that the next one is not: its credits leave it then."""
    later = as_position(year + 1)
    if later < book.years.size and book.years[year].last_payment_day < day <= book.years[later].last_day:
        return accepted()
    return refused(Outcome.BUDGET_YEAR_CLOSED.value, -1, 0)


@part
def check_budget_year(acts, book, line, link):
    """Check the day of a line against the budget year whose credits it uses."""
    rule = book.effects[acts[line].kind].year_rule
    if rule == YearRule.NONE.value:
        return accepted()
    year, day = as_position(book.cells[link[1]].year), acts[line].day
    if rule == YearRule.AFTER_YEAR.value:
        return _check_year_over(book, year, day)
    if rule == YearRule.WAITS.value:
        is_early = day <= book.items[link[0]].day + book.years[year].visa_days
        return refused(Outcome.VISA_PENDING.value, -1, 0) if is_early else accepted()
    if rule == YearRule.CLEARS.value:
        is_of_year = as_position(acts[line].period) // PERIODS_PER_YEAR == year
        return accepted() if is_of_year else refused(Outcome.BUDGET_YEAR_CLOSED.value, -1, 0)
    if day < book.years[year].first_day or day > book.years[year].last_day:
        if rule == YearRule.SETTLES_CP.value:
            return _check_window(acts, book, line, link)
        if rule == YearRule.SPENDS_AE.value:
            return _check_anticipation(acts, book, line, link)
        if rule == YearRule.LOWERS_LATER.value:  # kernels.withdrawals judges its day
            return accepted()
        if rule == (YearRule.SERVES.value if day > book.years[year].last_day else YearRule.GRANTS.value):
            return accepted()
        return refused(Outcome.BUDGET_YEAR_CLOSED.value, -1, 0)
    if rule == YearRule.GIVES_BACK.value and book.effects[book.items[link[0]].kind].carries:
        return refused(Outcome.BUDGET_YEAR_CLOSED.value, -1, 0)
    if rule == YearRule.ORDERS.value and day > book.years[year].last_order_day:
        return refused(Outcome.AFTER_LAST_DATE.value, -1, 0)
    return accepted()


@part
def checks_payroll(acts, book, line, cell):
    """Return whether payroll is checked in the period of a line: that of the budget year of ``cell``, not of another."""
    period = as_position(acts[line].period)
    return book.payroll_checks[period] and period // PERIODS_PER_YEAR == as_position(book.cells[cell].year)


@part
def needs_payroll_check(acts, book, line, link):
    """Return whether what is paid is payroll, in a period of its check or after its budget year."""
    if book.effects[book.items[link[0]].under].check != CreditCheck.YEAR_END.value:
        return False
    year = as_position(book.cells[link[1]].year)
    return checks_payroll(acts, book, line, link[1]) or acts[line].day > book.years[year].last_day
