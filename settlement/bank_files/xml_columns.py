"""A message of the bank taken apart: a table for each record, its columns as the texts that were written."""

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
from markup.reader import read_document as read_markup
from markup.rows import OUTER_ROW_COLUMN, DocumentFaulty, build_schema

ROWS_MAX = 5_000_000
"""Of one record in one file."""
_TOO_LONG = 0xFFFF_FFFF
_REMEDY = "Nothing of it is posted: ask the bank for it again"


class TextColumn(NamedTuple):
    """A column: where each text stands in its bytes; equal ends for none."""

    spans: Spans
    text: Bytes

    @property
    def has_text(self) -> NDArray[np.bool_]:
        """Which rows have a text."""
        return self.spans.end > self.spans.start


class RecordTable(NamedTuple):
    """The rows of one record, in the order of the message."""

    columns: Mapping[str, TextColumn]
    parent: NDArray[np.int32]
    """Row of the record that it stands in."""

    @property
    def row_count(self) -> int:
        """How many there are."""
        return len(self.parent)


class MessageTables(NamedTuple):
    """A message taken apart."""

    schema: XmlMessage
    tables: Mapping[str, RecordTable]

    def get_column(self, record: str, column: str) -> TextColumn:
        """A column as it was written."""
        return self.tables[record].columns[column]

    def read_texts(self, record: str, column: str) -> list[str]:
        """The texts of a column, for records of which there are few."""
        spans, text = self.get_column(record, column)
        pieces = zip(spans.start.tolist(), spans.end.tolist(), strict=True)
        return [text.data[start:end].tobytes().decode() for start, end in pieces]

    def has_text(self, record: str, column: str) -> NDArray[np.bool_]:
        """Which rows have a text in the column."""
        return self.get_column(record, column).has_text

    def parse_cents(self, record: str, column: str) -> ParsedNumbers:
        """The amounts in a column, with a point and at most two decimals; faults where there is none."""
        spans, text = self.get_column(record, column)
        parsed = _run_parser(parsing.parse_amounts, spans, text)
        commas = np.flatnonzero(text.data == ord(","))
        if commas.size:
            parsed.fault[np.searchsorted(commas, spans.start) < np.searchsorted(commas, spans.end)] = 1
        return parsed

    def parse_days(self, record: str, column: str) -> ParsedNumbers:
        """The days in a column: of a moment, or a day with its zone, the first ten letters."""
        spans, text = self.get_column(record, column)
        short = np.minimum(spans.end, spans.start + 10).astype(np.int32)
        return _run_parser(parsing.parse_days, Spans(spans.start, seal_array(short)), text)

    def pack_codes(self, record: str, column: str, *, truncate: bool = False) -> NDArray[np.uint32]:
        """Codes of up to four letters as numbers (``core.tables.bank_messages.pack_code``); 0 for none.

        A longer text is no code: all bits set, unless it is ``cut``.
        """
        spans, text = self.get_column(record, column)
        size = spans.end - spans.start
        packed = np.zeros(size.size, np.uint32)
        for place in range(4):
            letter = text.data.take(spans.start + place, mode="clip").astype(np.uint32)
            packed = (packed << np.uint32(8)) | np.where(place < size, letter, ord(" ")).astype(np.uint32)
        packed[size == 0] = 0
        if not truncate:
            packed[size > 4] = _TOO_LONG
        return packed


def read_message_tables(path: Path, messages: Mapping[str, XmlMessage], name: str) -> MessageTables:
    """Take a message apart.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        It is no well-formed message of ``messages``, or too large; the place is told in bytes.
    """
    found: dict[str, list[pa.RecordBatch]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    try:
        with path.open("rb") as file:
            document = read_markup(file, messages)
            for rows in document.rows:
                found[rows.record].append(rows.batch)
                counts[rows.record] += rows.batch.num_rows
                if counts[rows.record] > ROWS_MAX:
                    raise LimitExceeded(
                        name, f"Over {ROWS_MAX:,} rows ({rows.record})", "Ask for smaller files"
                    )
    except DocumentFaulty as error:
        raise _translate_fault(error, messages, name) from error
    records = compile_message(document.message).records
    return MessageTables(
        document.message,
        {
            record.name: _build_table(pa.Table.from_batches(found[record.name], build_schema(record)))
            for record in records
        },
    )


def _translate_fault(error: DocumentFaulty, messages: Mapping[str, XmlMessage], name: str) -> Exception:
    place = f"{name}, byte {error.offset}"
    if error.fault is XmlFault.NAMESPACE_UNKNOWN:
        known = sorted({namespace.rpartition(":")[2][:-3] for namespace in messages})
        return FormatUnknown(
            place, "NAMESPACE_UNKNOWN: another message or version", f"Read here: {', '.join(known)}"
        )
    if error.fault in (XmlFault.DEPTH_EXCEEDED, XmlFault.TEXT_TOO_LONG):
        return LimitExceeded(place, error.fault.name, "No message of a bank is like that")
    return FileUnreadable(place, error.fault.name, _REMEDY)


def _build_table(found: pa.Table) -> RecordTable:
    whole = found.combine_chunks()
    columns = {
        name: _build_column(whole.column(name)) for name in whole.column_names if name != OUTER_ROW_COLUMN
    }
    parent = whole.column(OUTER_ROW_COLUMN).to_numpy().astype(np.int32)
    return RecordTable(columns, seal_array(parent))


def _build_column(column: pa.ChunkedArray) -> TextColumn:
    """The buffers of a column without nulls."""
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
    parsed = ParsedNumbers(np.zeros(spans.start.size, np.int64), np.zeros(spans.start.size, np.uint8))
    kernel(spans, text, parsed)
    return parsed
