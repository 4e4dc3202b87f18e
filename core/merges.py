"""Third parties that exist twice: from a day on, the code of one is merged into the code of another.

The merges are data of all years: ``merges.csv`` beside ``calendar.toml``.  Without that file there are none.  Nothing that is
posted changes: an entry keeps the third party that its act named, and both count as one person.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from core.errors import ReferenceDataError
from core.periods import YEAR_FIRST, YEAR_LAST
from core.reference.files import SAMPLE_FOLDER, ReferenceRow, read_rows

FILE = "merges.csv"
ROWS_MAX = 10_000
_COLUMNS = ("code", "into", "first_day", "reason")


class Merge(NamedTuple):
    """Into which third party a code is merged, from which day on, and who found that both are one person."""

    into: str
    first_day: date
    reason: str


Merges = Mapping[str, Merge]
"""By the code that is merged."""


def load(folder: Path = SAMPLE_FOLDER) -> Merges:
    """Read the merges; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed or listed twice, leads back to its own code, or into a code that was merged before, or there are too
        many; the message gives the place, the finding and the remedy.
    """
    path = folder.joinpath(FILE)
    merges: dict[str, Merge] = {}
    if not path.exists():
        return merges
    for row in read_rows(path, _COLUMNS):
        code = row.cells["code"]
        if code in merges:
            raise ReferenceDataError(
                row.place, f"third party {code} is listed twice", "Keep one of the two lines."
            )
        merges[code] = _parse_row(row)
        _check_circle(row, code, merges)
        if len(merges) > ROWS_MAX:
            raise ReferenceDataError(
                str(path), "there are too many rows", f"Write at most {ROWS_MAX:,} rows."
            )
    for row in read_rows(path, _COLUMNS):
        _check_order(row, merges)
    return merges


def _parse_row(row: ReferenceRow) -> Merge:
    code, into, reason = (row.cells[name] for name in ("code", "into", "reason"))
    if not code or not into or code == into:
        finding = f"code is {code!r}, and into {into!r}"
        raise ReferenceDataError(
            row.place, finding, "Write two different codes of third parties: the second one stays in use."
        )
    if not reason:
        finding = "the merge has no reason"
        raise ReferenceDataError(row.place, finding, "Write who found that both are one person, and by what.")
    return Merge(into, _parse_day(row), reason)


def _parse_day(row: ReferenceRow) -> date:
    text = row.cells["first_day"]
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not YEAR_FIRST <= day.year <= YEAR_LAST or day.isoformat() != text:
        remedy = f"Write a day of {YEAR_FIRST} to {YEAR_LAST}, as in 2018-07-01."
        raise ReferenceDataError(row.place, f"first_day is {text!r}", remedy)
    return day


def _check_circle(row: ReferenceRow, code: str, merges: Merges) -> None:
    """Check that the rows so far do not lead from ``code`` back to it."""
    if find_survivor(merges, merges[code].into, code) == code:
        finding = f"third party {code} is merged into itself by way of {merges[code].into}"
        raise ReferenceDataError(
            row.place, finding, "Remove one of the lines: one of the codes stays in use."
        )


def _check_order(row: ReferenceRow, merges: Merges) -> None:
    """Check that a merge leads to a code that is still in use on its first day."""
    into, day = row.cells["into"], merges[row.cells["code"]].first_day
    if into in merges and merges[into].first_day <= day:
        finding = f"third party {into} is merged itself from {merges[into].first_day} on"
        raise ReferenceDataError(
            row.place, finding, f"Write {find_survivor(merges, into)} as the code that stays in use."
        )


def find_survivor(merges: Merges, code: str, stop: str = "") -> str:
    """Return the code that stays in use: ``code`` itself if it is not merged; ``stop`` if it is reached before."""
    while code in merges and code != stop:
        code = merges[code].into
    return code
