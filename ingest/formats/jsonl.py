"""JSON Lines: one act line per text line, as one flat JSON object with known names.

Numbers never pass through a float.  Text fields are strings; whole numbers may be JSON numbers; so may
``amount``, which is then taken by its digits as written: ``12.34`` is the text 12.34.  Text is quicker.
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

from core.act_fields import BY_COLUMN, FORMATS, Field, Sort
from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from ingest.formats.detection import place
from ingest.formats.flat_schema import columns_known
from ingest.formats.line_chunks import Chunk, chunks, first_line

COLUMNS = tuple(field.column for field in FORMATS if field is not Field.AMOUNT_CENTS)
SCHEMA = pa.schema([(column, pa.string()) for column in COLUMNS])
"""Every batch has every column: which ones are all empty is known at the file's end."""

ENVELOPE = "envelope"
_NUMBERS = tuple(c for c in COLUMNS if FORMATS[BY_COLUMN[c]].sort in (Sort.WHOLE, Sort.DECIMAL))
_JSON_NUMBER = rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
_AMOUNT_CENTS = Field.AMOUNT_CENTS.column
_HALF = re.compile("[\ud800-\udfff]")
_SAMPLE_LINES = 32
_REMEDY = "Write one flat JSON object per line, each name once, each value text or a number"


def batches(path: Path, name: str) -> Iterator[pa.RecordBatch]:
    """The lines of the JSON Lines file at ``path``, every column text; the envelope's line left out.

    Raises
    ------
    FormatUnknown, FileUnreadable, LimitExceeded
        A name unknown; a line that is not one flat object; a line too long.  Each names its line.
    """
    reader = _Reader(name)
    yield pa.RecordBatch.from_pylist([], schema=SCHEMA)
    for chunk in chunks(path, name, after=int(envelope(path, name) is not None)):
        yield reader.read(chunk)


def envelope(path: Path, name: str) -> dict[str, Any] | None:
    """What the first line's ``{"envelope": {...}}`` says; None when the first line is an act line already.

    Raises
    ------
    FileUnreadable
        The first line is not a JSON object.
    """
    found = strict_object(first_line(path, name), place(name, 1))
    return found[ENVELOPE] if found.keys() == {ENVELOPE} and isinstance(found[ENVELOPE], dict) else None


def strict_object(text: bytes, where: str) -> dict[str, Any]:
    """The JSON object that ``text`` is, numbers as the text they were written as, no name twice.

    Raises
    ------
    FileUnreadable
        Anything else.
    """
    try:
        found = _DECODER.decode(text.decode().strip(" \t\r\n"))
    except (ValueError, RecursionError) as error:
        raise FileUnreadable(where, f"Not a JSON object: {error}"[:300], _REMEDY) from error
    if not isinstance(found, dict):
        raise FileUnreadable(where, f"A JSON {type(found).__name__}, not an object", _REMEDY)
    return found


def act_lines(text: bytes, where: str, most: int) -> list[dict[str, str]]:
    """The act lines of a form: one flat object, or an array of at most ``most``; columns that say nothing are left out.

    Raises
    ------
    FileUnreadable, FormatUnknown, LimitExceeded
        Anything else, a name unknown, or a value of the wrong type.
    """
    try:
        found = _DECODER.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise FileUnreadable(where, f"Not JSON: {error}"[:300], _REMEDY) from error
    rows = found if isinstance(found, list) else [found]
    if not 0 < len(rows) <= most:
        raise LimitExceeded(where, f"{len(rows)} lines", f"Send 1 to {most:,} at once")
    return [_act_line(row, place(where, number)) for number, row in enumerate(rows, 1)]


def _act_line(row: Any, where: str) -> dict[str, str]:
    if not isinstance(row, dict):
        raise FileUnreadable(where, f"A JSON {type(row).__name__}, not an object", _REMEDY)
    if _AMOUNT_CENTS in row:
        raise FormatUnknown(where, "amount_cents in a form", "Send euros as amount, 1234.56")
    for column in columns_known(row, where):
        if not _fits(column, row[column]):
            raise FileUnreadable(place(where, column=column), _told(row[column]), _REMEDY)
    return {column: str(value) for column, value in row.items() if value not in {None, ""}}


class _Number(str):
    """The digits of a JSON number."""

    __slots__ = ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands there twice")
    return found


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_float=_Number, parse_int=_Number, parse_constant=_no_constant
)


class _Reader:
    """Reads chunks of one file: quickly, with the columns met so far, or with all that there could be."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._columns: frozenset[str] = frozenset()
        self._integers: frozenset[str] = frozenset()
        self._quoted: frozenset[str] = frozenset()

    def read(self, chunk: Chunk) -> pa.RecordBatch:
        """The chunk as one batch; objects may not span lines, so rows must equal lines."""
        text = chunk.text if chunk.text.endswith(b"\n") else chunk.text + b"\n"
        if not self._columns:
            self._sample(chunk)
        for attempt in (self._quick, self._thorough):
            try:
                table = attempt(text)
            except pa.ArrowInvalid:
                continue
            if table.num_rows == text.count(b"\n"):
                return _completed(table)
        raise self._explained(chunk)

    def _sample(self, chunk: Chunk) -> None:
        """Learn from the first lines which columns there are and which are written as numbers."""
        with suppress(FileUnreadable):  # a broken line is told of in its turn
            for number, line in islice(chunk.numbered(), _SAMPLE_LINES):
                found = strict_object(line, place(self._name, number))
                numbers = frozenset(key for key, value in found.items() if isinstance(value, _Number))
                self._columns |= found.keys() & set(COLUMNS)
                self._integers |= numbers & set(_NUMBERS) - {Field.AMOUNT.column}
                self._quoted |= numbers & {Field.AMOUNT.column}

    def _quick(self, text: bytes) -> pa.Table:
        types = {column: pa.int64() if column in self._integers else pa.string() for column in self._columns}
        return _table(_quoted(text, self._quoted), types)

    def _thorough(self, text: bytes) -> pa.Table:
        table = _table(_quoted(text, _NUMBERS), dict.fromkeys(COLUMNS, pa.string()))
        self._columns |= {c for c in COLUMNS if table.column(c).null_count < table.num_rows}
        self._integers, self._quoted = frozenset(), self._columns & set(_NUMBERS)
        return table

    def _explained(self, chunk: Chunk) -> InputError:
        for number, line in chunk.numbered():
            where = place(self._name, number)
            found = strict_object(line, where)
            if Field.AMOUNT_CENTS.column in found:
                return FormatUnknown(where, "amount_cents in a text file", "Send euros as amount, 1234.56")
            for column in columns_known(found, where):
                if not _fits(column, found[column]):
                    return FileUnreadable(place(self._name, number, column), _told(found[column]), _REMEDY)
        return FileUnreadable(place(self._name, chunk.first_line), "The lines do not read", _REMEDY)


def _fits(column: str, value: Any) -> bool:
    if isinstance(value, _Number):
        return column in _NUMBERS
    return value is None or (isinstance(value, str) and not _HALF.search(value))


def _told(value: Any) -> str:
    if isinstance(value, str) and _HALF.search(value):
        return f"Found {value!r}, with half a surrogate pair"[:300]
    return f"Found {value!r}, of JSON type {type(value).__name__.strip('_').lower()}"[:300]


def _table(text: bytes, types: Mapping[str, pa.DataType]) -> pa.Table:
    return pyarrow.json.read_json(
        pa.BufferReader(text),
        pyarrow.json.ReadOptions(use_threads=False, block_size=len(text) + 1),
        pyarrow.json.ParseOptions(explicit_schema=pa.schema(types), unexpected_field_behavior="error"),
    )


def _quoted(text: bytes, columns: Iterable[str]) -> bytes:
    """``text`` with the numbers of ``columns`` made strings, digit by digit.

    Inside a JSON string a quote is escaped, so that ``"amount":`` can only be a name there.
    """
    for column in columns:
        key = b'"%s"' % column.encode()
        text = re.sub(rb"%s[ \t]*:[ \t]*(%s)(?=[ \t]*[,}])" % (key, _JSON_NUMBER), rb'%s:"\1"' % key, text)
    return text


def _completed(table: pa.Table) -> pa.RecordBatch:
    """Every column of ``SCHEMA``, as text, null where the lines say nothing."""
    found = {c: table.column(c).combine_chunks().cast(pa.string()) for c in table.column_names}
    nothing = pa.nulls(table.num_rows, pa.string())
    return pa.RecordBatch.from_arrays([found.get(c, nothing) for c in COLUMNS], schema=SCHEMA)
