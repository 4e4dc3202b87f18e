"""What is due for paying late: interest by the day, and a fixed compensation (domain 4).

Source: code de la commande publique, R. 2192-31 to 36, from general knowledge.
Rates are whole hundredths of a per cent, so that no float touches money.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.effective_dates import Dated, dated
from core.money import CENTS_PER_EURO
from core.reference.files import SHIPPED, broken, toml

RATE_UNITS = 10_000
"""Hundredths of a per cent in one whole."""

_HALF = re.compile(r"(20\d\d)-([12])")
_RATE = re.compile(r"(\d{1,2})\.(\d\d)")
_DAYS_A_YEAR = range(360, 367)
_COMPENSATION_MAX = 10_000
_JULY = 6


@dataclass(frozen=True, slots=True)
class Interest:
    """The rules of late interest; each holds for what began to run on a day from which on it does."""

    place: str
    compensation: Dated
    """Cents, once for each creditor of a request who was paid late."""
    points: Dated
    days_a_year: Dated
    refinancing: Mapping[int, int]
    """By half-year, counted from year 0."""

    def rates(self, since: NDArray[np.int32]) -> NDArray[np.int64]:
        """The yearly rate of what began to run on each day.

        Raises
        ------
        ReferenceDataError
            The rate of a half-year is not there.
        """
        halves, at = np.unique(half_years(since), return_inverse=True)
        for half in halves.tolist():
            if half not in self.refinancing:
                year, second = divmod(half, 2)
                raise broken(
                    f"{self.place}, refinancing",
                    f'no rate for "{year}-{second + 1}"',
                    "Add the rate of that half-year.",
                )
        found = np.array([self.refinancing[half] for half in halves.tolist()], np.int64)
        return found[at] + self.points.at(since) if len(since) else np.zeros(0, np.int64)

    def of(
        self, amount: NDArray[np.int64], late: NDArray[np.int32], since: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Cents of interest on ``amount`` that was ``late`` days late, from ``since`` on; half a cent is rounded up."""
        times = self.rates(since) * late
        unit = RATE_UNITS * self.days_a_year.at(since)
        whole, rest = np.divmod(amount, unit)
        return whole * times + (2 * rest * times + unit) // (2 * unit)


def half_years(days: NDArray[np.int32]) -> NDArray[np.int64]:
    """The half-year of each day, counted from year 0."""
    months = days.astype("M8[D]").astype("M8[M]").astype(np.int64) + 1970 * 12
    return months // _JULY


def load(folder: Path = SHIPPED) -> Interest:
    """Read ``late_interest.toml``.

    Raises
    ------
    ReferenceDataError
        It is not there, or says something that cannot be; the message gives the place and what to do.
    """
    path = folder.joinpath("late_interest.toml")
    said = toml(path)
    table = said.get("refinancing")
    if not isinstance(table, dict):
        raise broken(
            str(path), f"refinancing is {table!r}", 'Write a table of rates, as in "2018-1" = "0.00".'
        )
    place = f"{path}, refinancing"
    rules = _Rules(str(path), said)
    return Interest(
        place=str(path),
        compensation=rules.whole("compensation_euros", range(_COMPENSATION_MAX + 1), CENTS_PER_EURO),
        points=dated(str(path), "points", said.get("points"), lambda one: _rate(str(path), "points", one)),
        days_a_year=rules.whole("days_a_year", _DAYS_A_YEAR),
        refinancing={_half(place, name): _rate(place, name, rate) for name, rate in table.items()},
    )


class _Rules(NamedTuple):
    """What the file says."""

    place: str
    said: Mapping[str, Any]

    def whole(self, key: str, among: range, unit: int = 1) -> Dated:
        """Whole numbers ``among`` some, counted in ``unit``."""
        return dated(self.place, key, self.said.get(key), lambda one: self._whole(key, one, among) * unit)

    def _whole(self, key: str, found: object, among: range) -> int:
        if type(found) is not int or found not in among:
            raise broken(self.place, f"{key} is {found!r}", f"Write {among.start} to {among.stop - 1}.")
        return found


def _rate(place: str, key: str, said: object) -> int:
    found = _RATE.fullmatch(said) if isinstance(said, str) else None
    if not found:
        raise broken(place, f"{key} is {said!r}", 'Write per cent with two decimals, as in "8.00".')
    return int(found[1]) * 100 + int(found[2])


def _half(place: str, name: str) -> int:
    found = _HALF.fullmatch(name)
    if not found:
        raise broken(place, f"{name!r} is no half-year", 'Write year and half, as in "2018-2".')
    return int(found[1]) * 2 + int(found[2]) - 1
