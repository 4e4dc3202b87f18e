"""CSV is parsed strictly, and the error of a refused file names the line."""

import csv
import io
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.act_fields import FIELD_BY_COLUMN
from core.errors import FileUnreadable, FormatUnknown, InputError, LimitExceeded
from ingest.formats.csv import read_batches
from ingest.formats.detection import CELL_BYTES_MAX, LINE_BYTES_MAX
from tests.ingest.format_writers import build_acts, list_texts, to_csv


def read_rows(path: Path, content: bytes) -> list[dict[str, str]]:
    path.write_bytes(content)
    return pa.Table.from_batches(read_batches(path, "acts.csv")).to_pylist()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "acts.csv"


@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_dialects(delimiter: str, line_end: str, mark: bytes, path: Path) -> None:
    rows = build_acts(50)
    columns = list_texts(rows)
    expected = [dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True)]
    assert read_rows(path, mark + to_csv(rows, delimiter, line_end)) == expected


def test_amounts_are_not_changed(path: Path) -> None:
    rows = read_rows(path, b'reference;amount\nA;12,34\nB;12.3\nC;"1e3"\nD;\n')
    assert [row["amount"] for row in rows] == ["12,34", "12.3", "1e3", ""]


@given(
    st.lists(st.tuples(*[st.text("aé;,\" '\t0", max_size=5)] * 3), min_size=1),
    st.sampled_from(",;"),
    st.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_quoted_texts_are_read_unchanged(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], delimiter: str, all_quoted: bool
) -> None:
    columns = ("reference", "payee_name", "remittance")
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if all_quoted else csv.QUOTE_MINIMAL
    csv.writer(text, delimiter=delimiter, lineterminator="\n", quoting=quoting).writerows([columns, *rows])
    result = read_rows(tmp_path_factory.getbasetemp() / "quoted.csv", text.getvalue().encode())
    assert [tuple(row.values()) for row in result] == rows


GOOD_LINE = b"A" * 200 + b";1\n"
FIRST_CHUNK = 25_000  # a bad line behind so many lies in a later chunk
BROKEN_LINES = {
    "too few fields": (b"A\n", "1 fields"),
    "too many fields": (b"A;1;2\n", "3 fields"),
    "nothing": (b"\n", "0 fields"),
    "nothing, as Windows ends lines": (b"\r\n", "0 fields"),
    "a quote not closed": (b'"A;1\n', "quote"),
    "a line end inside quotes": (b'"A\nB";1\n', "quote"),
    "a quote inside a field": (b'A"B";1\n', "quote"),
    "text behind a quoted field": (b'"A"B;1\n', "quote"),
    "text between quotes": (b'"A" "B";1\n', "quote"),
    "a bare carriage return": (b"A\rB;1\n", "quote"),
    "not UTF-8": (b"\xe9t\xe9;1\n", "UTF-8"),
    "UTF-8 cut off": (b"\xc3;1\n", "UTF-8"),
}


@pytest.mark.parametrize("broken", BROKEN_LINES)
@pytest.mark.parametrize("before", [0, 1, FIRST_CHUNK])
def test_a_broken_line_refuses_the_file_and_is_named(broken: str, before: int, path: Path) -> None:
    line, message = BROKEN_LINES[broken]
    with pytest.raises(FileUnreadable) as refused:
        read_rows(path, b"reference;line\n" + GOOD_LINE * before + line + b"B;2\n" * 3)
    assert refused.value.place.startswith(f"acts.csv, line {before + 2:,}")
    assert message in refused.value.finding


def test_a_last_line_without_end_may_be_cut_off(path: Path) -> None:
    with pytest.raises(FileUnreadable, match="line 3: The last line has no line end"):
        read_rows(path, b"reference;amount\nA;1\nB;12.3")


BAD_HEADERS = {
    b"reference;colour\n": (FormatUnknown, "column 'colour'"),
    b"Reference;line\n": (FormatUnknown, "column 'Reference'"),
    b"reference;line;reference\n": (FormatUnknown, "twice"),
    b"reference; line\n": (FormatUnknown, "column ' line'"),
    b"reference;amount_cents\n": (FormatUnknown, "Send euros in the column amount"),
    b"A;1\n": (FormatUnknown, "column 'A'"),
    b"\nreference;line\n": (FormatUnknown, "The file has no header"),
    b'"reference;line\n': (FileUnreadable, "header"),
    b"r\xe9f;line\n": (FileUnreadable, "UTF-8"),
    b";".join([b"line"] * (len(FIELD_BY_COLUMN) + 1)) + b"\n": (LimitExceeded, "columns"),
    b"reference;" + b"x" * LINE_BYTES_MAX + b"\n": (LimitExceeded, "line 1"),
}


@pytest.mark.parametrize("header", BAD_HEADERS, ids=lambda header: repr(header[:40]))
def test_a_header_of_unknown_columns_refuses_the_file(header: bytes, path: Path) -> None:
    kind, message = BAD_HEADERS[header]
    with pytest.raises(InputError, match=message) as refused:
        read_rows(path, header + b"A;1\n")
    assert type(refused.value) is kind


@pytest.mark.parametrize("before", [0, 1, FIRST_CHUNK])
def test_a_line_too_long_is_named(before: int, path: Path) -> None:
    columns = [*list(FIELD_BY_COLUMN)[:15], "remittance", "activity"]
    header = ";".join(columns).encode() + b"\n"
    short = b";".join([b"x" * 12] * len(columns)) + b"\n"
    long = b";".join([b"x" * CELL_BYTES_MAX] * len(columns)) + b"\n"
    with pytest.raises(LimitExceeded) as refused:
        read_rows(path, header + short * before + long + short)
    assert refused.value.place == f"acts.csv, line {before + 2:,}"


def test_a_line_without_end_is_refused_before_it_is_read_whole(path: Path) -> None:
    with pytest.raises(LimitExceeded, match="line 2"):
        read_rows(path, b"reference;line\n" + b"x" * (9 * 2**20))
