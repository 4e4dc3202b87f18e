"""Count, sum and look over the lines of a file, a window at a time."""

from collections.abc import Iterator
from typing import NamedTuple

import pyarrow as pa

from core.act_fields import Field
from core.errors import FileUnreadable, LimitExceeded
from ingest.formats.detection import (
    CELL_BYTES_MAX,
    ROWS_MAX,
    WINDOW_BYTES_MAX,
    WINDOW_LINES,
    describe_position,
)
from ingest.formats.flat_schema import CentsSum, conform_batch, sum_cents
from ingest.formats.text_buffers import (
    count_text_bytes,
    count_unpacked_bytes,
    find_longest_row,
    has_longer_value,
    is_plainly_valid,
    measure_longest_value,
)

_AMOUNTS = (Field.AMOUNT.column, Field.AMOUNT_CENTS.column)
_CENTS_MAX = 2**63 - 1


class FileTotals(NamedTuple):
    """What a whole file adds up to."""

    lines: int
    cents: int
    """Sum of the amounts that read as amounts."""


class FileInspector:
    """Counts and sums the windows of a file, and looks at each text once."""

    def __init__(self, name: str, schema: pa.Schema) -> None:
        self._name, self._schema = name, schema
        self._amounts = pa.schema([field for field in schema if field.name in _AMOUNTS])
        self._texts = [
            field for field in schema if pa.types.is_string(field.type) or pa.types.is_dictionary(field.type)
        ]
        self._lines = 0
        self._cents = CentsSum(0, 0)
        self._recent_lines = 0
        self._recent_bytes = 0
        self.filled_columns: set[str] = set()
        """Columns that say something in some line."""

    def add(self, batch: pa.RecordBatch) -> None:
        """Take in at most as many lines as may be looked at together."""
        for field in self._schema:
            self._inspect_column(batch.column(field.name), field)
        self._check_text_density(batch)
        self._lines += batch.num_rows
        more = sum_cents(conform_batch(batch, self._amounts))
        self._cents = CentsSum(self._cents.total + more.total, self._cents.magnitude + more.magnitude)
        if self._lines > ROWS_MAX:
            raise LimitExceeded(
                describe_position(self._name, ROWS_MAX + 1), f"Over {ROWS_MAX:,} lines", "Split the file"
            )

    def _check_text_density(self, batch: pa.RecordBatch) -> None:
        """Batches may be short, when their lines are fat: what counts is the text of many lines in a row."""
        size = self._count_text_bytes(batch)
        if self._recent_bytes + size <= WINDOW_BYTES_MAX:
            self._add_recent(batch.num_rows, size)
            return
        lines = self._lines
        for window in split_windows(batch, WINDOW_LINES):
            self._add_recent(window.num_rows, self._count_text_bytes(window))
            lines += window.num_rows
            if self._recent_bytes > WINDOW_BYTES_MAX:
                where = describe_position(self._name, lines) + " and before"
                found = f"{self._recent_bytes:,} bytes of text in {self._recent_lines:,} lines"
                raise LimitExceeded(where, found, "Shorten the texts")

    def _add_recent(self, lines: int, text_bytes: int) -> None:
        if self._recent_lines + lines > WINDOW_LINES:
            self._recent_lines = self._recent_bytes = 0
        self._recent_lines += lines
        self._recent_bytes += text_bytes

    def compute_totals(self) -> FileTotals:
        """What the whole file adds up to."""
        if self._cents.magnitude > _CENTS_MAX:
            raise LimitExceeded(self._name, "The amounts add up to over 2^63 cents", "Split the file")
        return FileTotals(self._lines, self._cents.total)

    def _count_text_bytes(self, batch: pa.RecordBatch) -> int:
        """Bytes of text that ``batch`` will take once in its final types."""
        return sum(_count_final_bytes(batch.column(field.name), field.type) for field in self._texts)

    def _inspect_column(self, column: pa.Array, field: pa.Field) -> None:
        if column.null_count < len(column):
            self.filled_columns.add(field.name)
        if field not in self._texts:
            return
        self._check_utf8(column, field.name)
        texts = column.dictionary if pa.types.is_dictionary(column.type) else column
        if has_longer_value(texts, CELL_BYTES_MAX):
            line = self._lines + 1 + (find_longest_row(texts) if texts is column else 0)
            where = describe_position(self._name, line, field.name) + (
                " and after" if texts is not column else ""
            )
            raise LimitExceeded(
                where, f"A text of {measure_longest_value(texts):,} bytes", "Shorten the texts"
            )

    def _check_utf8(self, column: pa.Array, name: str) -> None:
        if is_plainly_valid(column):
            return
        try:
            column.validate(full=True)
        except pa.ArrowInvalid as error:
            where = describe_position(self._name, self._lines + 1 + _find_first_invalid(column), name)
            raise FileUnreadable(where, str(error)[:300], "Write text in UTF-8") from error


def split_windows(batch: pa.RecordBatch, lines: int) -> Iterator[pa.RecordBatch]:
    """``batch`` in parts of at most ``lines``: whoever wrote the file says how long a batch is."""
    return (batch.slice(at, lines) for at in range(0, batch.num_rows, lines))


def _count_final_bytes(column: pa.Array, final: pa.DataType) -> int:
    if not pa.types.is_dictionary(column.type):
        return count_text_bytes(column)
    return (
        count_text_bytes(column.dictionary) if pa.types.is_dictionary(final) else count_unpacked_bytes(column)
    )


def _find_first_invalid(column: pa.Array) -> int:
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
