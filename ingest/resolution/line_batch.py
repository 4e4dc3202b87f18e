"""One batch of raw lines during resolution: its columns, and the first fault of each line.

Checks run in their order of precedence: the first fault marked on a line is the one reported.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from core.act_fields import FIELD_BY_COLUMN, FORMATS, Field, FieldType
from core.catalog import CATALOG, KIND_NUMBERS, ActKind, BudgetAction, Family, Remainder, Role
from core.kind_rules import BY_DECREE, MOVES_CREDITS, TitleTwo, YearRule
from core.outcome_codes import Outcome
from core.tables.columns import allocate_zeros
from core.tables.journal import ParsedNumbers
from core.tables.raw_lines import LineFaults
from ingest.resolution.text_columns import DictionaryCache, DistinctTexts, TextColumn
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


class NumberColumn(NamedTuple):
    """A column of numbers or dates: the value and the fault of each line."""

    value: NDArray[np.int64]
    fault: NDArray[np.uint8]


class LineBatch:
    """The columns of ``raw`` and the faults of its lines."""

    def __init__(self, raw: pa.RecordBatch, dictionary_cache: DictionaryCache | None = None) -> None:
        self.raw, self.rows = raw, raw.num_rows
        self._dictionary_cache = dictionary_cache or DictionaryCache()
        self.arrays = {FIELD_BY_COLUMN[name]: raw.column(name) for name in raw.schema.names}
        self.marks = allocate_zeros(LineFaults, self.rows)
        self._text_columns: dict[Field, TextColumn] = {}
        self._filled: dict[Field, NDArray[np.bool_]] = {}
        self._number_columns: dict[Field, NumberColumn] = {}

    def mark_fault(self, mask: NDArray[np.bool_], outcome: Outcome, field: Field) -> None:
        """Mark the lines of ``mask`` that have no fault yet."""
        if mask.any():
            fault, fault_field = self.marks
            first = mask & (fault == 0)
            fault[first], fault_field[first] = outcome, field

    def mark_faults(self, faults: NDArray[np.uint8], field: Field) -> None:
        """Mark the outcomes that a parser returned."""
        if faults.any():
            fault, fault_field = self.marks
            first = (faults != 0) & (fault == 0)
            fault[first], fault_field[first] = faults[first], field

    def read_text(self, field: Field) -> TextColumn | None:
        """Return a text column; None if the file does not have it."""
        if field not in self._text_columns:
            if field not in self.arrays:
                return None
            self._text_columns[field] = TextColumn.from_arrow(
                self.arrays[field], self._dictionary_cache, field
            )
        return self._text_columns[field]

    def read_coded_text(self, field: Field) -> TextColumn | None:
        """Return the texts of a dictionary; None if the column is none."""
        array = self.arrays.get(field)
        return self.read_text(field) if array is not None and pa.types.is_dictionary(array.type) else None

    def read_number(self, field: Field) -> NumberColumn:
        """Return a number or date column; absent and empty values are the type's ``_EMPTY_VALUES``."""
        if field not in self._number_columns:
            self._number_columns[field] = self._parse_number(field)
        return self._number_columns[field]

    def _parse_number(self, field: Field) -> NumberColumn:
        field_type, array = FORMATS[field].type, self.arrays.get(field)
        if array is None:
            empty = np.full(self.rows, _EMPTY_VALUES[field_type], np.int64)
            return NumberColumn(empty, np.zeros(self.rows, np.uint8))
        column = self.read_text(field) if _is_text(array) else None
        if column is not None:
            value, fault = parse_texts(column.values, field)
            return NumberColumn(column.expand(value), column.expand(fault))
        if pa.types.is_date(array.type):
            array = array.view(pa.int32())
        filled = array.fill_null(_EMPTY_VALUES[field_type]) if array.null_count else array
        values = filled.to_numpy(zero_copy_only=False).astype(np.int64)
        faults = np.zeros(self.rows, np.uint8)
        if field_type is FieldType.WHOLE and values.min(initial=0) < 0:
            faults[values < -1] = Outcome.FIELD_INVALID
            values = np.where(values < 0, -1, values)
        return _check_bounds(field, NumberColumn(values, faults), self.mark_values(field))

    def mark_values(self, field: Field) -> NDArray[np.bool_]:
        """Return whether each line has a value in ``field``."""
        if field not in self._filled:
            self._filled[field] = self._compute_presence(field)
        return self._filled[field]

    def is_complete_number_column(self, field: Field) -> bool:
        """Return whether ``field`` is a column of numbers, and every line has one."""
        array = self.arrays[field]
        return not _is_text(array) and array.null_count == 0

    def _compute_presence(self, field: Field) -> NDArray[np.bool_]:
        array = self.arrays.get(field)
        if array is None:
            return np.zeros(self.rows, bool)
        if _is_text(array):
            column = self.read_text(field)
            return column.measure_lengths() > 0 if column else np.zeros(self.rows, bool)
        return (
            array.is_valid().to_numpy(zero_copy_only=False) if array.null_count else np.ones(self.rows, bool)
        )


def _is_text(array: pa.Array) -> bool:
    return pa.types.is_string(array.type) or pa.types.is_dictionary(array.type)


def parse_texts(values: DistinctTexts, field: Field) -> NumberColumn:
    """Parse each distinct text of a field of numbers or dates once."""

    def parse(texts: DistinctTexts) -> NumberColumn:
        parsed = allocate_zeros(ParsedNumbers, len(texts.spans.start))
        _PARSERS[FORMATS[field].type](texts.spans, texts.text, parsed)
        is_filled = texts.spans.end > texts.spans.start
        return _check_bounds(field, NumberColumn(parsed.value, parsed.fault), is_filled)

    return values.compute_once(f"number of {field.column}", parse)


def _check_bounds(field: Field, numbers: NumberColumn, is_filled: NDArray[np.bool_]) -> NumberColumn:
    """Return the numbers, with a fault where one without fault is out of the field's bounds."""
    bounds = FORMATS[field].bounds
    if bounds is None:
        return numbers
    value, fault = numbers
    is_outside = ((value < bounds[0]) | (value > bounds[1])) & is_filled & (fault == 0)
    if not is_outside.any():
        return numbers
    return NumberColumn(value, np.where(is_outside, Outcome.FIELD_INVALID.value, fault).astype(np.uint8))


def read_kinds(line_batch: LineBatch) -> NDArray[np.uint8]:
    """Return the kind of each line, 0 if it does not exist."""
    column = line_batch.read_text(Field.KIND)
    if column is None:
        return np.zeros(line_batch.rows, np.uint8)
    return column.map_to_numbers(KIND_NUMBERS, 0).astype(np.uint8)


def _select_kinds(test: Callable[[ActKind], Any]) -> NDArray[np.bool_]:
    return np.array([bool(test(kind)) for kind in CATALOG])


FOLLOWS = _select_kinds(lambda kind: kind.follows)
FOLLOWS_OWN_LINES = _select_kinds(lambda kind: kind.after)
PAYS = _select_kinds(lambda kind: kind.pays)
BILLS = _select_kinds(lambda kind: kind.bills)
STATES_CONTRACT = _select_kinds(lambda kind: kind.states_contract)
ADVANCES = _select_kinds(lambda kind: kind.debit is Role.ADVANCE)
BILLS_SERVICE = _select_kinds(lambda kind: kind.draws is Remainder.UNBILLED)
CLAIMS_INTEREST = _select_kinds(lambda kind: kind.is_interest)
MOVES = _select_kinds(lambda kind: kind.budget in MOVES_CREDITS)
MOVES_BY_DECREE = _select_kinds(lambda kind: kind.budget in MOVES_CREDITS & BY_DECREE)
STAYS_IN_MINISTRY = _select_kinds(lambda kind: kind.budget is BudgetAction.VIREMENT)
EARMARKS = _select_kinds(lambda kind: kind.budget in (BudgetAction.EARMARK, BudgetAction.UNEARMARK))
JOURNALS = _select_kinds(lambda kind: kind.family is Family.JOURNAL)
CONCERNS_SUSPENSE = _select_kinds(lambda kind: kind.concerns_suspense)
CHANGES_ASSETS = _select_kinds(
    lambda kind: kind.family is Family.ASSET and kind.draws is not Remainder.DEPRECIATION
)
SERVES_ASSETS = _select_kinds(lambda kind: kind.serves_asset)
TAKES_INVENTORY = _select_kinds(lambda kind: kind.takes_inventory)
_OF_INVENTORY = _select_kinds(lambda kind: kind.family is Family.INVENTORY)
CHANGES_INVENTORY = _select_kinds(
    lambda kind: kind.family in (Family.INVENTORY, Family.INVENTORY_CHANGE) and kind.month is not None
)
JUSTIFIES = _select_kinds(lambda kind: kind.family is Family.JUSTIFICATION)
OPENS_YEAR = _select_kinds(lambda kind: kind.family is Family.OPENING)
RESULTS = _select_kinds(lambda kind: kind.family is Family.RESULT)
ALLOTS = _select_kinds(lambda kind: kind.family is Family.ALLOCATION)
MONTHS = np.array([-1 if kind.month is None else kind.month for kind in CATALOG], np.int32)
"""The month of its exercise in which a kind stands; -1 where the date decides."""
ISSUES = _select_kinds(lambda kind: kind.family is Family.RECEIVABLE)
RECEIVES = _select_kinds(lambda kind: Family.RECEIVABLE in (kind.family, kind.follows))
_OF_CREDITS = _select_kinds(lambda kind: kind.family is Family.BUDGET)
SPENDS = (
    (
        _select_kinds(lambda kind: kind.budget is BudgetAction.SPEND or kind.needs_assignment)
        & ~_OF_CREDITS
        & ~OPENS_YEAR
    )
    | _select_kinds(lambda kind: kind.requests_visa)
    | JOURNALS
    | ISSUES
    | SERVES_ASSETS
    | _OF_INVENTORY
)
CARRIES = _select_kinds(lambda kind: kind.carries)
BRINGS_CREDITS = _OF_CREDITS & ~EARMARKS
OPENS = _select_kinds(lambda kind: kind.budget is BudgetAction.OPEN)
STATES_ORIGIN = _select_kinds(lambda kind: kind.budget in (BudgetAction.OPEN, BudgetAction.CANCEL))
WITHDRAWS = _select_kinds(lambda kind: kind.budget is BudgetAction.WITHDRAW)
SPENDS_AE = _select_kinds(lambda kind: kind.year_rule is YearRule.SPENDS_AE)
_UNBOUND = (YearRule.NONE, YearRule.SETTLES_CP, YearRule.WAITS)
YEAR_BOUND = _select_kinds(lambda kind: kind.year_rule not in _UNBOUND)
ENGAGES = _select_kinds(lambda kind: kind.title_two is TitleTwo.REFUSED)
PAYS_STAFF = _select_kinds(lambda kind: kind.title_two is TitleTwo.ONLY)
CHARGES = _select_kinds(lambda kind: kind.debit is Role.EXPENSE or kind.family is Family.RESTORATION)
MAY_BE_ZERO = _select_kinds(lambda kind: kind.may_be_zero or not kind.has_amount)
"""These arrays hold, by kind number, what each kind is or needs: the catalog as arrays."""

FAMILY = np.array([kind.family for kind in CATALOG], np.uint64)
FOLLOWED_FAMILY = np.array([kind.follows for kind in CATALOG], np.uint64)
