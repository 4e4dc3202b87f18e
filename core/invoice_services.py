"""The invoice services of a year: at which fund centres, and from which day on, an accountant's service requests payments.

An invoice service (*service facturier*) is under the authority of a public accountant and receives the invoices; the service
that the authorising officer has certified is then the order to pay (GBCP art. 41).  Which fund centres have one is agreed
between officer and accountant, so it is data by year: ``invoice_services.csv``.  Without that file none has one.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path

from core.errors import ReferenceDataError
from core.nomenclature import CentreLevel, Nomenclature
from core.periods import YEAR_FIRST, YEAR_LAST
from core.reference.files import ReferenceRow, read_rows

NO_SERVICE = 0
"""Stands for the first day of no invoice service."""


def read(path: Path, nomenclature: Nomenclature) -> dict[str, date]:
    """Return the first day of the invoice service of each fund centre that has one: its own, or that of its parent.

    Raises
    ------
    ReferenceDataError
        A row is malformed or listed twice; the message gives the place, the finding and the remedy.
    """
    first_days = {} if not path.exists() else _read_days(path, nomenclature)
    by_centre: dict[str, date] = {}
    for code, centre in nomenclature.centres.items():  # parents come before their children
        day = first_days.get(code) or by_centre.get(centre.parent)
        if day:
            by_centre[code] = day
    return by_centre


def _read_days(path: Path, nomenclature: Nomenclature) -> Mapping[str, date]:
    first_days: dict[str, date] = {}
    for row in _check_rows(path, nomenclature):
        centre = row.cells["centre"]
        if centre in first_days:
            raise ReferenceDataError(
                row.place, f"fund centre {centre} is listed twice", "Keep one of the two lines."
            )
        first_days[centre] = _read_day(row)
    return first_days


def _check_rows(path: Path, nomenclature: Nomenclature) -> Iterator[ReferenceRow]:
    for row in read_rows(path, ("centre", "first_day", "source")):
        centre = nomenclature.centres.get(row.cells["centre"])
        if centre is None or centre.level is CentreLevel.OPERATION:
            raise ReferenceDataError(
                row.place,
                f"{row.cells['centre']!r} is no programme, BOP or UO",
                "Correct the code, or remove the line; an operation has the service of its UO.",
            )
        if not row.cells["source"]:
            raise ReferenceDataError(
                row.place,
                "the invoice service has no source",
                "Name the agreement or order that sets it up, or write: unverified.",
            )
        yield row


def _read_day(row: ReferenceRow) -> date:
    text = row.cells["first_day"]
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not YEAR_FIRST <= day.year <= YEAR_LAST or day.isoformat() != text:
        raise ReferenceDataError(
            row.place,
            f"first_day is {text!r}",
            f"Write a day of {YEAR_FIRST} to {YEAR_LAST}, as in 2018-07-01.",
        )
    return day
