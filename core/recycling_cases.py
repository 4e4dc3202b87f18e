"""The cases in which AE withdrawn from a commitment of an earlier year are available again.

Source: GBCP art. 160, which leaves them to an order of the minister of the budget.  The list is data by year:
``recycling.csv``.  Without that file no AE are available again.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import ReferenceDataError
from core.reference.files import ReferenceRow, read_rows

_CASE_PATTERN = re.compile(r"[a-z0-9-]{1,70}")
NUMBER_MAX = 255
OF_OPERATION = NUMBER_MAX + 1
"""Added to the number of a case that holds on an investment operation alone."""


@dataclass(frozen=True, slots=True)
class RecyclingCase:
    """A case, its number, which is stored with entries and never changes, and its source."""

    code: str
    number: int
    of_operation: bool
    """Whether it holds for commitments on an investment operation alone."""
    label: str
    source: str

    @property
    def mark(self) -> int:
        """The number in the column ``source`` of a withdrawal; 0 there means that no case is named."""
        return self.number + OF_OPERATION * self.of_operation


def read(path: Path) -> dict[str, RecyclingCase]:
    """Read the cases of a year by code; none if there is no file.

    Raises
    ------
    ReferenceDataError
        A row is malformed, or a case or a number is listed twice; the message gives the place and the remedy.
    """
    cases: dict[str, RecyclingCase] = {}
    for row in _read_rows(path):
        case = _read_case(row)
        if case.code in cases or case.number in {other.number for other in cases.values()}:
            raise ReferenceDataError(
                row.place, f"{case.code} or its number is listed twice", "Keep one of the two lines."
            )
        cases[case.code] = case
    return cases


def _read_rows(path: Path) -> Iterator[ReferenceRow]:
    if path.exists():
        yield from read_rows(path, ("case", "number", "operation", "label", "source"))


def _read_case(row: ReferenceRow) -> RecyclingCase:
    code, number, operation, label, source = row.cells.values()
    if not _CASE_PATTERN.fullmatch(code):
        raise ReferenceDataError(
            row.place, f"case {code!r} is malformed", f"Write a code that matches {_CASE_PATTERN.pattern}"
        )
    if not (number.isascii() and number.isdecimal() and 0 < int(number) <= NUMBER_MAX):
        raise ReferenceDataError(
            row.place, f"number {number!r} of {code} is not one", f"Write a number from 1 to {NUMBER_MAX}."
        )
    if operation not in ("0", "1"):
        raise ReferenceDataError(
            row.place, f"operation is {operation!r}, not 0 or 1", "Write 1 for yes, 0 for no."
        )
    if not source:
        raise ReferenceDataError(row.place, f"{code} has no source", "Name the text that allows it.")
    return RecyclingCase(code, int(number), operation == "1", label, source)


def check_numbers(cases_of_years: Mapping[int, Mapping[str, RecyclingCase]]) -> None:
    """Check that a number means one case in all years.

    Raises
    ------
    ReferenceDataError
        Two years give one number to two cases.
    """
    codes: dict[int, str] = {}
    for year, cases in cases_of_years.items():
        for case in cases.values():
            if codes.setdefault(case.number, case.code) != case.code:
                raise ReferenceDataError(
                    f"recycling.csv of {year}",
                    f"number {case.number} is that of {codes[case.number]} in another year",
                    "Give each case a number of its own, and keep it in every year.",
                )
