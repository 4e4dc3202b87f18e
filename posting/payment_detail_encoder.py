"""The encoding of payment details into pages, whose layout ``posting.payment_detail_pages`` describes."""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import FORMATS, Field, FieldType
from core.catalog import CATALOG, Family, Stage
from core.contracts import CONTRACT_BY_NAME
from core.tables.columns import allocate_zeros, seal
from core.tables.journal import Bytes, ParsedNumbers, RequestPages, Spans
from core.tables.text_cells import TextCells
from kernels import parsing
from posting.batch import Piece
from posting.payment_detail_pages import (
    COLUMNS,
    ENTRY,
    LENGTH,
    NO_VALUE,
    NUMBER_TYPES,
    PAGE_HEADER,
    PAGE_LINES,
    VERSION,
)
from posting.raw_texts import take_rows, to_text_cells

_HAS_DETAILS = np.array([kind.family in (Family.PAYMENT_REQUEST, Family.JUSTIFICATION) for kind in CATALOG])
"""Of a justification the details are its text, the reason."""
_IS_RECEIVABLE = np.array([kind.reaches is Stage.DUE for kind in CATALOG])
"""Of a receivable the day on which it is due is stored, and nothing else."""

DetailColumn = NDArray[np.unsignedinteger] | pa.Array
"""A number or a text per line."""


class EncodedPages(NamedTuple):
    """Pages ready to be stored: their rows, and the bytes of each."""

    rows: RequestPages
    content: TextCells


def build_pages(piece: Piece, decisions: np.ndarray, accepted: NDArray[np.int32]) -> EncodedPages | None:
    """Return the pages of the accepted lines that state payment details; None if no line does."""
    fields = [field for field in COLUMNS if field.column in piece.raw.schema.names]
    kinds = piece.acts["kind"][accepted]
    detailed = accepted[_HAS_DETAILS[kinds] | _IS_RECEIVABLE[kinds]] if fields else accepted[:0]
    if not len(detailed):
        return None
    columns = {field: _read_column(piece.raw.column(field.column), field, detailed) for field in fields}
    columns = _select_due_days(columns, _IS_RECEIVABLE[piece.acts["kind"][detailed]])
    has_details = reduce(np.logical_or, (_has_value(column, field) for field, column in columns.items()))
    if not has_details.any():
        return None
    if not has_details.all():
        rows = np.flatnonzero(has_details)
        detailed = detailed[rows]
        columns = {field: _take_column_rows(column, rows) for field, column in columns.items()}
    return _lay_out_pages(decisions["entry"][detailed], columns)


def _select_due_days(
    columns: Mapping[Field, DetailColumn], is_receivable: NDArray[np.bool_]
) -> Mapping[Field, DetailColumn]:
    """Return ``columns`` without what receivables state beside the day on which they are due."""
    if not is_receivable.any():
        return columns
    return {
        field: column if field is Field.DUE else _blank_rows(column, is_receivable, field)
        for field, column in columns.items()
    }


def _blank_rows(column: DetailColumn, is_blank: NDArray[np.bool_], field: Field) -> DetailColumn:
    if isinstance(column, np.ndarray):
        return np.where(is_blank, NO_VALUE[field], column).astype(column.dtype)
    return pc.call_function("if_else", [pa.array(is_blank), pa.scalar("", column.type), column])


def _read_column(array: pa.Array, field: Field, rows: NDArray[np.int32]) -> DetailColumn:
    """Return a field's values in the given rows, which were validated before.

    Each value of a dictionary is read once; those of refused lines may be invalid, and are in none of the rows.
    """
    if FORMATS[field].type is FieldType.TEXT and field is not Field.CONTRACT:
        return _fill_nulls(take_rows(array, rows).cast(pa.string()), "")
    if not pa.types.is_dictionary(array.type):
        return _read_numbers(array.take(pa.array(rows)), field)
    by_value = np.append(_read_numbers(array.dictionary, field), NO_VALUE[field])
    codes = _fill_nulls(array.indices, pa.scalar(-1, array.indices.type)).to_numpy(zero_copy_only=False)
    return by_value.astype(NUMBER_TYPES[field])[codes[rows]]


def _read_numbers(column: pa.Array, field: Field) -> NDArray[np.unsignedinteger]:
    """Return the numbers of a column of numbers, dates, contracts, or of their texts."""
    if field is Field.CONTRACT:
        return _number_contracts(column.cast(pa.string()))
    if pa.types.is_string(column.type):
        parsed, cells = allocate_zeros(ParsedNumbers, len(column)), to_text_cells(_fill_nulls(column, ""))
        parse = parsing.parse_days if FORMATS[field].type is FieldType.DAY else parsing.parse_whole_numbers
        parse(cells.spans, cells.text, parsed)
        values = np.where(parsed.value < 0, NO_VALUE[field], parsed.value)
        return values.astype(NUMBER_TYPES[field])
    numbers = column.view(pa.int32()) if pa.types.is_date(column.type) else column
    filled = _fill_nulls(numbers, pa.scalar(NO_VALUE[field], numbers.type))
    return filled.to_numpy(zero_copy_only=False).astype(NUMBER_TYPES[field])


def _number_contracts(names: pa.Array) -> NDArray[np.uint8]:
    """Return the number of each contract; another name, which only a refused line can have, counts as none."""
    numbers = np.array([*CONTRACT_BY_NAME.values(), NO_VALUE[Field.CONTRACT]], np.uint8)
    at = pc.call_function("index_in", [names], pc.SetLookupOptions(pa.array(list(CONTRACT_BY_NAME))))
    return numbers[_fill_nulls(at, pa.scalar(-1, pa.int32())).to_numpy(zero_copy_only=False)]


def _fill_nulls(column: pa.Array, value: str | pa.Scalar) -> pa.Array:
    return pc.fill_null(column, value) if column.null_count else column


def _has_value(column: DetailColumn, field: Field) -> NDArray[np.bool_]:
    if isinstance(column, np.ndarray):
        return column != NO_VALUE[field]
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
    yield np.array((VERSION, bits, len(page_entries)), PAGE_HEADER).tobytes()
    yield (page_entries - page_entries[0]).astype(ENTRY).tobytes()
    for field in filled_fields:
        yield from _encode_column(columns[field])


def _encode_column(column: DetailColumn) -> Iterator[bytes]:
    if isinstance(column, np.ndarray):
        yield column.tobytes()
        return
    spans, text = to_text_cells(column)
    yield (spans.end - spans.start).astype(LENGTH).tobytes()
    yield text.data[spans.start[0] : spans.end[-1]].tobytes()
