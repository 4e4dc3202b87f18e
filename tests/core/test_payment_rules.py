"""The rules of payment orders: they are read, refused if invalid, and give the day of execution."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core import target_calendar
from core.errors import ReferenceDataError
from core.payment_rules import SEPA_MAX, TIME_ZONE, TransferMethod, load
from core.reference.files import SAMPLE_FOLDER

TEXT = (SAMPLE_FOLDER / "payments.toml").read_text()


def test_the_sample_is_read() -> None:
    rules = load()
    assert (rules.term_days.value.tolist(), rules.ahead_days) == ([30], 3)
    assert {"FR", "DE"} <= rules.countries
    assert rules.rtgs_from_cents == 100_000_000 * 100 <= SEPA_MAX
    assert rules.batch_booking


@pytest.mark.parametrize(
    ("setting", "at", "since"),
    [
        ("0", "2026-11-29T12:00:00+00:00", None),
        ("1", "2026-11-29T12:00:00+00:00", "2026-11-29T00:00:00+01:00"),
        ("10", "2026-11-29T22:59:59+00:00", "2026-11-20T00:00:00+01:00"),
        ("10", "2026-11-29T23:00:00+00:00", "2026-11-21T00:00:00+01:00"),
        ("30", "2026-11-10T12:00:00+00:00", "2026-10-12T00:00:00+02:00"),
        ('{ "2026-01-01" = 0, "2026-11-29" = 3 }', "2026-11-28T12:00:00+00:00", None),
        ('{ "2026-01-01" = 0, "2026-11-29" = 3 }', "2026-11-29T12:00:00+00:00", "2026-11-27T00:00:00+01:00"),
    ],
)
def test_bank_details_are_new_for_whole_days_in_paris(
    tmp_path: Path, setting: str, at: str, since: str | None
) -> None:
    """By hand: with one day, those of today are new; with ten, those of today and of the nine days before."""
    (tmp_path / "payments.toml").write_text(TEXT.replace("new_days = 0", f"new_days = {setting}"))
    expected = datetime.fromisoformat(since) if since else None
    assert load(tmp_path).find_new_details_since(datetime.fromisoformat(at)) == expected


def test_rtgs_begins_at_the_sepa_limit_at_the_latest(tmp_path: Path) -> None:
    (tmp_path / "payments.toml").write_text(
        TEXT.replace("from_euros = 100_000_000", "from_euros = 2_000_000_000")
    )
    assert load(tmp_path).rtgs_from_cents == SEPA_MAX + 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("term_days = 30", "term_days = 1000", "due: term_days is 1000. Write a whole number from 0 to 365"),
        ("term_days = 30", 'term_days = { "2018-01-01" = 400 }', "due: term_days is 400"),
        ("term_days = 30", "term_days = { soon = 30 }", "due: term_days: 'soon' is not a day"),
        ("ahead_days = 3", "ahead_days = true", "ahead_days is True"),
        ("transactions_max = 100_000", "transactions_max = 0", "transactions_max is 0"),
        ("bytes_max = 100_000_000", "bytes_max = 1", "bytes_max is 1"),
        ("batch_booking = true", "batch_booking = 1", "batch_booking is 1"),
        ('cut_off = "15:30"', 'cut_off = "25:30"', "sepa: cut_off is '25:30'"),
        ('cut_off = "15:30"', "cut_off = 15", "cut_off is 15"),
        ("days = 0", "days = 99", "rtgs: days is 99"),
        ('"AD"', '"ANDORRA"', "countries is"),
        ("[rtgs]", "[other]", "rtgs: from_euros is None"),
        ("initiator =", "nobody =", "initiator is None"),
        ("new_days = 0", "new_days = -1", "bank_details: new_days is -1. Write a whole number from 0 to 365"),
        ("new_days = 0", "", "bank_details: new_days is None"),
    ],
)
def test_invalid_rules_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    (tmp_path / "payments.toml").write_text(TEXT.replace(old, new))
    with pytest.raises(ReferenceDataError, match=message):
        load(tmp_path)


@pytest.mark.parametrize(
    ("at", "method", "expected"),
    [
        ("2018-12-20T15:30", TransferMethod.SEPA, "2018-12-21"),
        ("2018-12-20T15:31", TransferMethod.SEPA, "2018-12-24"),
        ("2018-12-21T15:00", TransferMethod.SEPA, "2018-12-24"),
        ("2018-12-24T15:00", TransferMethod.SEPA, "2018-12-27"),
        ("2018-12-22T03:00", TransferMethod.SEPA, "2018-12-27"),
        ("2018-12-24T15:59", TransferMethod.RTGS, "2018-12-24"),
        ("2018-12-24T16:01", TransferMethod.RTGS, "2018-12-27"),
        ("2018-12-25T10:00", TransferMethod.RTGS, "2018-12-27"),
    ],
)
def test_the_cut_off_decides_the_day_of_execution(at: str, method: TransferMethod, expected: str) -> None:
    moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(TIME_ZONE))
    day = load().clearings[method].compute_execution_day(moment)
    assert day == date.fromisoformat(expected)
    days = np.array([(day - date(1970, 1, 1)).days], np.int32)
    assert target_calendar.is_open(days).all()


def test_cut_offs_are_in_the_time_of_paris() -> None:
    assert load().clearings[TransferMethod.SEPA].compute_execution_day(
        datetime(2018, 12, 20, 14, 31, tzinfo=UTC)
    ) == date(2018, 12, 24)
    assert load().clearings[TransferMethod.SEPA].compute_execution_day(
        datetime(2018, 7, 12, 13, 31, tzinfo=UTC)
    ) == date(2018, 7, 16)
