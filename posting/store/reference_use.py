"""The reference files in use at each load of the book: a row for each state of them, covered by the next evidence."""

import hashlib
import json
from collections.abc import Mapping

import asyncpg

from posting.store.connections import SQL


async def note_use(connection: asyncpg.Connection, files: Mapping[str, str]) -> None:
    """Note that files, of which the SHA-256 is given by path, are in use today, unless that is noted already."""
    text = json.dumps(files, sort_keys=True)
    await connection.execute(SQL["note_reference_use"], text, hashlib.sha256(text.encode()).digest())
