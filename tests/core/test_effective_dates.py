"""Effective-dated rules."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.effective_dates import BEFORE_ALL_DAYS, EffectiveDated, parse_dated_rule
from core.errors import ReferenceDataError


def to_day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def read_rule(setting: object) -> EffectiveDated:
    return parse_dated_rule("rules.toml", "term", setting, parse=lambda value: int(str(value)))


def list_values(rule: EffectiveDated, *days: int) -> list[int]:
    return rule.look_up(np.array(days, np.int32)).tolist()


def test_a_single_value_is_valid_on_all_days() -> None:
    assert list_values(read_rule(30), int(BEFORE_ALL_DAYS), 0, to_day("2018-01-01"), 2**31 - 1) == [30] * 4
    assert list_values(read_rule(30)) == []


def test_values_by_day_may_be_in_any_order() -> None:
    rule = read_rule({"2019-01-01": 45, "2013-03-16": 30, "2030-01-01": 50})
    days = ("2000-01-01", "2013-03-16", "2018-12-31", "2019-01-01", "2029-12-31", "2030-01-01")
    assert list_values(rule, *map(to_day, days)) == [30, 30, 30, 45, 45, 50]


@given(st.dictionaries(st.dates(), st.integers(0, 99), min_size=1), st.lists(st.dates()))
def test_a_column_is_looked_up_like_each_of_its_days(setting: dict[date, int], days: list[date]) -> None:
    rule = read_rule({str(since): value for since, value in setting.items()})
    expected = [
        setting[max((since for since in setting if since <= day), default=min(setting))] for day in days
    ]
    assert list_values(rule, *(to_day(str(day)) for day in days)) == expected


@pytest.mark.parametrize("name", ["2019", "2019-02-30", "20190101", "2019-W01-1", "today"])
def test_an_invalid_day_is_refused(name: str) -> None:
    with pytest.raises(ReferenceDataError, match=f"rules.toml: term: '{name}' is not a day"):
        read_rule({name: 1})


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(ReferenceDataError, match="term is empty"):
        read_rule({})
