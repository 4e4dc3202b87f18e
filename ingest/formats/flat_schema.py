"""The flat act format as Arrow columns: the types that a file may use, and the few that later passes handle.

Writers differ (``large_string``, views, small integers, dictionaries with any index type): each is accepted and
converted to one type for each type of field, so that later code does not depend on the writer.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from core.act_fields import FIELD_BY_COLUMN, FORMATS, Field, FieldType
from core.errors import FormatUnknown, LimitExceeded
from ingest.formats.detection import COLUMNS_MAX, describe_position, translate_decoder_errors
from ingest.formats.extra_columns import check_extra, list_extra
from ingest.formats.read_options import PLAIN, ReadOptions
from ingest.formats.text_buffers import DICTIONARY_TEXT, clear_null_slots
from ingest.formats.typed_values import (
    DAY_REMEDY,
    convert_values,
    find_unfit_value,
    is_day_type,
    is_euro_decimal,
)

_AMOUNT_PATTERN = r"^-?0*[0-9]{1,16}([.,][0-9]{1,2})?$"
"""Decimal text with at most two decimals whose cents fit in an int64; other texts refuse their line."""
_EUROS_TYPE = pa.decimal128(38, 2)
_SUGGESTIONS_MAX, _LIKENESS_MIN = 2, 0.8
_BOTH_AMOUNTS = frozenset({Field.AMOUNT.column, Field.AMOUNT_CENTS.column})


_EXTRA_KEY = b"extra_columns"
_EXTRA_REMEDY = "the option --extra-columns, or the header Crescendo-Extra-Columns: true, allows others, which are not read"


def check_columns(names: Iterable[str], name: str, options: ReadOptions = PLAIN) -> list[str]:
    """Return the column ``names`` of the file ``name`` if each is known, or may be another, and occurs once.

    Raises
    ------
    LimitExceeded
        More columns than the format has.
    FormatUnknown
        A column unknown or repeated, or both columns of amounts.
    """
    columns = list(names)
    if options.extra_columns:
        check_extra(columns, name)
    elif len(columns) > COLUMNS_MAX:
        raise LimitExceeded(
            name,
            f"The file has {len(columns)} columns",
            f"Send at most the {COLUMNS_MAX} columns of the flat act format",
        )
    for number, column in enumerate(columns, 1):
        if column not in FIELD_BY_COLUMN and not options.extra_columns:
            position = describe_position(name, column=repr(column) if column else _describe_nameless(number))
            raise FormatUnknown(position, "The column is unknown", _format_remedy(column, options))
        if column in columns[: number - 1]:
            position = describe_position(name, column=column or _describe_nameless(number))
            raise FormatUnknown(position, "The column occurs twice", "Send the column once")
    if set(columns) >= _BOTH_AMOUNTS:
        raise FormatUnknown(
            name, "The columns amount and amount_cents are both given", "Send only one of them"
        )
    return columns


def _describe_nameless(number: int) -> str:
    return f"{number:,} without a name"


def _format_remedy(column: str, options: ReadOptions) -> str:
    near = get_close_matches(column.lower(), FIELD_BY_COLUMN, _SUGGESTIONS_MAX, _LIKENESS_MIN)
    if near:
        return f"Did you mean {' or '.join(near)}? docs/format.md describes all columns"
    columns = f"The columns are {', '.join(FIELD_BY_COLUMN)}"
    return f"{columns}; {_EXTRA_REMEDY}" if options.may_allow_extra else columns


def conform_schema(schema: pa.Schema, name: str, options: ReadOptions = PLAIN) -> pa.Schema:
    """Return ``schema`` in the types of later passes, without columns that are not read.

    Columns of type ``null`` are empty and not read, nor are those that are not of the format: see ``list_unread``.

    Raises
    ------
    FormatUnknown, LimitExceeded
        A column unknown, repeated, or of a type that its field cannot have.
    """
    with translate_decoder_errors(name):  # names may be invalid UTF-8
        names = schema.names
    typed = zip(check_columns(names, name, options), schema.types, strict=True)
    return pa.schema(
        [
            (column, _choose_type(column, column_type, name))
            for column, column_type in typed
            if column_type != pa.null() and column in FIELD_BY_COLUMN
        ]
    )


def name_unread(schema: pa.Schema, names: Iterable[str]) -> pa.Schema:
    """Return ``schema`` with the names of the columns of the file that are not of the format, and not in it."""
    extra = list_extra(list(names))
    return (
        schema.with_metadata({_EXTRA_KEY: json.dumps(extra).encode()}) if extra else schema.remove_metadata()
    )


def list_unread(schema: pa.Schema) -> tuple[str, ...]:
    """Return the names of the columns of a file that are not of the format, of a schema of ``name_unread``."""
    metadata = schema.metadata or {}
    return tuple(json.loads(metadata.get(_EXTRA_KEY, b"[]")))


def _choose_type(column: str, column_type: pa.DataType, name: str) -> pa.DataType:
    sort = FORMATS[FIELD_BY_COLUMN[column]].type
    if _is_text(column_type) and sort is not FieldType.CENTS:
        return pa.string()
    if (
        pa.types.is_dictionary(column_type)
        and _is_text(column_type.value_type)
        and sort is not FieldType.CENTS
    ):
        return pa.string() if sort is FieldType.DECIMAL else DICTIONARY_TEXT
    if pa.types.is_integer(column_type):
        if sort is FieldType.CENTS:
            return pa.int64()
        if sort is FieldType.WHOLE:
            return pa.int64() if column_type in _LONG_TYPES else pa.int32()
    if sort is FieldType.DAY and is_day_type(column_type):
        return pa.date32()
    if sort is FieldType.DECIMAL and is_euro_decimal(column_type):
        return pa.string()
    raise FormatUnknown(
        describe_position(name, column=column), f"The column's type is {column_type}", _TYPE_REMEDIES[sort]
    )


_LONG_TYPES = (pa.int64(), pa.uint32(), pa.uint64())
_TYPE_REMEDIES: Mapping[FieldType, str] = {
    FieldType.TEXT: "Send the column as text (string, or dictionary of strings)",
    FieldType.WHOLE: "Send the column as whole numbers (int32 or int64) or as text",
    FieldType.DAY: DAY_REMEDY,
    FieldType.DECIMAL: "Send the column as a decimal with at most two decimals and 74 digits before them, as text such as "
    "1234.56, or whole cents in the column amount_cents",
    FieldType.CENTS: "Send the column as whole cents (any integer type), or euros in the column amount, as text or decimal",
}


def _is_text(column_type: pa.DataType) -> bool:
    return (
        pa.types.is_string(column_type)
        or pa.types.is_large_string(column_type)
        or pa.types.is_string_view(column_type)
    )


def check_values(batch: pa.RecordBatch, target: pa.Schema, name: str, *, first_line: int) -> None:
    """Check that each value of a validated batch, whose first line is ``first_line``, can have its type in ``target``.

    Raises
    ------
    FormatUnknown
        A value cannot; the error names its line.
    """
    for field in target:
        if unfit := find_unfit_value(batch.column(field.name), field.type):
            position = describe_position(name, first_line + unfit.row, field.name)
            raise FormatUnknown(position, unfit.finding, unfit.remedy)


def conform_batch(batch: pa.RecordBatch, target: pa.Schema) -> pa.RecordBatch:
    """Return ``batch`` in the types of ``target``, the result of ``conform_schema`` for its schema.

    The batch must have been validated, and its values checked: a cast follows offsets.
    """
    columns = [_conform_column(batch.column(field.name), field.type) for field in target]
    return pa.RecordBatch.from_arrays(columns, schema=target)


def _conform_column(column: pa.Array, target: pa.DataType) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column if column.type == target else convert_values(clear_null_slots(column), target)
    if target != DICTIONARY_TEXT:
        return column.dictionary_decode().cast(target)
    if column.dictionary.null_count:
        column = column.dictionary_decode().dictionary_encode()
    return clear_null_slots(column if column.type == target else _recode(column))


def _recode(column: pa.DictionaryArray) -> pa.DictionaryArray:
    indices, values = column.indices.cast(pa.int32()), column.dictionary.cast(pa.string())
    return pa.DictionaryArray.from_arrays(indices, values)


def regroup(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """Yield the same rows in batches of exactly ``size``, except the last.

    The cuts depend only on where reading starts: a resumed run cuts where an uninterrupted one did.
    """
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        at = 0
        while rows + batch.num_rows - at >= size:
            yield concat_batches([*waiting, batch.slice(at, size - rows)])
            at, rows, waiting = at + size - rows, 0, []
        if at < batch.num_rows:
            waiting.append(batch.slice(at))
            rows += batch.num_rows - at
    if waiting:
        yield concat_batches(waiting)


def concat_batches(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Return all rows as one batch; dictionaries are merged."""
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


class CentsSum(NamedTuple):
    """An exact sum of amounts."""

    total: int
    magnitude: int
    """The sum of absolute values: while it fits in an int64, every partial sum does."""


def sum_cents(batch: pa.RecordBatch) -> CentsSum:
    """Return the sum of the amounts of ``batch`` in cents; texts that are not amounts count 0."""
    if Field.AMOUNT_CENTS.column in batch.schema.names:
        return _sum_column(batch.column(Field.AMOUNT_CENTS.column))
    if Field.AMOUNT.column in batch.schema.names:
        return _sum_column(_parse_euros(batch.column(Field.AMOUNT.column)))
    return CentsSum(0, 0)


def _sum_column(amounts: pa.Array) -> CentsSum:
    amounts = amounts.drop_null()
    least = pc.call_function("min", [amounts]).as_py()
    if least is None:
        return CentsSum(0, 0)
    total = _sum_exactly(amounts)
    if least >= 0:
        return CentsSum(total, total)
    negative = pc.call_function("less", [amounts, pa.scalar(0, amounts.type)])
    return CentsSum(total, total - 2 * _sum_exactly(amounts.filter(negative)))


def _sum_exactly(amounts: pa.Array) -> int:
    """Return the sum of ``amounts`` without nulls, in cents; halves of 64-bit amounts are summed apart, not to overflow."""
    if pa.types.is_decimal(amounts.type):
        return _to_cents(amounts.sum().as_py() or 0)
    cents = amounts.to_numpy()
    return (int((cents >> 32).sum()) << 32) + int((cents & 0xFFFF_FFFF).sum())


def _to_cents(amount: int | Decimal) -> int:
    """Return cents, from cents (int) or euros (Decimal)."""
    return int(amount.scaleb(2)) if isinstance(amount, Decimal) else amount


def _parse_euros(texts: pa.Array) -> pa.Array:
    """Return the texts that are amounts as euros; null in place of the others."""
    readable = pc.call_function("match_substring_regex", [texts], pc.MatchSubstringOptions(_AMOUNT_PATTERN))
    amounts = pc.call_function("if_else", [readable, texts, pa.scalar(None, pa.string())])
    dotted = pc.call_function("replace_substring", [amounts], pc.ReplaceSubstringOptions(",", "."))
    return dotted.cast(_EUROS_TYPE)
