"""The nomenclatures of several years, which may share files."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from core import carry_overs, nomenclature, recycling_cases, successions
from core.nomenclature import Nomenclature
from core.reference.files import resolve_year_folder


def load_years(folder: Path, years: Iterable[int]) -> dict[int, Nomenclature]:
    """Read the nomenclatures of years, each from its folder in ``folder``; files that several years share are read once.

    Raises
    ------
    ReferenceDataError
        The files are inconsistent; the message gives the place, the finding and the remedy.
    """
    by_source: dict[Path, Nomenclature] = {}
    nomenclatures: dict[int, Nomenclature] = {}
    for number in sorted(years):
        year, source = resolve_year_folder(folder.joinpath(str(number)))
        if source not in by_source:
            by_source[source] = nomenclature.load(source)
        codes = replace(by_source[source], year=year)
        own_folder, before = folder.joinpath(str(year)), nomenclatures.get(year - 1)
        followed = successions.read(own_folder.joinpath(successions.FILE), before, codes)
        codes = replace(codes, successions=followed)
        orders = carry_overs.read(own_folder.joinpath(carry_overs.FILE), before, codes)
        nomenclatures[year] = replace(codes, carry_overs=orders)
    recycling_cases.check_numbers({year: codes.recycling_cases for year, codes in nomenclatures.items()})
    return nomenclatures
