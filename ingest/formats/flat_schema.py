"""The flat act format as Arrow columns: the types a file may have, and the few that later passes know.

Writers differ (``large_string``, views, small integers, dictionaries with any index): each is taken, and
brought to one type of each sort, so that whoever reads acts need not know who wrote them.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from core.act_fields import BY_COLUMN, FORMATS, Field, Sort
from core.errors import FormatUnknown, LimitExceeded
from ingest.formats.detection import COLUMNS_MAX, place, reading
from ingest.formats.text_buffers import CODED_TEXT, without_stray_nulls

_AMOUNT = r"^-?0*[0-9]{1,16}([.,][0-9]{1,2})?$"
"""Decimal text with at most two decimals whose cents an int64 holds; others are refused by the line."""
_EUROS = pa.decimal128(38, 2)
_BOTH_AMOUNTS = frozenset({Field.AMOUNT.column, Field.AMOUNT_CENTS.column})


def columns_known(names: Iterable[str], name: str) -> list[str]:
    """The column ``names`` of the file ``name``, when each is known and stands there once.

    Raises
    ------
    LimitExceeded
        More columns than there are.
    FormatUnknown
        A column unknown or repeated, or the amount given twice over.
    """
    listed = list(names)
    if len(listed) > COLUMNS_MAX:
        raise LimitExceeded(name, f"{len(listed)} columns", f"The flat act format has {COLUMNS_MAX}")
    for position, column in enumerate(listed):
        if column not in BY_COLUMN:
            raise FormatUnknown(place(name, column=repr(column)), "Unknown column", _remedy())
        if column in listed[:position]:
            raise FormatUnknown(place(name, column=column), "The column stands there twice", "Send it once")
    if set(listed) >= _BOTH_AMOUNTS:
        raise FormatUnknown(name, "Both amount and amount_cents", "Send the amount once")
    return listed


def _remedy() -> str:
    return f"The columns are {', '.join(BY_COLUMN)}"


def conformed(schema: pa.Schema, name: str) -> pa.Schema:
    """What ``schema`` becomes for later passes; columns of type ``null`` say nothing and go.

    Raises
    ------
    FormatUnknown, LimitExceeded
        A column unknown, repeated, or of a type its sort cannot have.
    """
    with reading(name):  # names need not be UTF-8
        names = schema.names
    typed = zip(columns_known(names, name), schema.types, strict=True)
    return pa.schema(
        [(column, _target(column, found, name)) for column, found in typed if found != pa.null()]
    )


def _target(column: str, found: pa.DataType, name: str) -> pa.DataType:
    sort = FORMATS[BY_COLUMN[column]].sort
    if _is_text(found) and sort is not Sort.CENTS:
        return pa.string()
    if pa.types.is_dictionary(found) and _is_text(found.value_type) and sort is not Sort.CENTS:
        return CODED_TEXT if sort is Sort.TEXT else pa.string()
    if pa.types.is_integer(found) and found != pa.uint64():
        if sort is Sort.CENTS:
            return pa.int64()
        if sort is Sort.WHOLE:
            return pa.int64() if found in (pa.int64(), pa.uint32()) else pa.int32()
    if pa.types.is_date32(found) and sort is Sort.DAY:
        return found
    raise FormatUnknown(place(name, column=column), f"The column's type is {found}", _SORTS[sort])


_SORTS: Mapping[Sort, str] = {
    Sort.TEXT: "Send it as text (string, or dictionary of strings)",
    Sort.WHOLE: "Send it as a whole number (int32 or int64) or as text",
    Sort.DAY: "Send it as date32 or as text, 2018-12-31",
    Sort.DECIMAL: "Send it as text, 1234.56, or whole cents as amount_cents",
    Sort.CENTS: "Send it as whole cents, int64; euros are the column amount, as text",
}


def _is_text(found: pa.DataType) -> bool:
    return pa.types.is_string(found) or pa.types.is_large_string(found) or pa.types.is_string_view(found)


def conform(batch: pa.RecordBatch, target: pa.Schema) -> pa.RecordBatch:
    """``batch`` in the types of ``target``, which ``conformed`` gave for its schema.

    The batch must have been validated: a cast follows offsets.
    """
    columns = [_conform(batch.column(field.name), field.type) for field in target]
    return pa.RecordBatch.from_arrays(columns, schema=target)


def _conform(column: pa.Array, target: pa.DataType) -> pa.Array:
    if not pa.types.is_dictionary(column.type):
        return column if column.type == target else without_stray_nulls(column).cast(target)
    if target != CODED_TEXT:
        return column.dictionary_decode().cast(target)
    if column.dictionary.null_count:
        column = column.dictionary_decode().dictionary_encode()
    return without_stray_nulls(column if column.type == target else _recoded(column))


def _recoded(column: pa.DictionaryArray) -> pa.DictionaryArray:
    indices, values = column.indices.cast(pa.int32()), column.dictionary.cast(pa.string())
    return pa.DictionaryArray.from_arrays(indices, values)


def regroup(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of exactly ``size``, the last one aside.

    So cuts depend on where reading starts and nothing else: a resumed run cuts where an undisturbed one did.
    """
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        at = 0
        while rows + batch.num_rows - at >= size:
            yield joined([*waiting, batch.slice(at, size - rows)])
            at, rows, waiting = at + size - rows, 0, []
        if at < batch.num_rows:
            waiting.append(batch.slice(at))
            rows += batch.num_rows - at
    if waiting:
        yield joined(waiting)


def joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """All rows as one batch; dictionaries are merged."""
    return batches[0] if len(batches) == 1 else pa.concat_batches(batches)


class Cents(NamedTuple):
    """Amounts added up, exact."""

    total: int
    magnitude: int
    """The same without signs: while it can be counted, so can every part of the total."""


def cents_sums(batch: pa.RecordBatch) -> Cents:
    """The amounts of ``batch`` in cents; what does not read as an amount counts 0."""
    if Field.AMOUNT_CENTS.column in batch.schema.names:
        return _sums(batch.column(Field.AMOUNT_CENTS.column))
    if Field.AMOUNT.column in batch.schema.names:
        return _sums(_euros(batch.column(Field.AMOUNT.column)))
    return Cents(0, 0)


def _sums(amounts: pa.Array) -> Cents:
    least, most = pc.call_function("min_max", [amounts]).as_py().values()
    if least is None:
        return Cents(0, 0)
    bound = _whole(max(-least, most)) * len(amounts)
    total = _sum(amounts, bound)
    if least >= 0:
        return Cents(total, total)
    negative = pc.call_function("less", [amounts, pa.scalar(0, amounts.type)])
    return Cents(total, total - 2 * _sum(amounts.filter(negative), bound))


def _sum(amounts: pa.Array, bound: int) -> int:
    """``bound`` is the most that the sum can come to."""
    if bound < 2**63 or pa.types.is_decimal(amounts.type):
        return _whole(amounts.sum().as_py())
    return sum(amounts.drop_null().to_pylist())


def _whole(amount: int | Decimal) -> int:
    """Cents of whole cents, or of euros."""
    return int(amount.scaleb(2)) if isinstance(amount, Decimal) else amount


def _euros(texts: pa.Array) -> pa.Array:
    """The texts that read as amounts; null in place of the others."""
    readable = pc.call_function("match_substring_regex", [texts], pc.MatchSubstringOptions(_AMOUNT))
    amounts = pc.call_function("if_else", [readable, texts, pa.scalar(None, pa.string())])
    points = pc.call_function("replace_substring", [amounts], pc.ReplaceSubstringOptions(",", "."))
    return points.cast(_EUROS)
