"""An XML bank message as tables: one for each record of its schema, its columns as the texts in the file."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from core.tables.columns import seal_array
from core.tables.journal import Bytes, ParsedNumbers, Spans
from core.tables.xml import XmlFault, XmlMessage
from kernels import parsing
from markup.compiler import compile_message
from markup.errors import describe_namespace
from markup.reader import read_document
from markup.rows import OUTER_ROW_COLUMN, DocumentFaulty, build_schema
from markup.zero_decimals import cut_zero_decimals

ROWS_MAX = 5_000_000
"""Of one record, in one file."""
_TOO_LONG = 0xFFFF_FFFF
_PACKED_CHARACTERS = 4
_DAY_CHARACTERS = 10
_REMEDY = "Nothing of this file is posted: ask the bank for it again"


class TextColumn(NamedTuple):
    """A column of texts as spans of bytes; start and end are equal where there is no text."""

    spans: Spans
    text: Bytes

    @property
    def has_text(self) -> NDArray[np.bool_]:
        """Whether each row has a text."""
        return self.spans.end > self.spans.start


class RecordTable(NamedTuple):
    """The rows of one record, in the order of the message."""

    columns: Mapping[str, TextColumn]
    parent: NDArray[np.int32]
    """Row of the record that contains each row."""


class MessageTables(NamedTuple):
    """The tables of a message."""

    schema: XmlMessage
    tables: Mapping[str, RecordTable]

    def count_rows(self, record: str) -> int:
        """Return the number of rows of a record."""
        return len(self.tables[record].parent)

    def get_parents(self, record: str) -> NDArray[np.int32]:
        """Return the row of the containing record, for each row of ``record``."""
        return self.tables[record].parent

    def get_column(self, record: str, column: str) -> TextColumn:
        """Return a column as it is in the file."""
        return self.tables[record].columns[column]

    def read_texts(self, record: str, column: str) -> list[str]:
        """Return the texts of a column of a record with few rows."""
        spans, text = self.get_column(record, column)
        bounds = zip(spans.start.tolist(), spans.end.tolist(), strict=True)
        return [text.data[start:end].tobytes().decode() for start, end in bounds]

    def read_text(self, record: str, column: str, row: int) -> str:
        """Return the text of a column in one row."""
        spans, text = self.get_column(record, column)
        return text.data[spans.start[row] : spans.end[row]].tobytes().decode()

    def has_text(self, record: str, column: str) -> NDArray[np.bool_]:
        """Return whether each row has a text in the column."""
        return self.get_column(record, column).has_text

    def parse_cents(self, record: str, column: str) -> ParsedNumbers:
        """Parse amounts of whole cents, with a point; set the fault where there is none."""
        spans, text = self.get_column(record, column)
        cents = _run_parser(parsing.parse_amounts, cut_zero_decimals(spans, text), text)
        commas = np.flatnonzero(text.data == ord(","))
        if commas.size:
            has_comma = np.searchsorted(commas, spans.start) < np.searchsorted(commas, spans.end)
            cents.fault[has_comma] = 1
        return cents

    def parse_days(self, record: str, column: str) -> ParsedNumbers:
        """Parse days; of a date with a time or a time zone, the first ten characters."""
        spans, text = self.get_column(record, column)
        end = np.minimum(spans.end, spans.start + _DAY_CHARACTERS).astype(np.int32)
        return _run_parser(parsing.parse_days, Spans(spans.start, seal_array(end)), text)

    def pack_codes(self, record: str, column: str, *, truncate: bool = False) -> NDArray[np.uint32]:
        """Return codes of up to four characters as numbers (``core.tables.bank_messages.pack_code``); 0 for none.

        A longer text has all bits set, unless it is truncated.
        """
        spans, text = self.get_column(record, column)
        size = spans.end - spans.start
        codes = np.zeros(size.size, np.uint32)
        for position in range(_PACKED_CHARACTERS):
            character = text.data.take(spans.start + position, mode="clip").astype(np.uint32)
            padded = np.where(position < size, character, ord(" ")).astype(np.uint32)
            codes = (codes << np.uint32(8)) | padded
        codes[size == 0] = 0
        if not truncate:
            codes[size > _PACKED_CHARACTERS] = _TOO_LONG
        return codes


def read_message_tables(path: Path, schemas: Mapping[str, XmlMessage], name: str) -> MessageTables:
    """Read an XML message whose schema is one of ``schemas``, by namespace.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        It is not well-formed, has another schema, or is too large; the error gives the byte.
    """
    batches: dict[str, list[pa.RecordBatch]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    try:
        with path.open("rb") as file:
            document = read_document(file, schemas)
            for rows in document.rows:
                batches[rows.record].append(rows.batch)
                counts[rows.record] += rows.batch.num_rows
                if counts[rows.record] > ROWS_MAX:
                    raise LimitExceeded(
                        name,
                        f"The file has more than {ROWS_MAX:,} rows ({rows.record})",
                        "Ask the bank for smaller files",
                    )
    except DocumentFaulty as error:
        raise _translate_fault(error, schemas, name) from error
    records = compile_message(document.message).records
    return MessageTables(
        document.message,
        {
            record.name: _build_table(pa.Table.from_batches(batches[record.name], build_schema(record)))
            for record in records
        },
    )


def _translate_fault(error: DocumentFaulty, schemas: Mapping[str, XmlMessage], name: str) -> Exception:
    place = f"{name}, byte {error.offset}"
    if error.fault is XmlFault.NAMESPACE_UNKNOWN:
        messages = sorted({namespace.rpartition(":")[2][:-3] for namespace in schemas})
        return FormatUnknown(
            place,
            describe_namespace(error.namespace, schemas),
            f"Send one of: {', '.join(messages)}",
        )
    if error.fault in (XmlFault.DEPTH_EXCEEDED, XmlFault.TEXT_TOO_LONG):
        return LimitExceeded(place, error.fault.name, "No bank message exceeds this limit: ask the bank")
    return FileUnreadable(place, error.fault.name, _REMEDY)


def _build_table(rows: pa.Table) -> RecordTable:
    table = rows.combine_chunks()
    columns = {
        name: _build_column(table.column(name)) for name in table.column_names if name != OUTER_ROW_COLUMN
    }
    parent = table.column(OUTER_ROW_COLUMN).to_numpy().astype(np.int32)
    return RecordTable(columns, seal_array(parent))


def _build_column(column: pa.ChunkedArray) -> TextColumn:
    """Return the buffers of a column without nulls, uncopied."""
    chunks = column.chunks
    array: Any = chunks[0] if chunks else pa.array([], pa.string())
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int32) if offsets else np.zeros(1, np.int32)
    ends = ends[array.offset : array.offset + len(array) + 1]
    text = np.frombuffer(data, np.uint8) if data and data.size else np.zeros(1, np.uint8)
    return TextColumn(
        Spans(seal_array(np.ascontiguousarray(ends[:-1])), seal_array(np.ascontiguousarray(ends[1:]))),
        Bytes(seal_array(text)),
    )


def _run_parser(kernel: Any, spans: Spans, text: Bytes) -> ParsedNumbers:
    numbers = ParsedNumbers(np.zeros(spans.start.size, np.int64), np.zeros(spans.start.size, np.uint8))
    kernel(spans, text, numbers)
    return numbers
