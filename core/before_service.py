"""What may be paid before service in a year: natures that an act must state, and commitment items that need none.

Source: GBCP art. 33; order of 30 December 2013, art. 5.  The list is data by year: ``before_service.csv``.
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows

_NATURE_PATTERN = re.compile(r"[a-z0-9-]{1,70}")
_CATEGORIES = ("nature", "item")


@dataclass(frozen=True, slots=True)
class Nature:
    """A nature of expense that may be paid before service (order of 30 December 2013, art. 5), and its source."""

    code: str
    label: str
    source: str


class UnservedExpenses(NamedTuple):
    """What may be paid before service."""

    natures: dict[str, Nature]
    items: frozenset[str]


def read(path: Path, items: Container[str]) -> UnservedExpenses:
    """Read the natures by code, and the commitment items that need none.

    Raises
    ------
    ReferenceDataError
        A code or an item is unknown or listed twice; the message gives the place and the remedy.
    """
    codes: dict[str, dict[str, Nature]] = {category: {} for category in _CATEGORIES}
    for row in read_rows(path, ("category", "code", "label", "source")):
        category, code, label, source = row.cells.values()
        _check_row(row, items)
        if code in codes[category]:
            raise ReferenceDataError(row.place, f"{code} is listed twice", "Keep one of the two lines.")
        codes[category][code] = Nature(code, label, source)
    return UnservedExpenses(codes["nature"], frozenset(codes["item"]))


def _check_row(row: ReferenceRow, items: Container[str]) -> None:
    category, code = row.cells["category"], row.cells["code"]
    if category not in _CATEGORIES:
        raise ReferenceDataError(
            row.place, f"category {category!r} is unknown", f"Write one of {', '.join(_CATEGORIES)}."
        )
    is_valid = code in items if category == "item" else _NATURE_PATTERN.fullmatch(code)
    if not is_valid:
        raise ReferenceDataError(
            row.place,
            f"{category} {code!r} is unknown or malformed",
            "Correct the code, or declare it first.",
        )
    if not row.cells["source"]:
        raise ReferenceDataError(row.place, f"{code} has no source", "Name the text that allows it.")
