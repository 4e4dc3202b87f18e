"""Amounts, cents and dates in the column types that other writers choose: the same acts, to the cent, or a refusal."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from core.errors import FormatUnknown
from ingest.formats.text_buffers import has_odd_buffer
from ingest.validation.file_validation import FileTotals, open_source, validate_without_cache
from tests.ingest.format_writers import build_acts, list_texts, read_source, spool_file, write_file

TYPED_SUFFIXES = (".parquet", ".arrow", ".arrows")
MIDNIGHT = 17_532  # 2018-01-01, in days
DAY_TICKS = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
DECIMALS = (
    pa.decimal128(18, 2),
    pa.decimal128(38, 2),
    pa.decimal128(37, 2),
    pa.decimal256(76, 2),
    pa.decimal128(12, 1),
    pa.decimal128(38, 0),
    pa.decimal128(6, -3),
    pa.decimal256(60, -4),
    pa.decimal64(18, 2),
)
DECIMAL_FILES = [
    (decimals, suffix)
    for decimals in DECIMALS
    for suffix in TYPED_SUFFIXES
    if suffix != ".parquet" or decimals.scale >= 0  # Parquet has no other
]
WHOLE_TYPES = (
    pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
)  # fmt: skip


def build_rows(column: str, values: list[Any], column_type: pa.DataType) -> pa.Table:
    references = [f"A{number}" for number in range(len(values))]
    return pa.table({"reference": references, column: pa.array(values, column_type)})


def read_column(rows: pa.Table, column: str, path: Path) -> list[Any]:
    """Validate a file of these rows, and return what the engine reads of a column, from the start and from line 2."""
    file = spool_file(path.parent, write_file(rows, path))
    validate_without_cache(file)
    values = read_source(open_source(file))[column].to_pylist()
    assert read_source(open_source(file), 1, 2)[column].to_pylist() == values[1:]
    return values


@pytest.mark.parametrize(("decimals", "suffix"), DECIMAL_FILES, ids=str)
def test_decimal_amounts_are_read_to_the_cent(decimals: pa.DataType, suffix: str, tmp_path: Path) -> None:
    unit = Decimal(1).scaleb(-decimals.scale)
    values = [unit, -15 * unit, 0 * unit, None, 999 * unit]
    rows = build_rows("amount", values, decimals)
    expected = ["" if value is None else f"{value:.2f}" for value in values]
    texts = read_column(rows, "amount", tmp_path / f"acts{suffix}")
    assert [text or "" for text in texts] == expected
    file = spool_file(tmp_path, tmp_path / f"acts{suffix}")
    cents = sum(int(value.scaleb(2)) for value in values if value is not None)
    assert validate_without_cache(file) == FileTotals(5, cents)


@pytest.mark.parametrize("suffix", TYPED_SUFFIXES)
def test_decimals_keep_every_digit(suffix: str, tmp_path: Path) -> None:
    """An amount beyond every limit is left to its line, with all its digits."""
    values = [Decimal("90071992547409.93"), Decimal("-0.01"), Decimal("9" * 36 + ".37")]
    texts = read_column(
        build_rows("amount", values, pa.decimal128(38, 2)), "amount", tmp_path / f"acts{suffix}"
    )
    assert texts == [f"{value:f}" for value in values]


@pytest.mark.parametrize("suffix", TYPED_SUFFIXES)
@pytest.mark.parametrize(
    "decimals", [pa.decimal128(18, 3), pa.decimal128(18, 4), pa.decimal256(76, 1)], ids=str
)
def test_decimals_that_may_not_be_cents_are_refused(
    decimals: pa.DataType, suffix: str, tmp_path: Path
) -> None:
    rows = build_rows("amount", [Decimal("1.0")], decimals)
    with pytest.raises(FormatUnknown, match=r"column amount.*decimal.*at most two decimals"):
        validate_without_cache(spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}")))


@pytest.mark.parametrize("suffix", TYPED_SUFFIXES)
@pytest.mark.parametrize("whole", WHOLE_TYPES, ids=str)
def test_cents_may_have_any_whole_type(whole: pa.DataType, suffix: str, tmp_path: Path) -> None:
    bits = whole.bit_width - (0 if pa.types.is_unsigned_integer(whole) else 1)
    values = [0, 1, None, min(2**bits - 1, 10**18 - 1)]
    rows = build_rows("amount_cents", values, whole)
    assert read_column(rows, "amount_cents", tmp_path / f"acts{suffix}") == values


@pytest.mark.parametrize("suffix", TYPED_SUFFIXES)
@pytest.mark.parametrize("column", ["amount_cents", "exercise"])
def test_a_number_out_of_range_names_its_line(column: str, suffix: str, tmp_path: Path) -> None:
    rows = build_rows(column, [1, None, 2**63, 2**64 - 1], pa.uint64())
    with pytest.raises(FormatUnknown) as refused:
        validate_without_cache(spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}")))
    assert refused.value.place == f"acts{suffix}, line 3, column {column}"
    assert "9223372036854775808" in refused.value.finding


@pytest.mark.parametrize("suffix", TYPED_SUFFIXES)
@pytest.mark.parametrize("zone", [None, "UTC", "+00:00", "Etc/UTC"])
@pytest.mark.parametrize("unit", DAY_TICKS)
def test_a_midnight_is_a_date(unit: str, zone: str | None, suffix: str, tmp_path: Path) -> None:
    days = [MIDNIGHT, None, 0, -1, MIDNIGHT + 364]
    ticks = [None if day is None else day * DAY_TICKS[unit] for day in days]
    rows = build_rows("date", ticks, pa.timestamp(unit, zone))
    assert read_column(rows, "date", tmp_path / f"acts{suffix}") == [
        date(2018, 1, 1), None, date(1970, 1, 1), date(1969, 12, 31), date(2018, 12, 31),
    ]  # fmt: skip


@pytest.mark.parametrize("suffix", [".arrow", ".arrows"])
def test_a_date_in_milliseconds_is_a_date(suffix: str, tmp_path: Path) -> None:
    rows = build_rows("date", [date(2018, 1, 1), None, date(1969, 12, 31)], pa.date64())
    values = read_column(rows, "date", tmp_path / f"acts{suffix}")
    assert values == [date(2018, 1, 1), None, date(1969, 12, 31)]


@pytest.mark.parametrize("suffix", TYPED_SUFFIXES)
@pytest.mark.parametrize(
    ("unit", "ticks", "time_text"),
    [
        ("s", MIDNIGHT * 86_400 + 1, "2018-01-01 00:00:01"),
        ("ms", -1, "1969-12-31 23:59:59.999"),
        ("us", MIDNIGHT * DAY_TICKS["us"] + 1, "2018-01-01 00:00:00.000001"),
        ("ns", MIDNIGHT * DAY_TICKS["ns"] - 1, "2017-12-31 23:59:59.999999999"),
        ("s", 2**31 * 86_400, ""),
        ("ms", -(2**33) * 86_400_000, ""),
    ],
)
def test_a_time_of_day_names_its_line(
    unit: str, ticks: int, time_text: str, suffix: str, tmp_path: Path
) -> None:
    if suffix == ".parquet" and unit == "s":
        ticks, unit = ticks * 1000, "ms"  # as the writer stores it
    rows = build_rows("due", [0, None, 0, ticks], pa.timestamp(unit, "UTC"))
    with pytest.raises(FormatUnknown) as refused:
        validate_without_cache(spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}")))
    assert refused.value.place == f"acts{suffix}, line 4, column due"
    assert time_text in refused.value.finding
    assert "date32" in refused.value.remedy


@pytest.mark.parametrize("suffix", TYPED_SUFFIXES)
@pytest.mark.parametrize("zone", [None, "Z", "+00:00", "Etc/UTC"])
def test_a_time_of_day_names_its_line_in_each_name_of_utc(
    zone: str | None, suffix: str, tmp_path: Path
) -> None:
    """No zone is looked up: the database of zones does not have each of these names."""
    rows = build_rows("due", [0, MIDNIGHT * DAY_TICKS["us"] + 1], pa.timestamp("us", zone))
    with pytest.raises(FormatUnknown, match=r"2018-01-01 00:00:00\.000001 is not a day") as refused:
        validate_without_cache(spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}")))
    assert refused.value.place == f"acts{suffix}, line 2, column due"


@pytest.mark.parametrize("suffix", TYPED_SUFFIXES)
def test_a_midnight_of_another_zone_is_refused(suffix: str, tmp_path: Path) -> None:
    """It may be another day there."""
    rows = build_rows("date", [datetime(2018, 1, 1)], pa.timestamp("us", "America/New_York"))  # noqa: DTZ001
    with pytest.raises(FormatUnknown, match=r"column date: .*America/New_York"):
        validate_without_cache(spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}")))


@pytest.mark.parametrize("day", [date(2018, 12, 31), date(9999, 12, 31), date(1677, 1, 1)])
def test_days_as_spark_writes_them(day: date, tmp_path: Path) -> None:
    """INT96 spans more years than nanoseconds in an int64 do: none of them becomes another day."""
    rows = build_rows("date", [datetime(day.year, day.month, day.day)], pa.timestamp("us"))  # noqa: DTZ001
    pq.write_table(rows, tmp_path / "acts.parquet", use_deprecated_int96_timestamps=True)
    file = spool_file(tmp_path, tmp_path / "acts.parquet")
    validate_without_cache(file)
    assert read_source(open_source(file))["date"].to_pylist() == [day]


def _to_decimals(rows: pa.Table) -> pa.Table:
    values = [Decimal(cents).scaleb(-2) for cents in rows["amount_cents"].to_pylist()]
    return rows.drop_columns("amount_cents").append_column("amount", pa.array(values, pa.decimal128(20, 2)))


def _to_timestamps(rows: pa.Table) -> pa.Table:
    return rows.set_column(
        rows.column_names.index("date"), "date", rows["date"].cast(pa.timestamp("ms", "UTC"))
    )


@pytest.mark.parametrize("column_type", [*DECIMALS, *(pa.timestamp(unit) for unit in DAY_TICKS)], ids=str)
def test_a_buffer_that_ends_inside_a_number_is_odd(column_type: pa.DataType) -> None:
    for surplus in (0, 1):
        buffer = pa.py_buffer(bytes(2 * column_type.bit_width // 8 + surplus))
        assert has_odd_buffer(pa.Array.from_buffers(column_type, 2, [None, buffer])) is bool(surplus)


@pytest.mark.parametrize("suffix", TYPED_SUFFIXES)
@pytest.mark.parametrize("change", [_to_decimals, _to_timestamps])
def test_the_acts_are_the_same(change: Callable[[pa.Table], pa.Table], suffix: str, tmp_path: Path) -> None:
    rows = build_acts(1000).filter(pc.field("amount_cents") != 0)
    file = spool_file(tmp_path, write_file(change(rows), tmp_path / f"acts{suffix}"))
    totals = validate_without_cache(file)
    assert totals == FileTotals(len(rows), sum(rows["amount_cents"].to_pylist()))
    texts = list_texts(read_source(open_source(file)))
    assert texts == list_texts(rows)
