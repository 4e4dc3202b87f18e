"""One batch of raw lines being read: its columns, and the first fault found on each line.

Faults are sought in their order of precedence, so the first one marked is the one told.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import FIELD_BY_COLUMN, FORMATS, Field, FieldType
from core.catalog import CATALOG, KIND_NUMBERS, ActKind, BudgetAction
from core.outcome_codes import Outcome
from core.tables.columns import allocate_zeros
from core.tables.journal import ParsedNumbers
from core.tables.raw_lines import LineFaults
from ingest.resolution.text_columns import DictionaryCache, TextColumn
from kernels import parsing

_PARSERS: Mapping[FieldType, Any] = {
    FieldType.WHOLE: parsing.parse_whole_numbers,
    FieldType.DAY: parsing.parse_days,
    FieldType.DECIMAL: parsing.parse_amounts,
}
_EMPTY_VALUES: Mapping[FieldType, int] = {
    FieldType.WHOLE: -1,
    FieldType.DAY: 0,
    FieldType.DECIMAL: 0,
    FieldType.CENTS: 0,
}


class LineBatch:
    """The columns of ``raw`` and what is wrong with its lines."""

    def __init__(self, raw: pa.RecordBatch, memory: DictionaryCache | None = None) -> None:
        self.raw, self.rows, self._memory = raw, raw.num_rows, memory or DictionaryCache()
        self.arrays = {FIELD_BY_COLUMN[name]: raw.column(name) for name in raw.schema.names}
        self.marks = allocate_zeros(LineFaults, self.rows)
        self._text_columns: dict[Field, TextColumn] = {}
        self._filled: dict[Field, NDArray[np.bool_]] = {}
        self._number_columns: dict[Field, tuple[NDArray[np.int64], NDArray[np.uint8]]] = {}

    def mark_fault(self, mask: NDArray[np.bool_], outcome: Outcome, field: Field) -> None:
        """Fault the lines of ``mask`` that have none yet."""
        if mask.any():
            fault, where = self.marks
            first = mask & (fault == 0)
            fault[first], where[first] = outcome, field

    def mark_faults(self, faults: NDArray[np.uint8], field: Field) -> None:
        """Fault lines with the outcomes a parser found."""
        if faults.any():
            fault, where = self.marks
            first = (faults != 0) & (fault == 0)
            fault[first], where[first] = faults[first], field

    def read_text(self, field: Field) -> TextColumn | None:
        """A text column; ``None`` where the file has none."""
        if field not in self._text_columns:
            if field not in self.arrays:
                return None
            self._text_columns[field] = TextColumn.from_arrow(self.arrays[field], self._memory, field)
        return self._text_columns[field]

    def read_number(self, field: Field) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """(values, faults) of a number or date column; an absent or empty one has the sort's nothing."""
        if field not in self._number_columns:
            self._number_columns[field] = self._check_bounds(field, *self._parse_number(field))
        return self._number_columns[field]

    def _check_bounds(
        self, field: Field, values: NDArray[np.int64], faults: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """The same, where a number that is read and stands out of its bounds is at fault."""
        bounds = FORMATS[field].bounds
        if bounds is None or field not in self.arrays:
            return values, faults
        out = self.find_filled(field) & (faults == 0) & ((values < bounds[0]) | (values > bounds[1]))
        return values, np.where(out, Outcome.FIELD_INVALID.value, faults).astype(np.uint8)

    def _parse_number(self, field: Field) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        sort, array = FORMATS[field].type, self.arrays.get(field)
        if array is None:
            return np.full(self.rows, _EMPTY_VALUES[sort], np.int64), np.zeros(self.rows, np.uint8)
        if pa.types.is_string(array.type) or pa.types.is_dictionary(array.type):
            column = TextColumn.from_arrow(array)
            parsed = allocate_zeros(ParsedNumbers, len(column.values.spans.start))
            _PARSERS[sort](column.values.spans, column.values.text, parsed)
            return column.expand(parsed.value), column.expand(parsed.fault)
        if pa.types.is_date(array.type):
            array = array.view(pa.int32())
        filled = array.fill_null(_EMPTY_VALUES[sort]) if array.null_count else array
        values = filled.to_numpy(zero_copy_only=False).astype(np.int64)
        if sort is FieldType.WHOLE and values.min(initial=0) < 0:
            return np.where(values < 0, -1, values), np.where(
                values < -1, Outcome.FIELD_INVALID.value, 0
            ).astype(np.uint8)
        return values, np.zeros(self.rows, np.uint8)

    def find_filled(self, field: Field) -> NDArray[np.bool_]:
        """Whether each line says anything in ``field``."""
        if field not in self._filled:
            self._filled[field] = self._compute_filled(field)
        return self._filled[field]

    def is_complete_number_column(self, field: Field) -> bool:
        """Whether ``field`` is a column of numbers, and every line says one."""
        array = self.arrays[field]
        is_text = pa.types.is_string(array.type) or pa.types.is_dictionary(array.type)
        return not is_text and array.null_count == 0

    def _compute_filled(self, field: Field) -> NDArray[np.bool_]:
        array = self.arrays.get(field)
        if array is None:
            return np.zeros(self.rows, bool)
        if pa.types.is_string(array.type) or pa.types.is_dictionary(array.type):
            column = self.read_text(field)
            return column.measure_lengths() > 0 if column else np.zeros(self.rows, bool)
        return (
            array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else np.ones(self.rows, bool)
        )


def read_kinds(line_batch: LineBatch) -> NDArray[np.uint8]:
    """Each line's kind, 0 where it names none that exists."""
    column = line_batch.read_text(Field.KIND)
    if column is None:
        return np.zeros(line_batch.rows, np.uint8)
    return column.map_to_numbers(KIND_NUMBERS, 0).astype(np.uint8)


def _select_kinds(test: Callable[[ActKind], Any]) -> NDArray[np.bool_]:
    return np.array([bool(test(kind)) for kind in CATALOG])


FOLLOWS = _select_kinds(lambda kind: kind.follows)
FOLLOWS_ENTRIES = _select_kinds(lambda kind: kind.after)
PAYS = _select_kinds(lambda kind: kind.pays)
MOVES = _select_kinds(lambda kind: kind.budget is BudgetAction.MOVE)
EARMARKS = _select_kinds(lambda kind: kind.budget is BudgetAction.EARMARK)
SPENDS = _select_kinds(lambda kind: kind.budget is BudgetAction.SPEND)
BRINGS_CREDITS = _select_kinds(
    lambda kind: kind.budget in (BudgetAction.OPEN, BudgetAction.ALLOT, BudgetAction.MOVE)
)
WITHOUT_AMOUNT = _select_kinds(lambda kind: not kind.has_amount)
"""What each kind is or needs, by kind number: the catalog seen from a column of kinds."""

FAMILY = np.array([kind.family for kind in CATALOG], np.uint64)
FOLLOWED_FAMILY = np.array([kind.follows for kind in CATALOG], np.uint64)
