"""The same acts are read from every format, wherever reading starts."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats.text_buffers import DICTIONARY_TEXT
from ingest.validation.file_validation import FileTotals, open_source, validate_without_cache
from tests.ingest.format_writers import (
    SUFFIXES,
    build_acts,
    build_table,
    list_texts,
    read_source,
    spool_file,
    write_file,
)

LINES = 1000


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_line_is_read(suffix: str, tmp_path: Path) -> None:
    rows = build_acts(LINES)
    file = spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}"))
    assert validate_without_cache(file) == FileTotals(LINES, sum(rows["amount_cents"].to_pylist()))
    assert list_texts(read_source(open_source(file))) == list_texts(rows)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reading_starts_at_any_line(suffix: str, tmp_path: Path) -> None:
    file = spool_file(tmp_path, write_file(build_acts(LINES), tmp_path / f"acts{suffix}"))
    validate_without_cache(file)
    source = open_source(file)
    references = read_source(source)["reference"].to_pylist()
    for start in (0, 1, 249, 250, 251, 332, 333, 334, 666, 998, 999, 1000):
        assert read_source(source, start)["reference"].to_pylist() == references[start:]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("size", [1, 7, 250, 333, 999, 1000, 1001])
def test_batch_cuts_depend_on_the_start_alone(suffix: str, size: int, tmp_path: Path) -> None:
    file = spool_file(tmp_path, write_file(build_acts(LINES), tmp_path / f"acts{suffix}"))
    validate_without_cache(file)
    for start in (0, 3 * size % LINES, 501):
        lengths = [batch.num_rows for batch in open_source(file).read_batches(start, size)]
        full_batches, rest = divmod(LINES - start, size)
        assert lengths == [size] * full_batches + [rest] * (rest > 0)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_may_have_no_lines(suffix: str, tmp_path: Path) -> None:
    if suffix == ".jsonl":
        (tmp_path / "acts.jsonl").write_text('{"envelope": {"sender": "MEN"}}\n')
    else:
        write_file(build_acts(0), tmp_path / f"acts{suffix}")
    file = spool_file(tmp_path, tmp_path / f"acts{suffix}")
    assert validate_without_cache(file) == FileTotals(0, 0)
    assert open_source(file).lines == 0
    assert list(open_source(file).read_batches()) == []


def _texts(characters: str = "aé€𝄞\";,' \t#") -> st.SearchStrategy[str | None]:
    return st.none() | st.text(characters, max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    lines = draw(st.integers(1, 20))

    def column(values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(values, min_size=lines, max_size=lines))

    edges = st.sampled_from([0, 1, -1, 99, 100, 10**14, 2**53 + 1, 10**18 - 1, 1 - 10**18])
    return build_table(
        {
            "reference": column(st.text("AZ09-", min_size=1, max_size=5)),
            "kind": column(st.sampled_from(["commitment", "service"])),
            "exercise": column(st.none() | st.integers(-(2**31), 2**31 - 1)),
            "date": column(st.none() | st.integers(0, 30_000)),
            "payee_name": column(_texts()),
            "remittance": column(_texts()),
            "amount_cents": column(
                st.none() | edges | st.integers(-(10**18), 10**18).filter(lambda n: abs(n) < 10**18)
            ),
        }
    )


@given(tables(), st.data())
@settings(max_examples=60, deadline=None)
def test_the_same_acts_read_the_same_in_all_formats(rows: pa.Table, data: st.DataObject) -> None:
    expected = list_texts(rows)
    start = data.draw(st.integers(0, len(rows)))
    total = sum(filter(None, rows["amount_cents"].to_pylist()))
    with TemporaryDirectory() as folder:
        for suffix in SUFFIXES:
            file = spool_file(Path(folder), write_file(rows, Path(folder) / f"acts{suffix}"))
            assert validate_without_cache(file) == FileTotals(len(rows), total)
            texts_read = list_texts(read_source(open_source(file), start, 3))
            nothing = [""] * (len(rows) - start)
            assert {name: texts_read.get(name, nothing) for name in expected} == {
                name: values[start:] for name, values in expected.items()
            }


def _cast_column(column: str, to: pa.DataType) -> Callable[[pa.Table], pa.Table]:
    return lambda rows: rows.set_column(rows.column_names.index(column), column, rows[column].cast(to))


def _encode_column(column: str, index: pa.DataType, values: pa.DataType) -> Callable[[pa.Table], pa.Table]:
    def encode(rows: pa.Table) -> pa.Table:
        chunk = rows[column].combine_chunks().dictionary_encode()
        array = pa.DictionaryArray.from_arrays(chunk.indices.cast(index), chunk.dictionary.cast(values))
        return rows.set_column(rows.column_names.index(column), column, array)

    return encode


WRITERS = {
    "large strings": (_cast_column("payee_name", pa.large_string()), "payee_name", pa.string()),
    "views": (_cast_column("payee_name", pa.string_view()), "payee_name", pa.string()),
    "small whole numbers": (_cast_column("line", pa.uint8()), "line", pa.int32()),
    "unsigned whole numbers": (_cast_column("exercise", pa.uint32()), "exercise", pa.int64()),
    "long whole numbers": (_cast_column("exercise", pa.int64()), "exercise", pa.int64()),
    "whole numbers as text": (_cast_column("exercise", pa.string()), "exercise", pa.string()),
    "days as text": (_cast_column("date", pa.string()), "date", pa.string()),
    "short cents": (_cast_column("amount_cents", pa.int32()), "amount_cents", pa.int64()),
    "coded texts": (_encode_column("kind", pa.int32(), pa.string()), "kind", DICTIONARY_TEXT),
    "coded by a byte": (_encode_column("kind", pa.uint8(), pa.string()), "kind", DICTIONARY_TEXT),
    "coded by a long": (_encode_column("kind", pa.int64(), pa.large_string()), "kind", DICTIONARY_TEXT),
    "coded whole numbers": (
        lambda rows: _encode_column("exercise", pa.int8(), pa.string())(
            _cast_column("exercise", pa.string())(rows)
        ),
        "exercise",
        DICTIONARY_TEXT,
    ),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("suffix", [".parquet", ".arrow", ".arrows"])
def test_types_of_writers_are_converted_to_few(writer: str, suffix: str, tmp_path: Path) -> None:
    change, column, expected = WRITERS[writer]
    rows = build_acts(100)
    file = spool_file(tmp_path, write_file(change(rows), tmp_path / f"acts{suffix}"))
    validate_without_cache(file)
    source = open_source(file)
    plain = pa.string() if expected == DICTIONARY_TEXT and suffix == ".arrows" else expected
    if writer == "whole numbers as text" and suffix == ".parquet":
        plain = DICTIONARY_TEXT  # few values, which Parquet writes once
    if writer != "coded by a long" or suffix != ".parquet":  # Parquet keeps no large dictionary values apart
        assert source.schema.field(column).type == plain
    assert {batch.schema.field(column).type for batch in source.read_batches(3, 10)} == {
        source.schema.field(column).type
    }
    assert list_texts(read_source(source)) == list_texts(rows)


def test_a_column_of_nulls_is_left_out(tmp_path: Path) -> None:
    rows = build_acts(10).append_column("iban", pa.nulls(10))
    for suffix in (".parquet", ".arrow", ".arrows"):
        file = spool_file(tmp_path, write_file(rows, tmp_path / f"acts{suffix}"))
        validate_without_cache(file)
        assert "iban" not in open_source(file).schema.names


def test_dictionary_values_may_be_null(tmp_path: Path) -> None:
    kinds = pa.DictionaryArray.from_arrays(pa.array([1, 0, 1], pa.int8()), pa.array([None, "service"]))
    rows = pa.table({"reference": ["A", "B", "C"], "kind": kinds})
    file = spool_file(tmp_path, write_file(rows, tmp_path / "acts.arrow"))
    validate_without_cache(file)
    batch = next(open_source(file).read_batches())
    assert batch["kind"].to_pylist() == ["service", None, "service"]
    assert batch["kind"].dictionary.to_pylist() == ["service"]


def test_parquet_columns_of_few_values_stay_dictionary_encoded(tmp_path: Path) -> None:
    pq.write_table(build_acts(10_000), tmp_path / "acts.parquet", row_group_size=4000)
    file = spool_file(tmp_path, tmp_path / "acts.parquet")
    validate_without_cache(file)
    source = open_source(file)
    assert source.schema.field("kind").type == DICTIONARY_TEXT
    assert source.schema.field("reference").type == pa.string()
    assert list_texts(read_source(source, 3999, 2)) == {
        name: values[3999:] for name, values in list_texts(build_acts(10_000)).items()
    }
