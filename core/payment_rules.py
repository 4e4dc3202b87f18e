"""The rules by which payment orders leave: when what is due, by which way each goes, how large a file may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from core.effective_dates import Dated, dated
from core.money import CENTS_PER_EURO, SEPA_MAX
from core.reference.files import SHIPPED, broken, toml
from core.target_calendar import first_open

ZONE = "Europe/Paris"
"""Legal time of the State's accounts, in which cut-offs are told."""

TRANSACTIONS_MAX = 10**6
BYTES_MIN, BYTES_MAX = 10_000, 10**9
"""A file takes any one transfer, and no bank takes more."""

DAYS_MAX = 366
TARGET_DAYS_MAX = 30
_INITIATOR_LETTERS_MAX = 70
_EPOCH = date(1970, 1, 1)


class Way(IntEnum):
    """How a transfer reaches its payee.  Numbers are stored: append only."""

    SEPA = 1
    """SEPA credit transfer."""
    RTGS = 2
    """One by one through TARGET: urgent ones, and those too large for SEPA."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """When orders of one way are executed: taken until the cut-off of an open day, executed so many open days later."""

    cut_off: time
    days: int

    def executed(self, at: datetime) -> date:
        """The day on which orders that are handed over ``at`` that moment are executed."""
        there = at.astimezone(ZoneInfo(ZONE))
        day = there.date() if there.time() <= self.cut_off else there.date() + timedelta(days=1)
        column = np.array([(day - _EPOCH).days], np.int32)
        return _EPOCH + timedelta(days=int(first_open(column, self.days)[0]))


@dataclass(frozen=True, slots=True)
class Rules:
    """All of them."""

    initiator: str
    term_days: Dated
    """By the day on which a term begins."""
    ahead_days: int
    transactions_max: int
    bytes_max: int
    batch_booking: bool
    countries: frozenset[str]
    rtgs_from: int
    """Cents from which on a transfer goes by TARGET."""
    clearings: Mapping[Way, Clearing]

    def day(self, at: datetime) -> date:
        """The day in the State's books at that moment."""
        return at.astimezone(ZoneInfo(ZONE)).date()


def load(folder: Path = SHIPPED) -> Rules:
    """Read ``payments.toml``.

    Raises
    ------
    ReferenceDataError
        It is not there, or says something that cannot be; the message gives the place and what to do.
    """
    path = folder.joinpath("payments.toml")
    said = toml(path)
    due, file, sepa, rtgs = (_Part(path, said, name) for name in ("due", "file", "sepa", "rtgs"))
    return Rules(
        initiator=_initiator(path, said),
        term_days=due.dated("term_days", range(DAYS_MAX)),
        ahead_days=due.whole("ahead_days", range(DAYS_MAX)),
        transactions_max=file.whole("transactions_max", range(1, TRANSACTIONS_MAX + 1)),
        bytes_max=file.whole("bytes_max", range(BYTES_MIN, BYTES_MAX + 1)),
        batch_booking=file.flag("batch_booking"),
        countries=sepa.countries(),
        rtgs_from=min(rtgs.whole("from_euros", range(1, 10**12)) * CENTS_PER_EURO, SEPA_MAX + 1),
        clearings={Way.SEPA: sepa.clearing(), Way.RTGS: rtgs.clearing()},
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """One table of the file."""

    path: Path
    said: Mapping[str, Any]
    name: str

    def whole(self, key: str, among: range) -> int:
        return self._whole(key, self._value(key), among)

    def dated(self, key: str, among: range) -> Dated:
        place = f"{self.path}, {self.name}"
        return dated(place, key, self._value(key), lambda one: self._whole(key, one, among))

    def _whole(self, key: str, found: object, among: range) -> int:
        if type(found) is not int or found not in among:
            raise self._broken(key, found, f"Write {among.start} to {among.stop - 1}.")
        return found

    def flag(self, key: str) -> bool:
        found = self._value(key)
        if type(found) is not bool:
            raise self._broken(key, found, "Write true or false.")
        return found

    def countries(self) -> frozenset[str]:
        found = self._value("countries")
        if not isinstance(found, list) or not all(isinstance(one, str) and len(one) == 2 for one in found):
            raise self._broken("countries", found, "List countries by their two letters.")
        return frozenset(found)

    def clearing(self) -> Clearing:
        said = self._value("cut_off")
        try:
            cut_off = time.fromisoformat(said if isinstance(said, str) else "")
        except ValueError:
            raise self._broken("cut_off", said, "Write a time of the day, as in 15:30.") from None
        return Clearing(cut_off, self.whole("days", range(TARGET_DAYS_MAX + 1)))

    def _value(self, key: str) -> Any:
        table = self.said.get(self.name)
        return table.get(key) if isinstance(table, dict) else None

    def _broken(self, key: str, found: Any, remedy: str) -> Exception:
        return broken(f"{self.path}, {self.name}", f"{key} is {found!r}", remedy)


def _initiator(path: Path, said: Mapping[str, Any]) -> str:
    found = said.get("initiator")
    if not isinstance(found, str) or not 0 < len(found.strip()) <= _INITIATOR_LETTERS_MAX:
        raise broken(str(path), f"initiator is {found!r}", "Name who hands the orders over, in 70 letters.")
    return found
