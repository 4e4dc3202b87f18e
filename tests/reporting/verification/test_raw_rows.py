"""Rows of any table are read from COPY, and hashed as the server hashes records of them."""

from itertools import pairwise

import asyncpg
from hypothesis import given
from hypothesis import strategies as st

from reporting.verification.raw_rows import RowHasher, RowSplitter, StoredColumn, Values, build_record
from tests.databases import open_connection
from tests.kernels.execution_modes import run_examples

TABLE = """
create table sample (
    n bigint, small smallint, t text, b bytea, at timestamptz, day date, names text[], json jsonb, yes boolean
);
insert into sample values
    (1, 2, 'é', '\\x00ff', '2018-03-01 12:00+01', '2018-03-01', array['a', 'b'], '{"b": 1, "a": [true, null]}', true),
    (-1, -2, '', '', 'infinity', '-infinity', '{}', '{}', false),
    (null, null, null, null, null, null, null, null, null)
"""
COLUMNS = "select attname, atttypid::int from pg_attribute where attrelid = 'sample'::regclass and attnum > 0 order by attnum"


async def read_sample(connection: asyncpg.Connection) -> list[Values]:
    rows: list[Values] = []
    splitter = RowSplitter(rows.append)
    await connection.copy_from_query("select * from sample", output=splitter.add, format="binary")
    return rows


async def test_records_and_digests_are_those_of_the_server(dsn: str) -> None:
    """Of every type that a covered table has, null and infinity included."""
    async with open_connection(dsn) as connection:
        await connection.execute(TABLE)
        columns = [StoredColumn(*row) for row in await connection.fetch(COLUMNS)]
        rows = await read_sample(connection)
        for count in (len(columns), 3, 1):
            names = ", ".join(column.name for column in columns[:count])
            records = [
                row["record"]
                for row in await connection.fetch(f"select record_send(row({names})) as record from sample")
            ]
            assert [build_record(columns[:count], values) for values in rows] == records
        digests = await connection.fetch(
            "select sha256(convert_to('sample', 'UTF8') || '\\x00'::bytea || record_send(s)) as digest from sample s"
        )
        hasher = RowHasher("sample", columns)
        assert [hasher.hash(values) for values in rows] == [row["digest"] for row in digests]


def encode(rows: list[Values]) -> bytes:
    """Encode rows as COPY does."""
    parts = [bytes(19)]
    for values in rows:
        parts.append(len(values).to_bytes(2, "big"))
        for value in values:
            length = -1 if value is None else len(value)
            parts += [length.to_bytes(4, "big", signed=True), value or b""]
    return b"".join([*parts, b"\xff\xff"])


@run_examples(200)
@given(
    st.lists(st.lists(st.none() | st.binary(max_size=5), max_size=3), max_size=4),
    st.lists(st.integers(0, 80), max_size=6),
)
def test_rows_are_the_same_however_a_stream_is_cut(rows: list[Values], cuts: list[int]) -> None:
    stream, split = encode(rows), []
    splitter = RowSplitter(split.append)
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    for start, end in pairwise(bounds):
        add_part(splitter, stream[start:end])
    assert split == rows


def add_part(splitter: RowSplitter, part: bytes) -> None:
    """Add a part outside an event loop: nothing in it waits."""
    coroutine = splitter.add(part)
    try:
        coroutine.send(None)
    except StopIteration:
        return
    raise AssertionError("the splitter waited")
