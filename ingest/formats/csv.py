"""CSV: a header of column names, then one act line per text line.

Stricter than most dialects, because the amounts are money: ``;``, ``,`` or TAB as in the header; quotes only around a
whole field, doubled inside; no line end inside quotes, so that lines can be counted and numbered.  The last line may lack
its line end if its last field shows that it is complete: a file cut off in that field would read as another amount.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

from core.act_fields import FIELD_BY_COLUMN, FORMATS, Field, FieldType
from core.errors import FileUnreadable, FormatUnknown
from ingest.formats.detection import describe_position
from ingest.formats.flat_schema import check_columns, name_unread
from ingest.formats.line_chunks import Chunk, read_chunks, read_first_line
from ingest.formats.read_options import PLAIN, ReadOptions

_QUOTE, _LINE_END, _RETURN = b'"\n\r'
_ANY_TEXT = re.compile(r".*")
_DELIMITERS = (";", ",", "\t")
_COMPLETE_VALUES: Mapping[FieldType, re.Pattern[str]] = {
    FieldType.DECIMAL: re.compile(r"-?[0-9]+[.,][0-9]{2}"),
    FieldType.DAY: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
"""Values that are no longer valid with more characters, so none of them is the begin of another.  No quote shows that of a
text: one inside it is written as two."""


def read_batches(path: Path, name: str, options: ReadOptions = PLAIN) -> Iterator[pa.RecordBatch]:
    """Yield the lines of the CSV file at ``path``, every column as text.

    Raises
    ------
    FormatUnknown, LimitExceeded
        Unknown columns; too many columns, or a line too long.
    FileUnreadable
        A line does not have one field for each column; the error names the line.
    """
    delimiter, columns = _parse_header(read_first_line(path, name, options.charset), name, options)
    schema = pa.schema([(column, pa.string()) for column in columns if column in FIELD_BY_COLUMN])
    yield pa.RecordBatch.from_pylist([], schema=name_unread(schema, columns))
    reader = _Reader(name, delimiter, columns)
    for chunk in read_chunks(path, name, options.charset, header_lines=1):
        yield reader.read(chunk if chunk.text.endswith(b"\n") else reader.end_line(chunk))


def _parse_header(line: bytes, name: str, options: ReadOptions) -> tuple[str, list[str]]:
    text, position = line.decode(), describe_position(name, 1)
    delimiter = max(_DELIMITERS, key=lambda option: (_count_columns(text, option), option in text))
    try:
        names = _split_line(text, delimiter)
    except csv.Error as error:
        raise FileUnreadable(
            position, f"The header cannot be read: {error}", "Quote whole column names"
        ) from error
    if Field.AMOUNT_CENTS.column in names:
        raise FormatUnknown(
            position,
            "A text file may not have the column amount_cents",
            "Send euros in the column amount, as in 1234.56",
        )
    if not names:
        raise FormatUnknown(position, "The file has no header", "Name the columns in the first line")
    return delimiter, check_columns(names, position, options)


def _count_columns(header: str, delimiter: str) -> int:
    """Return how many columns of the format a header has with this delimiter."""
    try:
        return len(FIELD_BY_COLUMN.keys() & _split_line(header, delimiter))
    except csv.Error:
        return 0


def _split_line(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, strict=True), [])


class _Reader:
    """Parses chunks of one file, and explains why a chunk cannot be parsed."""

    def __init__(self, name: str, delimiter: str, columns: list[str]) -> None:
        self._name, self._delimiter, self._columns = name, delimiter, columns
        self._read_columns = [column for column in columns if column in FIELD_BY_COLUMN]

    def read(self, chunk: Chunk) -> pa.RecordBatch:
        """Parse a chunk into one batch; Arrow's parser is lenient, so rows and lines must be equal in number."""
        try:
            table = self._parse_table(chunk.text) if self._has_strict_quotes(chunk.text) else None
        except pa.ArrowInvalid:
            table = None
        if table is None or table.num_rows != chunk.text.count(b"\n"):
            raise self._explain(chunk)
        return table.combine_chunks().to_batches()[0]

    def end_line(self, chunk: Chunk) -> Chunk:
        """Return the last line of a file, which has no line end, with one.

        Raises
        ------
        FileUnreadable
            It may be cut off.
        """
        line = chunk.text.removesuffix(b"\r")
        if line == chunk.text and not self._is_complete(line.decode()):
            fault = "The last line has no line end, and may be cut off"
            remedy = "Send the whole file: end its last line, or let it end in a date or in an amount with two decimals"
            raise FileUnreadable(describe_position(self._name, chunk.first_line), fault, remedy)
        return chunk._replace(text=line + b"\n")

    def _is_complete(self, line: str) -> bool:
        try:
            values = _split_line(line, self._delimiter)
        except csv.Error:
            return False
        if len(values) != len(self._columns):
            return False
        field = FIELD_BY_COLUMN.get(self._columns[-1])
        pattern = _COMPLETE_VALUES.get(FORMATS[field].type) if field else _ANY_TEXT  # which is not read
        return bool(pattern and pattern.fullmatch(values[-1]))

    def _parse_table(self, text: bytes) -> pa.Table:
        return pyarrow.csv.read_csv(
            pa.BufferReader(text),
            pyarrow.csv.ReadOptions(use_threads=False, block_size=len(text), column_names=self._columns),
            pyarrow.csv.ParseOptions(delimiter=self._delimiter),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(self._read_columns, pa.string()),
                include_columns=self._read_columns,
                check_utf8=False,
            ),
        )

    def _has_strict_quotes(self, text: bytes) -> bool:
        """Return whether quotes come in pairs that each enclose a whole field.

        ``""`` inside a field counts as the end of one pair and the begin of the next.
        """
        if b'"' not in text:
            return True
        characters = np.frombuffer(text, np.uint8)
        quotes = np.flatnonzero(characters == _QUOTE)
        if len(quotes) % 2:
            return False
        edges = np.array([ord(self._delimiter), _LINE_END, _RETURN, _QUOTE], np.uint8)
        before, after = quotes[0::2] - 1, quotes[1::2] + 1
        opens = np.isin(characters[np.maximum(before, 0)], edges) | (before < 0)
        return bool(opens.all() and np.isin(characters[after], edges).all())

    def _explain(self, chunk: Chunk) -> FileUnreadable:
        pattern = self._build_line_pattern()
        for number, line in chunk.number_lines():
            fault = None
            if not pattern.fullmatch(line.decode()):
                fault = "A quote is inside a field, or is not closed on its line"
            elif (fields := self._count_fields(line)) != len(self._columns):
                fault = f"The line has {fields} fields, and the header has {len(self._columns)} columns"
            if fault:
                remedy = "Quote whole fields, double quotes inside them, and keep one act line per text line"
                return FileUnreadable(describe_position(self._name, number), fault, remedy)
        position = describe_position(self._name, chunk.first_line)
        return FileUnreadable(
            position, "The lines cannot be parsed", "Write CSV that has one field for each column"
        )

    def _build_line_pattern(self) -> re.Pattern[str]:
        field = rf'("([^"\r]|"")*"|[^"\r{self._delimiter}]*)'
        return re.compile(rf"{field}({self._delimiter}{field})*")

    def _count_fields(self, line: bytes) -> int:
        return len(next(csv.reader(io.StringIO(line.decode(), newline=""), delimiter=self._delimiter), []))
