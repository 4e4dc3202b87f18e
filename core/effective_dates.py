"""Effective-dated rules: values that change on a day, without effect on what was decided by the earlier value.

In a TOML file a rule is one value, valid for all days, or a table of values by the first day of their validity, as in
``{ "2013-03-16" = 40, "2030-01-01" = 50 }``; the first value is also valid for all earlier days.
"""

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import ReferenceDataError

BEFORE_ALL_DAYS = np.int32(-(2**31))
"""The start of the validity of a first value: a day before all days."""
_EPOCH = date(1970, 1, 1)


class EffectiveDated(NamedTuple):
    """A whole number with the first day of validity of each of its values."""

    since: NDArray[np.int32]
    """The first day of validity of each value, ascending; that of the first is ``BEFORE_ALL_DAYS``."""
    value: NDArray[np.int64]

    def look_up(self, days: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the value that is valid on each of ``days``."""
        return self.value[np.searchsorted(self.since, days, "right") - 1]


def build_constant(value: int) -> EffectiveDated:
    """Return a rule that never changes."""
    return EffectiveDated(np.array([BEFORE_ALL_DAYS]), np.array([value], np.int64))


def parse_dated_rule(
    place: str, key: str, setting: object, *, parse: Callable[[object], int]
) -> EffectiveDated:
    """Read a rule from its ``setting``; ``parse`` reads one value.

    Raises
    ------
    ReferenceDataError
        A day is invalid; or the error that ``parse`` raises.
    """
    if not isinstance(setting, dict):
        return build_constant(parse(setting))
    if not setting:
        raise ReferenceDataError(
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
        raise ReferenceDataError(
            place, f"{key}: {name!r} is not a day", 'Write year, month and day, as in "2030-01-01".'
        )
    return (day - _EPOCH).days
