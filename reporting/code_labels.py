"""The nomenclature of all years: what each code means in each of them, and what it is called.

Read from the same files as the engine's, through the vocabulary alone.  A code of several years keeps its number;
what it means, the files of each year say.
"""

from dataclasses import dataclass
from pathlib import Path

from core import calendar, chart, late_interest, nomenclature, payment_rules
from core.catalog import Role
from core.chart import Chart
from core.effective_dates import EffectiveDated
from core.errors import ReferenceDataError
from core.late_interest import LateInterestRules
from core.nomenclature import FundCentre, Nomenclature, Programme
from core.reference.files import SAMPLE_FOLDER


@dataclass(frozen=True, slots=True)
class CodeLabels:
    """Everything that has a code, by year and code; where no year counts, as the latest one calls it."""

    years: dict[int, Nomenclature]
    """In order."""
    charts: dict[int, Chart]
    programmes: dict[str, Programme]
    centres: dict[str, FundCentre]
    """Level and programme of a fund centre are those of its code, the same in every year."""
    accounts: dict[str, str]
    interest: LateInterestRules
    term_days: EffectiveDated

    def find_year(self, year: int) -> Nomenclature:
        """What the codes mean in ``year``.

        Raises
        ------
        ReferenceDataError
            The calendar does not name it.
        """
        if year not in self.years:
            raise ReferenceDataError(
                "calendar.toml", f"exercise {year} is not there", f"Put [exercise.{year}] back."
            )
        return self.years[year]

    def find_programme(self, centre: str, year: int | None = None) -> Programme:
        """The programme above a fund centre, or the centre itself, as a year or the latest one describes it."""
        centres = self.centres if year is None else self.find_year(year).centres
        while centres[centre].parent:
            centre = centres[centre].parent
        return self.programmes[centre] if year is None else self.find_year(year).programmes[centre]

    def find_account_label(self, account: str, exercise: int | None = None) -> str:
        """What an account is called in the chart of an exercise, or of the latest that has it."""
        charted = self.charts[exercise].accounts if exercise in self.charts else {}
        return charted.get(account, self.accounts.get(account, ""))

    @property
    def receivables(self) -> dict[int, str]:
        """By exercise, the account of what is owed to the State."""
        return {year: each.shared_accounts[Role.RECEIVABLE] for year, each in self.charts.items()}


def load(folder: Path = SAMPLE_FOLDER) -> CodeLabels:
    """Read the files of every exercise that the calendar of ``folder`` names.

    Raises
    ------
    ReferenceDataError
        The files do not hold together.
    """
    found = CodeLabels({}, {}, {}, {}, {}, late_interest.load(folder), payment_rules.load(folder).term_days)
    for year in sorted(calendar.load(folder.joinpath("calendar.toml")).exercises):
        own = folder.joinpath(str(year))
        codes = found.years[year] = nomenclature.load(own)
        found.charts[year] = chart.load(own, codes)
        found.programmes.update(codes.programmes)
        found.centres.update(codes.centres)
        found.accounts.update(found.charts[year].accounts)
    return found
