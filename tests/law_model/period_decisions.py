"""Random decisions of persons about months: most allowed, some not."""

from collections.abc import Iterator
from datetime import date, timedelta

from tests.law_model.periods import BEHIND_DECEMBER, CLOSED, LOCKED, OPEN, PeriodDecision
from tests.law_model.year_context import FIRST_DAY, YearContext

_RATE = 0.2
_YEAR_END_RATE, _YEAR_END, _LOCK_DAY = 0.08, date(2018, 12, 1), date(2019, 3, 20)
_REOPENING_RATE = 0.8
"""Months of today are not closed for long: most acts are dated in them."""


def decide_months(context: YearContext) -> Iterator[PeriodDecision]:
    """Yield what is decided before a file: at times about a month of today or before it."""
    yield from _reopen_today(context)
    if context.day >= _YEAR_END and context.random.random() < _YEAR_END_RATE:
        yield from _decide_behind_december(context)
    if context.random.random() < _RATE:
        yield from _decide_month(context)


def _decide_behind_december(context: YearContext) -> Iterator[PeriodDecision]:
    """Decide about a month of the inventory or of the result of the first year; late in the next one it may be locked."""
    month, periods = context.random.choice(BEHIND_DECEMBER), context.model.state.periods
    accountant = context.random.choice(periods.accountants)
    is_late = context.day >= _LOCK_DAY and context.random.random() < 0.3
    actions = {OPEN: ("close",), CLOSED: ("lock",) if is_late else ("reopen",), LOCKED: ("reopen",)}
    action = context.random.choice(actions[periods.read(FIRST_DAY.year, month, accountant)])
    if context.random.random() < 0.1:
        action = context.random.choice(("close", "reopen"))
    yield PeriodDecision(FIRST_DAY.year, month, action, accountant)


def _reopen_today(context: YearContext) -> Iterator[PeriodDecision]:
    year, month, periods = context.day.year, context.day.month, context.model.state.periods
    closed = [code for code in periods.accountants if code and periods.read(year, month, code) == CLOSED]
    if closed and context.random.random() < _REOPENING_RATE:
        yield PeriodDecision(year, month, "reopen", context.random.choice(("", *closed)))


def _decide_month(context: YearContext) -> Iterator[PeriodDecision]:
    day = max(FIRST_DAY, context.day - timedelta(days=context.random.choice((0, 20, 35, 35, 50))))
    periods = context.model.state.periods
    accountant = context.random.choice(periods.accountants)
    state = periods.read(day.year, day.month, accountant)
    is_over = (day.year, day.month) != (context.day.year, context.day.month)
    actions = {OPEN: ("close",), CLOSED: ("lock", "reopen") if is_over else ("reopen",), LOCKED: ("reopen",)}
    action = context.random.choice(actions[state])
    if is_over and context.random.random() < 0.1:
        action = context.random.choice(("close", "reopen", "lock"))
    yield PeriodDecision(day.year, day.month, action, accountant)
    if is_over and action == "close" and context.random.random() < 0.3:
        yield PeriodDecision(day.year, day.month, "lock", accountant)
