"""Columns outside the format: allowed when the sender says so, never read, and listed; refused if they may be a mistake."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from ingest.formats.extra_columns import EXTRA_COLUMNS_MAX
from ingest.spool.envelope import Envelope, parse_envelope, parse_metadata_envelope
from ingest.spool.spooled_file import SpooledFile
from ingest.validation.decoded_cache import MemoryAllowance
from ingest.validation.file_validation import ValidatedFile, open_source, validate_file
from tests.ingest.format_writers import (
    build_acts,
    list_texts,
    read_lines,
    read_source,
    spool_file,
    write_file,
)

LINES = 500
COLUMN_SUFFIXES = (".parquet", ".arrow", ".arrows", ".csv")
OPEN = Envelope(sender="MEN", extra_columns=True)


def add_columns(rows: pa.Table, columns: dict[str, Any], at: int = 0) -> pa.Table:
    for name, values in columns.items():
        rows = rows.add_column(at, name, values if isinstance(values, pa.Array) else pa.array(values))
    return rows


def validate(
    folder: Path, rows: pa.Table, suffix: str, envelope: Envelope = OPEN
) -> tuple[SpooledFile, ValidatedFile]:
    spooled = spool_file(folder, write_file(rows, folder / f"acts{suffix}"), envelope)
    return spooled, validate_file(spooled, MemoryAllowance())


@pytest.mark.parametrize("suffix", COLUMN_SUFFIXES)
@pytest.mark.parametrize("at", [0, 3, 9])
def test_extra_columns_are_listed_and_not_read(suffix: str, at: int, tmp_path: Path) -> None:
    rows = build_acts(LINES)
    extra = {"colour": ["blue"] * LINES, "note; of 2018": [None] * LINES, "": [1.5] * LINES}
    spooled, validated = validate(tmp_path, add_columns(rows, extra, at), suffix)
    assert sorted(validated.extra_columns) == sorted(extra)
    assert validated.totals.cents == sum(rows["amount_cents"].to_pylist())
    assert list_texts(read_source(validated.source)) == list_texts(rows)
    assert read_lines(spooled) == list_texts(rows)
    starts = open_source(spooled).read_batches(LINES - 7, 5)
    assert [batch.num_rows for batch in starts] == [5, 2]


@pytest.mark.parametrize("suffix", COLUMN_SUFFIXES)
def test_they_are_refused_unless_the_sender_says_so(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(FormatUnknown, match=r"column 'colour': The column is unknown.*--extra-columns"):
        validate(
            tmp_path, add_columns(build_acts(3), {"colour": ["blue"] * 3}), suffix, Envelope(sender="MEN")
        )


NESTED = {
    "lists": pa.array([["a", "b"], [], None] * 100),
    "objects": pa.array([{"a": 1, "b": [1]}] * 300),
    "codes": pa.array(["x", "y", "z"] * 100).dictionary_encode(),
    "bytes": pa.array([b"\xff\xfe"] * 300),
    "times": pa.array([1.5] * 300, pa.float64())
    .cast(pa.int64(), safe=False)
    .cast(pa.timestamp("ns", "Europe/Paris")),
}


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
def test_extra_columns_may_have_any_type(suffix: str, tmp_path: Path) -> None:
    rows = build_acts(300)
    spooled, validated = validate(tmp_path, add_columns(rows, NESTED, 2), suffix)
    assert sorted(validated.extra_columns) == sorted(NESTED)
    assert read_lines(spooled) == list_texts(rows)


def test_nested_columns_are_refused_by_name_unless_they_are_allowed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"acts.parquet"):
        validate(tmp_path, add_columns(build_acts(300), NESTED), ".parquet", Envelope(sender="MEN"))


@pytest.mark.parametrize("suffix", COLUMN_SUFFIXES)
@pytest.mark.parametrize(
    "name", ["Amount", "IBAN", " due", "fund-centre", "Payee Name", "AmountCents", "DATE "]
)
def test_a_name_like_that_of_a_column_is_refused(suffix: str, name: str, tmp_path: Path) -> None:
    """To leave it out would change the acts without a word."""
    with pytest.raises(FormatUnknown, match="Name it "):
        validate(tmp_path, add_columns(build_acts(3), {name: ["1"] * 3}), suffix)


@pytest.mark.parametrize("suffix", COLUMN_SUFFIXES)
@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("operaton", "operation"),
        ("remitance", "remittance"),
        ("Posting_dat", "posting_date"),
        ("budget_yaer", "budget_year"),
        ("amounts", "amount"),
    ],
)
def test_a_misspelt_column_is_refused(suffix: str, name: str, column: str, tmp_path: Path) -> None:
    with pytest.raises(
        FormatUnknown, match=f"column '{name}': .* like that of the column {column}\\. Name it"
    ):
        validate(tmp_path, add_columns(build_acts(3), {name: ["1"] * 3}), suffix)


@pytest.mark.parametrize(
    "name", ["payment_date", "payee_city", "note", "fund_name", "x" * 100, "ACCOUNT_HOLDER"]
)
def test_a_name_of_its_own_is_allowed(name: str, tmp_path: Path) -> None:
    _, validated = validate(tmp_path, add_columns(build_acts(3), {name: ["1"] * 3}), ".csv")
    assert validated.extra_columns == (name,)


def _name(count: int) -> dict[str, Any]:
    return {f"extra {number}": ["x"] for number in range(count)}


@pytest.mark.parametrize("suffix", COLUMN_SUFFIXES)
@pytest.mark.parametrize(
    ("columns", "error"),
    [
        (_name(EXTRA_COLUMNS_MAX + 1), LimitExceeded),
        ({"x" * 101: ["x"]}, LimitExceeded),
        ({"a\x1b[31m": ["x"]}, FormatUnknown),
    ],
    ids=["too many", "too long", "not printable"],
)
def test_names_have_limits(
    suffix: str, columns: dict[str, Any], error: type[InputError], tmp_path: Path
) -> None:
    with pytest.raises(error):
        validate(tmp_path, add_columns(build_acts(1), columns, 9), suffix)


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
def test_only_one_column_of_amounts_is_allowed(suffix: str, tmp_path: Path) -> None:
    rows = add_columns(build_acts(1), {"amount": ["1.00"], "colour": ["blue"]})
    with pytest.raises(FormatUnknown, match="both given"):
        validate(tmp_path, rows, suffix)


@pytest.mark.parametrize("suffix", COLUMN_SUFFIXES)
def test_as_many_as_allowed_are_read(suffix: str, tmp_path: Path) -> None:
    _, validated = validate(tmp_path, add_columns(build_acts(1), _name(EXTRA_COLUMNS_MAX)), suffix)
    assert len(validated.extra_columns) == EXTRA_COLUMNS_MAX


@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
def test_a_repeated_or_lonely_extra_column_is_refused(suffix: str, tmp_path: Path) -> None:
    twice = pa.table([pa.array(["A"])] * 3, names=["reference", "colour", "colour"])
    with pytest.raises(FormatUnknown, match="twice"):
        validate(tmp_path, twice, suffix)
    with pytest.raises(FormatUnknown, match="None of its columns"):
        validate(tmp_path, pa.table({"colour": ["blue"]}), suffix)


@pytest.mark.parametrize("envelope", [OPEN, Envelope(sender="MEN")])
def test_columns_without_a_name_are_named_by_their_number(envelope: Envelope, tmp_path: Path) -> None:
    """A header with more cells than names, as spreadsheets write it."""
    (tmp_path / "acts.csv").write_bytes(b"reference;;amount;\nA;x;1.50;\n")
    with pytest.raises(FormatUnknown, match=r"acts.csv, line 1, column [24] without a name: "):
        validate_file(spool_file(tmp_path, tmp_path / "acts.csv", envelope), MemoryAllowance())


def test_a_last_extra_field_may_be_cut(tmp_path: Path) -> None:
    """It is not read; the fields before it are complete."""
    (tmp_path / "acts.csv").write_bytes(b"reference;amount;note\nA;1.5;x\nB;2;y")
    spooled = spool_file(tmp_path, tmp_path / "acts.csv", OPEN)
    assert validate_file(spooled, MemoryAllowance()).extra_columns == ("note",)
    assert read_lines(spooled) == {"reference": ["A", "B"], "amount": ["1.5", "2"]}
    (tmp_path / "acts.csv").write_bytes(b"reference;amount;note\nA;1.5;x\nB;2")
    with pytest.raises(FileUnreadable, match="line 3"):
        validate_file(spool_file(tmp_path, tmp_path / "acts.csv", OPEN), MemoryAllowance())


def test_json_lines_may_have_no_other_names(tmp_path: Path) -> None:
    (tmp_path / "acts.jsonl").write_bytes(b'{"reference": "A", "colour": "blue"}\n')
    with pytest.raises(FormatUnknown, match=r"line 1, column 'colour'") as refused:
        validate_file(spool_file(tmp_path, tmp_path / "acts.jsonl", OPEN), MemoryAllowance())
    assert "allows extra columns" not in refused.value.remedy, "it cannot help here"
    validated = validate(tmp_path, build_acts(3), ".jsonl")[1]
    assert (validated.totals.lines, validated.extra_columns) == (3, ())


def test_the_envelope_says_so() -> None:
    assert parse_envelope({"extra_columns": True}, "here").extra_columns
    assert parse_metadata_envelope({b"crescendo.extra_columns": b"true"}, "here").extra_columns
    assert not parse_envelope({"extra_columns": False}, "here").extra_columns
    with pytest.raises(FormatUnknown, match="extra_columns"):
        parse_envelope({"extra_columns": "yes"}, "here")


def test_a_repeated_column_of_the_format_is_refused_beside_extra_columns(tmp_path: Path) -> None:
    rows = pa.table([pa.array(["A"])] * 3, names=["reference", "colour", "reference"])
    pq.write_table(rows, tmp_path / "acts.parquet")
    with pytest.raises(InputError):
        validate_file(spool_file(tmp_path, tmp_path / "acts.parquet", OPEN), MemoryAllowance())
