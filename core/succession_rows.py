"""The rows of ``successions.csv``: where the commitments of a programme go that an order suppresses or cuts anew.

Source: GBCP art. 161, which gives them to one or several programmes that an order names.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow

COLUMNS = (
    *("fund_centre", "functional_area", "sender", "reference"),
    *("new_fund_centre", "new_functional_area", "order", "date"),
)


class ActName(NamedTuple):
    """The name of an act: its sender, and its reference."""

    sender: str
    reference: str


ANY_ACT = ActName("", "")


class SuccessionKey(NamedTuple):
    """What a row is about, in the codes of the year before."""

    centre: str
    """A programme, BOP, UO or operation."""
    area: str
    """Empty for all areas."""
    act: ActName
    """``ANY_ACT`` for all acts."""


class Succession(NamedTuple):
    """Where it goes, in the codes of the new year, and the order that says so."""

    centre: str
    area: str
    """Empty for the area of the same number."""
    order: str
    day: date


class SuccessionRow(NamedTuple):
    """One row of the file."""

    key: SuccessionKey
    succession: Succession


Successions = Mapping[SuccessionKey, Succession]


def parse_row(row: ReferenceRow) -> SuccessionRow:
    """Return a row, whose codes are not checked yet.

    Raises
    ------
    ReferenceDataError
        The row names no order or no day, or half of an act.
    """
    cells = row.cells
    if bool(cells["sender"]) != bool(cells["reference"]):
        finding = f"sender is {cells['sender']!r}, and reference {cells['reference']!r}"
        raise ReferenceDataError(row.place, finding, "Write both to name one act, or none for all acts.")
    if not cells["order"]:
        raise ReferenceDataError(row.place, "the row names no order", "Name the order, or write: unverified.")
    key = SuccessionKey(
        cells["fund_centre"], cells["functional_area"], ActName(cells["sender"], cells["reference"])
    )
    succession = Succession(
        cells["new_fund_centre"], cells["new_functional_area"], cells["order"], _parse_day(row)
    )
    return SuccessionRow(key, succession)


def _parse_day(row: ReferenceRow) -> date:
    text = row.cells["date"]
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ReferenceDataError(
            row.place, f"date is {text!r}", "Write the day of the order as in: 2019-01-02"
        )
    return day
