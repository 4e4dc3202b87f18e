"""The account assignments of what is carried: the codes of the year before, as the next year knows them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.accountants import Accountants
from core.nomenclature import ORDINARY_FUND, Nomenclature

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
    """All account assignments of the ledger, indexed by their number; 0 is none."""

    codes: Mapping[str, pa.Array]
    """By column of the flat act format."""
    is_of_year: NDArray[np.bool_]
    """Whether it is of the budget year that is closed."""
    is_older: NDArray[np.bool_]
    """Whether it is of a budget year before."""
    programme: NDArray[np.int64]
    """Row of ``programmes``; 0 is none."""
    programmes: Sequence[str]
    obstacle: NDArray[np.int64]
    """Row of ``obstacles``; 0 where nothing prevents the carry."""
    obstacles: Sequence[str]
    """Why an assignment does not exist in the next year, in words."""


class ReferenceYears(NamedTuple):
    """The reference data of the years."""

    nomenclatures: Mapping[int, Nomenclature]
    accountants: Mapping[int, Accountants]


def build_assignments(rows: Sequence[Mapping[str, Any]], year: int, reference: ReferenceYears) -> Assignments:
    """Build the assignments from the cells of the ledger, and look those up to ``year`` up in the next year."""
    size = max((row["cell"] for row in rows), default=0) + 1
    codes = {column: [""] * size for column in CODES}
    is_older = np.zeros(size, bool)
    is_of_year, programme, obstacle = np.zeros(size, bool), np.zeros(size, np.int64), np.zeros(size, np.int64)
    programmes, obstacles = {"": 0}, {"": 0}
    for row in rows:
        cell = row["cell"]
        for column in CODES:
            codes[column][cell] = row[column]
        is_older[cell] = row["budget_year"] < year
        if row["budget_year"] > year:
            continue
        is_of_year[cell] = row["budget_year"] == year
        area = reference.nomenclatures[row["budget_year"]].areas.get(row["functional_area"])
        code = area.programme if area else ""
        programme[cell] = programmes.setdefault(code, len(programmes))
        reason = _find_missing_code(row, year + 1, reference.nomenclatures)
        reason = reason or _find_other_accountant(row, year + 1, reference.accountants)
        obstacle[cell] = obstacles.setdefault(reason, len(obstacles))
    arrays = {column: pa.array(texts, pa.string()) for column, texts in codes.items()}
    return Assignments(arrays, is_of_year, is_older, programme, list(programmes), obstacle, list(obstacles))


def _find_missing_code(row: Mapping[str, Any], year: int, nomenclatures: Mapping[int, Nomenclature]) -> str:
    for column in CODES:
        code = row[column]
        is_stated = code not in ("", ORDINARY_FUND)
        if is_stated and code not in getattr(nomenclatures[year], _TABLES[column]):
            return f"{_NAMES[column]} {code} does not exist in {year}"
    return ""


def _find_other_accountant(row: Mapping[str, Any], year: int, accountants: Mapping[int, Accountants]) -> str:
    """Return that the accountant changes, in whose books a carry leaves the debt, as it posts nothing; empty if not."""
    centre = row["fund_centre"]
    before, after = (accountants[number].by_centre.get(centre, "") for number in (row["budget_year"], year))
    return (
        ""
        if before == after
        else f"fund centre {centre} has the accountant {after} in {year}, and {before} before"
    )
