"""The flat act format: one row per act line.  Every reader yields these columns and no others.

CSV and JSON Lines have ``amount`` (decimal text, at most two decimals); Parquet and Arrow have it too, or ``amount_cents``.
An absent column, a null and an empty cell mean the same: no value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum, unique

from core.periods import YEAR_FIRST, YEAR_LAST


class FieldType(StrEnum):
    """The type of a field's value."""

    TEXT = "text"
    WHOLE = "whole"
    DAY = "day"
    DECIMAL = "decimal"
    CENTS = "cents"


@unique
class Field(IntEnum):
    """A column of the flat act format.  Numbers are stored with refusals: append only."""

    NONE = 0
    REFERENCE = 1
    LINE = 2
    KIND = 3
    EXERCISE = 4
    DATE = 5
    FUND_CENTRE = 6
    FUNCTIONAL_AREA = 7
    COMMITMENT_ITEM = 8
    FUND = 9
    ACCOUNT = 10
    PAYEE = 11
    PAYEE_NAME = 12
    IBAN = 13
    BIC = 14
    PREDECESSOR = 15
    AMOUNT = 16
    AMOUNT_CENTS = 17
    REMITTANCE = 18
    ACTIVITY = 19
    COST_CENTRE = 20
    ACCOUNTANT = 21
    OPERATION = 22
    BUDGET_YEAR = 23
    POSTING_DATE = 24
    METHOD = 25
    NATURE = 26
    INVOICE_NUMBER = 27
    INVOICE_DATE = 28
    RECEIVED = 29
    DUE = 30
    PRIORITY = 31
    COUNTERPART = 32
    RANK = 33
    ENTERED_BY = 34
    VALIDATED_BY = 35
    DELEGATION = 36
    DOCUMENT_HASH = 37
    ORIGIN = 38
    PREDECESSOR_SENDER = 39
    SERVICE_START = 40
    INVOICE_PART = 43
    RIGHT_YEAR = 44
    PRESCRIPTION_STOP = 45
    CONTRACT = 46
    REASON = 47
    SUSPENSION_NOTIFIED = 48
    SUSPENSION_ENDED = 49
    EVIDENCE_HASH = 52
    CALL_BACK = 53
    RECYCLING_CASE = 55
    REFERENCE_SENDER = 57

    @property
    def column(self) -> str:
        """The name of the field's column in files."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class FieldFormat:
    """The type of one field, its greatest length and its bounds."""

    type: FieldType
    bytes_max: int
    bounds: tuple[int, int] | None = None
    """The least and the greatest number, or days since 1970; None where other rules bound the value."""


_TEXT_BYTES_MAX: Mapping[Field, int] = {
    Field.REFERENCE: 35,
    Field.PREDECESSOR: 46,  # REFERENCE#LINE
    Field.KIND: 40,
    Field.FUND_CENTRE: 14,
    Field.FUNCTIONAL_AREA: 12,
    Field.COMMITMENT_ITEM: 10,
    Field.FUND: 12,
    Field.ACCOUNT: 10,
    Field.PAYEE: 35,
    Field.PAYEE_NAME: 140,
    Field.IBAN: 34,
    Field.BIC: 11,
    Field.REMITTANCE: 280,
    Field.COUNTERPART: 27,
    Field.METHOD: 35,
    Field.INVOICE_NUMBER: 70,
    Field.DOCUMENT_HASH: 128,
    Field.CONTRACT: 35,
    Field.REASON: 140,
    Field.CALL_BACK: 140,
}
_WHOLE_FIELDS = frozenset(
    {
        *(Field.LINE, Field.EXERCISE, Field.BUDGET_YEAR, Field.PRIORITY, Field.RANK),
        *(Field.INVOICE_PART, Field.RIGHT_YEAR),
    }
)
_DAY_FIELDS = frozenset(
    {
        *(Field.DATE, Field.POSTING_DATE, Field.INVOICE_DATE, Field.RECEIVED, Field.DUE, Field.SERVICE_START),
        *(Field.SUSPENSION_NOTIFIED, Field.SUSPENSION_ENDED),
    }
)
_EPOCH = date(1970, 1, 1)
_CALENDAR_BOUNDS = (date(YEAR_FIRST, 1, 1) - _EPOCH).days, (date(YEAR_LAST, 12, 31) - _EPOCH).days
PRIORITY_COUNT = 10
INVOICE_PARTS_MAX = 99
RIGHT_YEAR_FIRST = 1900
_BOUNDS: Mapping[Field, tuple[int, int]] = {
    Field.RECEIVED: _CALENDAR_BOUNDS,
    Field.DUE: _CALENDAR_BOUNDS,
    Field.INVOICE_DATE: _CALENDAR_BOUNDS,
    Field.SERVICE_START: _CALENDAR_BOUNDS,
    Field.SUSPENSION_NOTIFIED: _CALENDAR_BOUNDS,
    Field.SUSPENSION_ENDED: _CALENDAR_BOUNDS,
    Field.PRIORITY: (0, PRIORITY_COUNT - 1),
    Field.INVOICE_PART: (1, INVOICE_PARTS_MAX),
    Field.RIGHT_YEAR: (RIGHT_YEAR_FIRST, YEAR_LAST),
}


def _build_format(field: Field) -> FieldFormat:
    if field in _WHOLE_FIELDS:
        return FieldFormat(FieldType.WHOLE, 10, _BOUNDS.get(field))
    if field in _DAY_FIELDS:
        return FieldFormat(FieldType.DAY, 10, _BOUNDS.get(field))
    if field is Field.AMOUNT:
        return FieldFormat(FieldType.DECIMAL, 24)
    if field is Field.AMOUNT_CENTS:
        return FieldFormat(FieldType.CENTS, 20)
    return FieldFormat(FieldType.TEXT, _TEXT_BYTES_MAX.get(field, 70))


FORMATS: Mapping[Field, FieldFormat] = {
    field: _build_format(field) for field in Field if field is not Field.NONE
}
FIELD_BY_COLUMN: Mapping[str, Field] = {field.column: field for field in FORMATS}

ACT_LINES_MAX = 1000
"""Lines of one act.  An act is never split over two batches, so its length needs a limit."""
