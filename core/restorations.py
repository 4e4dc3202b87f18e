"""The rules of restorations of a year: which natures of receipt repay which expenses, and how long they restore credits.

Source: order of 2013 on restorations (LEGIARTI000027771795, its name was not seen).  The deadlines are data by year:
``restorations.csv``.  Without that file nothing is restored.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, parse_flag, read_rows

ANY_YEAR = 255
"""Stands for no deadline in the tables of the kernels."""
YEARS_MAX = 99
_TITLES = tuple("1234567")


@dataclass(frozen=True, slots=True)
class RestorationRule:
    """A nature of receipt that repays expenses of a title, and its source."""

    nature: str
    title: int
    """The title of the expenses (LOLF art. 5)."""
    years: int | None
    """The years after that of the expense in which what is collected restores credits; None for all."""
    until_closed: bool
    """Whether it does later too, in the year of collection, on an operation that is not closed."""
    source: str


def read(path: Path, natures: Container[str]) -> dict[str, RestorationRule]:
    """Read the rules of a year by nature; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed, or its nature is unknown or listed twice; the message gives the place and the remedy.
    """
    rules: dict[str, RestorationRule] = {}
    for row in _read_rows(path):
        rule = _read_rule(row)
        if rule.nature not in natures or rule.nature in rules:
            raise ReferenceDataError(
                row.place,
                f"nature {rule.nature!r} is listed twice, or is not in receipts.csv",
                "Keep one line for each nature, and add the nature to receipts.csv.",
            )
        rules[rule.nature] = rule
    return rules


def _read_rows(path: Path) -> Iterator[ReferenceRow]:
    if path.exists():
        yield from read_rows(path, ("nature", "title", "years", "until_closed", "source"))


def _read_rule(row: ReferenceRow) -> RestorationRule:
    nature, title, years, until_closed, source = row.cells.values()
    if title not in _TITLES:
        raise ReferenceDataError(
            row.place, f"title is {title!r}, not 1 to 7", "Write a title of LOLF art. 5."
        )
    if years and not (years.isascii() and years.isdecimal() and int(years) <= YEARS_MAX):
        raise ReferenceDataError(
            row.place,
            f"years is {years!r}",
            f"Write a number from 0 to {YEARS_MAX}, or nothing where there is no deadline.",
        )
    if not source:
        raise ReferenceDataError(
            row.place, f"{nature} has no source", "Name the text, or write: not settled."
        )
    is_open_ended = parse_flag(row, until_closed)
    return RestorationRule(nature, int(title), int(years) if years else None, is_open_ended, source)
