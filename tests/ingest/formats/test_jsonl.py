"""JSON Lines: flat objects and exact numbers; the error of a refused file names the line."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FileUnreadable, FormatUnknown, LimitExceeded
from ingest.formats.detection import LINE_BYTES_MAX
from ingest.formats.jsonl import COLUMNS, read_batches, read_envelope


def read_rows(path: Path, content: bytes) -> list[dict[str, str]]:
    """Return the values of each line, without empty columns."""
    path.write_bytes(content)
    rows = pa.Table.from_batches(read_batches(path, "acts.jsonl")).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "acts.jsonl"


NUMBERS = {
    '{"amount": 12.34}': "12.34",
    '{"amount": 12.340}': "12.340",
    '{"amount": 0.1}': "0.1",
    '{"amount":-5}': "-5",
    '{"amount": 1e3}': "1e3",
    '{"amount" : 9007199254740993.01 }': "9007199254740993.01",
    '{"amount": 99999999999999999999.99}': "99999999999999999999.99",
    '{"amount": "12,34"}': "12,34",
    '{"amount": "abc"}': "abc",
}


@pytest.mark.parametrize("line", NUMBERS)
@pytest.mark.parametrize("first", ["", '{"amount": "1.00"}\n' * 40, '{"amount": 1}\n' * 40])
def test_amounts_are_taken_by_their_digits(line: str, first: str, path: Path) -> None:
    assert read_rows(path, f"{first}{line}\n".encode())[-1] == {"amount": NUMBERS[line]}


@pytest.mark.parametrize("value", ["1", "2018", "2018.0", "-1", "12345678901234567890123", "1e2"])
@pytest.mark.parametrize("first", ["", '{"line": "1"}\n' * 40, '{"line": 1}\n' * 40])
def test_whole_numbers_may_be_numbers_or_text(value: str, first: str, path: Path) -> None:
    content = f'{first}{{"line": {value}, "exercise": "{value}"}}\n'
    assert read_rows(path, content.encode())[-1] == {"line": value, "exercise": value}


def test_a_column_name_inside_a_text_is_text(path: Path) -> None:
    text = 'say "amount": 12, or {"amount":7} or \\"amount": 5,'
    line = json.dumps({"remittance": text, "amount": 3})
    assert read_rows(path, f"{line}\n".encode()) == [{"remittance": text, "amount": "3"}]


def test_texts_may_be_escaped(path: Path) -> None:
    text = 'é 𝄞 " \\ / \b\f\n\r\t'
    lines = [json.dumps({"remittance": text}, ensure_ascii=ascii_only) for ascii_only in (True, False)]
    assert read_rows(path, "\n".join(lines).encode()) == [{"remittance": text}] * 2


def test_columns_may_first_occur_late(path: Path) -> None:
    lines: list[dict[str, Any]] = [{"reference": f"A{n}"} for n in range(250_000)]
    lines[249_000] |= {"operation": "OP1", "priority": 3}
    lines[249_500] |= {"iban": "FR76"}
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    rows = read_rows(path, content)
    assert rows[249_000] == {"reference": "A249000", "operation": "OP1", "priority": "3"}
    assert rows[249_500] == {"reference": "A249500", "iban": "FR76"}
    assert len(rows) == len(lines)


_numbers = st.integers(-(10**20), 10**20) | st.decimals(allow_nan=False, allow_infinity=False).map(str)


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    texts = st.sampled_from(["reference", "kind", "date", "payee_name"])
    values: dict[str, Any] = draw(st.dictionaries(texts, st.none() | st.text(max_size=8)))
    wholes = st.dictionaries(st.sampled_from(["line", "exercise", "amount"]), _numbers | st.none())
    return values | draw(wholes)


@given(st.lists(objects(), min_size=1, max_size=12), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_flat_objects_are_read_unchanged(
    tmp_path_factory: pytest.TempPathFactory, rows: Sequence[dict[str, Any]], is_ascii: bool
) -> None:
    content = "".join(json.dumps(row, ensure_ascii=is_ascii) + "\n" for row in rows)
    expected = [{name: str(value) for name, value in row.items() if value is not None} for row in rows]
    assert read_rows(tmp_path_factory.getbasetemp() / "any.jsonl", content.encode()) == expected


GOOD_LINE = b'{"reference": "%s", "line": 1}\n' % (b"A" * 200)
FIRST_CHUNK = 20_000  # a bad line behind so many lies in a later chunk
BROKEN_LINES = {
    "nothing": (b"\n", FileUnreadable, "not a JSON object"),
    "cut off": (b'{"reference": "A"\n', FileUnreadable, "not a JSON object"),
    "a comma too many": (b'{"reference": "A",}\n', FileUnreadable, "not a JSON object"),
    "two objects": (b'{"reference": "A"}{"reference": "B"}\n', FileUnreadable, "not a JSON object"),
    "an object over two lines": (b'{"reference":\n"A"}\n', FileUnreadable, "not a JSON object"),
    "an array": (b'["A"]\n', FileUnreadable, "JSON array"),
    "a text": (b'"A"\n', FileUnreadable, "not an object"),
    "not a number": (b'{"amount": NaN}\n', FileUnreadable, "NaN"),
    "a name twice": (b'{"reference": "A", "reference": "A"}\n', FileUnreadable, "twice"),
    "a name twice, once escaped": (b'{"line": 1, "l\\u0069ne": 2}\n', FileUnreadable, "twice"),
    "an unknown name": (b'{"reference": "A", "colour": "B"}\n', FormatUnknown, "The column is unknown"),
    "an unknown name that says nothing": (b'{"colour": null}\n', FormatUnknown, "The column is unknown"),
    "cents": (b'{"amount_cents": 5}\n', FormatUnknown, "amount_cents"),
    "an envelope too late": (b'{"envelope": {"sender": "MEN"}}\n', FormatUnknown, "The column is unknown"),
    "a nested object": (b'{"reference": {"a": 1}}\n', FileUnreadable, "JSON object"),
    "a nested array": (b'{"amount": [1]}\n', FileUnreadable, "JSON array"),
    "true": (b'{"line": true}\n', FileUnreadable, "JSON boolean"),
    "a number for a text": (b'{"reference": 5}\n', FileUnreadable, "JSON number"),
    "half a surrogate": (b'{"reference": "\\ud800"}\n', FileUnreadable, "surrogate"),
    "a raw control character": (b'{"reference": "a\tb"}\n', FileUnreadable, "not a JSON object"),
    "not UTF-8": (b'{"reference": "\xe9"}\n', FileUnreadable, "not UTF-8"),
    "deep": (
        b'{"reference": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n",
        FileUnreadable,
        "not a JSON object",
    ),
    "deep and open": (b'{"reference": ' + b'{"a":' * 100_000 + b"\n", FileUnreadable, "not a JSON object"),
}


@pytest.mark.parametrize("broken", BROKEN_LINES)
@pytest.mark.parametrize("before", [1, 2, FIRST_CHUNK])
def test_a_broken_line_refuses_the_file_and_is_named(broken: str, before: int, path: Path) -> None:
    line, kind, message = BROKEN_LINES[broken]
    with pytest.raises(kind, match=message) as refused:
        read_rows(path, GOOD_LINE * before + line + GOOD_LINE * 3)
    assert refused.value.place.startswith(f"acts.jsonl, line {before + 1:,}")


@pytest.mark.parametrize("broken", sorted(BROKEN_LINES.keys() - {"an envelope too late"}))
def test_a_broken_first_line_refuses_the_file(broken: str, path: Path) -> None:
    line, kind, _ = BROKEN_LINES[broken]
    with pytest.raises(kind, match=r"^acts.jsonl, line 1\b"):
        read_rows(path, line + GOOD_LINE * 3)


def test_a_line_too_long_is_named(path: Path) -> None:
    with pytest.raises(LimitExceeded, match="line 3"):
        read_rows(path, GOOD_LINE * 2 + b'{"reference": "' + b"x" * LINE_BYTES_MAX + b'"}\n' + GOOD_LINE)


def test_the_first_line_may_be_the_envelope(path: Path) -> None:
    path.write_bytes(b'\xef\xbb\xbf{"envelope": {"sender": "MEN", "count": 3}}\r\n{"reference": "A"}\r\n')
    assert read_envelope(path, "acts.jsonl") == {"sender": "MEN", "count": "3"}
    assert read_rows(path, path.read_bytes()) == [{"reference": "A"}]
    assert read_envelope(path, "acts.jsonl") is not None


def test_the_first_line_may_be_an_act(path: Path) -> None:
    assert read_rows(path, b'{"reference": "A"}\n{"reference": "B"}') == [
        {"reference": "A"},
        {"reference": "B"},
    ]
    assert read_envelope(path, "acts.jsonl") is None


def test_every_text_column_can_be_sent(path: Path) -> None:
    row = dict.fromkeys(COLUMNS, "x")
    assert read_rows(path, json.dumps(row).encode()) == [row]
