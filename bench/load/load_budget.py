"""The budget that the forms of a load draw on: units of many programmes, and payees."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from bench.year import payees as year_payees
from core import nomenclature
from core.nomenclature import OTHER_TITLES, Level, Nomenclature
from core.reference.files import SHIPPED

YEAR = 2018
DATED: Mapping[str, str] = {"exercise": str(YEAR), "date": f"{YEAR}-12-03"}
PAYEES = 500
_UNITS = 60
_UNIT_EUROS = 10_000_000_000
"""What each unit gets: more than a load can spend."""

OVERDRAWN_EUROS = 100 * _UNIT_EUROS
"""More than a unit has, and not more than a line may say."""

Row = dict[str, str]


class Place(NamedTuple):
    """Where money may be spent."""

    unit: str
    area: str
    item: str

    def named(self) -> Row:
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


def places() -> list[Place]:
    """The first unit of every programme that has one and whose credits are a ceiling."""
    codes = nomenclature.load(SHIPPED / str(YEAR))
    items = [each.code for each in codes.items.values() if not (each.staff or each.budget_only)]
    firsts = list(_firsts(codes))[:_UNITS]
    return [Place(unit, area, items[at % len(items)]) for at, (unit, area) in enumerate(firsts)]


def _firsts(codes: Nomenclature) -> Iterator[tuple[str, str]]:
    units = {_programme(each.code): each.code for each in _units(codes)}
    areas = {each.programme: each.code for each in reversed(codes.areas.values())}
    for code, programme in codes.programmes.items():
        if code in units and code in areas and not programme.estimated:
            yield units[code], areas[code]


def _units(codes: Nomenclature) -> list[nomenclature.Centre]:
    return [each for each in reversed(codes.centres.values()) if each.level is Level.UO]


def _programme(centre: str) -> str:
    return centre.partition("-")[0]


def credits_given(units: list[Place]) -> list[Row]:
    """Each programme opened, and all of it handed down to its BOP and its unit; every line an act of its own."""
    rows: list[Row] = []
    for place in units:
        levels = (_programme(place.unit), place.unit.rpartition("-")[0], place.unit)
        for measure in ("ae", "cp"):
            for act, centre in zip(("budget_opening", "allotment", "allotment"), levels, strict=True):
                named = {"reference": f"BU{len(rows):06}", "kind": f"{act}_{measure}", "fund_centre": centre}
                rows.append(
                    {**named, **DATED, "commitment_item": OTHER_TITLES, "amount": f"{_UNIT_EUROS}.00"}
                )
    return rows


def payees() -> list[Payee]:
    """Nobody who exists, with account numbers that hold."""
    number = np.arange(PAYEES)
    written, widths = year_payees.codes(number)
    ibans = year_payees.ibans(number, np.zeros(PAYEES, bool)).to_pylist()
    return [
        Payee(code.tobytes()[:width].decode(), name.tobytes().decode(), iban)
        for code, width, name, iban in zip(written, widths, year_payees.names(number), ibans, strict=True)
    ]


def registrations(known: list[Payee]) -> list[Row]:
    """The acts that register the payees."""
    return [
        {
            "reference": f"TI{number:06}",
            "kind": "third_party",
            **DATED,
            "payee": each.code,
            "payee_name": each.name,
            "iban": each.iban,
        }
        for number, each in enumerate(known)
    ]
