"""The error about a year that the calendar no longer names."""

from core.errors import ReferenceDataError


def build_missing_year_error(year: int, stored: str) -> ReferenceDataError:
    """Return the error about a year that the calendar no longer names although ``stored`` (figures, entries) are stored."""
    finding = f"exercise {year} is missing, but the database contains {stored} of this exercise"
    return ReferenceDataError(
        "calendar.toml", finding, f"Put [exercise.{year}] back, closed: with months_open_at_start = []."
    )
