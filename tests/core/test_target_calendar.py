"""TARGET days, compared with an independent calendar."""

from datetime import date

import holidays
import numpy as np
import pytest

from core.periods import YEAR_FIRST
from core.target_calendar import compute_easter, find_open_day, is_open

_EPOCH = date(1970, 1, 1)


def _to_day(text: str) -> int:
    return (date.fromisoformat(text) - _EPOCH).days


def _to_column(*texts: str) -> np.ndarray:
    return np.array([_to_day(text) for text in texts], np.int32)


def test_open_days_are_those_of_the_central_bank() -> None:
    """The package ``holidays`` has the closing days of the European Central Bank until 2100, without weekends."""
    years = range(YEAR_FIRST, 2101)
    closing_days = holidays.financial_holidays("ECB", years=years)
    days = np.arange(_to_day(f"{years.start}-01-01"), _to_day(f"{years.stop}-01-01"), dtype=np.int32)
    dates = [date.fromordinal(_EPOCH.toordinal() + int(day)) for day in days]
    expected = [day.weekday() < 5 and day not in closing_days for day in dates]
    assert is_open(days).tolist() == expected


@pytest.mark.parametrize(
    ("year", "expected"),
    [
        (2018, "2018-04-01"),
        (2019, "2019-04-21"),
        (2008, "2008-03-23"),
        (2038, "2038-04-25"),
        (2049, "2049-04-18"),
    ],
)
def test_the_date_of_easter(year: int, expected: str) -> None:
    """Among them the earliest and the latest of the century, and one that simple rules get wrong."""
    assert compute_easter(year).isoformat() == expected


def test_the_first_open_day_on_or_after() -> None:
    days = _to_column(
        "2018-12-21", "2018-12-22", "2018-12-24", "2018-12-25", "2018-03-30", "2019-01-01", "2018-05-01"
    )
    expected = _to_column(
        "2018-12-21", "2018-12-24", "2018-12-24", "2018-12-27", "2018-04-03", "2019-01-02", "2018-05-02"
    )
    assert find_open_day(days).tolist() == expected.tolist()
    assert find_open_day(days).dtype == np.int32


def test_a_number_of_open_days_later() -> None:
    """From a closed day, counting begins at the next open day."""
    days = _to_column("2018-12-21", "2018-12-22", "2018-12-24")
    assert find_open_day(days, 1).tolist() == _to_column("2018-12-24", "2018-12-27", "2018-12-27").tolist()


def test_an_empty_column() -> None:
    assert find_open_day(np.zeros(0, np.int32)).tolist() == []
