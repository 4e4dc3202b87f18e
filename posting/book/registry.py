"""The reference data as numbers: what each code of the nomenclature, chart and calendar stands for.

Codes are numbered once, in the order of the files, and the numbers are kept in the database: a code has the same number
in every year and after every restart.  What it means is said by the files of each year.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import calendar, chart, nomenclature
from core.calendar import PERIODS_PER_YEAR, YEAR_FIRST, Calendar
from core.chart import Chart
from core.errors import ReferenceDataError
from core.nomenclature import CENTRES_MAX, ORDINARY_FUND, CentreLevel, Nomenclature
from core.reference.files import SAMPLE_FOLDER
from core.tables.book import LEDGER_ACCOUNTS, ROLE_COUNT
from core.tables.columns import seal
from core.tables.raw_lines import YearCodes
from kernels.cells import AREA_BIT, CENTRE_BIT, FUND_BIT, ITEM_BIT
from posting.book import code_meanings
from posting.book.code_meanings import CodeMeanings, CodeNumbers

CENTRES_A_YEAR = CENTRES_MAX + 1
SHEETS = 6
"""Budget nodes of one fund centre in one year: T2 or HT2, times three fund families."""


class CodeKind(IntEnum):
    """What a number of ``reference_text`` numbers."""

    CENTRE = 1
    AREA = 2
    ITEM = 3
    FUND = 4
    ACCOUNT = 5
    SENDER = 6


NumbersByCode = dict[CodeKind, dict[str, int]]

_FILES: Mapping[CodeKind, tuple[str, ...]] = {
    CodeKind.CENTRE: ("programmes.csv", "centres.csv"),
    CodeKind.AREA: ("areas.csv",),
    CodeKind.ITEM: ("items.csv",),
    CodeKind.FUND: ("funds.csv",),
    CodeKind.ACCOUNT: ("accounts.csv",),
}
NUMBERS_MAX: Mapping[CodeKind, int] = {
    CodeKind.CENTRE: CENTRES_MAX,
    CodeKind.AREA: (1 << CENTRE_BIT - AREA_BIT) - 1,
    CodeKind.ITEM: (1 << AREA_BIT - ITEM_BIT) - 1,
    CodeKind.FUND: (1 << ITEM_BIT - FUND_BIT) - 1,
    CodeKind.ACCOUNT: LEDGER_ACCOUNTS - 1,
}
"""The last number of each kind: what a word of an account assignment and the ledger have room for."""


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """The files as read: the calendar, and each year's nomenclature and chart."""

    calendar: Calendar
    nomenclatures: Mapping[int, Nomenclature]
    charts: Mapping[int, Chart]

    @classmethod
    def load(cls, folder: Path = SAMPLE_FOLDER) -> "ReferenceData":
        """Read ``calendar.toml`` and the folder of every exercise it names."""
        days = calendar.load(folder.joinpath("calendar.toml"))
        years = {year: nomenclature.load(folder.joinpath(str(year))) for year in sorted(days.exercises)}
        return cls(
            days, years, {year: chart.load(folder.joinpath(str(year)), each) for year, each in years.items()}
        )

    def list_codes(self) -> dict[CodeKind, list[str]]:
        """Every code to number, in file order, each once."""
        found: dict[CodeKind, dict[str, None]] = {kind: {} for kind in CodeKind}
        for year, each in self.nomenclatures.items():
            found[CodeKind.CENTRE].update(dict.fromkeys(each.centres))
            found[CodeKind.AREA].update(dict.fromkeys(each.areas))
            found[CodeKind.ITEM].update(dict.fromkeys(each.items))
            found[CodeKind.FUND].update(dict.fromkeys(each.funds))
            found[CodeKind.ACCOUNT].update(dict.fromkeys(self.charts[year].accounts))
        return {kind: list(codes) for kind, codes in found.items()}


def number_codes(
    numbers_by_code: NumbersByCode, codes: Mapping[CodeKind, Iterable[str]]
) -> list[tuple[int, int, str]]:
    """Number the codes not yet ``known`` behind those that are; returns the new (kind, number, code) rows.

    Raises
    ------
    ReferenceDataError
        There are more codes of a kind, in all years together, than can be numbered.
    """
    new: list[tuple[int, int, str]] = []
    for kind, each in codes.items():
        numbers = numbers_by_code.setdefault(kind, {})
        for code in each:
            if code not in numbers:
                numbers[code] = len(numbers) + 1
                new.append((int(kind), numbers[code], code))
    for kind, limit in NUMBERS_MAX.items():
        if len(numbers_by_code.get(kind, ())) > limit:
            raise _build_too_many_error(kind, len(numbers_by_code[kind]), limit)
    return new


def build_missing_year_error(year: int, what: str) -> ReferenceDataError:
    """The calendar no longer names a year of which ``what`` is stored."""
    found = f"exercise {year} is gone, and the database holds {what} of it"
    return ReferenceDataError(
        "calendar.toml", found, f"Put [exercise.{year}] back with open_months = []: close it."
    )


def _build_too_many_error(kind: CodeKind, codes: int, limit: int) -> ReferenceDataError:
    found = f"{codes:,} codes, with those of earlier starts, which keep their numbers"
    remedy = f"Keep to {limit:,} in all years together: codes that mean the same may stay from year to year."
    return ReferenceDataError(", ".join(_FILES[kind]), found, remedy)


@dataclass(slots=True)
class Registry:
    """Numbers by code, and by year and number what each thing is."""

    reference: ReferenceData
    numbers: NumbersByCode
    meanings: CodeMeanings = field(init=False)
    """A row for each of ``years``."""
    shared_accounts: NDArray[np.int16] = field(init=False)
    """Accounts of the roles that no item decides, laid out as ``core.tables.book.Book.roles``."""
    year_codes: Mapping[int, YearCodes] = field(init=False)
    """By year: what its files hold, as kernels read it."""

    def __post_init__(self) -> None:
        for kind in CodeKind:
            self.numbers.setdefault(kind, {})
        numbered = CodeNumbers(*(self.numbers[kind] for kind in NUMBERS_MAX))
        self.meanings = code_meanings.create_blank(numbered, len(self.years))
        for year, each in self.reference.nomenclatures.items():
            code_meanings.fill_year(self._view_year(year), (each, self.reference.charts[year]), numbered)
        self.shared_accounts = self._build_shared_accounts()
        self.year_codes = {year: self._build_year_codes(year) for year in self.reference.nomenclatures}

    def _view_year(self, year: int) -> CodeMeanings:
        """The row of one year, of every array."""
        return CodeMeanings._make(rows[year - self.years.start] for rows in self.meanings)

    def _build_shared_accounts(self) -> NDArray[np.int16]:
        found = np.zeros((len(self.reference.calendar.mark_open_periods()), ROLE_COUNT), np.int16)
        for year, each in self.reference.charts.items():
            for role, account in each.shared_accounts.items():
                first = (year - YEAR_FIRST) * PERIODS_PER_YEAR
                found[first : first + PERIODS_PER_YEAR, role] = self.numbers[CodeKind.ACCOUNT][account]
        return found.ravel()

    def _build_year_codes(self, year: int) -> YearCodes:
        nodes = self.find_node_positions(np.arange(2), np.array(year), np.array(0))
        nodes[1] -= nodes[0]
        ordinary = self.numbers[CodeKind.FUND].get(ORDINARY_FUND, -1)
        each, year_chart = self.reference.nomenclatures[year], self.reference.charts[year]
        means = self._view_year(year)
        return seal(
            YearCodes(
                np.array([year], np.int64),
                nodes,
                np.array([ordinary], np.int32),
                means.centre_level,
                means.centre_parent,
                means.centre_programme,
                self._mark_listed(CodeKind.CENTRE, each.centres),
                means.area_programme,
                self._mark_listed(CodeKind.AREA, each.areas),
                means.item_staff,
                means.item_budget_only,
                self._mark_listed(CodeKind.ITEM, each.items),
                means.fund_family,
                means.fund_programme,
                self._mark_listed(CodeKind.FUND, each.funds),
                self._mark_listed(CodeKind.ACCOUNT, year_chart.accounts),
                self._mark_admitted(year_chart).ravel(),
            )
        )

    def _mark_listed(self, kind: CodeKind, codes: Iterable[str]) -> NDArray[np.uint8]:
        """Whether each number is one of ``codes``: 0 (nothing) is, and -1 (unknown) is not."""
        held = np.zeros(len(self.numbers[kind]) + 2, np.uint8)
        held[[0, *(self.numbers[kind][code] for code in codes)]] = 1
        return held

    def _mark_admitted(self, year_chart: Chart) -> NDArray[np.uint8]:
        """By item and account: whether it may be posted to; an item without accounts of its own says nothing."""
        items, accounts = self.numbers[CodeKind.ITEM], self.numbers[CodeKind.ACCOUNT]
        admitted = np.ones((len(items) + 1, len(accounts) + 2), np.uint8)
        for item in year_chart.admitted_prefixes:
            found = [year_chart.is_admitted(item, account) for account in accounts]
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

    def find_node_positions(
        self, centre: np.ndarray, year: np.ndarray, sheet: np.ndarray
    ) -> NDArray[np.int64]:
        """Position in the book of each node."""
        return ((year.astype(np.int64) - self.years.start) * CENTRES_A_YEAR + centre) * SHEETS + sheet

    def is_operation(self, centres: np.ndarray, years: np.ndarray) -> NDArray[np.bool_]:
        """Whether each fund centre is an investment operation in its year."""
        return self.meanings.centre_level[years - self.years.start, centres] == CentreLevel.OPERATION

    def find_parents(self, centres: np.ndarray, years: np.ndarray) -> NDArray[np.int32]:
        """What each fund centre hangs under in its year; 0 for nothing."""
        return self.meanings.centre_parent[years - self.years.start, centres]
