"""The rules of late payment: interest by the day, and a fixed compensation (docs/rules.md).

Source: law 2013-100 art. 37-40 and 44, and decree 2013-269 (since 2019 in the code de la commande publique).
Rates are whole hundredths of a per cent, so that no computation on money uses floats.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.chart import Chart, list_accounts
from core.contracts import AccountContract, parse_account_contracts, parse_contract_defaults
from core.effective_dates import EffectiveDated, parse_dated_rule
from core.errors import ReferenceDataError
from core.money import CENTS_PER_EURO
from core.nomenclature import OPERATING_TITLE, Nomenclature
from core.reference.files import SAMPLE_FOLDER, read_toml

RATE_UNITS = 10_000
"""Hundredths of a per cent in 100 per cent."""

_HALF = re.compile(r"(20\d\d)-([12])")
_RATE = re.compile(r"(\d{1,2})\.(\d\d)")
_ITEM = re.compile(r"3[1-9]")
_DAYS_A_YEAR = range(360, 367)
_COMPENSATION_MAX = 10_000
_PAYMENT_DAYS_MAX = 366
_RECEIVABLE_DAYS_MAX = 366
_MONTHS_PER_HALF_YEAR = 6
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class LateInterestRules:
    """The rules of late interest; the day from which interest runs decides which value of a rule applies."""

    place: str
    compensation_cents: EffectiveDated
    """Due once for each request that was paid late, to its creditor."""
    points: EffectiveDated
    """Added to the refinancing rate."""
    days_a_year: EffectiveDated
    refinancing_rates: Mapping[int, int]
    """The rate of each half-year, counted from year 0."""
    contracts: Mapping[str, EffectiveDated]
    """The ``Contract`` of each commitment item that has one, for acts that state none."""
    account_contracts: tuple[AccountContract, ...]
    """The contracts of expense accounts that have one of their own, in place of that of the item."""
    delays_since: int
    """The first day on which a payment term that bears interest began, since 1970."""
    item: EffectiveDated
    """The commitment item on which the treasury claims interest, as a number, by the day of the claim."""
    payment_days: EffectiveDated
    """Within how many days after a late payment its interest is paid, by the day of that payment."""
    receivable_days: EffectiveDated
    """How many days after its own day a receivable is due that states no day, by its own day."""

    def find_item(self, day: date) -> str:
        """Return the code of the commitment item for claims of ``day``."""
        return str(self.item.look_up(np.array([(day - _EPOCH).days], np.int32))[0])

    def find_rates(self, since: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the yearly rate of interest that runs from each day.

        Raises
        ------
        ReferenceDataError
            The rate of a half-year is missing.
        """
        halves, at = np.unique(to_half_years(since), return_inverse=True)
        for half in halves.tolist():
            if half not in self.refinancing_rates:
                year, second = divmod(half, 2)
                raise ReferenceDataError(
                    f"{self.place}, refinancing",
                    f'there is no rate for "{year}-{second + 1}"',
                    "Add the rate of that half-year.",
                )
        rates = np.array([self.refinancing_rates[half] for half in halves.tolist()], np.int64)
        return rates[at] + self.points.look_up(since) if len(since) else np.zeros(0, np.int64)

    def compute_interest(
        self, amount: NDArray[np.int64], late: NDArray[np.int32], since: NDArray[np.int32]
    ) -> NDArray[np.int64]:
        """Return the cents of interest on ``amount`` paid ``late`` days late, from ``since`` on; half a cent rounds up."""
        times = self.find_rates(since) * late
        unit = RATE_UNITS * self.days_a_year.look_up(since)
        whole, rest = np.divmod(amount, unit)
        return whole * times + (2 * rest * times + unit) // (2 * unit)


def to_half_years(days: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the half-year of each day, counted from year 0."""
    months = days.astype("M8[D]").astype("M8[M]").astype(np.int64) + 1970 * 12
    return months // _MONTHS_PER_HALF_YEAR


def load(folder: Path = SAMPLE_FOLDER) -> LateInterestRules:
    """Read ``late_interest.toml``.

    Raises
    ------
    ReferenceDataError
        The file is missing or a value is invalid; the message gives the place and the remedy.
    """
    path = folder.joinpath("late_interest.toml")
    settings = read_toml(path)
    table = settings.get("refinancing")
    if not isinstance(table, dict):
        raise ReferenceDataError(
            str(path), f"refinancing is {table!r}", 'Write a table of rates, as in "2018-1" = "0.00".'
        )
    place = f"{path}, refinancing"
    rules = _RuleReader(str(path), settings)
    return LateInterestRules(
        place=str(path),
        compensation_cents=rules.read_whole(
            "compensation_euros", range(_COMPENSATION_MAX + 1), unit=CENTS_PER_EURO
        ),
        points=parse_dated_rule(
            str(path),
            "points",
            settings.get("points"),
            parse=lambda value: _parse_rate(str(path), "points", value),
        ),
        days_a_year=rules.read_whole("days_a_year", _DAYS_A_YEAR),
        refinancing_rates={
            _parse_half_year(place, name): _parse_rate(place, name, rate) for name, rate in table.items()
        },
        contracts=parse_contract_defaults(str(path), settings.get("contracts")),
        account_contracts=parse_account_contracts(str(path), settings.get("accounts", [])),
        delays_since=_parse_day(str(path), "delays_since", settings.get("delays_since")),
        item=parse_dated_rule(
            str(path), "item", settings.get("item"), parse=lambda value: _parse_item(str(path), value)
        ),
        payment_days=rules.read_whole("payment_days", range(_PAYMENT_DAYS_MAX + 1)),
        receivable_days=rules.read_whole("receivable_days", range(_RECEIVABLE_DAYS_MAX + 1)),
    )


def check_codes(
    rules: LateInterestRules, nomenclatures: Mapping[int, Nomenclature], charts: Mapping[int, Chart]
) -> None:
    """Check that the items and accounts that the rules name are those of the years.

    Raises
    ------
    ReferenceDataError
        They are not; the message names the file, the code and the remedy.
    """
    check_items(rules, nomenclatures)
    check_accounts(rules, list_accounts(charts.values()))


def check_items(rules: LateInterestRules, nomenclatures: Mapping[int, Nomenclature]) -> None:
    """Check that the item of claims is, on each day of each year, one of title 3 on which the year posts.

    Raises
    ------
    ReferenceDataError
        It is not; the message names the file, the item, the year and the remedy.
    """
    for year, nomenclature in nomenclatures.items():
        days = np.arange(date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal(), dtype=np.int32)
        for number in np.unique(rules.item.look_up(days - np.int32(_EPOCH.toordinal()))).tolist():
            item = nomenclature.items.get(str(number))
            if item is None or item.budget_only or item.title != OPERATING_TITLE:
                raise ReferenceDataError(
                    rules.place,
                    f'item is "{number}" in {year}, and items.csv of {year} has no such item of title {OPERATING_TITLE}',
                    "Write an item of title 3 of that year, or add the item to items.csv.",
                )


def check_accounts(rules: LateInterestRules, accounts: Collection[str]) -> None:
    """Check that each row of expense accounts is for some of ``accounts``, those of all years, and names none but these.

    Raises
    ------
    ReferenceDataError
        A row names no account, and would decide nothing; the message names the file, the row and the remedy.
    """
    for row in rules.account_contracts:
        fault = _find_unknown_account(row, accounts)
        if fault:
            raise ReferenceDataError(
                rules.place,
                f"accounts, expense {row.expense!r}: {fault}",
                "Write the digits of an account of accounts.csv, or remove the row, which decides nothing.",
            )


def _find_unknown_account(row: AccountContract, accounts: Collection[str]) -> str:
    """Return what a row names that no year has; empty if it names accounts."""
    if not any(account.startswith(row.expense) for account in accounts):
        return "no account in accounts.csv of any year begins with these digits"
    if row.creditor and row.creditor not in accounts:
        return f"creditor is {row.creditor!r}, which is not in accounts.csv of any year"
    return ""


class _RuleReader(NamedTuple):
    """A reader of the rules that are whole numbers."""

    place: str
    settings: Mapping[str, Any]

    def read_whole(self, key: str, among: range, *, unit: int = 1) -> EffectiveDated:
        """Read a rule of whole numbers ``among`` the valid ones; the result is multiplied by ``unit``."""
        return parse_dated_rule(
            self.place,
            key,
            self.settings.get(key),
            parse=lambda value: self._check_whole(key, value, among) * unit,
        )

    def _check_whole(self, key: str, value: object, among: range) -> int:
        if type(value) is not int or value not in among:
            raise ReferenceDataError(
                self.place,
                f"{key} is {value!r}",
                f"Write a whole number from {among.start} to {among.stop - 1}.",
            )
        return value


def _parse_rate(place: str, key: str, value: object) -> int:
    match = _RATE.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise ReferenceDataError(
            place, f"{key} is {value!r}", 'Write a percentage with two decimals, as in "8.00".'
        )
    return int(match[1]) * 100 + int(match[2])


def _parse_item(place: str, value: object) -> int:
    if not (isinstance(value, str) and _ITEM.fullmatch(value)):
        raise ReferenceDataError(
            place, f"item is {value!r}", 'Write an item of title 3, as in "31", or items by day of the claim.'
        )
    return int(value)


def _parse_day(place: str, key: str, value: object) -> int:
    try:
        return (date.fromisoformat(str(value)) - _EPOCH).days
    except ValueError as error:
        raise ReferenceDataError(
            place, f"{key} is {value!r}", 'Write year, month and day, as in "2013-05-01".'
        ) from error


def _parse_half_year(place: str, name: str) -> int:
    match = _HALF.fullmatch(name)
    if not match:
        raise ReferenceDataError(
            place, f"{name!r} is not a half-year", 'Write year and half, as in "2018-2".'
        )
    return int(match[1]) * 2 + int(match[2]) - 1
