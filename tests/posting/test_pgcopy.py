"""Tables encoded as COPY bytes and decoded again, with any numbers and texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import SchemaMismatch
from core.tables.columns import read_column_kinds
from core.tables.journal import (
    AccountBalances,
    Duplicates,
    Entries,
    NewCells,
    NewPayees,
    NodeBalances,
    Refusals,
    RequestPages,
)
from posting.pgcopy import HEADER, TRAILER, Encoder, TextCells, decode
from tests.kernels.execution_modes import to_spans
from tests.oracle import copy_rows

TABLES = {
    Entries: 1,
    Refusals: 2,
    Duplicates: 0,
    NewPayees: 4,
    NewCells: 0,
    RequestPages: 1,
    NodeBalances: 0,
    AccountBalances: 0,
}
"""How many texts follow the columns of each."""

Row = tuple[list[int], list[str]]

_WIDTHS = {"int2": 16, "int4": 32, "int8": 64}


def _rows(table: type, texts: int) -> st.SearchStrategy[list[Row]]:
    numbers = st.tuples(
        *(_values(kind.postgres, kind.dtype) for kind in read_column_kinds(table).values())
    ).map(list)
    return st.lists(
        st.tuples(numbers, st.lists(st.text(max_size=9), min_size=texts, max_size=texts)), max_size=6
    )


def _values(postgres: str, dtype: np.dtype) -> st.SearchStrategy[int]:
    if postgres == "date":
        return st.integers(-719_162, 2_932_896)
    half, bounds = 1 << (_WIDTHS[postgres] - 1), np.iinfo(dtype)
    least, most = max(int(bounds.min), -half), min(int(bounds.max), half - 1)
    return st.integers(least, most) | st.sampled_from((least, most, 0))


def _encode_rows(table: type, encoder: Encoder, rows: Sequence[Row]) -> bytes:
    columns = [
        np.array([numbers[at] for numbers, _ in rows], kind.dtype)
        for at, kind in enumerate(read_column_kinds(table).values())
    ]
    texts = tuple(
        TextCells(*to_spans([row_texts[at].encode() for _, row_texts in rows])) for at in range(TABLES[table])
    )
    return encoder.encode(table(*columns), texts).tobytes()


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_rows_are_encoded_as_postgresql_reads_them(table: Any, data: st.DataObject) -> None:
    """One encoder for batches of any length: its reused buffer does not leak rows into the next batch."""
    encoder, types = (
        Encoder(table, TABLES[table]),
        [kind.postgres for kind in read_column_kinds(table).values()],
    )
    for rows in data.draw(st.lists(_rows(table, TABLES[table]), max_size=3)):
        expected = [
            copy_rows.encode_row([*types, *["text"] * TABLES[table]], [*numbers, *own])
            for numbers, own in rows
        ]
        encoded = _encode_rows(table, encoder, rows)
        assert encoded == b"".join(expected)
        assert _decode_rows(table, encoded) == rows


def _decode_rows(table: Any, stream: bytes) -> list[Row]:
    columns, cells = decode(table, HEADER + stream + TRAILER, TABLES[table])
    assert [column.dtype for column in columns] == [kind.dtype for kind in read_column_kinds(table).values()]
    spans = zip(cells.spans.start.tolist(), cells.spans.end.tolist(), strict=True)
    texts = [cells.text.data[start:end].tobytes().decode() for start, end in spans]
    numbers = zip(*(column.tolist() for column in columns), strict=True)
    width = TABLES[table]
    return [
        (list(row_numbers), texts[at * width : (at + 1) * width]) for at, row_numbers in enumerate(numbers)
    ]


@pytest.mark.parametrize("stream", [b"", HEADER, TRAILER, HEADER + TRAILER[:1], b"PGCOPY\n" + TRAILER])
def test_malformed_streams_are_refused(stream: bytes) -> None:
    with pytest.raises(SchemaMismatch, match="Duplicates"):
        decode(Duplicates, stream)
