"""The lines of some entries, and the entries of some kinds, are read from the journal as SQL selects them."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import numpy as np
import pytest

from closing.journal import Journal
from closing.journal_queries import load_journal
from closing.owned_line_queries import EntrySet, Senders, load_owned_lines, load_references, select_entries
from core.catalog import KIND_NUMBERS
from service.database import command_queries
from service.database.embedded_server import Database
from tests.closing.closing_state import open_year_end

COMMITMENT, SERVICE, REQUEST = (KIND_NUMBERS[name] for name in ("commitment", "service", "payment_request"))


@pytest.fixture
async def connection(database: Database, tmp_path: Path) -> AsyncIterator[asyncpg.Connection]:
    async with open_year_end(database, tmp_path) as state, command_queries.connect(state.dsn) as reader:
        yield reader


async def _list_entries(connection: asyncpg.Connection, kind: int) -> list[int]:
    rows = await connection.fetch("select entry_id from entry where kind = $1 order by entry_id", kind)
    return [row["entry_id"] for row in rows]


def _build_set(entries: list[int], kind: int) -> EntrySet:
    return EntrySet(np.array(entries, np.int64), np.array([kind], np.int64))


async def test_each_set_has_its_lines(connection: asyncpg.Connection) -> None:
    """Entries of other kinds between them, and those of the same kind that are not selected, are left out."""
    senders = Senders({row["submission"]: row["sender"] for row in await _list_senders(connection)}, {})
    commitments, services = [await _list_entries(connection, kind) for kind in (COMMITMENT, SERVICE)]
    for selection in (commitments, commitments[1:], commitments[::2], commitments[-1:]):
        sets = [_build_set(selection, COMMITMENT), _build_set(services[:2], SERVICE)]
        lines = await load_owned_lines(connection, sets, senders)
        assert [part.entry.tolist() for part in lines] == [selection, services[:2]]
        for part in lines:
            rows = await connection.fetch(
                "select reference from entry where entry_id = any($1) order by entry_id", part.entry.tolist()
            )
            assert part.reference.to_pylist() == [row["reference"] for row in rows]
            assert set(part.owner.to_pylist()) <= set(senders.by_submission.values())


async def test_no_bit_is_read_outside_the_limits(connection: asyncpg.Connection) -> None:
    """The server may evaluate the second condition first, on every entry: it selects the same ones alone."""
    commitments = await _list_entries(connection, COMMITMENT)
    limits, _, flags = select_entries([np.array(commitments, np.int64)]).partition(" and case ")
    assert limits == f"entry_id between {commitments[0]} and {commitments[-1]}"
    rows = await connection.fetch(f"select entry_id from entry where case {flags} order by entry_id")
    assert [row["entry_id"] for row in rows] == commitments


async def test_the_lines_of_an_act_have_its_number(connection: asyncpg.Connection) -> None:
    senders = Senders({row["submission"]: row["sender"] for row in await _list_senders(connection)}, {})
    commitments = await _list_entries(connection, COMMITMENT)
    (lines,) = await load_owned_lines(connection, [_build_set(commitments, COMMITMENT)], senders)
    assert lines.reference.to_pylist() == ["EJ-1", "EJ-2", "EJ-2", "EJ-3"]
    assert lines.act.tolist() == [0, 1, 1, 2]


async def _list_senders(connection: asyncpg.Connection) -> list[asyncpg.Record]:
    return await connection.fetch("select submission, sender from submission")


async def test_names_that_an_exercise_has_are_listed_by_kind(connection: asyncpg.Connection) -> None:
    senders = Senders({row["submission"]: row["sender"] for row in await _list_senders(connection)}, {})
    kinds = [np.array([COMMITMENT], np.int64), np.array([SERVICE], np.int64)]
    commitments, services = await load_references(connection, 2018, senders, kinds=kinds)
    assert [name.partition("\x1f")[2] for name in commitments.to_pylist()] == ["EJ-1", "EJ-2", "EJ-2", "EJ-3"]
    assert [name.partition("\x1f")[2] for name in services.to_pylist()] == ["SF-1", "SF-2", "SF-3", "SF-4"]
    assert [len(names) for names in await load_references(connection, 2019, senders, kinds=kinds)] == [0, 0]


async def test_rows_of_other_kinds_stay_empty(connection: asyncpg.Connection) -> None:
    last: int = await connection.fetchval("select max(entry_id) from entry") or 0
    journal = await load_journal(connection, last, np.array([SERVICE, REQUEST], np.int64))
    rows = await connection.fetch("select entry_id, predecessor, amount, cell, kind from entry")
    for row in rows:
        entry, is_loaded = row["entry_id"], row["kind"] in (SERVICE, REQUEST)
        expected = [row[name] if is_loaded else 0 for name in Journal._fields]
        assert [int(column[entry]) for column in journal] == expected
