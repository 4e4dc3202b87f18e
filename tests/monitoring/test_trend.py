"""The trend of the last minutes, with a clock that the test sets."""

from monitoring.trend import HISTORY_SECONDS, RATE_WINDOW_SECONDS, Trend


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def record_trend(*totals: tuple[int, int, int]) -> Trend:
    """Record totals (lines, forms, nanoseconds of one stage) once a second."""
    clock = Clock()
    trend = Trend(clock)
    for lines, forms, spent in totals:
        trend.record(lines, forms, {"read": spent})
        clock.now += 1
    return trend


def test_there_is_no_rate_before_the_second_observation() -> None:
    for trend in (record_trend(), record_trend((5, 5, 5))):
        assert trend.forms_a_second == trend.compute_share("read") == 0
        assert trend.list_rates() == []


def test_rates_are_differences_of_totals() -> None:
    trend = record_trend((0, 0, 0), (10, 4, 250_000_000), (30, 8, 500_000_000))
    assert trend.list_rates() == [10, 20]
    assert trend.forms_a_second == 4
    assert trend.compute_share("read") == 0.25
    assert trend.compute_share("unknown") == 0


def test_the_rate_falls_to_zero_after_the_work() -> None:
    trend = record_trend((0, 0, 0), *((9, 9, 9) for _ in range(RATE_WINDOW_SECONDS + 1)))
    assert trend.forms_a_second == trend.compute_share("read") == 0
    assert trend.list_rates()[0] == 9


def test_the_history_is_as_long_as_the_trend_line() -> None:
    trend = record_trend(*((n, 0, 0) for n in range(HISTORY_SECONDS + 50)))
    assert trend.list_rates() == [1] * HISTORY_SECONDS


def test_an_observation_copies_the_totals() -> None:
    clock, spent = Clock(), {"read": 0}
    trend = Trend(clock)
    trend.record(0, 0, spent)
    clock.now, spent["read"] = clock.now + 1, 10**9
    trend.record(0, 0, spent)
    assert trend.compute_share("read") == 1
