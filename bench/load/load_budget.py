"""The budget and payees of a load: units of many programmes, whose credits the forms use."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from bench.year import payees as year_payees
from core import nomenclature
from core.nomenclature import OTHER_TITLES, CentreLevel, Nomenclature
from core.reference.files import SAMPLE_FOLDER

PAYEES = 500
_CODES_YEAR = 2018
"""The year whose codes a load uses: in the sample those of 2019 are the same."""
_UNITS = 60
_UNIT_EUROS = 10_000_000_000
"""The credits of each unit: more than a load can spend."""

OVERDRAWN_EUROS = 100 * _UNIT_EUROS
"""More than a unit has, and not more than a line may contain."""

Row = dict[str, str]


class LoadAssignment(NamedTuple):
    """An account assignment to which a load charges."""

    unit: str
    area: str
    item: str

    def to_row(self) -> Row:
        """Return the fields of a form."""
        return {
            "fund_centre": self.unit,
            "functional_area": self.area,
            "commitment_item": self.item,
        }


class Payee(NamedTuple):
    """A payee of a load."""

    code: str
    name: str
    iban: str


class LoadDay(NamedTuple):
    """The exercise and the day of the acts of a load."""

    exercise: int
    day: str

    def to_row(self) -> Row:
        """Return the fields of a form."""
        return {"exercise": str(self.exercise), "date": self.day}


YEAR_END = LoadDay(2018, "2018-12-03")


class LoadBudget(NamedTuple):
    """The assignments and payees that the forms and files of a load use, and their day."""

    assignments: list[LoadAssignment]
    payees: list[Payee]
    day: LoadDay


def build_budget(day: LoadDay = YEAR_END, *, first_payee: int = 0) -> LoadBudget:
    """Return the budget of a load; ``first_payee`` is the number of its first payee, from which its code is computed."""
    return LoadBudget(list_assignments(), list_payees(first_payee), day)


def list_assignments() -> list[LoadAssignment]:
    """Return an assignment to the first unit of every programme that has units and whose credits are a ceiling."""
    codes = nomenclature.load(SAMPLE_FOLDER / str(_CODES_YEAR))
    items = [item.code for item in codes.items.values() if not (item.staff or item.budget_only)]
    firsts = list(_list_first_units(codes))[:_UNITS]
    return [LoadAssignment(unit, area, items[at % len(items)]) for at, (unit, area) in enumerate(firsts)]


def _list_first_units(codes: Nomenclature) -> Iterator[tuple[str, str]]:
    units = {_extract_programme(unit.code): unit.code for unit in _list_units(codes)}
    areas = {area.programme: area.code for area in reversed(codes.areas.values())}
    for code, programme in codes.programmes.items():
        if code in units and code in areas and not programme.estimated:
            yield units[code], areas[code]


def _list_units(codes: Nomenclature) -> list[nomenclature.FundCentre]:
    return [centre for centre in reversed(codes.centres.values()) if centre.level is CentreLevel.UO]


def _extract_programme(centre: str) -> str:
    return centre.partition("-")[0]


def build_opening_acts(budget: LoadBudget) -> list[Row]:
    """Build the acts of the budget directorate that open the credits of each programme."""
    places = [
        ("budget_opening", measure, _extract_programme(assignment.unit))
        for assignment in budget.assignments
        for measure in ("ae", "cp")
    ]
    return _build_credit_acts("OU", places, budget.day)


def count_opened_euros(budget: LoadBudget) -> int:
    """Count the euros that the openings put on the budget, AE and CP together."""
    return len(build_opening_acts(budget)) * _UNIT_EUROS


def build_allotment_acts(budget: LoadBudget) -> list[Row]:
    """Build the acts of a manager that allot these credits to each BOP and its unit; every line is one act."""
    places = [
        ("allotment", measure, centre)
        for assignment in budget.assignments
        for measure in ("ae", "cp")
        for centre in (assignment.unit.rpartition("-")[0], assignment.unit)
    ]
    return _build_credit_acts("MD", places, budget.day)


def _build_credit_acts(prefix: str, places: list[tuple[str, str, str]], day: LoadDay) -> list[Row]:
    return [
        {
            "reference": f"{prefix}{number:06}",
            "kind": f"{act}_{measure}",
            "fund_centre": centre,
            **day.to_row(),
            "commitment_item": OTHER_TITLES,
            "amount": f"{_UNIT_EUROS}.00",
        }
        for number, (act, measure, centre) in enumerate(places)
    ]


def list_payees(first: int = 0) -> list[Payee]:
    """Return invented payees with valid account numbers; ``first`` is the number of the first one."""
    numbers = np.arange(first, first + PAYEES)
    codes, widths = year_payees.build_codes(numbers)
    ibans = year_payees.build_ibans(numbers, np.zeros(PAYEES, bool)).to_pylist()
    return [
        Payee(code.tobytes()[:width].decode(), name.tobytes().decode(), iban)
        for code, width, name, iban in zip(
            codes, widths, year_payees.build_names(numbers), ibans, strict=True
        )
    ]


def build_registration_acts(budget: LoadBudget) -> list[Row]:
    """Build the acts that register the payees."""
    return [
        {
            "reference": f"TI{number:06}",
            "kind": "third_party",
            **budget.day.to_row(),
            "payee": payee.code,
            "payee_name": payee.name,
            "iban": payee.iban,
        }
        for number, payee in enumerate(budget.payees)
    ]
