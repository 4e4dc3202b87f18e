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


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
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
    st.sampled_from(",;\t"),
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


def test_quotes_that_are_strict_for_another_separator_do_not_choose_it(path: Path) -> None:
    content = b'"reference"\t"payee_name"\n"A"\t"Dupont, Fils; SA"\n'
    assert read_rows(path, content) == [{"reference": "A", "payee_name": "Dupont, Fils; SA"}]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("before", [0, 1, FIRST_CHUNK])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount", "12.30"),
        ("amount", '"0,07"'),
        ("amount", "-1.00"),
        ("due", "2018-12-31"),
        ("date", '"2018-01-01"'),
    ],
)
def test_the_last_line_needs_no_end_if_its_last_field_is_complete(
    column: str, value: str, before: int, line_end: str, path: Path
) -> None:
    lines = [f"reference;{column}", *[f"{'A' * 200};{value}"] * before, f"B;{value}"]
    rows = read_rows(path, line_end.join(lines).encode())
    assert len(rows) == before + 1
    assert rows[-1] == {"reference": "B", column: value.strip('"')}


@pytest.mark.parametrize(
    "last",
    [
        b"B;12.3",
        b"B;12",
        b"B;12.",
        b"B;",
        b"B",
        b'B;"12.3',
        b'B;"12.30',
        b"B;12.30;",
        b"B;C;12.30",
        b'B;"12.3"',
    ],
)
def test_a_last_line_without_end_may_be_cut_off(last: bytes, path: Path) -> None:
    with pytest.raises(FileUnreadable, match="line 3: The last line has no line end"):
        read_rows(path, b"reference;amount\nA;1\n" + last)


@pytest.mark.parametrize("column", ["payee_name", "kind", "predecessor", "exercise", "iban"])
@pytest.mark.parametrize("value", [b"commitment", b'"EJ18-1"', b"2018", b"12.30", b""])
def test_a_last_text_without_line_end_may_be_cut_off(column: str, value: bytes, path: Path) -> None:
    """Quotes do not show that it is whole: a quote inside the text is written as two."""
    with pytest.raises(FileUnreadable, match="line 2: The last line has no line end"):
        read_rows(path, f"reference;{column}\nA;".encode() + value)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_file_cut_anywhere_is_refused_or_loses_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """No amount, no date and no text of a file that was cut is another than in the whole file."""
    last = data.draw(st.sampled_from(["amount", "due", "payee_name", "predecessor"]))
    values = {
        "amount": st.from_regex(r"-?[0-9]{1,6}([.,][0-9]{1,2})?", fullmatch=True),
        "due": st.dates().map(str),
        "payee_name": st.text('aé";, \t', max_size=5),
        "predecessor": st.from_regex(r"EJ[0-9]{1,4}", fullmatch=True),
    }[last]
    rows = data.draw(
        st.lists(st.tuples(st.text("aé;", max_size=3), st.text("AB,"), values), min_size=1, max_size=4)
    )
    text, delimiter = io.StringIO(newline=""), data.draw(st.sampled_from(",;\t"))
    line_end, is_quoted = data.draw(st.sampled_from(["\n", "\r\n"])), data.draw(st.booleans())
    writer = csv.writer(
        text,
        delimiter=delimiter,
        lineterminator=line_end,
        quoting=csv.QUOTE_ALL if is_quoted else csv.QUOTE_MINIMAL,
    )
    writer.writerows([("remittance", "reference", last), *rows])
    content = text.getvalue().encode()
    header_bytes = content.index(b"\n") + 1
    cut = content[: data.draw(st.integers(header_bytes, len(content)))]
    try:
        result = read_rows(tmp_path_factory.getbasetemp() / "cut.csv", cut)
    except InputError:
        return
    assert [tuple(row.values()) for row in result] == rows[: len(result)]


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
