"""Payment details of payable lines, stored in pages: dates, priority, method, invoice and remittance text.

A justification keeps its text there too, as the reason.

A page contains the lines of one batch that state any payment detail, at most 16,384, column by column, little-endian:

====================  ======================================================================
version               1 byte, 2
columns               2 bytes; bit k is set if some line has a value in ``COLUMNS[k]``
lines                 4 bytes
entries               4 bytes a line: its entry minus the entry of the page's first line
each column whose     dates: 2 bytes a line, days since 1970, 0 for none
bit is set, in order  priority, part of the invoice: 1 byte a line, 255 for none
                      year of the right: 2 bytes a line, 0 for none
                      contract: 1 byte a line, 255 for none
                      texts: 2 bytes a line, the length; then all texts, UTF-8
====================  ======================================================================
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.act_fields import Field
from core.errors import SchemaMismatch
from core.tables.columns import allocate_zeros, concat_tables, seal
from core.tables.invoices import RequestDetails
from core.tables.journal import Bytes, Spans
from core.tables.text_cells import TextCells

COLUMNS = (
    *(Field.RECEIVED, Field.DUE, Field.INVOICE_DATE, Field.PRIORITY, Field.INVOICE_PART, Field.RIGHT_YEAR),
    *(Field.SUSPENSION_NOTIFIED, Field.SUSPENSION_ENDED, Field.CONTRACT),
    *(
        Field.METHOD,
        Field.INVOICE_NUMBER,
        Field.REMITTANCE,
        Field.PRESCRIPTION_STOP,
        Field.NATURE,
        Field.REASON,
    ),
)
_NUMBER_COLUMNS = 9
_TEXT_COLUMNS = len(COLUMNS[_NUMBER_COLUMNS:])
PAGE_LINES = 1 << 14
"""Most lines of a page; bounds what a look-up of one line reads."""

VERSION = 2
PAGE_HEADER = np.dtype([("version", "u1"), ("columns", "<u2"), ("lines", "<u4")])
ENTRY, LENGTH = np.dtype("<u4"), np.dtype("<u2")
_SMALL_NONE = 255
_SMALL_NUMBERS = (Field.PRIORITY, Field.INVOICE_PART, Field.CONTRACT)
NUMBER_TYPES: Mapping[Field, np.dtype] = {
    field: np.dtype("u1" if field in _SMALL_NUMBERS else "<u2") for field in COLUMNS[:_NUMBER_COLUMNS]
}
NO_VALUE: Mapping[Field, int] = {
    field: _SMALL_NONE if dtype.itemsize == 1 else 0 for field, dtype in NUMBER_TYPES.items()
}


class PaymentDetailTexts(NamedTuple):
    """The text columns of ``RequestDetails``; an empty text if a line states none."""

    method: TextCells
    invoice_number: TextCells
    remittance: TextCells
    prescription_stop: TextCells
    nature: TextCells
    reason: TextCells


class PaymentDetails(NamedTuple):
    """The decoded lines of some pages."""

    rows: RequestDetails
    texts: PaymentDetailTexts


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
        head = self._read_array(PAGE_HEADER, 1)[0]
        self._columns, self._lines = int(head["columns"]), int(head["lines"])
        if head["version"] != VERSION or not self._lines:
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
        entries = self._read_array(ENTRY, self._lines).astype(np.int64) + self._first_entry
        numbers = (self._read_numbers(field) for field in COLUMNS[:_NUMBER_COLUMNS])
        received, due, invoice_date, priority, invoice_part, right_year, *rest = numbers
        days = (received.astype(np.int32), due.astype(np.int32), invoice_date.astype(np.int32))
        invoice = _to_small_integers(invoice_part, 0), right_year.astype(np.int16)
        notified, ended, contract = rest
        term = notified.astype(np.int32), ended.astype(np.int32), _to_small_integers(contract, 0)
        rows = RequestDetails(entries, *days, _to_small_integers(priority, -1), *invoice, *term)
        texts = PaymentDetailTexts(*(self._read_texts(field) for field in COLUMNS[_NUMBER_COLUMNS:]))
        if self._offset != len(self._page):
            raise SchemaMismatch(f"a page of payment details has bytes after byte {self._offset}")
        return PaymentDetails(rows, texts)

    def _has_column(self, field: Field) -> bool:
        return bool(self._columns >> COLUMNS.index(field) & 1)

    def _read_numbers(self, field: Field) -> np.ndarray:
        if self._has_column(field):
            return self._read_array(NUMBER_TYPES[field], self._lines)
        return np.full(self._lines, NO_VALUE[field], NUMBER_TYPES[field])

    def _read_texts(self, field: Field) -> TextCells:
        if not self._has_column(field):
            return TextCells(seal(allocate_zeros(Spans, self._lines)), seal(allocate_zeros(Bytes, 0)))
        ends = np.cumsum(self._read_array(LENGTH, self._lines), dtype=np.int32)
        spans = Spans(np.concatenate([np.zeros(1, np.int32), ends[:-1]]), ends)
        return TextCells(seal(spans), seal(Bytes(self._read_array(np.dtype("u1"), int(ends[-1])))))


def _to_small_integers(numbers: np.ndarray, none: int) -> NDArray[np.int16]:
    """Return small numbers, ``none`` where none is stored."""
    return np.where(numbers == _SMALL_NONE, none, numbers.astype(np.int16)).astype(np.int16)


def _join_texts(cells: Sequence[TextCells]) -> TextCells:
    """Join the texts of several pages into one column."""
    starts = np.cumsum([0, *(len(part.text.data) for part in cells)]).astype(np.int32)
    spans = concat_tables(
        [Spans(part.spans.start + at, part.spans.end + at) for part, at in zip(cells, starts, strict=False)]
    )
    return TextCells(seal(spans), seal(concat_tables([part.text for part in cells])))
