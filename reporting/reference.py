"""The nomenclature of all years together: what each code means, and where it hangs.

Read from the same files as the engine's, through the vocabulary alone.  A code of several years keeps its
number, and so its place: the latest year's files say which.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core import calendar, chart, interest, nomenclature, payments
from core.catalog import Role
from core.chart import Chart
from core.dated import Dated
from core.interest import Interest
from core.nomenclature import Area, Centre, Fund, Item, Nomenclature, Programme
from core.reference.files import SHIPPED


@dataclass(frozen=True, slots=True)
class Codes:
    """Everything that has a code, by code."""

    programmes: dict[str, Programme]
    centres: dict[str, Centre]
    areas: dict[str, Area]
    items: dict[str, Item]
    funds: dict[str, Fund]
    accounts: dict[str, str]
    receivables: dict[int, str]
    """By exercise, the account of what is owed to the State."""
    interest: Interest
    term_days: Dated

    def programme_of(self, centre: str) -> Programme:
        """The programme above a fund centre, or the centre itself."""
        while self.centres[centre].parent:
            centre = self.centres[centre].parent
        return self.programmes[centre]


def load(folder: Path = SHIPPED) -> Codes:
    """Read the files of every exercise that the calendar of ``folder`` names.

    Raises
    ------
    ReferenceDataError
        The files do not hold together.
    """
    found = Codes({}, {}, {}, {}, {}, {}, {}, interest.load(folder), payments.load(folder).term_days)
    for each, books in _years(folder):
        found.programmes.update(each.programmes)
        found.centres.update(each.centres)
        found.areas.update(each.areas)
        found.items.update(each.items)
        found.funds.update(each.funds)
        found.accounts.update(books.accounts)
        found.receivables[books.year] = books.shared[Role.RECEIVABLE]
    return found


def _years(folder: Path) -> Iterator[tuple[Nomenclature, Chart]]:
    for year in sorted(calendar.load(folder.joinpath("calendar.toml")).exercises):
        codes = nomenclature.load(folder.joinpath(str(year)))
        yield codes, chart.load(folder.joinpath(str(year)), codes)
