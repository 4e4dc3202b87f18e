"""The rules by which payment orders leave: when what is due, by which way each goes, how large a file may be."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from core.effective_dates import EffectiveDated, parse_effective_dated
from core.money import CENTS_PER_EURO, SEPA_MAX
from core.reference.files import SAMPLE_FOLDER, read_toml, reference_error
from core.target_calendar import find_open_day

TIME_ZONE = "Europe/Paris"
"""Legal time of the State's accounts, in which cut-offs are told."""

FILE_TRANSACTIONS_MAX = 10**6
FILE_BYTES_MIN, FILE_BYTES_MAX = 10_000, 10**9
"""A file takes any one transfer, and no bank takes more."""

DAYS_MAX = 366
TARGET_DAYS_MAX = 30
_INITIATOR_CHARACTERS_MAX = 70
_EPOCH = date(1970, 1, 1)


class TransferMethod(IntEnum):
    """How a transfer reaches its payee.  Numbers are stored: append only."""

    SEPA = 1
    """SEPA credit transfer."""
    RTGS = 2
    """One by one through TARGET: urgent ones, and those too large for SEPA."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """When orders of one way are executed: taken until the cut-off of an open day, executed so many open days later."""

    cut_off: time
    open_days: int

    def compute_execution_day(self, at: datetime) -> date:
        """The day on which orders that are handed over ``at`` that moment are executed."""
        there = at.astimezone(ZoneInfo(TIME_ZONE))
        day = there.date() if there.time() <= self.cut_off else there.date() + timedelta(days=1)
        column = np.array([(day - _EPOCH).days], np.int32)
        return _EPOCH + timedelta(days=int(find_open_day(column, self.open_days)[0]))


@dataclass(frozen=True, slots=True)
class PaymentRules:
    """All of them."""

    initiator: str
    term_days: EffectiveDated
    """By the day on which a term begins."""
    ahead_days: int
    transactions_max: int
    bytes_max: int
    batch_booking: bool
    countries: frozenset[str]
    rtgs_from_cents: int
    """Cents from which on a transfer goes by TARGET."""
    clearings: Mapping[TransferMethod, Clearing]

    def to_book_day(self, at: datetime) -> date:
        """The day in the State's books at that moment."""
        return at.astimezone(ZoneInfo(TIME_ZONE)).date()


def load(folder: Path = SAMPLE_FOLDER) -> PaymentRules:
    """Read ``payments.toml``.

    Raises
    ------
    ReferenceDataError
        It is not there, or says something that cannot be; the message gives the place and what to do.
    """
    path = folder.joinpath("payments.toml")
    said = read_toml(path)
    due, file, sepa, rtgs = (_SectionReader(path, said, name) for name in ("due", "file", "sepa", "rtgs"))
    return PaymentRules(
        initiator=_read_initiator(path, said),
        term_days=due.read_effective_dated("term_days", range(DAYS_MAX)),
        ahead_days=due.read_whole("ahead_days", range(DAYS_MAX)),
        transactions_max=file.read_whole("transactions_max", range(1, FILE_TRANSACTIONS_MAX + 1)),
        bytes_max=file.read_whole("bytes_max", range(FILE_BYTES_MIN, FILE_BYTES_MAX + 1)),
        batch_booking=file.read_flag("batch_booking"),
        countries=sepa.read_countries(),
        rtgs_from_cents=min(rtgs.read_whole("from_euros", range(1, 10**12)) * CENTS_PER_EURO, SEPA_MAX + 1),
        clearings={TransferMethod.SEPA: sepa.read_clearing(), TransferMethod.RTGS: rtgs.read_clearing()},
    )


@dataclass(frozen=True, slots=True)
class _SectionReader:
    """One table of the file."""

    path: Path
    settings: Mapping[str, Any]
    section: str

    def read_whole(self, key: str, among: range) -> int:
        return self._check_whole(key, self._get_value(key), among)

    def read_effective_dated(self, key: str, among: range) -> EffectiveDated:
        place = f"{self.path}, {self.section}"
        return parse_effective_dated(
            place, key, self._get_value(key), lambda one: self._check_whole(key, one, among)
        )

    def _check_whole(self, key: str, found: object, among: range) -> int:
        if type(found) is not int or found not in among:
            raise self._build_error(key, found, f"Write {among.start} to {among.stop - 1}.")
        return found

    def read_flag(self, key: str) -> bool:
        found = self._get_value(key)
        if type(found) is not bool:
            raise self._build_error(key, found, "Write true or false.")
        return found

    def read_countries(self) -> frozenset[str]:
        found = self._get_value("countries")
        if not isinstance(found, list) or not all(isinstance(one, str) and len(one) == 2 for one in found):
            raise self._build_error("countries", found, "List countries by their two letters.")
        return frozenset(found)

    def read_clearing(self) -> Clearing:
        said = self._get_value("cut_off")
        try:
            cut_off = time.fromisoformat(said if isinstance(said, str) else "")
        except ValueError:
            raise self._build_error("cut_off", said, "Write a time of the day, as in 15:30.") from None
        return Clearing(cut_off, self.read_whole("days", range(TARGET_DAYS_MAX + 1)))

    def _get_value(self, key: str) -> Any:
        table = self.settings.get(self.section)
        return table.get(key) if isinstance(table, dict) else None

    def _build_error(self, key: str, found: Any, remedy: str) -> Exception:
        return reference_error(f"{self.path}, {self.section}", f"{key} is {found!r}", remedy)


def _read_initiator(path: Path, said: Mapping[str, Any]) -> str:
    found = said.get("initiator")
    if not isinstance(found, str) or not 0 < len(found.strip()) <= _INITIATOR_CHARACTERS_MAX:
        raise reference_error(
            str(path), f"initiator is {found!r}", "Name who hands the orders over, in 70 letters."
        )
    return found
