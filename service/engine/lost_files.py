"""Submissions whose file is missing from the spool, or damaged in it: no engine decides them until it comes again."""

import asyncio
import math
import time
from collections.abc import Container, Mapping
from typing import Any

from core.errors import FileUnreadable
from core.senders import RESERVED_SENDERS
from ingest.queue.missing_files import describe_missing
from ingest.spool.byte_checks import ByteChecks
from ingest.spool.spool import Spool
from ingest.spool.spooled_file import SpooledFile
from posting.store.journal_store import PostgresStore
from service.engine.processing_result import MissingFile

CHECK_SECONDS = 5
"""Time between two checks: each reads the rows of unfinished submissions, and hashes what was written since the last one."""


class LostFiles:
    """Checks from time to time whether the files of undecided submissions are in the spool."""

    def __init__(self, spool: Spool, store: PostgresStore) -> None:
        self._store, self._checks = store, ByteChecks(spool)
        self._next_check = -math.inf
        self._missing: Mapping[int, MissingFile] = {}

    def note_receipt(self, spooled: SpooledFile) -> None:
        """Note that the bytes of a file were just hashed, so that the first check does not hash them again."""
        self._checks.note_receipt(spooled)

    async def find(self, numbers: Container[int]) -> Mapping[int, MissingFile]:
        """Return those of these submissions whose file was missing or damaged at the last check."""
        if time.monotonic() >= self._next_check:
            rows = [row for row in await self._store.fetch("unfinished") if row["submission"] in numbers]
            checked = [await asyncio.to_thread(self._check, row) for row in rows]
            self._missing = {missing.submission: missing for missing in checked if missing}
            self._next_check = time.monotonic() + CHECK_SECONDS
        return self._missing

    def _check(self, row: Any) -> MissingFile | None:
        try:
            self._checks.open(row["file_hash"], row["sender"])
        except FileUnreadable as error:
            return MissingFile(row["submission"], describe_missing(error, row["sender"] in RESERVED_SENDERS))
        return None
