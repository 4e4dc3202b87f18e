"""Which account assignment each transfer of a payment file is charged to, and what else the file cannot say.

Either an imputation file says it: columns of the flat act format, one row a transfer, in the order of the transfers, with
their end-to-end ids and amounts, so that a row cannot be taken for another's.  Or the transfer itself does, in its
structured remittance: ``name:value`` pairs with the names of those columns.
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
from ingest.formats.flat_schema import concat_batches, conform_batch, conform_schema
from ingest.pain001.declared_totals import parse_cents
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
"""What may be said of a transfer beside what the payment file says."""
_FILE_COLUMNS = (_IDENTITY, *_AMOUNTS, *ASSIGNMENT_COLUMNS)
_PAIR_SEPARATOR = ":"
_REMEDY = "Write one row a transfer, in the order of the transfers, with its EndToEndId and its amount"
AssignmentTexts = Mapping[str, pa.Array]
"""Texts by column, one a transfer, empty where nothing is said."""


class AssignmentFile:
    """The rows of an imputation file, as many at a time as transfers are at hand."""

    def __init__(self, path: Path, name: str) -> None:
        found = detect(path, name)
        if found in PAYMENT_FORMATS:
            raise FormatUnknown(name, "Another payment file", "Pair a payment file with its imputations")
        self._name, self._row = name, 0
        self._batches = decode_file(path, found, name)
        self._schema = conform_schema(next(self._batches).schema, name)
        self._check_columns()
        self._rest: pa.RecordBatch | None = None

    def _check_columns(self) -> None:
        names = self._schema.names
        if _IDENTITY not in names or not set(_AMOUNTS) & set(names):
            raise FormatUnknown(self._name, "No column reference, or none of amounts", _REMEDY)

    def _check_known_or_empty(self, column: str, texts: pa.Array) -> None:
        """Refuse a column that says what is not for it to say; formats may have it, empty."""
        if column not in _FILE_COLUMNS and _find_differences(texts, "").any():
            told = f"The columns are {', '.join(_FILE_COLUMNS)}"
            raise FormatUnknown(
                describe_position(self._name, column=column), "No column of imputations", told
            )

    def read_matching_rows(
        self, references: pa.Array, amounts: tuple[pa.Array, ParsedNumbers]
    ) -> AssignmentTexts:
        """What is said of the next transfers.

        Raises
        ------
        EnvelopeMismatch
            A row is of another transfer or amount, or there are too few.
        """
        batch = conform_batch(self._read_rows(len(references)), self._schema)
        if batch.num_rows < len(references):
            told = f"{ASSIGNMENT_DIFFERS}: {self._row + batch.num_rows:,} rows, and more transfers"
            raise EnvelopeMismatch(self._name, told, _REMEDY)
        texts = {name: _to_texts(batch.column(name)) for name in batch.schema.names if name != _AMOUNTS[1]}
        for column, said in texts.items():
            self._check_known_or_empty(column, said)
        self._refuse_difference(
            _find_differences(texts[_IDENTITY], references), (texts[_IDENTITY], references)
        )
        self._refuse_difference(*self._compare_amounts(batch, texts, amounts))
        self._row += batch.num_rows
        return {column: texts[column] for column in texts if column in ASSIGNMENT_COLUMNS}

    def _compare_amounts(
        self, batch: pa.RecordBatch, texts: AssignmentTexts, amounts: tuple[pa.Array, ParsedNumbers]
    ) -> tuple[np.ndarray, tuple[pa.Array, pa.Array]]:
        """Which rows say another amount, and both sides.  What is no amount must be written alike."""
        theirs, parsed = amounts
        if _AMOUNTS[0] in texts:
            ours = texts[_AMOUNTS[0]]
            mine = parse_cents(ours)
            alike = (mine.value == parsed.value) & (mine.fault == parsed.fault)
            return ~alike | (_is_no_amount(parsed) & _find_differences(ours, theirs)), (ours, theirs)
        ours = batch.column(_AMOUNTS[1])
        whole = ours.fill_null(-1).to_numpy(zero_copy_only=False)
        return (whole != parsed.value) | _is_no_amount(parsed), (ours, theirs)

    def _refuse_difference(self, wrong: np.ndarray, sides: tuple[pa.Array, pa.Array]) -> None:
        if wrong.any():
            row = int(np.argmax(wrong))
            ours, theirs = (str(side[row].as_py())[:40] for side in sides)
            told = f"{ASSIGNMENT_DIFFERS}: it says {ours!r}, and the transfer there {theirs!r}"
            raise EnvelopeMismatch(f"{self._name}, row {self._row + row + 1:,}", told, _REMEDY)

    def _read_rows(self, rows: int) -> pa.RecordBatch:
        """So many rows, fewer only at the end."""
        taken, count = [self._build_empty_batch()], 0
        while count < rows and (batch := self._next_batch()) is not None:
            part = batch.slice(0, rows - count)
            self._rest = batch.slice(part.num_rows) if part.num_rows < batch.num_rows else None
            taken.append(conform_batch(part, self._schema))
            count += part.num_rows
        return concat_batches(taken[1:] or taken)

    def _next_batch(self) -> pa.RecordBatch | None:
        """What is left of the last batch, or the next one."""
        return next(self._batches, None) if self._rest is None else self._rest

    def _build_empty_batch(self) -> pa.RecordBatch:
        return pa.RecordBatch.from_pylist([], schema=self._schema)

    def check_end(self) -> None:
        """See that no row is left.

        Raises
        ------
        EnvelopeMismatch
            There is one.
        """
        if self._rest is not None or any(batch.num_rows for batch in self._batches):
            told = f"{ASSIGNMENT_DIFFERS}: more rows than the {self._row:,} transfers"
            raise EnvelopeMismatch(self._name, told, _REMEDY)


def parse_remittance(texts: pa.Array) -> AssignmentTexts:
    """What transfers say themselves; words that are no pair of a known name and a value are for the payee."""
    parts = _compute("split_pattern", texts, options=pc.SplitPatternOptions(ASSIGNMENT_JOINER))
    words, rows = parts.flatten(), _compute("list_parent_indices", parts)
    is_pair = _compute("match_substring", words, options=pc.MatchSubstringOptions(_PAIR_SEPARATOR))
    words, rows = words.filter(is_pair), rows.filter(is_pair).to_numpy()
    pairs = _compute("split_pattern", words, options=pc.SplitPatternOptions(_PAIR_SEPARATOR, max_splits=1))
    columns = _find_columns(_compute("list_element", pairs, pa.scalar(0)))
    values = _compute("utf8_trim_whitespace", _compute("list_element", pairs, pa.scalar(1)))
    return {
        ASSIGNMENT_COLUMNS[column]: _select_last(
            values, np.flatnonzero(columns == column), (rows, len(texts))
        )
        for column in np.unique(columns[columns >= 0]).tolist()
    }


def _find_columns(names: pa.Array) -> NDArray[np.int64]:
    """The place of each name among ``COLUMNS``, ``-`` and ``_`` and any case alike; -1 for others."""
    coded = names.dictionary_encode()
    known = {name: place for place, name in enumerate(ASSIGNMENT_COLUMNS)}
    spelled = (name.strip().lower().replace("-", "_") for name in coded.dictionary.to_pylist())
    places = np.array([known.get(name, -1) for name in spelled], np.int64)
    return places[coded.indices.to_numpy()]


def _select_last(
    values: pa.Array, found: NDArray[np.int64], where: tuple[NDArray[np.int64], int]
) -> pa.Array:
    """By row the last of the ``found`` values, empty where there is none; ``where``: the row of each, and how many rows."""
    rows, count = where
    place = np.full(count, -1, np.int64)
    np.maximum.at(place, rows[found], found)
    return values.take(pa.array(place, mask=place < 0)).fill_null("")


def _compute(name: str, *arguments: Any, options: Any = None) -> pa.Array:
    return pc.call_function(name, list(arguments), options)


def _to_texts(column: pa.Array) -> pa.Array:
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    return plain.cast(pa.string()).fill_null("")


def _find_differences(ours: pa.Array, theirs: pa.Array | str) -> np.ndarray:
    return _compute("not_equal", ours, theirs).to_numpy(zero_copy_only=False)


def _is_no_amount(parsed: ParsedNumbers) -> np.ndarray:
    return (parsed.fault == Outcome.AMOUNT_INVALID) | (parsed.value == 0)
