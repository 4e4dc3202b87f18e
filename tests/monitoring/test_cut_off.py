"""The cut-off, as an operator writes it in a setting."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from monitoring.cut_off import CutOff

NOON = datetime(2018, 12, 31, 11, 0, tzinfo=UTC)
"""Noon in Paris."""


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2018-12-31T18:00", 6 * 3600),
        ("2018-12-31T18:00:30", 6 * 3600 + 30),
        ("2018-12-31T18:00-04:00", 11 * 3600),
        ("2018-12-31T17:00Z", 6 * 3600),
        ("2018-12-31T10:00", -2 * 3600),
        ("18:00", 6 * 3600),
        ("12:00", 24 * 3600),
        ("11:59", 24 * 3600 - 60),
    ],
)
def test_a_cut_off_is_in_paris_time_unless_it_has_an_offset(text: str, seconds: int) -> None:
    assert CutOff.parse(text).count_remaining_seconds(NOON) == seconds
    assert CutOff.parse(text).count_remaining_seconds(NOON.astimezone(ZoneInfo("Europe/Paris"))) == seconds


def test_a_day_is_an_hour_shorter_when_summer_time_begins() -> None:
    evening = datetime(2018, 3, 24, 17, 30, tzinfo=UTC)
    assert CutOff.parse("18:00").count_remaining_seconds(evening) == 22.5 * 3600
    assert (
        CutOff.parse("18:00").count_remaining_seconds(evening.astimezone(ZoneInfo("Europe/Paris")))
        == 22.5 * 3600
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "18",
        "24:00",
        "18:60",
        "2018-12-31",
        "2018-13-31T18:00",
        "2018-12-31 18:00",
        "2018-12-31T18",
        "T18:00",
    ],
)
def test_other_texts_are_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a cut-off.*Write 2018-12-31T18:00"):
        CutOff.parse(text)
