"""The registry: the reference data as numbers, and the meaning of each number in each year.

Codes are numbered once, in the order of the files, and the numbers are stored in the database: a code has the same number
in every year and after every restart.  The files of each year define its meaning.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core import accountants, calendar, chart, late_interest, merges, nomenclature_years, prescription
from core.accountants import Accountants
from core.calendar import Calendar
from core.catalog import Role
from core.chart import Chart
from core.effective_dates import EffectiveDated
from core.errors import ReferenceDataError
from core.late_interest import LateInterestRules
from core.merges import Merges
from core.nomenclature import CENTRES_A_YEAR, ORDINARY_FUND, SHEETS, CentreLevel, Nomenclature
from core.periods import PERIODS_PER_YEAR, YEAR_FIRST
from core.reference.files import SAMPLE_FOLDER, digest_hashes, hash_files
from core.result_accounts import check_accountants
from core.tables.book import CREDITOR_SETS, LEDGER_ACCOUNTS, ROLE_COUNT
from core.tables.columns import seal
from core.tables.raw_lines import YearCodes
from posting.book import code_meanings
from posting.book.code_meanings import CodeMeanings, CodeNumbers
from posting.book.code_numbers import NUMBERS_MAX, CodeKind, NumbersByCode
from posting.book.special_rows import SpecialRows
from posting.book.title_rows import TitleRows


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceData:
    """The reference files as read: the calendar, and each year's codes, chart and accountants; equal only to itself."""

    calendar: Calendar
    nomenclatures: Mapping[int, Nomenclature]
    charts: Mapping[int, Chart]
    accountants: Mapping[int, Accountants]
    lapse_years: EffectiveDated
    """After how many whole years a debt lapses."""
    interest: LateInterestRules
    merges: Merges
    """Third parties that exist twice."""
    files: Mapping[str, str]
    """The SHA-256 of each file of the folder by its path in it: those for payments, too."""
    folder: Path = SAMPLE_FOLDER
    compared: dict[bytes, int] = field(default_factory=dict, repr=False)
    """By the secret of a ledger: the number of the last stored meaning with which these files were compared, and agreed."""

    @staticmethod
    def load(folder: Path = SAMPLE_FOLDER) -> "ReferenceData":
        """Read ``calendar.toml`` and the folder of every exercise it names; files that did not change are read once.

        Each call returns reference data of its own, which are compared with a ledger anew.
        """
        return replace(_load_reference(folder, digest_hashes(hash_files(folder))), compared={})

    def list_codes(self) -> dict[CodeKind, list[str]]:
        """List every code to number, in file order, each once."""
        codes_by_kind: dict[CodeKind, dict[str, None]] = {kind: {} for kind in CodeKind}
        for year, year_nomenclature in self.nomenclatures.items():
            codes_by_kind[CodeKind.CENTRE].update(dict.fromkeys(year_nomenclature.centres))
            codes_by_kind[CodeKind.AREA].update(dict.fromkeys(year_nomenclature.areas))
            codes_by_kind[CodeKind.ITEM].update(dict.fromkeys(year_nomenclature.items))
            codes_by_kind[CodeKind.FUND].update(dict.fromkeys(year_nomenclature.funds))
            codes_by_kind[CodeKind.ACCOUNT].update(dict.fromkeys(self.charts[year].accounts))
            codes_by_kind[CodeKind.ACCOUNTANT].update(dict.fromkeys(self.accountants[year].accountants))
        return {kind: list(codes) for kind, codes in codes_by_kind.items()}


@lru_cache(maxsize=2)
def _load_reference(folder: Path, digest: bytes) -> ReferenceData:
    """Read the files of a folder, whose state the digest names."""
    days = calendar.load(folder.joinpath("calendar.toml"))
    years = nomenclature_years.load_years(folder, days.exercises)
    interest = late_interest.load(folder)
    charts = {year: chart.load(folder.joinpath(str(year)), codes) for year, codes in years.items()}
    late_interest.check_codes(interest, years, charts)
    owners = {year: accountants.load(folder.joinpath(str(year)), codes) for year, codes in years.items()}
    check_accountants(folder, charts, owners)
    lapse_years, merged = prescription.load(folder), merges.load(folder)
    files = hash_files(folder)
    if digest_hashes(files) != digest:
        finding = "the files changed while they were read"
        raise ReferenceDataError(str(folder), finding, "Start again once all of them are written.")
    return ReferenceData(
        days, years, charts, owners, lapse_years, interest, merged, files=files, folder=folder
    )


@dataclass(slots=True)
class Registry:
    """The numbers of codes, and the meaning of each number by year."""

    reference: ReferenceData
    numbers: NumbersByCode
    meanings: CodeMeanings = field(init=False)
    """With a row for each of ``years``."""
    shared_accounts: NDArray[np.int16] = field(init=False)
    """Accounts of the roles that no commitment item determines, in the layout of ``core.tables.book.Book.roles``."""
    admitted_accounts: NDArray[np.uint8] = field(init=False)
    """Accounts that each commitment item admits, by year, in the layout of ``core.tables.book.Book.admitted``."""
    own_creditors: NDArray[np.int16] = field(init=False)
    """Creditors of the expense accounts that have their own, in the layout of ``core.tables.book.Book.creditors``."""
    year_codes: Mapping[int, YearCodes] = field(init=False)
    """By year: the codes in its files, in the form that the kernels read."""
    merges_in_use: Merges = field(init=False)
    """All merges of the files, until the load of the book leaves out those of a code that is not registered yet."""
    title_rows: TitleRows = field(init=False)
    special_rows: SpecialRows = field(init=False)

    def __post_init__(self) -> None:
        for kind in CodeKind:
            self.numbers.setdefault(kind, {})
        numbered = CodeNumbers(*(self.numbers[kind] for kind in NUMBERS_MAX))
        self.meanings = code_meanings.create_blank(numbered, len(self.years))
        for year, year_nomenclature in self.reference.nomenclatures.items():
            rows, year_chart = self._view_year(year), self.reference.charts[year]
            code_meanings.fill_year(rows, year_nomenclature, year_chart, numbered=numbered)
            code_meanings.fill_accountants(rows, self.reference.accountants[year], numbered)
        self.merges_in_use = self.reference.merges
        self.title_rows = TitleRows(self.reference.nomenclatures, numbered, self.meanings, years=self.years)
        self.special_rows = SpecialRows(self.reference.nomenclatures, numbered.centre, self.years)
        self.shared_accounts = self._build_shared_accounts()
        self.own_creditors = self._build_own_creditors()
        self.admitted_accounts = self._build_admitted_accounts()
        self.year_codes = {year: self._build_year_codes(year) for year in self.reference.nomenclatures}

    def _view_year(self, year: int) -> CodeMeanings:
        """Return the row of one year of every array."""
        return CodeMeanings._make(rows[year - self.years.start] for rows in self.meanings)

    def _build_shared_accounts(self) -> NDArray[np.int16]:
        accounts = np.zeros((len(self.reference.calendar.mark_open_periods()), ROLE_COUNT), np.int16)
        for year, year_chart in self.reference.charts.items():
            for role, account in year_chart.shared_accounts.items():
                first = (year - YEAR_FIRST) * PERIODS_PER_YEAR
                accounts[first : first + PERIODS_PER_YEAR, role] = self.numbers[CodeKind.ACCOUNT][account]
        return accounts.ravel()

    def _build_own_creditors(self) -> NDArray[np.int16]:
        accounts = self.numbers[CodeKind.ACCOUNT]
        creditors = np.zeros((self.years.stop - YEAR_FIRST, CREDITOR_SETS, LEDGER_ACCOUNTS), np.int16)
        for year, year_chart in self.reference.charts.items():
            for (account, role), creditor in year_chart.own_creditors.items():
                place = year - YEAR_FIRST, int(role is Role.PAYROLL), accounts[account]
                creditors[place] = accounts[creditor]
        return creditors.ravel()

    def _build_admitted_accounts(self) -> NDArray[np.uint8]:
        items, accounts = len(self.numbers[CodeKind.ITEM]) + 1, len(self.numbers[CodeKind.ACCOUNT]) + 1
        admitted = np.ones((len(self.years), items, LEDGER_ACCOUNTS), np.uint8)
        for year, year_chart in self.reference.charts.items():
            admitted[year - self.years.start, :, :accounts] = self._mark_accounts(year_chart)[:, :accounts]
        return admitted.ravel()

    def find_admission_rows(self, items: np.ndarray, years: np.ndarray) -> NDArray[np.int64]:
        """Return the row of each commitment item in ``admitted_accounts``, as its year has it."""
        return (years.astype(np.int64) - self.years.start) * (len(self.numbers[CodeKind.ITEM]) + 1) + items

    def _build_year_codes(self, year: int) -> YearCodes:
        nodes = self.find_node_positions(np.arange(2), np.array(year), np.array(0))
        nodes[1] -= nodes[0]
        year_nomenclature, year_chart = self.reference.nomenclatures[year], self.reference.charts[year]
        account_lists = year_chart.list_marked_accounts()
        meanings = self._view_year(year)
        return seal(
            YearCodes(
                np.array([year], np.int64),
                nodes,
                np.array([self.numbers[CodeKind.FUND].get(ORDINARY_FUND, -1)], np.int32),
                meanings.centre_level,
                meanings.centre_parent,
                meanings.centre_programme,
                self._mark_listed_codes(CodeKind.CENTRE, year_nomenclature.centres),
                meanings.area_programme,
                self._mark_listed_codes(CodeKind.AREA, year_nomenclature.areas),
                meanings.item_staff,
                meanings.item_budget_only,
                meanings.item_receipt,
                self._mark_listed_codes(CodeKind.ITEM, year_nomenclature.items),
                meanings.fund_family,
                meanings.fund_programme,
                self._mark_listed_codes(CodeKind.FUND, year_nomenclature.funds),
                self._mark_listed_codes(CodeKind.ACCOUNT, year_chart.accounts),
                self._mark_accounts(year_chart).ravel(),
                *(self._mark_listed_codes(CodeKind.ACCOUNT, accounts) for accounts in account_lists),
            )
        )

    def _mark_listed_codes(self, kind: CodeKind, codes: Iterable[str]) -> NDArray[np.uint8]:
        """Mark the numbers of ``codes``: 0 (no code) counts as listed, -1 (unknown) does not."""
        is_listed = np.zeros(len(self.numbers[kind]) + 2, np.uint8)
        is_listed[[0, *(self.numbers[kind][code] for code in codes)]] = 1
        return is_listed

    def _mark_accounts(self, year_chart: Chart) -> NDArray[np.uint8]:
        """Mark by item and account whether posting is admitted; an item without account rules admits all."""
        items, accounts = self.numbers[CodeKind.ITEM], self.numbers[CodeKind.ACCOUNT]
        admitted = np.ones((len(items) + 1, len(accounts) + 2), np.uint8)
        for item in year_chart.admitted_prefixes:
            is_admitted = [year_chart.is_admitted(item, account) for account in accounts]
            admitted[items[item], 1 : len(accounts) + 1] = is_admitted
        return admitted

    @property
    def years(self) -> range:
        """The budget years that have nodes."""
        exercises = self.reference.calendar.exercises
        return range(min(exercises), max(exercises) + 1)

    @property
    def first_node(self) -> int:
        """The number of the node at position 0 of the book."""
        return (self.years.start - YEAR_FIRST) * CENTRES_A_YEAR * SHEETS

    def find_node_positions(
        self, centre: np.ndarray, year: np.ndarray, sheet: np.ndarray
    ) -> NDArray[np.int64]:
        """Return the position of each node in the book."""
        return ((year.astype(np.int64) - self.years.start) * CENTRES_A_YEAR + centre) * SHEETS + sheet

    def is_operation(self, centres: np.ndarray, years: np.ndarray) -> NDArray[np.bool_]:
        """Return whether each fund centre is an investment operation in its year."""
        return self.meanings.centre_level[years - self.years.start, centres] == CentreLevel.OPERATION

    def find_parents(self, centres: np.ndarray, years: np.ndarray) -> NDArray[np.int32]:
        """Return the parent of each fund centre in its year; 0 for none."""
        return self.meanings.centre_parent[years - self.years.start, centres]
