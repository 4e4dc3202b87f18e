"""Every table is covered by a hash or stands in docs/security.md with the reason: a new table must be placed there."""

import re
from pathlib import Path

import asyncpg
import pytest

from posting.hash_chain import HASHED_TABLES
from posting.store.migrate import migrate
from reporting.verification.evidence import COVERED_TABLES
from tests.databases import open_connection

TEXT = (Path(__file__).parents[3] / "docs/security.md").read_text()
SECTION = TEXT.partition("## What the hashes cover")[2].partition("\n## ")[0]
ROWS = re.findall(r"^\| (`.+`) \| (.+) \|$", SECTION, re.MULTILINE)
PLACES = [(table, place) for tables, place in ROWS for table in re.findall(r"`(\w+)`", tables)]


def list_documented_tables(start: str) -> set[str]:
    return {table for table, place in PLACES if place.startswith(start)}


async def list_tables(connection: asyncpg.Connection, condition: str = "true") -> set[str]:
    rows = await connection.fetch(
        "select relname from pg_class c where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')"
        f" and not relispartition and {condition}"
    )
    return {row["relname"] for row in rows}


async def test_every_table_is_in_the_documented_list_once(dsn: str) -> None:
    async with open_connection(dsn) as connection:
        await migrate(connection)
        assert await list_tables(connection) == {table for table, _ in PLACES}
    assert len(PLACES) == len(dict(PLACES))


async def test_the_tables_under_evidence_are_those_with_its_trigger(dsn: str) -> None:
    """And those that the verification reads, which has a list of its own."""
    has_trigger = "exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'evidence' and t.tgenabled = 'O')"
    async with open_connection(dsn) as connection:
        await migrate(connection)
        assert await list_tables(connection, has_trigger) == COVERED_TABLES
    assert list_documented_tables("evidence") == COVERED_TABLES
    assert list_documented_tables("the chain") == set(HASHED_TABLES)


async def test_covered_rows_cannot_be_changed(dsn: str) -> None:
    """A digest is of a row for ever: every table that a hash covers refuses changes."""
    protected = "exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname = 'append_only_rows')"
    async with open_connection(dsn) as connection:
        await migrate(connection)
        refusing = await list_tables(connection, protected)
    assert COVERED_TABLES | set(HASHED_TABLES) | {"batch", "evidence"} <= refusing


@pytest.mark.parametrize(("table", "place"), PLACES)
def test_a_table_that_is_not_covered_states_why(table: str, place: str) -> None:
    if place.startswith("not "):
        assert ":" in place, f"{table} is not covered, and the table does not say why"
