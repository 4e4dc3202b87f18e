"""A message of the bank taken apart: a table for each record, its columns as the texts that were written."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from core.tables.columns import sealed
from core.tables.journal import Bytes, Parsed, Spans
from core.tables.xml import Fault, Message
from kernels import parsing
from markup.compiler import compiled
from markup.reader import read as read_markup
from markup.rows import WITHIN, Faulty, schema

ROWS_MAX = 5_000_000
"""Of one record in one file."""
_LONG = 0xFFFF_FFFF
_AGAIN = "Nothing of it is posted: ask the bank for it again"


class Texts(NamedTuple):
    """A column: where each text stands in its bytes; equal ends for none."""

    spans: Spans
    text: Bytes

    @property
    def given(self) -> NDArray[np.bool_]:
        """Which rows have a text."""
        return self.spans.end > self.spans.start


class Table(NamedTuple):
    """The rows of one record, in the order of the message."""

    columns: Mapping[str, Texts]
    parent: NDArray[np.int32]
    """Row of the record that it stands in."""

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.parent)


class Leaves(NamedTuple):
    """A message taken apart."""

    message: Message
    tables: Mapping[str, Table]

    def column(self, record: str, column: str) -> Texts:
        """A column as it was written."""
        return self.tables[record].columns[column]

    def texts(self, record: str, column: str) -> list[str]:
        """The texts of a column, for records of which there are few."""
        spans, text = self.column(record, column)
        pieces = zip(spans.start.tolist(), spans.end.tolist(), strict=True)
        return [text.data[start:end].tobytes().decode() for start, end in pieces]

    def given(self, record: str, column: str) -> NDArray[np.bool_]:
        """Which rows have a text in the column."""
        return self.column(record, column).given

    def cents(self, record: str, column: str) -> Parsed:
        """The amounts in a column, with a point and at most two decimals; faults where there is none."""
        spans, text = self.column(record, column)
        parsed = _parsed(parsing.amounts, spans, text)
        commas = np.flatnonzero(text.data == ord(","))
        if commas.size:
            parsed.fault[np.searchsorted(commas, spans.start) < np.searchsorted(commas, spans.end)] = 1
        return parsed

    def days(self, record: str, column: str) -> Parsed:
        """The days in a column: of a moment, or a day with its zone, the first ten letters."""
        spans, text = self.column(record, column)
        short = np.minimum(spans.end, spans.start + 10).astype(np.int32)
        return _parsed(parsing.days, Spans(spans.start, sealed(short)), text)

    def letters(self, record: str, column: str, *, cut: bool = False) -> NDArray[np.uint32]:
        """Codes of up to four letters as numbers (``core.tables.bank_messages.packed``); 0 for none.

        A longer text is no code: all bits set, unless it is ``cut``.
        """
        spans, text = self.column(record, column)
        size = spans.end - spans.start
        packed = np.zeros(size.size, np.uint32)
        for place in range(4):
            letter = text.data.take(spans.start + place, mode="clip").astype(np.uint32)
            packed = (packed << np.uint32(8)) | np.where(place < size, letter, ord(" ")).astype(np.uint32)
        packed[size == 0] = 0
        if not cut:
            packed[size > 4] = _LONG
        return packed


def read(path: Path, messages: Mapping[str, Message], name: str) -> Leaves:
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
    except Faulty as error:
        raise _refused(error, messages, name) from error
    records = compiled(document.message).records
    return Leaves(
        document.message,
        {
            record.name: _table(pa.Table.from_batches(found[record.name], schema(record)))
            for record in records
        },
    )


def _refused(error: Faulty, messages: Mapping[str, Message], name: str) -> Exception:
    place = f"{name}, byte {error.offset}"
    if error.fault is Fault.NAMESPACE_UNKNOWN:
        known = sorted({namespace.rpartition(":")[2][:-3] for namespace in messages})
        return FormatUnknown(
            place, "NAMESPACE_UNKNOWN: another message or version", f"Read here: {', '.join(known)}"
        )
    if error.fault in (Fault.DEPTH_EXCEEDED, Fault.TEXT_TOO_LONG):
        return LimitExceeded(place, error.fault.name, "No message of a bank is like that")
    return FileUnreadable(place, error.fault.name, _AGAIN)


def _table(found: pa.Table) -> Table:
    whole = found.combine_chunks()
    columns = {name: _texts(whole.column(name)) for name in whole.column_names if name != WITHIN}
    parent = whole.column(WITHIN).to_numpy().astype(np.int32)
    return Table(columns, sealed(parent))


def _texts(column: pa.ChunkedArray) -> Texts:
    """The buffers of a column without nulls."""
    chunks = column.chunks
    array: Any = chunks[0] if chunks else pa.array([], pa.string())
    _, offsets, data = array.buffers()
    ends = np.frombuffer(offsets, np.int32) if offsets else np.zeros(1, np.int32)
    ends = ends[array.offset : array.offset + len(array) + 1]
    text = np.frombuffer(data, np.uint8) if data and data.size else np.zeros(1, np.uint8)
    return Texts(
        Spans(sealed(np.ascontiguousarray(ends[:-1])), sealed(np.ascontiguousarray(ends[1:]))),
        Bytes(sealed(text)),
    )


def _parsed(kernel: Any, spans: Spans, text: Bytes) -> Parsed:
    parsed = Parsed(np.zeros(spans.start.size, np.int64), np.zeros(spans.start.size, np.uint8))
    kernel(spans, text, parsed)
    return parsed
