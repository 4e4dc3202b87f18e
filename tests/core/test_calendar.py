"""The calendar: a column of dates is placed like single dates, and the complementary period counts as December."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import calendar
from core.calendar import Calendar, Exercise
from core.errors import ReferenceDataError
from core.periods import YEAR_FIRST, YEAR_LAST, to_period
from core.reference.files import SAMPLE_FOLDER

EPOCH = date(1970, 1, 1).toordinal()
EVERY_MONTH = frozenset(range(1, 13))
_YEAR = "[exercise.2018]\nmonths_open_at_start = [1]\ncomplementary_days = 0\n"

exercises = st.builds(
    Exercise,
    st.integers(YEAR_FIRST, YEAR_LAST),
    st.frozensets(st.integers(1, 12)),
    st.integers(0, 20),
)
days_near = st.tuples(st.integers(YEAR_FIRST - 1, YEAR_LAST + 2), st.integers(0, 365), st.integers(-1, 1))


def place_one(exercise: Exercise, day: date) -> tuple[int, bool]:
    """Place one date, as the calendar places a column of dates."""
    if day.year == exercise.year + 1 and day.month == 1 and day.day <= exercise.complementary_days:
        return to_period(exercise.year, 12), True
    return to_period(day.year, day.month), day.year == exercise.year


@given(exercises, st.lists(days_near, min_size=1, max_size=50))
def test_a_column_is_placed_like_each_of_its_dates(
    exercise: Exercise, near: list[tuple[int, int, int]]
) -> None:
    dates = [date.fromordinal(date(year, 1, 1).toordinal() + day) for year, day, _ in near]
    years = np.array(
        [min(max(day.year + shift, 0), 3000) for day, (_, _, shift) in zip(dates, near, strict=True)]
    )
    days = np.array([day.toordinal() - EPOCH for day in dates], np.int32)
    placement = Calendar({exercise.year: exercise}).place_dates(days, years)
    for at, day in enumerate(dates):
        if years[at] != exercise.year:
            assert not placement.is_inside[at]
        else:
            expected, is_inside = place_one(exercise, day)
            assert placement.is_inside[at] == is_inside
            assert not is_inside or placement.period[at] == expected


def test_every_day_of_the_range_has_its_period() -> None:
    days = np.arange(f"{YEAR_FIRST}-01-01", f"{YEAR_LAST + 1}-01-01", dtype="M8[D]")
    years = days.astype("M8[Y]").astype(int) + 1970
    exercise_calendar = Calendar(
        {year: Exercise(year, EVERY_MONTH, 0) for year in range(YEAR_FIRST, YEAR_LAST + 1)}
    )
    placement = exercise_calendar.place_dates(days.astype(np.int32), years)
    months = days.astype("M8[M]").astype(int) % 12 + 1
    assert placement.is_inside.all()
    assert (placement.period == (years - YEAR_FIRST) * 16 + months).all()
    assert placement.period.dtype == np.int32


@pytest.mark.parametrize("day", [-(2**31), -1_000_000, 0, 1_000_000, 2**31 - 1])
def test_a_day_outside_the_range_is_outside_the_exercise(day: int) -> None:
    exercise_calendar = calendar.load(SAMPLE_FOLDER / "calendar.toml")
    assert not exercise_calendar.place_dates(np.array([day], np.int32), np.array([2018])).is_inside.any()


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64])
def test_only_listed_exercises_are_known(dtype: type) -> None:
    exercise_calendar = calendar.load(SAMPLE_FOLDER / "calendar.toml")
    years = np.array([2018, 2019, 2017, 2020, 0, -1, np.iinfo(np.int16).max, np.iinfo(np.int16).min], dtype)
    assert exercise_calendar.contains(years).tolist() == [True, True] + [False] * 6


def test_the_sample_has_no_complementary_period() -> None:
    exercise_calendar = calendar.load(SAMPLE_FOLDER / "calendar.toml")
    days = np.array(["2018-12-31", "2019-01-01"], "M8[D]").astype(np.int32)
    assert exercise_calendar.place_dates(days, np.full(2, 2018)).is_inside.tolist() == [True, False]


def test_a_complementary_period_of_twenty_days_ends_on_20_january() -> None:
    exercise_calendar = Calendar({2018: Exercise(2018, EVERY_MONTH, 20)})
    days = np.array(["2018-12-31", "2019-01-01", "2019-01-20", "2019-01-21"], "M8[D]").astype(np.int32)
    placement = exercise_calendar.place_dates(days, np.full(4, 2018))
    assert placement.is_inside.tolist() == [True, True, True, False]
    assert placement.period[:3].tolist() == [to_period(2018, 12)] * 3


def test_the_last_day_for_orders_is_read(tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(
        "[exercise.2018]\nmonths_open_at_start = []\ncomplementary_days = 0\nlast_order_day = 2018-12-11\n"
    )
    exercise = calendar.load(path).exercises[2018]
    assert exercise.find_last_order_day() == date(2018, 12, 11)


def test_without_a_last_day_payments_are_ordered_to_the_end_of_the_year() -> None:
    assert Exercise(2018, EVERY_MONTH, 20).find_last_order_day() == date(2018, 12, 31)


@pytest.mark.parametrize("day", [date(2018, 1, 1), date(2018, 12, 31)])
def test_the_day_from_which_agreements_are_required_is_read(day: date, tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(f"{_YEAR}agreement_required_from = {day}\n")
    assert calendar.load(path).exercises[2018].agreement_required_from == day


def test_without_a_day_no_agreement_is_required(tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(_YEAR)
    assert calendar.load(path).exercises[2018].agreement_required_from is None


def test_listed_months_are_open_and_those_of_the_closing() -> None:
    exercise_calendar = Calendar(
        {2018: Exercise(2018, frozenset({1, 12}), 20), 2126: Exercise(2126, EVERY_MONTH, 0)}
    )
    open_periods = np.flatnonzero(exercise_calendar.mark_open_periods()).tolist()
    assert open_periods == [
        to_period(2018, 0),
        to_period(2018, 1),
        *range(to_period(2018, 12), to_period(2018, 16)),
        *range(to_period(2126, 0), to_period(2126, 16)),
    ]


def test_payroll_is_checked_from_the_month_of_its_exercise() -> None:
    exercise_calendar = Calendar(
        {2018: Exercise(2018, EVERY_MONTH, 0), 2019: Exercise(2019, EVERY_MONTH, 0, payroll_check_month=11)}
    )
    checked = np.flatnonzero(exercise_calendar.mark_payroll_checks()).tolist()
    assert checked == [to_period(2018, 12), to_period(2019, 11), to_period(2019, 12)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no exercise"),
        ("[exercise.1999]\nmonths_open_at_start = [1]\ncomplementary_days = 0", "is not an exercise"),
        ("[exercise.next]\nmonths_open_at_start = [1]\ncomplementary_days = 0", "is not an exercise"),
        (
            "[exercise.02018]\nmonths_open_at_start = [1]\ncomplementary_days = 0",
            "exercise 02018: '02018' is not an exercise",
        ),
        (
            "[exercise.'\uff12\uff10\uff11\uff18']\nmonths_open_at_start = [1]\ncomplementary_days = 0",
            "is not an exercise",
        ),
        ("exercise = 3", "exercise is 3. Write a table"),
        ("exercise = []", "exercise is \\[\\]"),
        ("[exercise]\n2018 = 3", "exercise 2018: the exercise is 3. Write a table"),
        (
            "[[exercise.2018]]\nmonths_open_at_start = [1]\ncomplementary_days = 0",
            "exercise 2018: the exercise is \\[{",
        ),
        ("[exercise.2018]\nmonths_open_at_start = [0]\ncomplementary_days = 0", "months_open_at_start is"),
        ("[exercise.2018]\nmonths_open_at_start = [13]\ncomplementary_days = 0", "months_open_at_start is"),
        ("[exercise.2018]\nmonths_open_at_start = 1\ncomplementary_days = 0", "months_open_at_start is 1"),
        ("[exercise.2018]\nmonths_open_at_start = [true]\ncomplementary_days = 0", "months_open_at_start is"),
        ("[exercise.2018]\nmonths_open_at_start = [1]", "complementary_days is None"),
        ("[exercise.2018]\nmonths_open_at_start = [1]\ncomplementary_days = 21", "complementary_days is 21"),
        (f"{_YEAR}last_order_day = 2018-12-09", "last_order_day is 2018-12-09"),
        (f"{_YEAR}last_order_day = 2019-01-01", "last_order_day is 2019-01-01"),
        (f"{_YEAR}last_order_day = 2018-12-11T00:00:00", "last_order_day is 2018-12-11 00:00"),
        (f"{_YEAR}last_order_day = '2018-12-11'", "last_order_day is 2018-12-11"),
        ("[exercise.2018]\nmonths_open_at_start = [1]\ncomplementary_days = -1", "complementary_days is -1"),
        (f"{_YEAR}agreement_required_from = 2017-12-31", "agreement_required_from is 2017-12-31"),
        (f"{_YEAR}agreement_required_from = 2019-01-01", "agreement_required_from is 2019-01-01"),
        (f"{_YEAR}agreement_required_from = 2018-06-01T00:00:00", "agreement_required_from is 2018-06-01 00"),
        (f"{_YEAR}agreement_required_from = '2018-06-01'", "agreement_required_from is 2018-06-01"),
        (f"{_YEAR}agreement_required_from = true", "agreement_required_from is True"),
        (f"{_YEAR}payroll_check_month = 'December'", "payroll_check_month is"),
        (f"{_YEAR}payroll_check_month = true", "payroll_check_month is"),
        (f"{_YEAR}payroll_check_month = 13", "payroll_check_month is"),
        (f"{_YEAR}payroll_check_month = 0", "payroll_check_month is"),
        (f"{_YEAR}retention_per_mille = 1001", "retention_per_mille is 1001"),
        (f"{_YEAR}retention_per_mille = '5 %'", "retention_per_mille is '5 %'"),
    ],
)
def test_an_invalid_calendar_is_refused_by_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(text)
    with pytest.raises(ReferenceDataError, match=message) as refused:
        calendar.load(path)
    assert str(path) in str(refused.value)


@pytest.mark.parametrize(("line", "share"), [("", 50), ("retention_per_mille = 30\n", 30)])
def test_the_share_that_may_be_retained_is_read(tmp_path: Path, line: str, share: int) -> None:
    path = tmp_path / "calendar.toml"
    path.write_text(_YEAR + line)
    assert calendar.load(path).exercises[2018].retention_limit == share


def test_an_exercise_has_only_one_spelling(tmp_path: Path) -> None:
    """Another spelling would silently replace the entry of the exercise."""
    path = tmp_path / "calendar.toml"
    year = "months_open_at_start = [{}]\ncomplementary_days = 0\n"
    path.write_text(f"[exercise.2018]\n{year.format(3)}[exercise.02018]\n{year.format(1)}")
    with pytest.raises(
        ReferenceDataError, match=r"exercise 02018: '02018' is not an exercise.*in four digits"
    ):
        calendar.load(path)
