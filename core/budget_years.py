"""The days and limits of each budget year, as the decisions read them.

The credits of a year are used from 1 January to 31 December.  A payment may come later, in the complementary period, for
orders issued from 1 October on: LOLF art. 28 and decree 2007-687, which allow twenty days at most.  AE may be committed in
advance from 1 November of the year before: LOLF art. 9, finance law for 2005 art. 108.
"""

from collections.abc import Iterable, Mapping
from datetime import date

import numpy as np
from numpy.typing import NDArray

from core.calendar import Exercise
from core.nomenclature import CENTRES_A_YEAR, SHEETS
from core.periods import YEAR_FIRST, YEAR_LAST
from core.tables.budget_years import BudgetYears

_WINDOW_MONTH = 10
_ANTICIPATION_MONTH = 11
_NO_EXERCISE = frozenset[int]()
BUDGET_YEARS = YEAR_LAST - YEAR_FIRST + 1


def build_budget_years(exercises: Mapping[int, Exercise]) -> BudgetYears:
    """Return the days of every year that a calendar may contain, by year; without an exercise its window is closed."""
    years = range(YEAR_FIRST, YEAR_LAST + 1)
    calendar_years = [exercises.get(year, Exercise(year, _NO_EXERCISE, 0)) for year in years]
    last_days = _count_days(date(year, 12, 31) for year in years)
    return BudgetYears(
        first_day=_count_days(date(year, 1, 1) for year in years),
        last_day=last_days,
        anticipation_from=_count_days(date(year - 1, _ANTICIPATION_MONTH, 1) for year in years),
        last_order_day=_count_days(exercise.find_last_order_day() for exercise in calendar_years),
        window_from=_count_days(date(year, _WINDOW_MONTH, 1) for year in years),
        last_payment_day=last_days
        + np.array([exercise.complementary_days for exercise in calendar_years], np.int32),
        first_node=_find_first_nodes(years, min(exercises, default=YEAR_FIRST)),
        virement_limit=np.array([exercise.decrees.virement for exercise in calendar_years], np.int16),
        advance_limit=np.array([exercise.decrees.advance for exercise in calendar_years], np.int16),
        cancellation_limit=np.array([exercise.decrees.cancellation for exercise in calendar_years], np.int16),
        carry_over_limit=np.array([exercise.carry_over_limit for exercise in calendar_years], np.int16),
        retention_limit=np.array([exercise.retention_limit for exercise in calendar_years], np.int16),
        visa_days=np.array([exercise.visa_days for exercise in calendar_years], np.int16),
    )


def _find_first_nodes(years: range, first_year: int) -> NDArray[np.int32]:
    """Return where the nodes of each year begin, in a book whose first year is ``first_year``."""
    return (np.arange(years.start, years.stop, dtype=np.int32) - first_year) * (CENTRES_A_YEAR * SHEETS)


def _count_days(days: Iterable[date]) -> NDArray[np.int32]:
    return np.array(list(days), "M8[D]").astype(np.int32)
