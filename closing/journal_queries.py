"""Loads the journal in columns, without a Python object per row."""

import asyncpg

from closing.journal import Journal, allocate_journal
from core.tables.rollover import EntryLinks
from posting.pgcopy import HEADER, TRAILER, decode, list_columns
from posting.store import copy_out

Connection = asyncpg.Connection


async def load_journal(connection: Connection, last_entry: int) -> Journal:
    """Load all entries up to ``last_entry``, 17 bytes each, without a Python object per row."""
    journal = allocate_journal(last_entry)

    def place_rows(stream: bytes) -> None:
        rows = decode(EntryLinks, b"".join([HEADER, stream, TRAILER])).rows
        for name in Journal._fields:
            getattr(journal, name)[rows.entry_id] = getattr(rows, name)

    columns = ", ".join(list_columns(EntryLinks))
    select = f"select {columns} from entry where entry_id <= {last_entry}"  # noqa: S608 -- a number
    await copy_out.stream_rows(connection, select, place_rows)
    return journal
