"""Counting, summing and inspection of the lines of a file, a window at a time."""

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from core.errors import FileUnreadable, LimitExceeded
from ingest.formats.detection import (
    CELL_BYTES_MAX,
    FILE_BYTES_MAX,
    ROWS_MAX,
    WINDOW_BYTES_MAX,
    WINDOW_LINES,
    check_decoded_bytes,
    describe_position,
)
from ingest.formats.flat_schema import CentsSum, check_values, conform_batch, sum_cents
from ingest.formats.text_buffers import (
    count_text_bytes,
    count_unpacked_bytes,
    find_longest_row,
    has_longer_value,
    is_plainly_valid,
    measure_longest_value,
)
from ingest.formats.typed_values import EUROS_TEXT_BYTES

_CENTS_MAX = 2**63 - 1


class FileTotals(NamedTuple):
    """The line count and the sum of amounts of a whole file."""

    lines: int
    cents: int
    """Sum of the amounts; texts that are not amounts count 0."""


class FileInspector:
    """Counts and sums the windows of a file, and inspects each text once."""

    def __init__(self, name: str, schema: pa.Schema, sent_bytes: int = FILE_BYTES_MAX) -> None:
        """Inspect the windows of the file ``name``, in whose ``sent_bytes`` bytes they were sent."""
        self._name, self._schema, self._sent_bytes = name, schema, sent_bytes
        self._texts = [
            field for field in schema if pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)
        ]
        self._lines = 0
        self._cents = CentsSum(0, 0)
        self._recent_lines = 0
        self._recent_bytes = 0
        self._decoded_bytes = 0
        self.filled_columns: set[str] = set()
        """Columns with a value in some line."""

    def add(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Add one window, at most as many lines as may be inspected together; return it in the types of later passes."""
        self._check_columns(batch)
        for field in self._schema:
            self._inspect_column(batch.column(field.name), field)
        check_values(batch, self._schema, self._name, first_line=self._lines + 1)
        self._check_text_density(batch)
        self._lines += batch.num_rows
        conformed = conform_batch(batch, self._schema)
        self._check_decoded_bytes(batch, conformed)
        sums = sum_cents(conformed)
        self._cents = CentsSum(self._cents.total + sums.total, self._cents.magnitude + sums.magnitude)
        if self._lines > ROWS_MAX:
            raise LimitExceeded(
                describe_position(self._name, ROWS_MAX + 1),
                f"The file has more than {ROWS_MAX:,} lines",
                "Split the file",
            )
        return conformed

    def _check_decoded_bytes(self, batch: pa.RecordBatch, conformed: pa.RecordBatch) -> None:
        """Check the size of all windows so far: each is inspected whole, with its dictionaries."""
        self._decoded_bytes += max(batch.nbytes, conformed.nbytes)
        position = describe_position(self._name, self._lines) + " and before"
        check_decoded_bytes(self._decoded_bytes, self._sent_bytes, position)

    def _check_columns(self, batch: pa.RecordBatch) -> None:
        """Check that lines have columns: a copy of lines without any would have no lines."""
        if batch.num_rows and not batch.num_columns:
            finding = f"It has lines ({batch.num_rows:,} and more), and no columns"
            raise FileUnreadable(self._name, finding, "Write the columns that docs/format.md lists")

    def _check_text_density(self, batch: pa.RecordBatch) -> None:
        """Check the text of many consecutive lines: batches may be short if their lines are long."""
        size = self._count_text_bytes(batch)
        if self._recent_bytes + size <= WINDOW_BYTES_MAX:
            self._add_recent(batch.num_rows, size)
            return
        lines = self._lines
        for window in split_windows(batch, WINDOW_LINES):
            self._add_recent(window.num_rows, self._count_text_bytes(window))
            lines += window.num_rows
            if self._recent_bytes > WINDOW_BYTES_MAX:
                position = describe_position(self._name, lines) + " and before"
                fault = f"{self._recent_lines:,} lines have {self._recent_bytes:,} bytes of text"
                raise LimitExceeded(position, fault, "Shorten the texts")

    def _add_recent(self, lines: int, text_bytes: int) -> None:
        if self._recent_lines + lines > WINDOW_LINES:
            self._recent_lines = self._recent_bytes = 0
        self._recent_lines += lines
        self._recent_bytes += text_bytes

    def compute_totals(self) -> FileTotals:
        """Return the totals of the whole file."""
        if self._cents.magnitude > _CENTS_MAX:
            raise LimitExceeded(self._name, "The amounts add up to more than 2^63 cents", "Split the file")
        return FileTotals(self._lines, self._cents.total)

    def _count_text_bytes(self, batch: pa.RecordBatch) -> int:
        """Return the bytes of text that ``batch`` will need in its final types."""
        return sum(_count_final_bytes(batch.column(field.name), field.type) for field in self._texts)

    def _inspect_column(self, column: pa.Array, field: pa.Field) -> None:
        if column.null_count < len(column):
            self.filled_columns.add(field.name)
        if field not in self._texts or pa.types.is_decimal(column.type):
            return
        self._check_utf8(column, field.name)
        texts = column.dictionary if pa.types.is_dictionary(column.type) else column
        if has_longer_value(texts, CELL_BYTES_MAX):
            line = self._lines + 1 + (find_longest_row(texts) if texts is column else 0)
            position = describe_position(self._name, line, field.name) + (
                " and after" if texts is not column else ""
            )
            raise LimitExceeded(
                position, f"A text has {measure_longest_value(texts):,} bytes", "Shorten the texts"
            )

    def _check_utf8(self, column: pa.Array, name: str) -> None:
        if is_plainly_valid(column):
            return
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            position = describe_position(self._name, self._lines + 1 + _find_first_invalid(column), name)
            raise FileUnreadable(position, str(error)[:300], "Write text in UTF-8") from error


def split_windows(batch: pa.RecordBatch, lines: int) -> Iterator[pa.RecordBatch]:
    """Yield ``batch`` in parts of at most ``lines``: the writer of the file chose the length of batches."""
    return (batch.slice(start, lines) for start in range(0, batch.num_rows, lines))


def _count_final_bytes(column: pa.Array, final: pa.DataType) -> int:
    if pa.types.is_decimal(column.type):
        return EUROS_TEXT_BYTES * len(column)
    if not pa.types.is_dictionary(column.type):
        return count_text_bytes(column)
    return (
        count_text_bytes(column.dictionary) if pa.types.is_dictionary(final) else count_unpacked_bytes(column)
    )


def _find_first_invalid(column: pa.Array) -> int:
    """Return the row of the first value that makes ``column`` invalid, by bisection."""
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
