"""The account assignments of what is carried, and those in the next year to which it goes.

They are the same, or those that follow them by an order (``core.successions``).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.accountants import Accountants
from core.nomenclature import ORDINARY_FUND, Nomenclature
from core.succession_rows import ANY_ACT, ActName
from core.successions import FILE, AssignmentPlace, move_over_years, read_programme

CODES = ("fund_centre", "functional_area", "commitment_item", "fund", "operation")
"""The columns of an account assignment in the flat act format."""
_TABLES: Mapping[str, str] = {
    "fund_centre": "centres",
    "functional_area": "areas",
    "commitment_item": "items",
    "fund": "funds",
    "operation": "centres",
}
_NAMES: Mapping[str, str] = {
    "fund_centre": "fund centre",
    "functional_area": "functional area",
    "commitment_item": "commitment item",
    "fund": "fund",
    "operation": "investment operation",
}


class Assignments(NamedTuple):
    """All account assignments of the ledger, indexed by their number; 0 is none.

    After them come those of single acts that an order names, in the order of ``OwnPlace``.
    """

    codes: Mapping[str, pa.Array]
    """By column of the flat act format: those of the next year, to which what is carried goes."""
    is_of_year: NDArray[np.bool_]
    """Whether it is of the budget year that is closed."""
    is_older: NDArray[np.bool_]
    """Whether it is of a budget year before."""
    is_of_next: NDArray[np.bool_]
    """Whether it is of the next budget year, into which something was carried already."""
    programme: NDArray[np.int64]
    """Row of ``programmes``, as the year of the assignment has it; 0 is none."""
    programmes: Sequence[str]
    obstacle: NDArray[np.int64]
    """Row of ``obstacles``; 0 where nothing prevents the carry."""
    obstacles: Sequence[str]
    """Why an assignment does not exist in the next year, in words."""


class ReferenceYears(NamedTuple):
    """The reference data of the years."""

    nomenclatures: Mapping[int, Nomenclature]
    accountants: Mapping[int, Accountants]


class OwnPlace(NamedTuple):
    """An assignment of one act, which an order gives to a programme of its own."""

    cell: int
    act: ActName


def build_assignments(
    rows: Sequence[Mapping[str, Any]],
    year: int,
    reference: ReferenceYears,
    *,
    own_places: Sequence[OwnPlace] = (),
) -> Assignments:
    """Build the assignments from the cells of the ledger, and find those up to ``year`` in the next year."""
    size = max((row["cell"] for row in rows), default=0) + 1
    by_cell = {row["cell"]: row for row in rows}
    numbered = [(row["cell"], row, ANY_ACT) for row in rows]
    numbered += [(number, by_cell[own.cell], own.act) for number, own in enumerate(own_places, size)]
    size += len(own_places)
    codes = {column: [""] * size for column in CODES}
    budget_year = np.zeros(size, np.int64)
    programme, obstacle = np.zeros(size, np.int64), np.zeros(size, np.int64)
    programmes, obstacles = {"": 0}, {"": 0}
    for number, row, act in numbered:
        budget_year[number] = row["budget_year"]
        code = read_programme(row["fund_centre"])
        programme[number] = programmes.setdefault(code, len(programmes))
        new_codes = _find_new_codes(row, year + 1, reference.nomenclatures, act=act)
        for column in CODES:
            codes[column][number] = new_codes[column]
        if row["budget_year"] > year:
            continue
        reason = _find_missing_code(row, new_codes, year + 1, nomenclatures=reference.nomenclatures)
        reason = reason or _find_other_accountant(row, new_codes, year + 1, accountants=reference.accountants)
        obstacle[number] = obstacles.setdefault(reason, len(obstacles))
    return Assignments(
        {column: pa.array(texts, pa.string()) for column, texts in codes.items()},
        budget_year == year,
        (budget_year < year) & (budget_year > 0),
        budget_year == year + 1,
        programme,
        list(programmes),
        obstacle,
        list(obstacles),
    )


def _find_new_codes(
    row: Mapping[str, Any], year: int, nomenclatures: Mapping[int, Nomenclature], *, act: ActName
) -> Mapping[str, Any]:
    """Return the codes of a cell as they are in ``year``, after the orders of every year until then."""
    years = range(row["budget_year"] + 1, year + 1)
    place = AssignmentPlace(row["fund_centre"], row["functional_area"], row["operation"])
    new = move_over_years(place, act, years, nomenclatures=nomenclatures)
    if new == place:
        return row
    return {**row, "fund_centre": new.centre, "functional_area": new.area, "operation": new.operation}


def _find_missing_code(
    row: Mapping[str, Any],
    new_codes: Mapping[str, Any],
    year: int,
    *,
    nomenclatures: Mapping[int, Nomenclature],
) -> str:
    """Return which code the next year does not have, and of a suppressed programme that no order names another one."""
    after = nomenclatures[year]
    programme = read_programme(new_codes["fund_centre"])
    if programme and programme not in after.programmes and programme == read_programme(row["fund_centre"]):
        return f"programme {programme} does not exist in {year}, and {year}/{FILE} names none that follows it"
    for column in CODES:
        code = new_codes[column]
        is_stated = code not in ("", ORDINARY_FUND)
        if is_stated and code not in getattr(after, _TABLES[column]):
            return f"{_NAMES[column]} {code} does not exist in {year}"
    return ""


def _find_other_accountant(
    row: Mapping[str, Any],
    new_codes: Mapping[str, Any],
    year: int,
    *,
    accountants: Mapping[int, Accountants],
) -> str:
    """Return that the accountant changes, in whose books a carry leaves the debt, as it posts nothing; empty if not."""
    centres = row["fund_centre"], new_codes["fund_centre"]
    before, after = (
        accountants[number].by_centre.get(centre, "")
        for number, centre in zip((row["budget_year"], year), centres, strict=True)
    )
    return (
        ""
        if before == after
        else f"fund centre {centres[1]} has the accountant {after} in {year}, and {before} before"
        if centres[0] == centres[1]
        else f"fund centre {centres[1]} has the accountant {after} in {year}, and {centres[0]} had {before}"
    )
