"""The journal as columns: what each entry follows, in one array per column, indexed by entry."""

from typing import NamedTuple

import asyncpg
import numpy as np
from numpy.typing import NDArray

from core.tables.closing import EntryLinks
from posting.pgcopy import HEADER, TRAILER, decode, list_columns
from posting.store import copy_out


class Journal(NamedTuple):
    """All entries up to one, by number; row 0 is no entry."""

    predecessor: NDArray[np.uint32]
    amount: NDArray[np.int64]
    """Cents."""
    cell: NDArray[np.int32]
    kind: NDArray[np.uint8]


def allocate_journal(last_entry: int) -> Journal:
    """Return a journal of empty rows up to ``last_entry``."""
    size = last_entry + 1
    return Journal(
        np.zeros(size, np.uint32),
        np.zeros(size, np.int64),
        np.zeros(size, np.int32),
        np.zeros(size, np.uint8),
    )


async def load_journal(connection: asyncpg.Connection, last_entry: int) -> Journal:
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
