"""Count, sum and look over the lines of a file, a window at a time."""

from typing import NamedTuple

import pyarrow as pa

from core.errors import FileUnreadable, LimitExceeded
from core.fields import Field
from ingest.flat import Cents, cents_sums, conform
from ingest.formats import CELL_BYTES_MAX, ROWS_MAX, WINDOW_BYTES_MAX, WINDOW_LINES, place
from ingest.texts import is_plainly_sound, longest_row, text_extent, unpacked_bytes

_AMOUNTS = (Field.AMOUNT.column, Field.AMOUNT_CENTS.column)
_CENTS_MAX = 2**63 - 1


class Inspection(NamedTuple):
    """What a whole file adds up to."""

    lines: int
    cents: int
    """Sum of the amounts that read as amounts."""


class Tally:
    """Counts and sums the windows of a file, and looks at each text once."""

    def __init__(self, name: str, schema: pa.Schema) -> None:
        self._name, self._schema = name, schema
        self._amounts = pa.schema([field for field in schema if field.name in _AMOUNTS])
        self._lines = 0
        self._cents = Cents(0, 0)
        self._recent_lines = 0
        self._recent_bytes = 0
        self.filled: set[str] = set()
        """Columns that say something in some line."""

    def add(self, window: pa.RecordBatch) -> None:
        """Take in at most ``WINDOW_LINES`` lines."""
        size = sum(self._text_bytes(window.column(field.name), field) for field in self._schema)
        self._check_fatness(window.num_rows, size)
        self._lines += window.num_rows
        more = cents_sums(conform(window, self._amounts))
        self._cents = Cents(self._cents.total + more.total, self._cents.magnitude + more.magnitude)
        if self._lines > ROWS_MAX:
            raise LimitExceeded(self._name, f"Over {ROWS_MAX:,} lines", "Split the file")

    def _check_fatness(self, lines: int, text_bytes: int) -> None:
        """Windows may be short, when their lines are fat: what counts is the text of many lines in a row."""
        if self._recent_lines + lines > WINDOW_LINES:
            self._recent_lines = self._recent_bytes = 0
        self._recent_lines += lines
        self._recent_bytes += text_bytes
        if self._recent_bytes > WINDOW_BYTES_MAX:
            where = place(self._name, self._lines + lines) + " and before"
            found = f"{self._recent_bytes:,} bytes of text in {self._recent_lines:,} lines"
            raise LimitExceeded(where, found, "Shorten the texts")

    def total(self) -> Inspection:
        """What the whole file adds up to."""
        if self._cents.magnitude > _CENTS_MAX:
            raise LimitExceeded(self._name, "The amounts add up to over 2^63 cents", "Split the file")
        return Inspection(self._lines, self._cents.total)

    def _text_bytes(self, column: pa.Array, field: pa.Field) -> int:
        """Bytes of text that ``column`` will take once in its final type."""
        if column.null_count < len(column):
            self.filled.add(field.name)
        if not (pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)):
            return 0
        self._check_utf8(column, field.name)
        texts = column.dictionary if pa.types.is_dictionary(column.type) else column
        extent = text_extent(texts)
        if extent.longest > CELL_BYTES_MAX:
            line = self._lines + 1 + (longest_row(texts) if texts is column else 0)
            where = place(self._name, line, field.name) + (" and after" if texts is not column else "")
            raise LimitExceeded(where, f"A text of {extent.longest:,} bytes", "Shorten the texts")
        is_unpacked = texts is not column and not pa.types.is_dictionary(field.type)
        return unpacked_bytes(column) if is_unpacked else extent.total

    def _check_utf8(self, column: pa.Array, name: str) -> None:
        if is_plainly_sound(column):
            return
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            where = place(self._name, self._lines + 1 + _first_invalid(column), name)
            raise FileUnreadable(where, str(error)[:300], "Write text in UTF-8") from error


def _first_invalid(column: pa.Array) -> int:
    """Row of the first value that makes ``column`` invalid, by halves."""
    first, rows = 0, len(column)
    while rows > 1:
        half = rows // 2
        try:
            column.slice(first, half).validate(full=True)
        except pa.ArrowInvalid:
            rows = half
        else:
            first, rows = first + half, rows - half
    return first
