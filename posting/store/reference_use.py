"""The reference files in use at each load of the book: a row for each state of them, covered by the next evidence."""

import hashlib
import json

import asyncpg

from posting.book.registry import NumbersByCode, ReferenceData
from posting.store import nature_use
from posting.store.connections import SQL


async def note_use(connection: asyncpg.Connection, reference: ReferenceData, numbers: NumbersByCode) -> None:
    """Note which files are in use today, by the SHA-256 of each, unless that is noted already.

    Raises
    ------
    ReferenceDataError
        A nature in use is missing; nothing is noted.
    """
    await nature_use.check_natures(connection, reference, numbers)
    text = json.dumps(reference.files, sort_keys=True)
    await connection.execute(SQL["note_reference_use"], text, hashlib.sha256(text.encode()).digest())
