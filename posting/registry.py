"""The reference data as numbers: what each code of the nomenclature, chart and calendar stands for.

Codes are numbered once, in the order of the files, and the numbers are kept in the database: a node, a cell or an
account means the same thing in every year and after every restart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import calendar, chart, nomenclature
from core.book import LEDGER_ACCOUNTS, ROLES
from core.calendar import PERIODS_A_YEAR, YEAR_FIRST, Calendar
from core.catalog import Role
from core.chart import Chart
from core.columns import seal
from core.errors import ReferenceDataError
from core.lines import YearCodes
from core.nomenclature import CENTRES_MAX, ORDINARY_FUND, Level, Nomenclature
from core.reference.files import SHIPPED, broken
from kernels.cells import AREA_BIT, CENTRE_BIT, FUND_BIT, ITEM_BIT

CENTRES_A_YEAR = CENTRES_MAX + 1
SHEETS = 6
"""Budget nodes of one fund centre in one year: T2 or HT2, times three fund families."""


class Coded(IntEnum):
    """What a number of ``reference_text`` numbers."""

    CENTRE = 1
    AREA = 2
    ITEM = 3
    FUND = 4
    ACCOUNT = 5
    SENDER = 6


Numbers = dict[Coded, dict[str, int]]

_FILES: Mapping[Coded, tuple[str, ...]] = {
    Coded.CENTRE: ("programmes.csv", "centres.csv"),
    Coded.AREA: ("areas.csv",),
    Coded.ITEM: ("items.csv",),
    Coded.FUND: ("funds.csv",),
    Coded.ACCOUNT: ("accounts.csv",),
}
LIMITS: Mapping[Coded, int] = {
    Coded.CENTRE: CENTRES_MAX,
    Coded.AREA: (1 << CENTRE_BIT - AREA_BIT) - 1,
    Coded.ITEM: (1 << AREA_BIT - ITEM_BIT) - 1,
    Coded.FUND: (1 << ITEM_BIT - FUND_BIT) - 1,
    Coded.ACCOUNT: LEDGER_ACCOUNTS - 1,
}
"""The last number of each kind: what a word of an account assignment and the ledger have room for."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The files as read: the calendar, and each year's nomenclature and chart."""

    calendar: Calendar
    nomenclatures: Mapping[int, Nomenclature]
    charts: Mapping[int, Chart]

    @classmethod
    def load(cls, folder: Path = SHIPPED) -> "Reference":
        """Read ``calendar.toml`` and the folder of every exercise it names."""
        days = calendar.load(folder.joinpath("calendar.toml"))
        years = {year: nomenclature.load(folder.joinpath(str(year))) for year in sorted(days.exercises)}
        return cls(
            days, years, {year: chart.load(folder.joinpath(str(year)), each) for year, each in years.items()}
        )

    def codes(self) -> dict[Coded, list[str]]:
        """Every code to number, in file order, each once."""
        found: dict[Coded, dict[str, None]] = {kind: {} for kind in Coded}
        for year, each in self.nomenclatures.items():
            found[Coded.CENTRE].update(dict.fromkeys(each.centres))
            found[Coded.AREA].update(dict.fromkeys(each.areas))
            found[Coded.ITEM].update(dict.fromkeys(each.items))
            found[Coded.FUND].update(dict.fromkeys(each.funds))
            found[Coded.ACCOUNT].update(dict.fromkeys(self.charts[year].accounts))
        return {kind: list(codes) for kind, codes in found.items()}


def number(known: Numbers, codes: Mapping[Coded, Iterable[str]]) -> list[tuple[int, int, str]]:
    """Number the codes not yet ``known`` behind those that are; returns the new (kind, number, code) rows.

    Raises
    ------
    ReferenceDataError
        There are more codes of a kind, in all years together, than can be numbered.
    """
    new: list[tuple[int, int, str]] = []
    for kind, each in codes.items():
        numbers = known.setdefault(kind, {})
        for code in each:
            if code not in numbers:
                numbers[code] = len(numbers) + 1
                new.append((int(kind), numbers[code], code))
    for kind, limit in LIMITS.items():
        if len(known.get(kind, ())) > limit:
            raise _too_many(kind, len(known[kind]), limit)
    return new


def _too_many(kind: Coded, codes: int, limit: int) -> ReferenceDataError:
    found = f"{codes:,} codes, with those of earlier starts, which keep their numbers"
    remedy = f"Keep to {limit:,} in all years together: codes that mean the same may stay from year to year."
    return broken(", ".join(_FILES[kind]), found, remedy)


@dataclass(slots=True)
class Registry:
    """Numbers by code, and by number what each thing is; row 0 of every array is nothing."""

    reference: Reference
    numbers: Numbers
    centre_level: NDArray[np.uint8] = field(init=False)
    centre_parent: NDArray[np.int32] = field(init=False)
    centre_programme: NDArray[np.int32] = field(init=False)
    centre_estimated: NDArray[np.bool_] = field(init=False)
    area_programme: NDArray[np.int32] = field(init=False)
    item_staff: NDArray[np.uint8] = field(init=False)
    item_budget_only: NDArray[np.bool_] = field(init=False)
    item_accounts: NDArray[np.int16] = field(init=False)
    fund_family: NDArray[np.uint8] = field(init=False)
    fund_programme: NDArray[np.int32] = field(init=False)
    shared_accounts: NDArray[np.int16] = field(init=False)
    """Accounts of the roles that no item decides, laid out as ``core.book.Book.roles``."""
    codes: Mapping[int, YearCodes] = field(init=False)
    """By year: what its files hold, as kernels read it."""

    def __post_init__(self) -> None:
        for kind in Coded:
            self.numbers.setdefault(kind, {})
        centres, areas = self._blank(Coded.CENTRE), self._blank(Coded.AREA)
        items, funds = self._blank(Coded.ITEM), self._blank(Coded.FUND)
        self.centre_level, self.centre_parent = centres.astype(np.uint8), centres.copy()
        self.centre_programme, self.centre_estimated = centres.copy(), centres.astype(bool)
        self.area_programme, self.item_staff = areas.copy(), items.astype(np.uint8)
        self.item_budget_only, self.item_accounts = items.astype(bool), np.zeros((len(items), 3), np.int16)
        self.fund_family, self.fund_programme = funds.astype(np.uint8), funds.copy()
        for year, each in self.reference.nomenclatures.items():
            self._learn(year, each)
        self.shared_accounts = self._shared_accounts()
        self.codes = {year: self._year_codes(year) for year in self.reference.nomenclatures}

    def _blank(self, kind: Coded) -> NDArray[np.int32]:
        return np.zeros(len(self.numbers[kind]) + 1, np.int32)

    def _learn(self, year: int, each: Nomenclature) -> None:
        self._learn_centres(each)
        centre, area = self.numbers[Coded.CENTRE], self.numbers[Coded.AREA]
        item, fund = self.numbers[Coded.ITEM], self.numbers[Coded.FUND]
        for one in each.areas.values():
            self.area_programme[area[one.code]] = centre[one.programme]
        for one in each.items.values():
            self.item_staff[item[one.code]], self.item_budget_only[item[one.code]] = (
                one.staff,
                one.budget_only,
            )
            self.item_accounts[item[one.code]] = self._accounts(self.reference.charts[year], one.code)
        for one in each.funds.values():
            self.fund_family[fund[one.code]] = one.family
            self.fund_programme[fund[one.code]] = centre[one.programme] if one.programme else 0

    def _learn_centres(self, each: Nomenclature) -> None:
        """Parents stand before their children, so one pass in order links them."""
        number_of = self.numbers[Coded.CENTRE]
        for one in each.centres.values():
            at, parent = number_of[one.code], number_of.get(one.parent, 0)
            self.centre_level[at], self.centre_parent[at] = one.level, parent
            self.centre_programme[at] = self.centre_programme[parent] if parent else at
            programme = each.programmes.get(one.code)
            self.centre_estimated[at] = programme.estimated if programme else self.centre_estimated[parent]

    def _accounts(self, year_chart: Chart, item: str) -> tuple[int, int, int]:
        played, account = year_chart.roles.get(item, {}), self.numbers[Coded.ACCOUNT]
        expense, accrued, creditor = (
            account[played[role]] if role in played else 0
            for role in (Role.EXPENSE, Role.ACCRUED, Role.CREDITOR)
        )
        return expense, accrued, creditor

    def _shared_accounts(self) -> NDArray[np.int16]:
        found = np.zeros((len(self.reference.calendar.open_periods()), ROLES), np.int16)
        for year, each in self.reference.charts.items():
            for role, account in each.shared.items():
                first = (year - YEAR_FIRST) * PERIODS_A_YEAR
                found[first : first + PERIODS_A_YEAR, role] = self.numbers[Coded.ACCOUNT][account]
        return found.ravel()

    def _year_codes(self, year: int) -> YearCodes:
        nodes = self.node_positions(np.arange(2), np.array(year), np.array(0))
        nodes[1] -= nodes[0]
        ordinary = self.numbers[Coded.FUND].get(ORDINARY_FUND, -1)
        each, year_chart = self.reference.nomenclatures[year], self.reference.charts[year]
        return seal(
            YearCodes(
                np.array([year], np.int64),
                nodes,
                np.array([ordinary], np.int32),
                self.centre_level,
                self.centre_parent,
                self.centre_programme,
                self._held(Coded.CENTRE, each.centres),
                self.area_programme,
                self._held(Coded.AREA, each.areas),
                self.item_staff,
                self.item_budget_only.view(np.uint8),
                self._held(Coded.ITEM, each.items),
                self.fund_family,
                self.fund_programme,
                self._held(Coded.FUND, each.funds),
                self._held(Coded.ACCOUNT, year_chart.accounts),
                self._admitted(year_chart).ravel(),
            )
        )

    def _held(self, kind: Coded, codes: Iterable[str]) -> NDArray[np.uint8]:
        """Whether each number is one of ``codes``: 0 (nothing) is, and -1 (unknown) is not."""
        held = np.zeros(len(self.numbers[kind]) + 2, np.uint8)
        held[[0, *(self.numbers[kind][code] for code in codes)]] = 1
        return held

    def _admitted(self, year_chart: Chart) -> NDArray[np.uint8]:
        """By item and account: whether it may be posted to; an item without accounts of its own says nothing."""
        items, accounts = self.numbers[Coded.ITEM], self.numbers[Coded.ACCOUNT]
        admitted = np.ones((len(items) + 1, len(accounts) + 2), np.uint8)
        for item in year_chart.families:
            found = [year_chart.admits(item, account) for account in accounts]
            admitted[items[item], 1 : len(accounts) + 1] = found
        return admitted

    @property
    def years(self) -> range:
        """The budget years there are nodes for."""
        exercises = self.reference.calendar.exercises
        return range(min(exercises), max(exercises) + 1)

    @property
    def first_node(self) -> int:
        """Number of the node that stands at position 0 of the book."""
        return (self.years.start - YEAR_FIRST) * CENTRES_A_YEAR * SHEETS

    def node_positions(self, centre: np.ndarray, year: np.ndarray, sheet: np.ndarray) -> NDArray[np.int64]:
        """Position in the book of each node."""
        return ((year.astype(np.int64) - self.years.start) * CENTRES_A_YEAR + centre) * SHEETS + sheet

    def is_operation(self, centres: np.ndarray) -> NDArray[np.bool_]:
        """Whether each fund centre is an investment operation."""
        return self.centre_level[centres] == Level.OPERATION
