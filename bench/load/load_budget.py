"""The budget that the forms of a load draw on: units of many programmes, and payees."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from bench.year import payees as year_payees
from core import nomenclature
from core.nomenclature import OTHER_TITLES, CentreLevel, Nomenclature
from core.reference.files import SAMPLE_FOLDER

YEAR = 2018
DATE_FIELDS: Mapping[str, str] = {"exercise": str(YEAR), "date": f"{YEAR}-12-03"}
PAYEES = 500
_UNITS = 60
_UNIT_EUROS = 10_000_000_000
"""What each unit gets: more than a load can spend."""

OVERDRAWN_EUROS = 100 * _UNIT_EUROS
"""More than a unit has, and not more than a line may say."""

Row = dict[str, str]


class LoadAssignment(NamedTuple):
    """Where money may be spent."""

    unit: str
    area: str
    item: str

    def to_row(self) -> Row:
        """As a form says it."""
        return {
            "fund_centre": self.unit,
            "functional_area": self.area,
            "commitment_item": self.item,
        }


class Payee(NamedTuple):
    """Who is paid."""

    code: str
    name: str
    iban: str


def list_assignments() -> list[LoadAssignment]:
    """The first unit of every programme that has one and whose credits are a ceiling."""
    codes = nomenclature.load(SAMPLE_FOLDER / str(YEAR))
    items = [each.code for each in codes.items.values() if not (each.staff or each.budget_only)]
    firsts = list(_list_first_units(codes))[:_UNITS]
    return [LoadAssignment(unit, area, items[at % len(items)]) for at, (unit, area) in enumerate(firsts)]


def _list_first_units(codes: Nomenclature) -> Iterator[tuple[str, str]]:
    units = {_extract_programme(each.code): each.code for each in _list_units(codes)}
    areas = {each.programme: each.code for each in reversed(codes.areas.values())}
    for code, programme in codes.programmes.items():
        if code in units and code in areas and not programme.estimated:
            yield units[code], areas[code]


def _list_units(codes: Nomenclature) -> list[nomenclature.FundCentre]:
    return [each for each in reversed(codes.centres.values()) if each.level is CentreLevel.UO]


def _extract_programme(centre: str) -> str:
    return centre.partition("-")[0]


def build_credit_acts(units: list[LoadAssignment]) -> list[Row]:
    """Each programme opened, and all of it handed down to its BOP and its unit; every line an act of its own."""
    rows: list[Row] = []
    for place in units:
        levels = (_extract_programme(place.unit), place.unit.rpartition("-")[0], place.unit)
        for measure in ("ae", "cp"):
            for act, centre in zip(("budget_opening", "allotment", "allotment"), levels, strict=True):
                named = {"reference": f"BU{len(rows):06}", "kind": f"{act}_{measure}", "fund_centre": centre}
                rows.append(
                    {**named, **DATE_FIELDS, "commitment_item": OTHER_TITLES, "amount": f"{_UNIT_EUROS}.00"}
                )
    return rows


def list_payees() -> list[Payee]:
    """Nobody who exists, with account numbers that hold."""
    number = np.arange(PAYEES)
    written, widths = year_payees.build_codes(number)
    ibans = year_payees.build_ibans(number, np.zeros(PAYEES, bool)).to_pylist()
    return [
        Payee(code.tobytes()[:width].decode(), name.tobytes().decode(), iban)
        for code, width, name, iban in zip(
            written, widths, year_payees.build_names(number), ibans, strict=True
        )
    ]


def build_registration_acts(known: list[Payee]) -> list[Row]:
    """The acts that register the payees."""
    return [
        {
            "reference": f"TI{number:06}",
            "kind": "third_party",
            **DATE_FIELDS,
            "payee": each.code,
            "payee_name": each.name,
            "iban": each.iban,
        }
        for number, each in enumerate(known)
    ]
