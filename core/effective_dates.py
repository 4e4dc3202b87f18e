"""Rules that change from a day on: what was judged by the old ones stays as it was judged.

In a TOML file a rule is one value, which holds since ever, or a table by the days from which on its values hold, as in
``{ "2013-03-16" = 40, "2030-01-01" = 50 }``; the first of them holds for all that was before it too.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.reference.files import reference_error

BEFORE_ALL_DAYS = np.int32(-(2**31))
"""A day before all days."""
_EPOCH = date(1970, 1, 1)


class EffectiveDated(NamedTuple):
    """A whole number that changes with time."""

    since: NDArray[np.int32]
    """Days from which on each value holds, ascending; the first is before all days."""
    value: NDArray[np.int64]

    def look_up(self, days: NDArray[np.int32]) -> NDArray[np.int64]:
        """What holds on each of ``days``."""
        return self.value[np.searchsorted(self.since, days, "right") - 1]


def build_constant(value: int) -> EffectiveDated:
    """What never changes."""
    return EffectiveDated(np.array([BEFORE_ALL_DAYS]), np.array([value], np.int64))


def parse_effective_dated(
    place: str, key: str, setting: object, parse: Callable[[object], int]
) -> EffectiveDated:
    """Read a rule; ``parse`` reads one value of it.

    Raises
    ------
    ReferenceDataError
        A day is none, or what ``parse`` raises.
    """
    if not isinstance(setting, dict):
        return build_constant(parse(setting))
    if not setting:
        raise reference_error(
            place, f"{key} is empty", 'Write one value, or values by day as in { "2030-01-01" = 50 }.'
        )
    values = sorted((_parse_day(place, key, name), parse(value)) for name, value in setting.items())
    since, value = (np.array(column) for column in zip(*values, strict=True))
    since[0] = BEFORE_ALL_DAYS
    return EffectiveDated(since.astype(np.int32), value.astype(np.int64))


def _parse_day(place: str, key: str, name: str) -> int:
    try:
        day = date.fromisoformat(name)
    except ValueError:
        day = None
    if day is None or day.isoformat() != name:
        raise reference_error(
            place, f"{key}: {name!r} is no day", 'Write year, month and day, as in "2030-01-01".'
        )
    return (day - _EPOCH).days
