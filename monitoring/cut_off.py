"""The cut-off: the time until which a submission still counts for the day, or for the year."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = "Europe/Paris"
"""Legal time of the State's accounts; a moment written with its own offset keeps it."""

_DAILY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?([+-]\d\d:\d\d|Z)?")
_REMEDY = "Write 2018-12-31T18:00 for one moment or 18:00 for every day, in the time of Paris"


@dataclass(frozen=True, slots=True)
class CutOff:
    """One moment, or the same time every day."""

    at: datetime | time

    @classmethod
    def parse(cls, text: str) -> "CutOff":
        """Parse the cut-off of a setting.

        Raises
        ------
        ValueError
            The text is not a cut-off.
        """
        try:
            if _DAILY.fullmatch(text):
                return cls(time.fromisoformat(text))
            if _MOMENT.fullmatch(text):
                moment = datetime.fromisoformat(text)
                return cls(moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(ZONE)))
        except ValueError as error:
            raise ValueError(f"{text!r} is not a cut-off: {error}. {_REMEDY}") from error
        raise ValueError(f"{text!r} is not a cut-off. {_REMEDY}")

    def count_remaining_seconds(self, now: datetime) -> float:
        """Return the seconds from ``now`` to the cut-off; below zero once a single moment is past."""
        return (self.find_next(now).astimezone(UTC) - now.astimezone(UTC)).total_seconds()

    def find_next(self, now: datetime) -> datetime:
        """Return the single moment, or the next daily one after ``now``."""
        if isinstance(self.at, datetime):
            return self.at
        today = datetime.combine(now.astimezone(ZoneInfo(ZONE)).date(), self.at, ZoneInfo(ZONE))
        return today if today > now else today + timedelta(days=1)
