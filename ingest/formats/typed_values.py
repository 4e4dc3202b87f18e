"""Amounts, whole numbers and days in types that other writers choose, converted exactly or found unfit.

A type may contain more than its field: a timestamp a time of day, an unsigned number more than an int64.  So values are
checked before they are converted, and the first unfit one is named.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

EUROS_TYPE = pa.decimal256(76, 2)
EUROS_TEXT_BYTES = 79
"""The longest text of a decimal: its digits, sign and point."""
_EUROS_SCALE_MAX = 2
_EUROS_WHOLE_DIGITS_MAX = EUROS_TYPE.precision - EUROS_TYPE.scale
_INT64_MAX = 2**63 - 1
_TICKS_A_DAY: Mapping[str, int] = {
    "s": 86_400,
    "ms": 86_400_000,
    "us": 86_400_000_000,
    "ns": 86_400_000_000_000,
}
_UTC_ZONES = frozenset({None, "", "UTC", "Etc/UTC", "Z", "+00:00"})
_DAY_MAX = 2**31 - 1
DAY_REMEDY = "Send the column as date32, as text such as 2018-12-31, or as timestamps at midnight in UTC or without zone"
_WHOLE_REMEDY = "Send whole numbers that an int64 can contain"


class UnfitValue(NamedTuple):
    """A value that its field cannot contain."""

    row: int
    finding: str
    remedy: str


def is_euro_decimal(column_type: pa.DataType) -> bool:
    """Return whether every value of a type is whole cents that ``EUROS_TYPE`` can contain."""
    if not pa.types.is_decimal(column_type):
        return False
    whole_digits = column_type.precision - column_type.scale
    return column_type.scale <= _EUROS_SCALE_MAX and whole_digits <= _EUROS_WHOLE_DIGITS_MAX


def is_day_type(column_type: pa.DataType) -> bool:
    """Return whether values of a type may be days, midnight standing for its day.

    Midnight of another zone than UTC is refused: its instant belongs to two days.
    """
    if pa.types.is_timestamp(column_type):
        return column_type.tz in _UTC_ZONES
    return pa.types.is_date(column_type)


def find_unfit_value(column: pa.Array, target: pa.DataType) -> UnfitValue | None:
    """Return the first value of a validated column that cannot be converted to ``target``; None if each can."""
    if column.type == pa.uint64() and target == pa.int64():
        return _find_first(column, ~_is_int64(column), "does not fit in an int64", remedy=_WHOLE_REMEDY)
    if pa.types.is_date32(target) and not pa.types.is_date32(column.type):
        days, rest = _split_days(column)
        is_unfit = (rest != 0) | (np.abs(days) > _DAY_MAX)
        return _find_first(
            column, is_unfit, "is not a day: it is not midnight, or too far away", remedy=DAY_REMEDY
        )
    return None


def convert_values(column: pa.Array, target: pa.DataType) -> pa.Array:
    """Return a column without unfit values in the type ``target``."""
    if pa.types.is_decimal(column.type):
        return column.cast(EUROS_TYPE).cast(target)
    if pa.types.is_date32(target):
        is_null = column.is_null().to_numpy(zero_copy_only=False)
        return pa.array(_split_days(column)[0].astype(np.int32), mask=is_null).cast(target)
    return column.cast(target)


def _find_first(
    column: pa.Array, is_unfit: NDArray[np.bool_], finding: str, *, remedy: str
) -> UnfitValue | None:
    if not is_unfit.any():
        return None
    row = int(is_unfit.argmax())
    value = _drop_zone(column.slice(row, 1)).cast(pa.string())[0].as_py()
    return UnfitValue(row, f"The value {value} {finding}", remedy)


def _drop_zone(column: pa.Array) -> pa.Array:
    """Return timestamps in UTC without their zone: its name need not be in the database of zones."""
    is_timestamp = pa.types.is_timestamp(column.type)
    return column.view(pa.timestamp(column.type.unit)) if is_timestamp else column


def _is_int64(column: pa.Array) -> NDArray[np.bool_]:
    fits = pc.call_function("less_equal", [column, pa.scalar(_INT64_MAX, pa.uint64())])
    return fits.fill_null(True).to_numpy(zero_copy_only=False)


def _split_days(column: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the days since 1970 of timestamps, and the ticks that are left of each; 0 for null."""
    unit = "ms" if pa.types.is_date64(column.type) else column.type.unit
    ticks = column.view(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False)
    return np.divmod(ticks, np.int64(_TICKS_A_DAY[unit]))
