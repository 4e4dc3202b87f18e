"""How it went lately, by a clock that the test moves."""

from monitoring.trend import LOOKS, WINDOW, Trend


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def looked(*totals: tuple[int, int, int]) -> Trend:
    """A look a second at lines, forms and nanoseconds of one stage."""
    clock = Clock()
    trend = Trend(clock)
    for lines, forms, spent in totals:
        trend.look(lines, forms, {"read": spent})
        clock.now += 1
    return trend


def test_there_is_no_rate_before_the_second_look() -> None:
    for trend in (looked(), looked((5, 5, 5))):
        assert trend.forms_a_second == trend.share("read") == 0
        assert trend.series() == []


def test_rates_are_what_totals_moved_by() -> None:
    trend = looked((0, 0, 0), (10, 4, 250_000_000), (30, 8, 500_000_000))
    assert trend.series() == [10, 20]
    assert trend.forms_a_second == 4
    assert trend.share("read") == 0.25
    assert trend.share("never heard of") == 0


def test_work_that_is_over_is_forgotten() -> None:
    trend = looked((0, 0, 0), *((9, 9, 9) for _ in range(WINDOW + 1)))
    assert trend.forms_a_second == trend.share("read") == 0
    assert trend.series()[0] == 9


def test_no_more_is_kept_than_is_shown() -> None:
    trend = looked(*((n, 0, 0) for n in range(LOOKS + 50)))
    assert trend.series() == [1] * LOOKS


def test_a_look_does_not_follow_the_totals() -> None:
    clock, spent = Clock(), {"read": 0}
    trend = Trend(clock)
    trend.look(0, 0, spent)
    clock.now, spent["read"] = clock.now + 1, 10**9
    trend.look(0, 0, spent)
    assert trend.share("read") == 1
