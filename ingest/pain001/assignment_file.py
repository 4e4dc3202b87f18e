"""The account assignment of each transfer of a payment file, and other fields that a payment file has no element for.

They come either from an account assignment file: columns of the flat act format, one row a transfer, in the order of
the transfers, with their end-to-end ids and amounts, so that a row cannot be applied to another transfer.  Or from the
structured remittance of the transfer itself: ``name:value`` pairs with the names of those columns.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from core.act_fields import FORMATS, Field
from core.errors import EnvelopeMismatch, FormatUnknown
from core.outcome_codes import Outcome
from core.tables.journal import ParsedNumbers
from ingest.formats.decoders import decode_file
from ingest.formats.detection import PAYMENT_FORMATS, describe_position, detect
from ingest.formats.flat_schema import check_values, concat_batches, conform_batch, conform_schema
from ingest.pain001.declared_totals import Amounts, parse_amounts
from ingest.pain001.message import ASSIGNMENT_JOINER

ASSIGNMENT_DIFFERS = "IMPUTATION_DIFFERS"
_PAYMENT_FILE_FIELDS = frozenset(
    {Field.PAYEE_NAME, Field.IBAN, Field.BIC, Field.REMITTANCE, Field.DUE, Field.METHOD}
)
_EXCLUDED_FIELDS = frozenset({Field.LINE, Field.COUNTERPART})
_AMOUNTS = (Field.AMOUNT.column, Field.AMOUNT_CENTS.column)
_IDENTITY = Field.REFERENCE.column
ASSIGNMENT_COLUMNS = tuple(
    field.column
    for field in FORMATS
    if field not in _PAYMENT_FILE_FIELDS | _EXCLUDED_FIELDS and field.column not in (*_AMOUNTS, _IDENTITY)
)
"""The columns that complete a transfer: those of the flat act format that no element of the payment file fills."""
_FILE_COLUMNS = (_IDENTITY, *_AMOUNTS, *ASSIGNMENT_COLUMNS)
_PAIR_SEPARATOR = ":"
_REMEDY = "Write one row per transfer, in the order of the transfers, with its EndToEndId and its amount"
AssignmentTexts = Mapping[str, pa.Array]
"""Texts by column, one a transfer, empty where there is none."""


class AssignmentFile:
    """The rows of an account assignment file, read alongside the transfers."""

    def __init__(self, path: Path, name: str) -> None:
        file_format = detect(path, name)
        if file_format in PAYMENT_FORMATS:
            raise FormatUnknown(
                name, "This is another payment file", "Send a payment file with its account assignment file"
            )
        self._name, self._row = name, 0
        self._batches = decode_file(path, file_format, name)
        self._schema = conform_schema(next(self._batches).schema, name)
        self._check_columns()
        self._rest: pa.RecordBatch | None = None

    def _check_columns(self) -> None:
        names = self._schema.names
        if _IDENTITY not in names or not set(_AMOUNTS) & set(names):
            raise FormatUnknown(
                self._name, "The column reference, or a column of amounts, is missing", _REMEDY
            )

    def _check_known_or_empty(self, column: str, texts: pa.Array) -> None:
        """Refuse a filled column that does not belong here; some formats always have every column."""
        if column not in _FILE_COLUMNS and _find_differences(texts, "").any():
            remedy = f"The columns are {', '.join(_FILE_COLUMNS)}"
            position = describe_position(self._name, column=column)
            raise FormatUnknown(position, "An account assignment file may not have this column", remedy)

    def read_matching_rows(self, references: pa.Array, amounts: Amounts) -> AssignmentTexts:
        """Read the rows of the next transfers.

        Raises
        ------
        EnvelopeMismatch
            A row has another reference or amount than its transfer, or there are too few rows.
        """
        batch = conform_batch(self._read_rows(len(references)), self._schema)
        if batch.num_rows < len(references):
            difference = (
                f"{ASSIGNMENT_DIFFERS}: there are fewer rows ({self._row + batch.num_rows:,}) than transfers"
            )
            raise EnvelopeMismatch(self._name, difference, _REMEDY)
        texts = {name: _to_texts(batch.column(name)) for name in batch.schema.names if name != _AMOUNTS[1]}
        for column, column_texts in texts.items():
            self._check_known_or_empty(column, column_texts)
        own_references = texts[_IDENTITY]
        self._refuse_difference(_find_differences(own_references, references), own_references, references)
        self._check_amounts(batch, texts, amounts)
        self._row += batch.num_rows
        return {column: texts[column] for column in texts if column in ASSIGNMENT_COLUMNS}

    def _check_amounts(self, batch: pa.RecordBatch, texts: AssignmentTexts, amounts: Amounts) -> None:
        """Refuse a row with another amount than its transfer; texts that are not amounts must be equal."""
        parsed = amounts.parsed
        if _AMOUNTS[0] in texts:
            own_texts = texts[_AMOUNTS[0]]
            own = parse_amounts(own_texts).parsed
            is_equal = (own.value == parsed.value) & (own.fault == parsed.fault)
            differs = _is_no_amount(parsed) & _find_differences(own_texts, amounts.texts)
            self._refuse_difference(~is_equal | differs, own_texts, amounts.texts)
            return
        own_cents = batch.column(_AMOUNTS[1])
        cents = own_cents.fill_null(-1).to_numpy(zero_copy_only=False)
        self._refuse_difference((cents != parsed.value) | _is_no_amount(parsed), own_cents, amounts.texts)

    def _refuse_difference(self, differs: np.ndarray, own: pa.Array, expected: pa.Array) -> None:
        if differs.any():
            row = int(np.argmax(differs))
            own_text, expected_text = (str(column[row].as_py())[:40] for column in (own, expected))
            difference = (
                f"{ASSIGNMENT_DIFFERS}: the row has {own_text!r}, and its transfer has {expected_text!r}"
            )
            raise EnvelopeMismatch(f"{self._name}, row {self._row + row + 1:,}", difference, _REMEDY)

    def _read_rows(self, rows: int) -> pa.RecordBatch:
        """Read ``rows`` rows, fewer only at the end of the file."""
        parts, count = [self._build_empty_batch()], 0
        while count < rows and (batch := self._next_batch()) is not None:
            part = batch.slice(0, rows - count)
            self._rest = batch.slice(part.num_rows) if part.num_rows < batch.num_rows else None
            check_values(part, self._schema, self._name, first_line=self._row + count + 1)
            parts.append(conform_batch(part, self._schema))
            count += part.num_rows
        return concat_batches(parts[1:] or parts)

    def _next_batch(self) -> pa.RecordBatch | None:
        """Return the rest of the last batch, or the next one."""
        return next(self._batches, None) if self._rest is None else self._rest

    def _build_empty_batch(self) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist([], schema=self._schema)

    def check_end(self) -> None:
        """Check that no row is left.

        Raises
        ------
        EnvelopeMismatch
            A row is left.
        """
        if self._rest is not None or any(batch.num_rows for batch in self._batches):
            difference = f"{ASSIGNMENT_DIFFERS}: the file has more rows than the {self._row:,} transfers"
            raise EnvelopeMismatch(self._name, difference, _REMEDY)


def parse_remittance(texts: pa.Array) -> AssignmentTexts:
    """Return the columns that the structured remittance of each transfer fills.

    Words that are not a pair of a known name and a value are meant for the payee.
    """
    parts = _compute("split_pattern", texts, options=pc.SplitPatternOptions(ASSIGNMENT_JOINER))
    words, rows = parts.flatten(), _compute("list_parent_indices", parts)
    is_pair = _compute("match_substring", words, options=pc.MatchSubstringOptions(_PAIR_SEPARATOR))
    words, rows = words.filter(is_pair), rows.filter(is_pair).to_numpy()
    pairs = _compute("split_pattern", words, options=pc.SplitPatternOptions(_PAIR_SEPARATOR, max_splits=1))
    columns = _find_columns(_compute("list_element", pairs, pa.scalar(0)))
    values = _compute("utf8_trim_whitespace", _compute("list_element", pairs, pa.scalar(1)))
    return {
        ASSIGNMENT_COLUMNS[column]: _select_last(
            values, np.flatnonzero(columns == column), rows, row_count=len(texts)
        )
        for column in np.unique(columns[columns >= 0]).tolist()
    }


def _find_columns(names: pa.Array) -> NDArray[np.int64]:
    """Return the position of each name in ``ASSIGNMENT_COLUMNS``, or -1; case does not count, ``-`` equals ``_``."""
    coded = names.dictionary_encode()
    positions = {name: position for position, name in enumerate(ASSIGNMENT_COLUMNS)}
    spellings = (name.strip().lower().replace("-", "_") for name in coded.dictionary.to_pylist())
    found_positions = np.array([positions.get(name, -1) for name in spellings], np.int64)
    return found_positions[coded.indices.to_numpy()]


def _select_last(
    values: pa.Array, selected: NDArray[np.int64], rows: NDArray[np.int64], *, row_count: int
) -> pa.Array:
    """Return for each row the last of its ``selected`` values, or ""; ``rows`` is the row of each value."""
    position = np.full(row_count, -1, np.int64)
    np.maximum.at(position, rows[selected], selected)
    return values.take(pa.array(position, mask=position < 0)).fill_null("")


def _compute(name: str, *arguments: Any, options: Any = None) -> pa.Array:
    return pc.call_function(name, list(arguments), options)


def _to_texts(column: pa.Array) -> pa.Array:
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return plain.cast(pa.string()).fill_null("")


def _find_differences(first: pa.Array, second: pa.Array | str) -> np.ndarray:
    return _compute("not_equal", first, second).to_numpy(zero_copy_only=False)


def _is_no_amount(parsed: ParsedNumbers) -> np.ndarray:
    return (parsed.fault == Outcome.AMOUNT_INVALID) | (parsed.value == 0)
