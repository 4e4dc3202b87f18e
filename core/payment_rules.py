"""The rules of payment orders: due dates, methods of transfer, cut-offs, and limits of files."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from core.effective_dates import EffectiveDated, parse_dated_rule
from core.errors import ReferenceDataError
from core.money import CENTS_PER_EURO
from core.reference.files import SAMPLE_FOLDER, read_toml
from core.target_calendar import find_open_day

FILE = "payments.toml"
"""The file of the rules in the folder of the reference data."""

TIME_ZONE = "Europe/Paris"
"""The legal time of the State's accounts; cut-offs are in this time zone."""

SEPA_MAX = 99_999_999_999
"""Largest SEPA credit transfer in cents, 999,999,999.99 euros (CFONB guide); above it, RTGS."""

FILE_TRANSACTIONS_MAX = 10**6
FILE_BYTES_MIN, FILE_BYTES_MAX = 10_000, 10**9
"""A file of the least size can contain any single transfer; no bank accepts a file above the greatest size."""

DAYS_MAX = 366
TARGET_DAYS_MAX = 30
_INITIATOR_CHARACTERS_MAX = 70
_EPOCH = date(1970, 1, 1)


class TransferMethod(IntEnum):
    """How a transfer reaches its payee.  Numbers are stored: append only."""

    SEPA = 1
    """SEPA credit transfer."""
    RTGS = 2
    """Single settlement through TARGET, for urgent transfers and those above the SEPA limit."""


@dataclass(frozen=True, slots=True)
class Clearing:
    """The execution of orders of one method: accepted until the cut-off of an open day, executed ``open_days`` later."""

    cut_off: time
    open_days: int

    def compute_execution_day(self, at: datetime) -> date:
        """Return the day on which orders handed over at ``at`` are executed."""
        local = at.astimezone(ZoneInfo(TIME_ZONE))
        day = local.date() if local.time() <= self.cut_off else local.date() + timedelta(days=1)
        column = np.array([(day - _EPOCH).days], np.int32)
        return _EPOCH + timedelta(days=int(find_open_day(column, self.open_days)[0]))


@dataclass(frozen=True, slots=True)
class PaymentRules:
    """The rules of ``payments.toml``."""

    initiator: str
    term_days: EffectiveDated
    """Effective on the day on which a term begins."""
    ahead_days: int
    transactions_max: int
    bytes_max: int
    batch_booking: bool
    countries: frozenset[str]
    rtgs_from_cents: int
    """Transfers of this amount and above go through TARGET."""
    clearings: Mapping[TransferMethod, Clearing]
    new_details_days: EffectiveDated
    """How many days bank details are new, by the day on which a run is proposed; 0: a run pays to them at once."""

    def count_new_details_days(self, proposed_at: datetime) -> int:
        """Return for how many days bank details are new to a run proposed at ``proposed_at``."""
        today = self.to_book_day(proposed_at)
        return int(self.new_details_days.look_up(np.array([(today - _EPOCH).days], np.int32))[0])

    def find_new_details_since(self, proposed_at: datetime) -> datetime | None:
        """Return the moment since which bank details are new to a run proposed at ``proposed_at``; None if none are.

        Days are counted from midnight to midnight in Paris.
        """
        days = self.count_new_details_days(proposed_at)
        if days == 0:
            return None
        first_day = self.to_book_day(proposed_at) - timedelta(days=days - 1)
        return datetime.combine(first_day, time(), ZoneInfo(TIME_ZONE))

    def to_book_day(self, at: datetime) -> date:
        """Return the day of the State's books at that moment."""
        return at.astimezone(ZoneInfo(TIME_ZONE)).date()


def load(folder: Path = SAMPLE_FOLDER) -> PaymentRules:
    """Read ``payments.toml``.

    Raises
    ------
    ReferenceDataError
        The file is missing or a value is invalid; the message gives the place and the remedy.
    """
    path = folder.joinpath(FILE)
    settings = read_toml(path)
    sections = ("due", "file", "sepa", "rtgs", "bank_details")
    due, file, sepa, rtgs, details = (_SectionReader(path, settings, name) for name in sections)
    return PaymentRules(
        initiator=_read_initiator(path, settings),
        term_days=due.read_dated_rule("term_days", range(DAYS_MAX)),
        ahead_days=due.read_whole("ahead_days", range(DAYS_MAX)),
        transactions_max=file.read_whole("transactions_max", range(1, FILE_TRANSACTIONS_MAX + 1)),
        bytes_max=file.read_whole("bytes_max", range(FILE_BYTES_MIN, FILE_BYTES_MAX + 1)),
        batch_booking=file.read_flag("batch_booking"),
        countries=sepa.read_countries(),
        rtgs_from_cents=min(rtgs.read_whole("from_euros", range(1, 10**12)) * CENTS_PER_EURO, SEPA_MAX + 1),
        clearings={TransferMethod.SEPA: sepa.read_clearing(), TransferMethod.RTGS: rtgs.read_clearing()},
        new_details_days=details.read_dated_rule("new_days", range(DAYS_MAX)),
    )


@dataclass(frozen=True, slots=True)
class _SectionReader:
    """A reader of one section of the file."""

    path: Path
    settings: Mapping[str, Any]
    section: str

    def read_whole(self, key: str, among: range) -> int:
        return self._check_whole(key, self._get_value(key), among)

    def read_dated_rule(self, key: str, among: range) -> EffectiveDated:
        place = f"{self.path}, {self.section}"
        return parse_dated_rule(
            place, key, self._get_value(key), parse=lambda value: self._check_whole(key, value, among)
        )

    def _check_whole(self, key: str, value: object, among: range) -> int:
        if type(value) is not int or value not in among:
            raise self._build_error(
                key, value, f"Write a whole number from {among.start} to {among.stop - 1}."
            )
        return value

    def read_flag(self, key: str) -> bool:
        value = self._get_value(key)
        if type(value) is not bool:
            raise self._build_error(key, value, "Write true or false.")
        return value

    def read_countries(self) -> frozenset[str]:
        codes = self._get_value("countries")
        if not isinstance(codes, list) or not all(isinstance(code, str) and len(code) == 2 for code in codes):
            raise self._build_error("countries", codes, "List countries by their two letters.")
        return frozenset(codes)

    def read_clearing(self) -> Clearing:
        value = self._get_value("cut_off")
        try:
            cut_off = time.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            raise self._build_error("cut_off", value, "Write a time of the day, as in 15:30.") from None
        return Clearing(cut_off, self.read_whole("days", range(TARGET_DAYS_MAX + 1)))

    def _get_value(self, key: str) -> Any:
        table = self.settings.get(self.section)
        return table.get(key) if isinstance(table, dict) else None

    def _build_error(self, key: str, value: Any, remedy: str) -> Exception:
        return ReferenceDataError(f"{self.path}, {self.section}", f"{key} is {value!r}", remedy)


def _read_initiator(path: Path, settings: Mapping[str, Any]) -> str:
    initiator = settings.get("initiator")
    if not isinstance(initiator, str) or not 0 < len(initiator.strip()) <= _INITIATOR_CHARACTERS_MAX:
        raise ReferenceDataError(
            str(path),
            f"initiator is {initiator!r}",
            f"Name the initiator of the orders, in at most {_INITIATOR_CHARACTERS_MAX} characters.",
        )
    return initiator
