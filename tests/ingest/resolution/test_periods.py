"""Periods of posting dates: those that are looked up equal those that the calendar places one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core import calendar
from ingest.resolution import periods
from tests.file_strategies import REFERENCE

_CALENDAR = calendar.load(REFERENCE / "calendar.toml")
_INT32 = np.iinfo(np.int32)
_DAYS = st.one_of(
    st.integers(17_400, 18_400),  # from August 2017 to May 2020
    st.sampled_from([0, 1, -1, _INT32.min, _INT32.max]),
    st.integers(int(_INT32.min), int(_INT32.max)),
)
_EXERCISES = st.sampled_from([2018, 2018, 2019, 2017, 1900, 0, -1])


@given(lines=st.lists(st.tuples(_DAYS, _EXERCISES), max_size=20))
def test_periods_are_those_of_the_calendar(lines: list[tuple[int, int]]) -> None:
    days = np.array([day for day, _ in lines], np.int32)
    exercises = np.array([exercise for _, exercise in lines], np.int64)
    placed, expected = (
        periods._find_periods(days, exercises, _CALENDAR),
        _CALENDAR.place_dates(days, exercises),
    )
    assert placed.period.tolist() == expected.period.tolist()
    assert placed.is_inside.tolist() == expected.is_inside.tolist()
