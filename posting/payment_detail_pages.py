"""What payable lines say of their payment, in pages: dates, priority, method, invoice, and what the payee will read.

A page holds the lines of one batch that say any of it, 16,384 at most, column by column, little-endian:

====================  ====================================================================
version               1 byte, 1
columns               1 byte; bit k is set where some line says something in ``COLUMNS[k]``
lines                 4 bytes
entries               4 bytes a line: its entry less that of the page's first line
each column that is   dates: 2 bytes a line, days since 1970, 0 for none
said, in order        priority: 1 byte a line, 255 for none
                      texts: 2 bytes a line, the length; then all texts, UTF-8
====================  ====================================================================
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import FORMATS, Field, Sort
from core.catalog import CATALOG, Family
from core.errors import SchemaMismatch
from core.tables.columns import blank, join, seal
from core.tables.journal import Bytes, Parsed, RequestDetails, RequestPages, Spans
from kernels import parsing
from posting.batch import Piece
from posting.pgcopy import TextCells
from posting.raw_texts import chosen, text_cells

COLUMNS = (
    *(Field.RECEIVED, Field.DUE, Field.INVOICE_DATE, Field.PRIORITY),
    *(Field.METHOD, Field.INVOICE_NUMBER, Field.REMITTANCE),
)
PAGE_LINES = 1 << 14
"""Bound on what a look-up of one line reads."""

_VERSION = 1
_HEAD = np.dtype([("version", "u1"), ("columns", "u1"), ("lines", "<u4")])
_ENTRY, _LENGTH = np.dtype("<u4"), np.dtype("<u2")
_NUMBER: Mapping[Sort, np.dtype] = {Sort.DAY: np.dtype("<u2"), Sort.WHOLE: np.dtype("u1")}
_NOTHING: Mapping[Sort, int] = {Sort.DAY: 0, Sort.WHOLE: 255}
_PAYABLE = np.array([kind.family is Family.PAYMENT_REQUEST for kind in CATALOG])

Column = NDArray[np.unsignedinteger] | pa.Array
"""A number a line, or a text."""


class Texts(NamedTuple):
    """The texts of ``RequestDetails``; empty where nothing is said."""

    method: TextCells
    invoice_number: TextCells
    remittance: TextCells


def pages(
    piece: Piece, decisions: np.ndarray, accepted: NDArray[np.int32]
) -> tuple[RequestPages, tuple[TextCells]] | None:
    """The pages of the accepted lines that say something of their payment; None where none does."""
    fields = [field for field in COLUMNS if field.column in piece.raw.schema.names]
    payable = accepted[_PAYABLE[piece.acts["kind"][accepted]]] if fields else accepted[:0]
    if not len(payable):
        return None
    said = {field: _column(piece.raw.column(field.column), field, payable) for field in fields}
    speaks = reduce(np.logical_or, (_says(column, field) for field, column in said.items()))
    if not speaks.any():
        return None
    if not speaks.all():
        spoken = np.flatnonzero(speaks)
        payable, said = payable[spoken], {field: _taken(column, spoken) for field, column in said.items()}
    return _laid(decisions["entry"][payable], said)


def _column(array: pa.Array, field: Field, rows: NDArray[np.int32]) -> Column:
    """What the chosen rows say in a field; they were read before and found good."""
    found, sort = chosen(array, rows), FORMATS[field].sort
    if sort is Sort.TEXT:
        return _filled(found.cast(pa.string()), "")
    if pa.types.is_string(found.type):
        parsed, cells = blank(Parsed, len(rows)), text_cells(_filled(found, ""))
        (parsing.days if sort is Sort.DAY else parsing.wholes)(cells.spans, cells.text, parsed)
        return np.where(parsed.value < 0, _NOTHING[sort], parsed.value).astype(_NUMBER[sort])
    numbers = found.view(pa.int32()) if pa.types.is_date(found.type) else found
    filled = _filled(numbers, pa.scalar(_NOTHING[sort], numbers.type))
    return filled.to_numpy(zero_copy_only=False).astype(_NUMBER[sort])


def _filled(column: pa.Array, nothing: str | pa.Scalar) -> pa.Array:
    return pc.fill_null(column, nothing) if column.null_count else column


def _says(column: Column, field: Field) -> NDArray[np.bool_]:
    if isinstance(column, np.ndarray):
        return column != _NOTHING[FORMATS[field].sort]
    spans = text_cells(column).spans
    return spans.end > spans.start


def _taken(column: Column, rows: NDArray[np.int64]) -> Column:
    return column[rows] if isinstance(column, np.ndarray) else column.take(pa.array(rows))


def _laid(entries: NDArray[np.int64], said: Mapping[Field, Column]) -> tuple[RequestPages, tuple[TextCells]]:
    """The rows of the pages, and the pages one behind the other."""
    firsts = np.arange(0, len(entries), PAGE_LINES)
    ends = np.append(firsts[1:], len(entries))
    laid = [b"".join(_page(entries, said, slice(*each))) for each in zip(firsts, ends, strict=True)]
    rows = RequestPages(entries[firsts], entries[ends - 1], (ends - firsts).astype(np.int32))
    bounds = np.cumsum([0, *map(len, laid)]).astype(np.int32)
    data = np.frombuffer(b"".join(laid), np.uint8)
    return rows, (TextCells(seal(Spans(bounds[:-1].copy(), bounds[1:].copy())), Bytes(data)),)


def _page(entries: NDArray[np.int64], said: Mapping[Field, Column], lines: slice) -> Iterator[bytes]:
    columns = {field: column[lines] for field, column in said.items()}
    spoken = [field for field in columns if _says(columns[field], field).any()]
    bits = sum(1 << COLUMNS.index(field) for field in spoken)
    own = entries[lines]
    yield np.array((_VERSION, bits, len(own)), _HEAD).tobytes()
    yield (own - own[0]).astype(_ENTRY).tobytes()
    for field in spoken:
        yield from _written(columns[field])


def _written(column: Column) -> Iterator[bytes]:
    if isinstance(column, np.ndarray):
        yield column.tobytes()
        return
    spans, text = text_cells(column)
    yield (spans.end - spans.start).astype(_LENGTH).tobytes()
    yield text.data[spans.start[0] : spans.end[-1]].tobytes()


def read(first_entries: Sequence[int], found: Sequence[bytes]) -> tuple[RequestDetails, Texts]:
    """The lines of some pages, in their order; at least one page, and less than 2 GiB of texts.

    Raises
    ------
    SchemaMismatch
        A page is not laid out as this version lays it.
    """
    taken = [_Page(page, first) for first, page in zip(first_entries, found, strict=True)]
    parts = [each.read() for each in taken]
    texts = [_joined([own[at] for _, own in parts]) for at in range(len(Texts._fields))]
    return join([rows for rows, _ in parts]), Texts(*texts)


class _Page:
    """A page being taken apart."""

    def __init__(self, page: bytes, first: int) -> None:
        self._page, self._first, self._at = page, first, 0
        head = self._take(_HEAD, 1)[0]
        self._columns, self._lines = int(head["columns"]), int(head["lines"])
        if head["version"] != _VERSION or not self._lines:
            raise SchemaMismatch(
                f"a page of requests is of version {head['version']}, with {self._lines} lines"
            )

    def _take(self, dtype: np.dtype, count: int) -> np.ndarray:
        end = self._at + dtype.itemsize * count
        if end > len(self._page):
            raise SchemaMismatch(f"a page of requests ends after {len(self._page)} bytes, before byte {end}")
        found = np.frombuffer(self._page, dtype, count, self._at)
        self._at = end
        return found

    def read(self) -> tuple[RequestDetails, tuple[TextCells, ...]]:
        """Its rows and texts."""
        entries = self._take(_ENTRY, self._lines).astype(np.int64) + self._first
        received, due, invoiced, priority = (self._number(field) for field in COLUMNS[:4])
        days = (received.astype(np.int32), due.astype(np.int32), invoiced.astype(np.int32))
        rows = RequestDetails(entries, *days, _signed(priority))
        texts = tuple(self._texts(field) for field in COLUMNS[4:])
        if self._at != len(self._page):
            raise SchemaMismatch(f"a page of requests goes on behind byte {self._at}")
        return rows, texts

    def _is_said(self, field: Field) -> bool:
        return bool(self._columns >> COLUMNS.index(field) & 1)

    def _number(self, field: Field) -> np.ndarray:
        sort = FORMATS[field].sort
        if self._is_said(field):
            return self._take(_NUMBER[sort], self._lines)
        return np.full(self._lines, _NOTHING[sort], _NUMBER[sort])

    def _texts(self, field: Field) -> TextCells:
        if not self._is_said(field):
            return TextCells(seal(blank(Spans, self._lines)), seal(blank(Bytes, 0)))
        ends = np.cumsum(self._take(_LENGTH, self._lines), dtype=np.int32)
        spans = Spans(np.concatenate([np.zeros(1, np.int32), ends[:-1]]), ends)
        return TextCells(seal(spans), seal(Bytes(self._take(np.dtype("u1"), int(ends[-1])))))


def _signed(priority: np.ndarray) -> NDArray[np.int16]:
    return np.where(priority == _NOTHING[Sort.WHOLE], -1, priority.astype(np.int16)).astype(np.int16)


def _joined(cells: Sequence[TextCells]) -> TextCells:
    """Texts of pages as those of one column."""
    starts = np.cumsum([0, *(len(each.text.data) for each in cells)]).astype(np.int32)
    spans = join(
        [Spans(each.spans.start + at, each.spans.end + at) for each, at in zip(cells, starts, strict=False)]
    )
    return TextCells(seal(spans), seal(join([each.text for each in cells])))
