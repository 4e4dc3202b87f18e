"""The orders that carry credits of a year over into the next: ``carry_overs.csv`` in the folder of the new year.

Source: LOLF art. 15: joint orders of two ministers, published by 31 March, bring available credits to the same programme or
to one with the same objects; AE never to title 2; estimated credits never.  A finance law may lift the ceiling of CP of the
other titles, which the row names then.
"""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from core.carry_over_rows import CarriedMeasure, CarryOver
from core.errors import ReferenceDataError
from core.money import AMOUNT_MAX, CENTS_PER_EURO
from core.reference.files import ReferenceRow, read_rows
from core.successions import list_pairs

if TYPE_CHECKING:
    from core.nomenclature import Nomenclature

FILE = "carry_overs.csv"
ROWS_MAX = 10_000
COLUMNS = (
    *("order", "date", "minister", "budget_minister", "measure", "programme", "envelope", "fund"),
    *("new_programme", "amount", "lifting_law"),
)
_LAST_DAY = (3, 31)


class _YearChange(NamedTuple):
    """The codes of both years, and each programme with each other one that follows it."""

    before: "Nomenclature"
    after: "Nomenclature"
    pairs: frozenset[tuple[str, str]]


def read(path: Path, before: "Nomenclature | None", after: "Nomenclature") -> tuple[CarryOver, ...]:
    """Read the orders that carry credits into the year of ``after``; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed, names an unknown code, is listed twice, or carries what the law does not let it, or there are too
        many; the message gives the place, the finding and the remedy.
    """
    if not path.exists():
        return ()
    if before is None:
        finding = f"calendar.toml has no exercise {after.year - 1}, whose credits it would carry"
        raise ReferenceDataError(str(path), finding, "Remove the file, or add the exercise to calendar.toml.")
    years = _YearChange(before, after, frozenset(list_pairs(after.successions)))
    orders: dict[tuple[str | date, ...], CarryOver] = {}
    for row in read_rows(path, COLUMNS):
        order = _parse_row(row, years)
        _check_law(row, order, before)
        key = order[:2] + order[3:8]  # all but the ministers, the sum and the law that lifts the ceiling
        _check_place(row, is_new=key not in orders, rows=len(orders))
        orders[key] = order
    return tuple(orders.values())


def _check_place(row: ReferenceRow, *, is_new: bool, rows: int) -> None:
    """Check that an order carries each sum in one row, as a row that is pasted twice would carry twice the money."""
    if not is_new:
        finding = "another row of the order carries the same credits: this one is listed twice"
        raise ReferenceDataError(row.place, finding, "Keep one of the two lines, with the sum of the order.")
    if rows == ROWS_MAX:
        finding = f"the file has more than {ROWS_MAX} rows"
        raise ReferenceDataError(row.place, finding, f"Write at most {ROWS_MAX} rows.")


def list_lifted_programmes(orders: tuple[CarryOver, ...]) -> frozenset[str]:
    """Return the programmes whose ceiling of CP on the other titles a finance law lifts."""
    return frozenset(order.programme for order in orders if order.lifting_law)


def _parse_row(row: ReferenceRow, years: _YearChange) -> CarryOver:
    cells = row.cells
    ministers = cells["minister"], cells["budget_minister"]
    if not cells["order"] or not all(ministers) or ministers[0] == ministers[1]:
        raise ReferenceDataError(
            row.place,
            "the row names no order, or not two ministers",
            "Name the order, the minister of the programme and the minister of the budget: the order is a joint one.",
        )
    try:
        measure = CarriedMeasure(cells["measure"])
    except ValueError:
        raise ReferenceDataError(
            row.place, f"measure is {cells['measure']!r}", "Write ae, earmarked_ae or cp."
        ) from None
    return CarryOver(
        *(cells["order"], _parse_day(row, years.after.year), ministers, measure),
        *_parse_codes(row, years),
        _parse_amount(row),
        cells["lifting_law"],
    )


def _parse_codes(row: ReferenceRow, years: _YearChange) -> tuple[str, str, str, str]:
    cells, (before, after, pairs) = row.cells, years
    programme, new = cells["programme"], cells["new_programme"] or cells["programme"]
    if programme not in before.programmes or new not in after.programmes:
        finding = f"there is no programme {programme!r} in {before.year}, or none {new!r} in {after.year}"
        raise ReferenceDataError(row.place, finding, "Write programmes of programmes.csv of both years.")
    if new != programme and (programme, new) not in pairs:
        raise ReferenceDataError(
            row.place,
            f"no row of successions.csv leads from {programme} to {new}",
            "Name the same programme, or one that follows it by an order.",
        )
    fund = before.funds.get(cells["fund"])
    if fund is None or fund.programme not in ("", programme):
        raise ReferenceDataError(
            row.place,
            f"fund {cells['fund']!r} is not of {programme}",
            "Write a fund of funds.csv, as in: N/A",
        )
    if cells["envelope"] not in ("T2", "HT2"):
        raise ReferenceDataError(row.place, f"envelope is {cells['envelope']!r}", "Write T2 or HT2.")
    return programme, cells["envelope"], fund.code, new


def _check_law(row: ReferenceRow, order: CarryOver, before: "Nomenclature") -> None:
    """Check what the law says of every carry-over; how much may be carried the engine decides."""
    if before.programmes[order.programme].estimated:
        raise ReferenceDataError(
            row.place,
            f"{order.programme} has estimated credits",
            "Remove the row: they are never carried over.",
        )
    is_staff, is_cp = order.envelope == "T2", order.measure is CarriedMeasure.CP
    if is_staff and not is_cp:
        raise ReferenceDataError(
            row.place,
            "AE would raise title 2",
            "Write HT2, or remove the row: AE are never carried into title 2.",
        )
    if order.lifting_law and (is_staff or not is_cp):
        raise ReferenceDataError(
            row.place,
            f"{order.lifting_law!r} would lift a ceiling that no finance law lifts",
            "Leave lifting_law empty: a finance law lifts the ceiling of CP of HT2 alone.",
        )


def _parse_day(row: ReferenceRow, year: int) -> date:
    text = row.cells["date"]
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text or not date(year, 1, 1) <= day <= date(year, *_LAST_DAY):
        raise ReferenceDataError(
            row.place,
            f"date is {text!r}",
            f"Write the day of publication, from {year}-01-01 to {year}-03-31: later orders carry nothing (LOLF art. 15).",
        )
    return day


def _parse_amount(row: ReferenceRow) -> int:
    text = row.cells["amount"]
    euros, _, decimals = text.partition(".")
    is_number = euros.isascii() and euros.isdecimal() and len(euros) <= 13
    if is_number and (not decimals or (len(decimals) == 2 and decimals.isascii() and decimals.isdecimal())):
        cents = int(euros) * CENTS_PER_EURO + int(decimals or 0)
        if 0 < cents <= AMOUNT_MAX:
            return cents
    raise ReferenceDataError(
        row.place, f"amount is {text!r}", "Write euros above 0, as in 1250000 or 1250000.50."
    )


def find_last_day(year: int) -> date:
    """Return the last day on which an order may carry credits of ``year`` over."""
    return date(year + 1, *_LAST_DAY)
