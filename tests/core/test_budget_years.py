"""The days of each budget year, against dates that are counted one by one."""

from datetime import date, timedelta

import pytest

from core.budget_years import build_budget_years
from core.calendar import Exercise
from core.nomenclature import CENTRES_A_YEAR, SHEETS
from core.periods import YEAR_FIRST, YEAR_LAST
from core.tables.budget_years import BudgetYears

EPOCH = date(1970, 1, 1)
EXERCISES = {
    2018: Exercise(2018, frozenset({1}), 20, date(2018, 12, 11)),
    2019: Exercise(2019, frozenset(), 0),
}


def _read_days(year: int) -> dict[str, date]:
    days = build_budget_years(EXERCISES)
    return {
        name: EPOCH + timedelta(int(getattr(days, name)[year - YEAR_FIRST]))
        for name in list(BudgetYears._fields)[:6]
        if name != "first_node"
    }


def test_an_open_window_lasts_as_long_as_the_calendar_says() -> None:
    assert _read_days(2018) == {
        "first_day": date(2018, 1, 1),
        "last_day": date(2018, 12, 31),
        "anticipation_from": date(2017, 11, 1),
        "last_order_day": date(2018, 12, 11),
        "window_from": date(2018, 10, 1),
        "last_payment_day": date(2019, 1, 20),
    }


@pytest.mark.parametrize("year", [YEAR_FIRST, 2019, 2020, YEAR_LAST])
def test_without_a_window_or_last_day_a_year_is_the_civil_year(year: int) -> None:
    days, end = _read_days(year), date(year, 12, 31)
    assert (days["first_day"], days["last_day"]) == (date(year, 1, 1), end)
    assert (days["last_order_day"], days["last_payment_day"]) == (end, end)


def test_every_year_of_the_range_has_its_days() -> None:
    assert {len(column) for column in build_budget_years({})} == {YEAR_LAST - YEAR_FIRST + 1}


def test_a_fund_centre_has_the_same_place_among_the_nodes_of_every_year() -> None:
    first = build_budget_years(EXERCISES).first_node
    assert first[2018 - YEAR_FIRST] == 0
    assert first[2019 - YEAR_FIRST] == CENTRES_A_YEAR * SHEETS
