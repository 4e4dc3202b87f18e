"""One batch of raw lines being read: its columns, and the first fault found on each line.

Faults are sought in their order of precedence, so the first one marked is the one told.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import BY_COLUMN, FORMATS, Field, Sort
from core.catalog import CATALOG, KIND_NUMBER, ActKind, Budget
from core.outcome_codes import Outcome
from core.tables.columns import blank
from core.tables.journal import Parsed
from core.tables.raw_lines import Marks
from ingest.resolution.text_columns import Memory, TextColumn
from kernels import parsing

_PARSERS: Mapping[Sort, Any] = {
    Sort.WHOLE: parsing.wholes,
    Sort.DAY: parsing.days,
    Sort.DECIMAL: parsing.amounts,
}
_NOTHING: Mapping[Sort, int] = {Sort.WHOLE: -1, Sort.DAY: 0, Sort.DECIMAL: 0, Sort.CENTS: 0}


class Reading:
    """The columns of ``raw`` and what is wrong with its lines."""

    def __init__(self, raw: pa.RecordBatch, memory: Memory | None = None) -> None:
        self.raw, self.rows, self._memory = raw, raw.num_rows, memory or Memory()
        self.arrays = {BY_COLUMN[name]: raw.column(name) for name in raw.schema.names}
        self.marks = blank(Marks, self.rows)
        self._texts: dict[Field, TextColumn] = {}
        self._has: dict[Field, NDArray[np.bool_]] = {}
        self._numbers: dict[Field, tuple[NDArray[np.int64], NDArray[np.uint8]]] = {}

    def mark(self, mask: NDArray[np.bool_], outcome: Outcome, field: Field) -> None:
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

    def text(self, field: Field) -> TextColumn | None:
        """A text column; ``None`` where the file has none."""
        if field not in self._texts:
            if field not in self.arrays:
                return None
            self._texts[field] = TextColumn.of(self.arrays[field], self._memory, field)
        return self._texts[field]

    def number(self, field: Field) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """(values, faults) of a number or date column; an absent or empty one has the sort's nothing."""
        if field not in self._numbers:
            self._numbers[field] = self._bounded(field, *self._read_number(field))
        return self._numbers[field]

    def _bounded(
        self, field: Field, values: NDArray[np.int64], faults: NDArray[np.uint8]
    ) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """The same, where a number that is read and stands out of its bounds is at fault."""
        bounds = FORMATS[field].bounds
        if bounds is None or field not in self.arrays:
            return values, faults
        out = self.has(field) & (faults == 0) & ((values < bounds[0]) | (values > bounds[1]))
        return values, np.where(out, Outcome.FIELD_INVALID.value, faults).astype(np.uint8)

    def _read_number(self, field: Field) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        sort, array = FORMATS[field].sort, self.arrays.get(field)
        if array is None:
            return np.full(self.rows, _NOTHING[sort], np.int64), np.zeros(self.rows, np.uint8)
        if pa.types.is_string(array.type) or pa.types.is_dictionary(array.type):
            column = TextColumn.of(array)
            parsed = blank(Parsed, len(column.values.spans.start))
            _PARSERS[sort](column.values.spans, column.values.text, parsed)
            return column.by_row(parsed.value), column.by_row(parsed.fault)
        if pa.types.is_date(array.type):
            array = array.view(pa.int32())
        filled = array.fill_null(_NOTHING[sort]) if array.null_count else array
        values = filled.to_numpy(zero_copy_only=False).astype(np.int64)
        if sort is Sort.WHOLE and values.min(initial=0) < 0:
            return np.where(values < 0, -1, values), np.where(
                values < -1, Outcome.FIELD_INVALID.value, 0
            ).astype(np.uint8)
        return values, np.zeros(self.rows, np.uint8)

    def has(self, field: Field) -> NDArray[np.bool_]:
        """Whether each line says anything in ``field``."""
        if field not in self._has:
            self._has[field] = self._find(field)
        return self._has[field]

    def is_whole(self, field: Field) -> bool:
        """Whether ``field`` is a column of numbers, and every line says one."""
        array = self.arrays[field]
        is_text = pa.types.is_string(array.type) or pa.types.is_dictionary(array.type)
        return not is_text and array.null_count == 0

    def _find(self, field: Field) -> NDArray[np.bool_]:
        array = self.arrays.get(field)
        if array is None:
            return np.zeros(self.rows, bool)
        if pa.types.is_string(array.type) or pa.types.is_dictionary(array.type):
            column = self.text(field)
            return column.lengths() > 0 if column else np.zeros(self.rows, bool)
        return (
            array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else np.ones(self.rows, bool)
        )


def kinds_of(reading: Reading) -> NDArray[np.uint8]:
    """Each line's kind, 0 where it names none that exists."""
    column = reading.text(Field.KIND)
    if column is None:
        return np.zeros(reading.rows, np.uint8)
    return column.numbers(KIND_NUMBER, 0).astype(np.uint8)


def _by_kind(test: Callable[[ActKind], Any]) -> NDArray[np.bool_]:
    return np.array([bool(test(kind)) for kind in CATALOG])


FOLLOWS = _by_kind(lambda kind: kind.follows)
FOLLOWS_ENTRIES = _by_kind(lambda kind: kind.after)
PAYS = _by_kind(lambda kind: kind.pays)
MOVES = _by_kind(lambda kind: kind.budget is Budget.MOVE)
EARMARKS = _by_kind(lambda kind: kind.budget is Budget.EARMARK)
SPENDS = _by_kind(lambda kind: kind.budget is Budget.SPEND)
BRINGS_CREDITS = _by_kind(lambda kind: kind.budget in (Budget.OPEN, Budget.ALLOT, Budget.MOVE))
WITHOUT_AMOUNT = _by_kind(lambda kind: not kind.has_amount)
"""What each kind is or needs, by kind number: the catalog seen from a column of kinds."""

FAMILY = np.array([kind.family for kind in CATALOG], np.uint64)
FOLLOWED_FAMILY = np.array([kind.follows for kind in CATALOG], np.uint64)
