"""Records of fixed width, column by column: where each stands, and the numbers and days in it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import FileUnreadable

_NEWLINE, _CARRIAGE_RETURN, _ZERO = ord("\n"), ord("\r"), ord("0")
_PIVOT_YEAR = 60
"""Two digits of a year up to this one are of this century."""
_POSITIVE, _NEGATIVE = b"{ABCDEFGHI", b"}JKLMNOPQR"


def _build_signed_digits() -> NDArray[np.int8]:
    """The last character of an amount: its digit from 0 to 9, below -1 for a negative one, -1 for none."""
    table = np.full(256, -1, np.int8)
    table[list(_POSITIVE)] = np.arange(10)
    table[list(_NEGATIVE)] = -2 - np.arange(10)
    return table


_SIGNED_DIGITS = _build_signed_digits()


class Records(NamedTuple):
    """A file of records."""

    name: str
    cells: NDArray[np.uint8]
    """One row a record, one column a character."""
    starts: NDArray[np.int64]
    """Where each begins in the file."""

    def read_text(self, at: int, part: slice) -> str:
        """The characters of a part, as they stand."""
        return self.cells[at, part].tobytes().decode("latin-1")

    def error_at(self, at: int, found: str, remedy: str) -> FileUnreadable:
        """The refusal of the file because of record ``at``."""
        start = int(self.starts[at]) if 0 <= at < len(self.starts) else 0
        return FileUnreadable(f"{self.name}, record {at + 1} at byte {start}", f"There is {found}", remedy)

    def read_numbers(self, part: slice) -> NDArray[np.int64]:
        """The whole number in a part of every record; -1 where it is none."""
        return _parse_numbers(self.cells[:, part])


def split_records(data: NDArray[np.uint8], width: int, name: str) -> Records:
    """Cut a file into records of ``width`` characters, one a line; empty lines, and the last line's end, may lack.

    Raises
    ------
    FileUnreadable
        A line of another length.
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
        at = int(wrong[0])
        place = f"{name}, record {at + 1} at byte {starts[at]}"
        raise FileUnreadable(
            place, f"{lengths[at]} characters", f"Every record has {width}: the file is cut or changed"
        )
    return Records(name, _stack_records(data, starts, width), starts)


def _stack_records(data: NDArray[np.uint8], starts: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """The records side by side: as they lie in the file where they are evenly spaced."""
    steps = np.diff(starts)
    if steps.size and (steps == steps[0]).all() and starts[0] + steps[0] * len(starts) <= data.size:
        first, step = int(starts[0]), int(steps[0])
        return data[first : first + step * len(starts)].reshape(-1, step)[:, :width]
    return data[starts[:, None] + np.arange(width)]


def read_amounts(records: Records, at: NDArray[np.int64], part: slice) -> NDArray[np.int64]:
    """Cents with their sign, which the last character carries beside its digit.

    Raises
    ------
    FileUnreadable
        Not thirteen digits and a digit with a sign.
    """
    cells = records.cells[at, part]
    front, last = _parse_numbers(cells[:, :-1]), _SIGNED_DIGITS[cells[:, -1]].astype(np.int64)
    wrong = np.flatnonzero((front < 0) | (last == -1))
    if wrong.size:
        row = int(at[wrong[0]])
        raise records.error_at(
            row, f"amount {records.read_text(row, part)!r}", "Write 13 digits and one with its sign"
        )
    return np.where(last >= 0, front * 10 + last, -(front * 10 - 2 - last))


def read_days(records: Records, at: NDArray[np.int64], part: slice) -> NDArray[np.int64]:
    """Days since 1970 of dates written DDMMYY.

    Raises
    ------
    FileUnreadable
        No day of the calendar.
    """
    first = part.start
    day, month, year = (records.read_numbers(slice(first + skip, first + skip + 2))[at] for skip in (0, 2, 4))
    century = np.where(year > _PIVOT_YEAR, 1900, 2000)
    months = (year + century - 1970) * 12 + month - 1
    start, after = ((months + more).astype("M8[M]").astype("M8[D]").astype(np.int64) for more in (0, 1))
    good = (month >= 1) & (month <= 12) & (year >= 0) & (day >= 1) & (day <= after - start)
    wrong = np.flatnonzero(~good)
    if wrong.size:
        row = int(at[wrong[0]])
        raise records.error_at(row, f"date {records.read_text(row, part)!r}", "Write a day as DDMMYY")
    return start + day - 1


def _parse_numbers(cells: NDArray[np.uint8]) -> NDArray[np.int64]:
    digits = cells.astype(np.int64) - _ZERO
    value = np.zeros(len(cells), np.int64)
    for column in digits.T:
        value = value * 10 + column
    return np.where(((digits >= 0) & (digits <= 9)).all(1), value, -1)
