"""Who entered and who validated each line: each is read as by plain rules, and has the same fault."""

from datetime import date
from typing import NamedTuple

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.act_fields import Field
from core.directory import EMPTY_DIRECTORY, Delegation, Directory
from core.outcome_codes import Outcome
from core.roles import Role
from ingest.resolution.line_batch import LineBatch
from ingest.resolution.signatures import SignatureColumn, read_signatures
from posting.batch import SignatureTexts
from posting.signatures import number_signatures

_DAYS = (date(2018, 1, 1), None)
DIRECTORY = Directory(
    {"anne": 1, "bruno": 2, "zoé": 2_000_000_000},
    (),
    tuple(
        Delegation(number, text, 1, 2, Role.AUTHORISING_OFFICER, (), *_DAYS, None)
        for text, number in (("D-1", 5), ("D-2", 2_000_000_000))
    ),
    (),
    1,
)
_PERSONS = st.sampled_from(("", "anne", "anne", "bruno", "bruno", "zoé", "Anne", "nobody", "D-1"))
_DELEGATIONS = st.sampled_from(("", "", "", "D-1", "D-2", "D-9", "anne"))


class Row(NamedTuple):
    """The three columns of a line."""

    entered_by: str
    validated_by: str
    delegation: str


class Read(NamedTuple):
    """A line as it is read: its fault and the field at fault, or whom it names."""

    fault: Outcome | None
    field: Field | None
    signature: tuple[int, int, int] | None


rows = st.builds(Row, _PERSONS, _PERSONS, _DELEGATIONS)


def _read_row(row: Row) -> Read:
    """Read one line: both persons or nobody, known, two of them, and a known delegation."""
    fields = (Field.ENTERED_BY, Field.VALIDATED_BY)
    if not any(row):
        return Read(None, None, None)
    for text, field in zip(row, fields, strict=False):
        if not text:
            return Read(Outcome.PERSON_MISSING, field, None)
    for text, field in zip(row, fields, strict=False):
        if text not in DIRECTORY.persons:
            return Read(Outcome.PERSON_UNKNOWN, field, None)
    if row.entered_by == row.validated_by:
        return Read(Outcome.SAME_PERSON, Field.VALIDATED_BY, None)
    numbers = {"": 0} | {item.number: item.delegation for item in DIRECTORY.delegations}
    if row.delegation not in numbers:
        return Read(Outcome.DELEGATION_UNKNOWN, Field.DELEGATION, None)
    persons = DIRECTORY.persons[row.entered_by], DIRECTORY.persons[row.validated_by]
    return Read(None, None, (*persons, numbers[row.delegation]))


def _list_reads(column: SignatureColumn) -> list[Read]:
    """List how the lines are read by the directory."""
    signatures = number_signatures(column.texts, DIRECTORY)
    table = signatures.table.tolist()
    return [
        Read(Outcome(signatures.code[row]), Field(signatures.field[row]), None)
        if signatures.code[row]
        else Read(None, None, table[row] if row else None)
        for row in column.row.tolist()
    ]


def _build_batch(lines: list[Row], *, is_coded: bool) -> pa.RecordBatch:
    columns = {name: pa.array([getattr(row, name) for row in lines], pa.string()) for name in Row._fields}
    if is_coded:
        columns = {name: column.dictionary_encode() for name, column in columns.items()}
    return pa.RecordBatch.from_pydict(columns)


@given(st.lists(rows, max_size=30), st.booleans())
def test_each_line_is_read_as_by_plain_rules(lines: list[Row], is_coded: bool) -> None:
    column = read_signatures(LineBatch(_build_batch(lines, is_coded=is_coded)))
    assert _list_reads(column) == list(map(_read_row, lines))


@given(st.lists(rows, max_size=30), st.booleans())
def test_each_signature_is_in_the_table_once(lines: list[Row], is_coded: bool) -> None:
    column = read_signatures(LineBatch(_build_batch(lines, is_coded=is_coded)))
    assert sorted(column.texts) == sorted({SignatureTexts(*row) for row in lines if any(row)})


@pytest.mark.parametrize(
    "names", [("entered_by",), ("validated_by",), ("delegation",), ("entered_by", "delegation")]
)
def test_a_column_that_the_file_does_not_have_is_empty(names: tuple[str, ...]) -> None:
    row = Row("anne", "bruno", "D-1")
    column = read_signatures(LineBatch(_build_batch([row], is_coded=False).select(list(names))))
    expected = row._replace(**dict.fromkeys(set(Row._fields) - set(names), ""))
    assert _list_reads(column) == [_read_row(expected)]


def test_without_these_columns_lines_name_nobody() -> None:
    batch = pa.RecordBatch.from_pydict({"reference": pa.array(["A", "B"], pa.string())})
    column = read_signatures(LineBatch(batch))
    assert column.row.tolist() == [0, 0]
    assert column.texts == ()


def test_an_empty_directory_knows_nobody() -> None:
    signatures = number_signatures([SignatureTexts("anne", "bruno", "")], EMPTY_DIRECTORY)
    assert signatures.code.tolist() == [0, Outcome.PERSON_UNKNOWN]
    assert signatures.table.tolist() == [(0, 0, 0), (0, 0, 0)]


def test_a_signature_with_a_fault_names_nobody() -> None:
    """So no role is ever searched for a person whom the directory does not have."""
    texts = [
        SignatureTexts("anne", "anne", ""),
        SignatureTexts("anne", "bruno", "D-9"),
        SignatureTexts("", "", "D-1"),
    ]
    assert number_signatures(texts, DIRECTORY).table.tolist() == [(0, 0, 0)] * 4
