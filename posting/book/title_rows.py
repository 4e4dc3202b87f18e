"""The rows of ``Book.titles``: one for each title of each programme, budget year after budget year."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.nomenclature import CentreLevel, FundFamily, Nomenclature
from core.origins import INVESTMENT_TITLE_NUMBER, STAFF_TITLE_NUMBER, TITLES
from posting.book.code_meanings import CodeMeanings, CodeNumbers

Numbers = NDArray[np.int64]


class TitleKeys(NamedTuple):
    """What a row stands for."""

    programme: Numbers
    """The number of the programme's fund centre."""
    budget_year: Numbers
    title: Numbers


class TitleRows:
    """The programmes and items of each year by which titles are found."""

    def __init__(
        self,
        nomenclatures: Mapping[int, Nomenclature],
        numbered: CodeNumbers,
        meanings: CodeMeanings,
        *,
        years: range,
    ) -> None:
        self._meanings, self._years = meanings, years
        codes = [code for nomenclature in nomenclatures.values() for code in nomenclature.programmes]
        self._programmes = np.array(sorted({numbered.centre[code] for code in codes}), np.int64)
        self._place = np.full(meanings.centre_level.shape, -1, np.int64)
        """The place of each programme of a year among all; -1 for what is none."""
        self._title = np.zeros(meanings.item_staff.shape, np.int64)
        for year, nomenclature in nomenclatures.items():
            own = np.array([numbered.centre[code] for code in nomenclature.programmes], np.int64)
            self._place[year - years.start, own] = np.searchsorted(self._programmes, own)
            for item in nomenclature.items.values():
                self._title[year - years.start, numbered.item[item.code]] = item.title

    @property
    def count(self) -> int:
        """The number of rows."""
        return max(len(self._years) * len(self._programmes) * TITLES, 1)

    def find_rows(self, keys: TitleKeys) -> Numbers:
        """Return the row of each title of a programme; -1 for none."""
        at = keys.budget_year - self._years.start
        place = self._place[np.maximum(at, 0), keys.programme]
        row = (at * len(self._programmes) + place) * TITLES + keys.title
        return np.where((at >= 0) & (place >= 0) & (keys.title > 0), row, -1)

    def find_cell_rows(
        self, centre: Numbers, item: Numbers, fund: Numbers, *, year: Numbers
    ) -> tuple[Numbers, Numbers]:
        """Return for each cell the row of its title, and that of the year before, which limits anticipated commitments."""
        at = year - self._years.start
        title = self._title[at, item]
        keys = TitleKeys(self._meanings.centre_programme[at, centre].astype(np.int64), year, title)
        is_ordinary = self._meanings.fund_family[at, fund] == FundFamily.ORDINARY
        own = np.where(is_ordinary, self.find_rows(keys), -1)
        is_excluded = (title == STAFF_TITLE_NUMBER) | (title == INVESTMENT_TITLE_NUMBER)
        is_excluded |= self._meanings.centre_level[at, centre] == CentreLevel.OPERATION
        before = self.find_rows(keys._replace(budget_year=year - 1))
        return own, np.where((own >= 0) & ~is_excluded, before, -1)

    def describe_rows(self, rows: Numbers) -> TitleKeys:
        """Return what each row stands for."""
        place, title = np.divmod(rows, TITLES)
        at, programme = np.divmod(place, len(self._programmes))
        return TitleKeys(self._programmes[programme], at + self._years.start, title)
