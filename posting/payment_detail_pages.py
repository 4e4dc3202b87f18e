"""Payment details of payable lines, stored in pages: dates, priority, method, invoice and remittance information.

A page contains the lines of one batch that state any payment detail, at most 16,384, column by column, little-endian:

====================  ======================================================================
version               1 byte, 1
columns               1 byte; bit k is set if some line has a value in ``COLUMNS[k]``
lines                 4 bytes
entries               4 bytes a line: its entry minus the entry of the page's first line
each column whose     dates: 2 bytes a line, days since 1970, 0 for none
bit is set, in order  priority: 1 byte a line, 255 for none
                      texts: 2 bytes a line, the length; then all texts, UTF-8
====================  ======================================================================
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import FORMATS, Field, FieldType
from core.catalog import CATALOG, Family
from core.errors import SchemaMismatch
from core.tables.columns import allocate_zeros, concat_tables, seal
from core.tables.journal import Bytes, ParsedNumbers, RequestDetails, RequestPages, Spans
from kernels import parsing
from posting.batch import Piece
from posting.pgcopy import TextCells
from posting.raw_texts import take_rows, to_text_cells

COLUMNS = (
    *(Field.RECEIVED, Field.DUE, Field.INVOICE_DATE, Field.PRIORITY),
    *(Field.METHOD, Field.INVOICE_NUMBER, Field.REMITTANCE),
)
_TEXT_COLUMNS = len(COLUMNS[4:])
PAGE_LINES = 1 << 14
"""Most lines of a page; bounds what a look-up of one line reads."""

_VERSION = 1
_PAGE_HEADER = np.dtype([("version", "u1"), ("columns", "u1"), ("lines", "<u4")])
_ENTRY, _LENGTH = np.dtype("<u4"), np.dtype("<u2")
_NUMBER_TYPES: Mapping[FieldType, np.dtype] = {
    FieldType.DAY: np.dtype("<u2"),
    FieldType.WHOLE: np.dtype("u1"),
}
_NO_VALUE: Mapping[FieldType, int] = {FieldType.DAY: 0, FieldType.WHOLE: 255}
_PAYABLE = np.array([kind.family is Family.PAYMENT_REQUEST for kind in CATALOG])

DetailColumn = NDArray[np.unsignedinteger] | pa.Array
"""A number or a text per line."""


class PaymentDetailTexts(NamedTuple):
    """The text columns of ``RequestDetails``; an empty text if a line states none."""

    method: TextCells
    invoice_number: TextCells
    remittance: TextCells


class PaymentDetails(NamedTuple):
    """The decoded lines of some pages."""

    rows: RequestDetails
    texts: PaymentDetailTexts


class EncodedPages(NamedTuple):
    """Pages ready to be stored: their rows, and the bytes of each."""

    rows: RequestPages
    content: TextCells


def build_pages(piece: Piece, decisions: np.ndarray, accepted: NDArray[np.int32]) -> EncodedPages | None:
    """Return the pages of the accepted lines that state payment details; None if no line does."""
    fields = [field for field in COLUMNS if field.column in piece.raw.schema.names]
    payable = accepted[_PAYABLE[piece.acts["kind"][accepted]]] if fields else accepted[:0]
    if not len(payable):
        return None
    columns = {field: _read_column(piece.raw.column(field.column), field, payable) for field in fields}
    has_details = reduce(np.logical_or, (_has_value(column, field) for field, column in columns.items()))
    if not has_details.any():
        return None
    if not has_details.all():
        rows = np.flatnonzero(has_details)
        payable = payable[rows]
        columns = {field: _take_column_rows(column, rows) for field, column in columns.items()}
    return _lay_out_pages(decisions["entry"][payable], columns)


def _read_column(array: pa.Array, field: Field, rows: NDArray[np.int32]) -> DetailColumn:
    """Return a field's values in the given rows, which were validated before."""
    column, field_type = take_rows(array, rows), FORMATS[field].type
    if field_type is FieldType.TEXT:
        return _fill_nulls(column.cast(pa.string()), "")
    if pa.types.is_string(column.type):
        parsed, cells = allocate_zeros(ParsedNumbers, len(rows)), to_text_cells(_fill_nulls(column, ""))
        parse = parsing.parse_days if field_type is FieldType.DAY else parsing.parse_whole_numbers
        parse(cells.spans, cells.text, parsed)
        values = np.where(parsed.value < 0, _NO_VALUE[field_type], parsed.value)
        return values.astype(_NUMBER_TYPES[field_type])
    numbers = column.view(pa.int32()) if pa.types.is_date(column.type) else column
    filled = _fill_nulls(numbers, pa.scalar(_NO_VALUE[field_type], numbers.type))
    return filled.to_numpy(zero_copy_only=False).astype(_NUMBER_TYPES[field_type])


def _fill_nulls(column: pa.Array, value: str | pa.Scalar) -> pa.Array:
    return pc.fill_null(column, value) if column.null_count else column


def _has_value(column: DetailColumn, field: Field) -> NDArray[np.bool_]:
    if isinstance(column, np.ndarray):
        return column != _NO_VALUE[FORMATS[field].type]
    spans = to_text_cells(column).spans
    return spans.end > spans.start


def _take_column_rows(column: DetailColumn, rows: NDArray[np.int64]) -> DetailColumn:
    return column[rows] if isinstance(column, np.ndarray) else column.take(pa.array(rows))


def _lay_out_pages(entries: NDArray[np.int64], columns: Mapping[Field, DetailColumn]) -> EncodedPages:
    """Return the rows of the pages, and the pages one after the other."""
    firsts = np.arange(0, len(entries), PAGE_LINES)
    ends = np.append(firsts[1:], len(entries))
    pages = [
        b"".join(_encode_page(entries, columns, slice(*bounds_of_page)))
        for bounds_of_page in zip(firsts, ends, strict=True)
    ]
    rows = RequestPages(entries[firsts], entries[ends - 1], (ends - firsts).astype(np.int32))
    bounds = np.cumsum([0, *map(len, pages)]).astype(np.int32)
    data = np.frombuffer(b"".join(pages), np.uint8)
    return EncodedPages(rows, TextCells(seal(Spans(bounds[:-1].copy(), bounds[1:].copy())), Bytes(data)))


def _encode_page(
    entries: NDArray[np.int64], all_columns: Mapping[Field, DetailColumn], lines: slice
) -> Iterator[bytes]:
    columns = {field: column[lines] for field, column in all_columns.items()}
    filled_fields = [field for field in columns if _has_value(columns[field], field).any()]
    bits = sum(1 << COLUMNS.index(field) for field in filled_fields)
    page_entries = entries[lines]
    yield np.array((_VERSION, bits, len(page_entries)), _PAGE_HEADER).tobytes()
    yield (page_entries - page_entries[0]).astype(_ENTRY).tobytes()
    for field in filled_fields:
        yield from _encode_column(columns[field])


def _encode_column(column: DetailColumn) -> Iterator[bytes]:
    if isinstance(column, np.ndarray):
        yield column.tobytes()
        return
    spans, text = to_text_cells(column)
    yield (spans.end - spans.start).astype(_LENGTH).tobytes()
    yield text.data[spans.start[0] : spans.end[-1]].tobytes()


def read_pages(first_entries: Sequence[int], contents: Sequence[bytes]) -> PaymentDetails:
    """Decode some pages, in their order; at least one page, and less than 2 GiB of texts.

    Raises
    ------
    SchemaMismatch
        The layout of a page is not that of this version.
    """
    readers = [_PageReader(page, first) for first, page in zip(first_entries, contents, strict=True)]
    pages = [reader.read() for reader in readers]
    texts = (_join_texts([page.texts[at] for page in pages]) for at in range(_TEXT_COLUMNS))
    return PaymentDetails(concat_tables([page.rows for page in pages]), PaymentDetailTexts(*texts))


class _PageReader:
    """Reads one page from its start to its end."""

    def __init__(self, page: bytes, first: int) -> None:
        self._page, self._first_entry, self._offset = page, first, 0
        head = self._read_array(_PAGE_HEADER, 1)[0]
        self._columns, self._lines = int(head["columns"]), int(head["lines"])
        if head["version"] != _VERSION or not self._lines:
            raise SchemaMismatch(
                f"a page of payment details has version {head['version']} and {self._lines} lines, which this version of "
                "Crescendo cannot read"
            )

    def _read_array(self, dtype: np.dtype, count: int) -> np.ndarray:
        end = self._offset + dtype.itemsize * count
        if end > len(self._page):
            raise SchemaMismatch(
                f"a page of payment details ends after {len(self._page)} bytes, before byte {end}"
            )
        array = np.frombuffer(self._page, dtype, count, self._offset)
        self._offset = end
        return array

    def read(self) -> PaymentDetails:
        """Return the page's rows and texts."""
        entries = self._read_array(_ENTRY, self._lines).astype(np.int64) + self._first_entry
        received, due, invoice_date, priority = (self._read_numbers(field) for field in COLUMNS[:4])
        days = (received.astype(np.int32), due.astype(np.int32), invoice_date.astype(np.int32))
        rows = RequestDetails(entries, *days, _to_signed(priority))
        texts = PaymentDetailTexts(*(self._read_texts(field) for field in COLUMNS[4:]))
        if self._offset != len(self._page):
            raise SchemaMismatch(f"a page of payment details has bytes after byte {self._offset}")
        return PaymentDetails(rows, texts)

    def _has_column(self, field: Field) -> bool:
        return bool(self._columns >> COLUMNS.index(field) & 1)

    def _read_numbers(self, field: Field) -> np.ndarray:
        field_type = FORMATS[field].type
        if self._has_column(field):
            return self._read_array(_NUMBER_TYPES[field_type], self._lines)
        return np.full(self._lines, _NO_VALUE[field_type], _NUMBER_TYPES[field_type])

    def _read_texts(self, field: Field) -> TextCells:
        if not self._has_column(field):
            return TextCells(seal(allocate_zeros(Spans, self._lines)), seal(allocate_zeros(Bytes, 0)))
        ends = np.cumsum(self._read_array(_LENGTH, self._lines), dtype=np.int32)
        spans = Spans(np.concatenate([np.zeros(1, np.int32), ends[:-1]]), ends)
        return TextCells(seal(spans), seal(Bytes(self._read_array(np.dtype("u1"), int(ends[-1])))))


def _to_signed(priority: np.ndarray) -> NDArray[np.int16]:
    return np.where(priority == _NO_VALUE[FieldType.WHOLE], -1, priority.astype(np.int16)).astype(np.int16)


def _join_texts(cells: Sequence[TextCells]) -> TextCells:
    """Join the texts of several pages into one column."""
    starts = np.cumsum([0, *(len(part.text.data) for part in cells)]).astype(np.int32)
    spans = concat_tables(
        [Spans(part.spans.start + at, part.spans.end + at) for part, at in zip(cells, starts, strict=False)]
    )
    return TextCells(seal(spans), seal(concat_tables([part.text for part in cells])))
