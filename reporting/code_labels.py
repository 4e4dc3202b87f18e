"""The nomenclature of all years: the meaning and the label of each code in each year.

It is read from the engine's reference files, through ``core`` alone.  A code keeps its number over the years; the files of
each year define its meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from core import calendar, chart, late_interest, nomenclature_years, payment_rules, prescription
from core.calendar import Exercise
from core.chart import Account, Chart
from core.effective_dates import EffectiveDated
from core.errors import ReferenceDataError
from core.late_interest import LateInterestRules
from core.nomenclature import FundCentre, Nomenclature, Programme
from core.reference.files import SAMPLE_FOLDER, digest_hashes, hash_files


@dataclass(frozen=True, slots=True)
class CodeLabels:
    """The reference data by year and code; the attributes without a year have the labels of the latest one."""

    years: Mapping[int, Nomenclature]
    """In ascending order."""
    charts: Mapping[int, Chart]
    programmes: Mapping[str, Programme]
    centres: Mapping[str, FundCentre]
    """The level and programme of a fund centre are the same in every year."""
    accounts: Mapping[str, Account]
    interest: LateInterestRules
    term_days: EffectiveDated
    new_details_days: EffectiveDated
    """How many days bank details are new to payment runs."""
    exercises: Mapping[int, Exercise]
    """By year, from the calendar."""
    lapse_years: EffectiveDated
    """After how many whole years a debt lapses."""

    def find_year(self, year: int) -> Nomenclature:
        """Return the nomenclature of ``year``.

        Raises
        ------
        ReferenceDataError
            The calendar does not name the year.
        """
        if year not in self.years:
            raise ReferenceDataError(
                "calendar.toml", f"exercise {year} is missing", f"Put [exercise.{year}] back."
            )
        return self.years[year]

    def find_programme(self, centre: str, year: int | None = None) -> Programme:
        """Return the programme of a fund centre, as a year or the latest one describes it."""
        centres = self.centres if year is None else self.find_year(year).centres
        while centres[centre].parent:
            centre = centres[centre].parent
        return self.programmes[centre] if year is None else self.find_year(year).programmes[centre]

    def find_account_label(self, account: str, exercise: int | None = None) -> str:
        """Return the label of an account in the chart of an exercise, or in the latest chart that has the account."""
        charted = self.find_account(account, exercise)
        return charted.label if charted else ""

    def find_account(self, account: str, exercise: int | None = None) -> Account | None:
        """Find an account in the chart of an exercise, or in the latest chart that has it."""
        of_year = self.charts.get(exercise) if exercise is not None else None
        return (of_year.accounts if of_year else self.accounts).get(account, self.accounts.get(account))


def load(folder: Path = SAMPLE_FOLDER) -> CodeLabels:
    """Read the files of every exercise that the calendar of ``folder`` names; files that did not change are read once.

    Raises
    ------
    ReferenceDataError
        The files contradict each other.
    """
    return _load(folder, digest_hashes(hash_files(folder)))


@lru_cache(maxsize=2)
def _load(folder: Path, digest: bytes) -> CodeLabels:
    """Read the files of a folder, whose state the digest names."""
    exercises = calendar.load(folder.joinpath("calendar.toml")).exercises
    interest, rules = late_interest.load(folder), payment_rules.load(folder)
    dated = (rules.term_days, rules.new_details_days, exercises, prescription.load(folder))
    years = nomenclature_years.load_years(folder, exercises)
    charts = {year: chart.load(folder.joinpath(str(year)), codes) for year, codes in years.items()}
    late_interest.check_codes(interest, years, charts)
    programmes: dict[str, Programme] = {}
    centres: dict[str, FundCentre] = {}
    accounts: dict[str, Account] = {}
    for year, codes in years.items():
        programmes |= codes.programmes
        centres |= codes.centres
        accounts |= charts[year].accounts
    if digest_hashes(hash_files(folder)) != digest:
        finding = "the files changed while they were read"
        raise ReferenceDataError(str(folder), finding, "Start again once all of them are written.")
    return CodeLabels(years, charts, programmes, centres, accounts, interest, *dated)
