"""The reference files that were in use, by day: a row for each state of them, which the evidence of the next batch covers."""

import hashlib
import json
from collections.abc import Mapping

import asyncpg

from posting.store.connections import SQL


async def note_use(connection: asyncpg.Connection, files: Mapping[str, str]) -> None:
    """Note that files, of which the SHA-256 is given by path, are in use today, unless that is noted already."""
    text = json.dumps(files, sort_keys=True)
    await connection.execute(SQL["note_reference_use"], text, hashlib.sha256(text.encode()).digest())
