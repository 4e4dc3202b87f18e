"""JSON Lines: one act line per text line, as one flat JSON object with known names.

Numbers are never converted to floats.  Text fields are strings; whole numbers may be JSON numbers; so may ``amount``,
whose digits are then taken as written: ``12.34`` is the text 12.34.  Strings are parsed faster.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.json

from core.act_fields import FIELD_BY_COLUMN, FORMATS, Field, FieldType
from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from ingest.formats.detection import describe_position
from ingest.formats.flat_schema import check_columns
from ingest.formats.line_chunks import Chunk, read_chunks, read_first_line
from ingest.formats.read_options import PLAIN, ReadOptions

COLUMNS = tuple(field.column for field in FORMATS if field is not Field.AMOUNT_CENTS)
SCHEMA = pa.schema([(column, pa.string()) for column in COLUMNS])
"""Every batch has every column: which ones are empty throughout is known at the end of the file."""

ENVELOPE_KEY = "envelope"
_NUMBER_COLUMNS = tuple(
    c for c in COLUMNS if FORMATS[FIELD_BY_COLUMN[c]].type in (FieldType.WHOLE, FieldType.DECIMAL)
)
_JSON_NUMBER = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_AMOUNT_CENTS = Field.AMOUNT_CENTS.column
_SURROGATE = re.compile("[\ud800-\udfff]")
_SAMPLE_LINES = 32
_TYPE_NAMES: Mapping[type, str] = {
    list: "array",
    dict: "object",
    str: "string",
    bool: "boolean",
    type(None): "null",
}
_REMEDY = "Write one flat JSON object per line, each name once, each value text or a number"


def read_batches(path: Path, name: str, _options: ReadOptions = PLAIN) -> Iterator[pa.RecordBatch]:
    """Yield the lines of the JSON Lines file at ``path``, every column as text, without the line of the envelope.

    Raises
    ------
    FormatUnknown, FileUnreadable, LimitExceeded
        An unknown name; a line that is not one flat object; a line too long.  Each error names its line.
    """
    reader = _Reader(name)
    yield pa.RecordBatch.from_pylist([], schema=SCHEMA)
    for chunk in read_chunks(path, name, header_lines=int(read_envelope(path, name) is not None)):
        yield reader.read(chunk)


def read_envelope(path: Path, name: str) -> dict[str, Any] | None:
    """Return the object in the first line's ``{"envelope": {...}}``; None if the first line is an act line already.

    Raises
    ------
    FileUnreadable
        The first line is not a JSON object.
    """
    first_object = parse_object(read_first_line(path, name), describe_position(name, 1))
    return (
        first_object[ENVELOPE_KEY]
        if first_object.keys() == {ENVELOPE_KEY} and isinstance(first_object[ENVELOPE_KEY], dict)
        else None
    )


def parse_object(text: bytes, position: str) -> dict[str, Any]:
    """Parse ``text`` as one JSON object without repeated names; numbers stay the text that they were written as.

    Raises
    ------
    FileUnreadable
        Anything else.
    """
    try:
        value = _DECODER.decode(text.decode().strip(" \t\r\n"))
    except (ValueError, RecursionError) as error:
        raise FileUnreadable(position, f"The text is not a JSON object: {error}"[:300], _REMEDY) from error
    if not isinstance(value, dict):
        raise FileUnreadable(position, f"The text is a JSON {_name_type(value)}, not an object", _REMEDY)
    return value


def parse_act_lines(text: bytes, position: str, lines_max: int) -> list[dict[str, str]]:
    """Parse the act lines of a form: one flat object, or an array of at most ``lines_max``; empty columns are left out.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        Anything else, an unknown name, or a value of the wrong type.
    """
    try:
        value = _DECODER.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise FileUnreadable(position, f"The text is not JSON: {error}"[:300], _REMEDY) from error
    rows = value if isinstance(value, list) else [value]
    if not 0 < len(rows) <= lines_max:
        raise LimitExceeded(
            position, f"The form has {len(rows)} lines", f"Send 1 to {lines_max:,} lines at once"
        )
    return [_parse_act_line(row, describe_position(position, number)) for number, row in enumerate(rows, 1)]


def _parse_act_line(row: Any, position: str) -> dict[str, str]:
    if not isinstance(row, dict):
        raise FileUnreadable(position, f"The line is a JSON {_name_type(row)}, not an object", _REMEDY)
    if _AMOUNT_CENTS in row:
        raise FormatUnknown(
            position,
            "A form may not have the column amount_cents",
            "Send euros in the column amount, as in 1234.56",
        )
    for column in check_columns(row, position):
        if not _is_allowed(column, row[column]):
            raise FileUnreadable(
                describe_position(position, column=column),
                _describe_value(row[column]),
                _build_value_remedy(column, row[column]),
            )
    return {column: str(value) for column, value in row.items() if value not in {None, ""}}


class _NumberText(str):
    """The digits of a JSON number."""

    __slots__ = ()


def _reject_repeated_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("a name occurs twice")
    return names


def _reject_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_reject_repeated_names,
    parse_float=_NumberText,
    parse_int=_NumberText,
    parse_constant=_reject_constant,
)


class _Reader:
    """Parses chunks of one file: first with the columns found so far, then with all columns."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._columns: frozenset[str] = frozenset()
        self._integer_columns: frozenset[str] = frozenset()
        self._quoted_columns: frozenset[str] = frozenset()

    def read(self, chunk: Chunk) -> pa.RecordBatch:
        """Parse a chunk into one batch; objects may not span lines, so rows and lines must be equal in number."""
        text = chunk.text if chunk.text.endswith(b"\n") else chunk.text + b"\n"
        if not self._columns:
            self._sample_columns(chunk)
        for attempt in (self._parse_sampled_columns, self._parse_all_columns):
            try:
                table = attempt(text)
            except pa.ArrowInvalid:
                continue
            if table.num_rows == text.count(b"\n"):
                return _complete_columns(table)
        raise self._explain(chunk)

    def _sample_columns(self, chunk: Chunk) -> None:
        """Find out from the first lines which columns exist and which are written as numbers."""
        with suppress(FileUnreadable):  # a broken line is reported when its chunk is parsed
            for number, line in islice(chunk.number_lines(), _SAMPLE_LINES):
                values = parse_object(line, describe_position(self._name, number))
                numbers = frozenset(key for key, value in values.items() if isinstance(value, _NumberText))
                self._columns |= values.keys() & set(COLUMNS)
                self._integer_columns |= numbers & set(_NUMBER_COLUMNS) - {Field.AMOUNT.column}
                self._quoted_columns |= numbers & {Field.AMOUNT.column}

    def _parse_sampled_columns(self, text: bytes) -> pa.Table:
        types = {
            column: pa.int64() if column in self._integer_columns else pa.string() for column in self._columns
        }
        return _parse_table(_quote_numbers(text, self._quoted_columns), types)

    def _parse_all_columns(self, text: bytes) -> pa.Table:
        table = _parse_table(_quote_numbers(text, _NUMBER_COLUMNS), dict.fromkeys(COLUMNS, pa.string()))
        self._columns |= {c for c in COLUMNS if table.column(c).null_count < table.num_rows}
        self._integer_columns, self._quoted_columns = frozenset(), self._columns & set(_NUMBER_COLUMNS)
        return table

    def _explain(self, chunk: Chunk) -> InputError:
        for number, line in chunk.number_lines():
            position = describe_position(self._name, number)
            values = parse_object(line, position)
            if Field.AMOUNT_CENTS.column in values:
                return FormatUnknown(
                    position,
                    "A text file may not have the column amount_cents",
                    "Send euros in the column amount, as in 1234.56",
                )
            for column in check_columns(values, position):
                if not _is_allowed(column, values[column]):
                    return FileUnreadable(
                        describe_position(self._name, number, column),
                        _describe_value(values[column]),
                        _build_value_remedy(column, values[column]),
                    )
        return FileUnreadable(
            describe_position(self._name, chunk.first_line), "The lines cannot be parsed", _REMEDY
        )


def _is_allowed(column: str, value: Any) -> bool:
    if isinstance(value, _NumberText):
        return column in _NUMBER_COLUMNS
    return value is None or (isinstance(value, str) and not _SURROGATE.search(value))


def _describe_value(value: Any) -> str:
    if isinstance(value, str) and _SURROGATE.search(value):
        return f"The value {value!r} contains half a surrogate pair"[:300]
    if isinstance(value, _NumberText):
        return f"The value {value} is a JSON number, and the column contains text"[:300]
    return f"The value {value!r} is a JSON {_name_type(value)}"[:300]


def _name_type(value: Any) -> str:
    return _TYPE_NAMES.get(type(value), "number")


def _build_value_remedy(column: str, value: Any) -> str:
    """Return what to write for a value of the wrong type."""
    if isinstance(value, _NumberText):
        numbers = ", ".join(_NUMBER_COLUMNS)
        return f'Write it as a string, as in "{column}": "{value}"; only these columns may be JSON numbers: {numbers}'[
            :300
        ]
    return _REMEDY


def _parse_table(text: bytes, types: Mapping[str, pa.DataType]) -> pa.Table:
    return pyarrow.json.read_json(
        pa.BufferReader(text),
        pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        pyarrow.json.ParseOptions(explicit_schema=pa.schema(types), unexpected_field_behavior="error"),
    )


def _quote_numbers(text: bytes, columns: Iterable[str]) -> bytes:
    """Return ``text`` with the numbers of ``columns`` turned into strings, digit by digit.

    Inside a JSON string quotes are escaped, so ``"amount":`` can only be a name.
    """
    for column in columns:
        key = b'"%s"' % column.encode()
        text = re.sub(rb"%s[ \t]*:[ \t]*(%s)(?=[ \t]*[,}])" % (key, _JSON_NUMBER), rb'%s:"\1"' % key, text)
    return text


def _complete_columns(table: pa.Table) -> pa.RecordBatch:
    """Return every column of ``SCHEMA`` as text, null where it is absent."""
    arrays = {c: table.column(c).combine_chunks().cast(pa.string()) for c in table.column_names}
    empty = pa.nulls(table.num_rows, pa.string())
    return pa.RecordBatch.from_arrays([arrays.get(c, empty) for c in COLUMNS], schema=SCHEMA)
