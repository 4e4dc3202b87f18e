"""Rows read from COPY bytes equal those in PostgreSQL, and are split into batches correctly; reading can be interrupted."""

import asyncio
import datetime as dt

import asyncpg
import pytest

from core.errors import SchemaMismatch
from core.tables.columns import read_column_kinds
from core.tables.journal import Refusals
from reporting.verification.chain import find_first_entries, split_windows
from reporting.verification.copy_reader import BALANCES, ENTRY, HASHED_TABLES, REFUSAL, parse_rows
from reporting.verification.document_starts import read_starts
from reporting.verification.raw_rows import StoredColumn
from reporting.verification.snapshot_queries import BatchRow, JournalSnapshot, WindowSpan, open_snapshot

ALL = WindowSpan(1, 1_000, 1, 1_000_000)
_RARE = {"frozen_balance", "withdrawn_balance", "special_balance"}
"""The small journal freezes no credits, and withdraws nothing of earlier years."""


@pytest.mark.parametrize("stored", [*HASHED_TABLES, *BALANCES], ids=lambda stored: stored.name)
async def test_copied_rows_are_the_rows(small_journal: str, stored) -> None:
    connection = await asyncpg.connect(small_journal)
    transaction = connection.transaction()
    await transaction.start()
    try:
        if stored.name in _RARE:
            numbers = ", ".join(str(number) for number in range(1, len(stored.column_names) + 1))
            await connection.execute(f"insert into {stored.name} values ({numbers})")
        rows = parse_rows(stored, await JournalSnapshot(connection).copy_rows(stored, ALL))
        names = [*stored.compared_columns, *stored.texts]
        expected = await connection.fetch(
            f"select {', '.join(names)} from {stored.name} order by {stored.order}"
        )
    finally:
        await transaction.rollback()
        await connection.close()
    assert len(expected) > 0
    assert read_starts(rows.to_arrow()).to_pylist() == [dict(row) for row in expected]
    assert rows.read_keys().tolist() == [row[stored.key] for row in expected]
    assert sum(len(rows.slice_bytes(at, at + 1)) for at in range(len(expected))) == len(rows.body)


async def test_columns_are_those_of_the_tables(small_journal: str) -> None:
    """Each column once, whatever their order in the table: the copy names them, and the hash covers them in its order."""
    connection = await asyncpg.connect(small_journal)
    query = (
        "select array_agg(attname::text order by attnum) from pg_attribute"
        " where attrelid = $1::regclass and attnum > 0 and not attisdropped"
    )
    try:
        for stored in (*HASHED_TABLES, *BALANCES):
            columns = await connection.fetchval(query, stored.name)
            assert sorted(columns) == sorted(stored.column_names)
    finally:
        await connection.close()


async def test_a_truncated_stream_is_refused(small_journal: str) -> None:
    connection = await asyncpg.connect(small_journal)
    try:
        stream = await JournalSnapshot(connection).copy_rows(ENTRY, ALL)
    finally:
        await connection.close()
    with pytest.raises(SchemaMismatch):
        parse_rows(ENTRY, stream[:-3])


async def test_an_empty_stream_has_no_rows(small_journal: str) -> None:
    connection = await asyncpg.connect(small_journal)
    try:
        rows = parse_rows(ENTRY, await JournalSnapshot(connection).copy_rows(ENTRY, WindowSpan(1, 1, 1, 1)))
    finally:
        await connection.close()
    assert rows.to_arrow().num_rows == 0
    assert rows.to_arrow().schema.field("day").type == ENTRY.build_schema().field("day").type
    assert rows.read_keys().tolist() == []
    assert bytes(rows.slice_bytes(0, 0)) == b""


async def test_dates_are_decoded(small_journal: str) -> None:
    connection = await asyncpg.connect(small_journal)
    try:
        rows = parse_rows(ENTRY, await JournalSnapshot(connection).copy_rows(ENTRY, ALL))
    finally:
        await connection.close()
    assert set(rows.to_arrow()["day"].to_pylist()) == {dt.date(2018, 3, 15)}


def link(batch: int, first: int, entries: int, refusals: int = 0) -> BatchRow:
    return BatchRow(batch, 1, first, entries, refusals, 0, 0, 0, 0, 0, bytes(32))


@pytest.mark.parametrize(
    ("links", "firsts"),
    [
        ([], [1]),
        ([link(1, 1, 5), link(2, 6, 0), link(3, 6, 4)], [1, 6, 6, 10]),
        ([link(1, 1, 9), link(2, 6, 2), link(3, 8, 4)], [1, 6, 8, 12]),  # first count changed
        ([link(1, 1, 5), link(2, 7, 2), link(3, 8, 4)], [1, 6, 8, 12]),  # second first entry changed
        ([link(1, 3, 5), link(2, 6, 2)], [1, 6, 8]),  # very first entry changed
        ([link(1, 1, 5), link(2, 9, 2)], [1, 6, 8]),  # last first entry changed
        ([link(1, 1, 6), link(2, 6, 2)], [1, 6, 8]),  # last count but one changed
        ([link(1, 1, 5), link(3, 8, 4), link(4, 12, 1)], [1, 8, 12, 13]),  # a batch is missing
    ],
)
def test_first_entries_are_found_although_one_row_is_wrong(links: list[BatchRow], firsts: list[int]) -> None:
    assert find_first_entries(links) == firsts


def test_windows_contain_every_batch_once() -> None:
    links = [
        link(1, 1, 100_000),
        link(2, 100_001, 40_000),
        link(3, 140_001, 10),
        link(4, 140_011, 10, 300_000),
    ]
    windows = list(split_windows(links, find_first_entries(links)))
    assert [places for places, _ in windows] == [slice(0, 1), slice(1, 3), slice(3, 4)]
    assert [span for _, span in windows] == [
        WindowSpan(1, 2, 1, 100_001),
        WindowSpan(2, 4, 100_001, 140_011),
        WindowSpan(4, 5, 140_011, 140_021),
    ]


async def test_a_verification_that_is_interrupted_while_it_copies_rows_ends_without_an_error(
    dsn: str,
) -> None:
    has_begun = asyncio.Event()

    async def copy() -> None:
        async with open_snapshot(dsn) as snapshot:
            rows = "generate_series(1, 100000000) as s(number)"
            await snapshot.copy_table(rows, [StoredColumn("number", 23)], lambda _: has_begun.set())

    task = asyncio.create_task(copy())
    async with asyncio.timeout(60):
        await has_begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def _encode_refusal(texts: tuple[bytes, bytes]) -> bytes:
    """Encode a refusal of zeros, with two texts."""
    lengths = [
        {"int8": 8, "int4": 4, "int2": 2}[kind.postgres] for kind in read_column_kinds(Refusals).values()
    ]
    columns = [bytes(length) for length in lengths] + list(texts)
    return len(columns).to_bytes(2, "big") + b"".join(len(text).to_bytes(4, "big") + text for text in columns)


@pytest.mark.parametrize("is_last", [False, True])
def test_a_text_that_looks_like_a_row_is_none(is_last: bool) -> None:
    row = _encode_refusal((b"R1", b""))
    rows = [row, _encode_refusal((row, b"x")), *([] if is_last else [row, row])]
    parsed = parse_rows(REFUSAL, bytes(19) + b"".join(rows) + b"\xff\xff")
    assert parsed.starts.tolist() == [sum(map(len, rows[:place])) for place in range(len(rows))]
    assert parsed.to_arrow()["reference"].to_pylist() == ["R1", row.decode(), *["R1"] * (len(rows) - 2)]


@pytest.mark.parametrize("references", [["R1", "R2"], ["R1", "R234", ""], ["", ""], ["é", "ab"]])
def test_texts_of_one_length_and_of_several_are_read(references: list[str]) -> None:
    stream = b"".join(_encode_refusal((reference.encode(), b"f")) for reference in references)
    table = parse_rows(REFUSAL, bytes(19) + stream + b"\xff\xff").to_arrow()
    assert (table["reference"].to_pylist(), table["found"].to_pylist()) == (
        references,
        ["f"] * len(references),
    )
