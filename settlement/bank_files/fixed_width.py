"""Records of fixed width, read column by column: texts, amounts and days, with the position for an error."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import FileUnreadable

_NEWLINE, _CARRIAGE_RETURN, _ZERO = ord("\n"), ord("\r"), ord("0")
_PIVOT_YEAR = 60
"""Two-digit years up to this one are in the 21st century."""
_POSITIVE, _NEGATIVE = b"{ABCDEFGHI", b"}JKLMNOPQR"


def _build_signed_digits() -> NDArray[np.int8]:
    """Tabulate the last character of an amount: 0 to 9 if positive, -2 minus the digit if negative, -1 if invalid."""
    table = np.full(256, -1, np.int8)
    table[list(_POSITIVE)] = np.arange(10)
    table[list(_NEGATIVE)] = -2 - np.arange(10)
    return table


_SIGNED_DIGITS = _build_signed_digits()


class Records(NamedTuple):
    """The records of a file."""

    name: str
    cells: NDArray[np.uint8]
    """One row per record, one column per character."""
    starts: NDArray[np.int64]
    """The byte at which each record begins."""

    def read_text(self, row: int, part: slice) -> str:
        """Return a part of a record as text."""
        return self.cells[row, part].tobytes().decode("latin-1")

    def error_at(self, row: int, finding: str, remedy: str) -> FileUnreadable:
        """Return the error that refuses the file because of one record."""
        start = int(self.starts[row]) if 0 <= row < len(self.starts) else 0
        place = f"{self.name}, record {row + 1} at byte {start}"
        return FileUnreadable(place, f"There is {finding}", remedy)

    def read_numbers(self, part: slice) -> NDArray[np.int64]:
        """Return the number in a part of every record; -1 where it is not only digits."""
        return _parse_numbers(self.cells[:, part])


def split_records(data: NDArray[np.uint8], width: int, name: str) -> Records:
    """Split a file into records of ``width`` characters, one per line; line ends may be missing, empty lines are skipped.

    Raises
    ------
    FileUnreadable
        A line has another length.
    """
    ends = np.flatnonzero(data == _NEWLINE)
    if not ends.size and data.size and data.size % width == 0:
        starts = np.arange(0, data.size, width)
        return Records(name, data.reshape(-1, width), starts)
    if not data.size or data[-1] != _NEWLINE:
        ends = np.append(ends, data.size)
    starts = np.concatenate(([0], ends[:-1] + 1))
    has_return = (ends > starts) & (data.take(ends - 1, mode="clip") == _CARRIAGE_RETURN)
    lengths = ends - starts - has_return
    starts, lengths = starts[lengths > 0], lengths[lengths > 0]
    wrong = np.flatnonzero(lengths != width)
    if wrong.size:
        row = int(wrong[0])
        place = f"{name}, record {row + 1} at byte {starts[row]}"
        remedy = f"Every record must have {width} characters: the file is truncated or altered"
        raise FileUnreadable(place, f"The record has {lengths[row]} characters", remedy)
    return Records(name, _stack_records(data, starts, width), starts)


def _stack_records(data: NDArray[np.uint8], starts: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Return the records as rows of a matrix: a view of the file where they are evenly spaced, else a copy."""
    steps = np.diff(starts)
    if steps.size and (steps == steps[0]).all() and starts[0] + steps[0] * len(starts) <= data.size:
        first, step = int(starts[0]), int(steps[0])
        return data[first : first + step * len(starts)].reshape(-1, step)[:, :width]
    return data[starts[:, None] + np.arange(width)]


def read_amounts(records: Records, rows: NDArray[np.int64], part: slice) -> NDArray[np.int64]:
    """Read signed cents: the last character encodes both a digit and the sign.

    Raises
    ------
    FileUnreadable
        An amount is not thirteen digits and a signed digit.
    """
    cells = records.cells[rows, part]
    front, last = _parse_numbers(cells[:, :-1]), _SIGNED_DIGITS[cells[:, -1]].astype(np.int64)
    invalid = np.flatnonzero((front < 0) | (last == -1))
    if invalid.size:
        row = int(rows[invalid[0]])
        finding = f"amount {records.read_text(row, part)!r}"
        raise records.error_at(row, finding, "Write 13 digits, then one that includes the sign")
    return np.where(last >= 0, front * 10 + last, -(front * 10 - 2 - last))


def read_days(records: Records, rows: NDArray[np.int64], part: slice) -> NDArray[np.int64]:
    """Read dates written DDMMYY as days since 1970.

    Raises
    ------
    FileUnreadable
        A date does not exist.
    """
    first = part.start
    day, month, year = (records.read_numbers(slice(at, at + 2))[rows] for at in (first, first + 2, first + 4))
    century = np.where(year > _PIVOT_YEAR, 1900, 2000)
    months = (year + century - 1970) * 12 + month - 1
    start, next_start = (
        (months + offset).astype("M8[M]").astype("M8[D]").astype(np.int64) for offset in (0, 1)
    )
    is_valid = (month >= 1) & (month <= 12) & (year >= 0) & (day >= 1) & (day <= next_start - start)
    invalid = np.flatnonzero(~is_valid)
    if invalid.size:
        row = int(rows[invalid[0]])
        raise records.error_at(row, f"date {records.read_text(row, part)!r}", "Write a day as DDMMYY")
    return start + day - 1


def _parse_numbers(cells: NDArray[np.uint8]) -> NDArray[np.int64]:
    digits = cells.astype(np.int64) - _ZERO
    value = np.zeros(len(cells), np.int64)
    for column in digits.T:
        value = value * 10 + column
    return np.where(((digits >= 0) & (digits <= 9)).all(1), value, -1)
