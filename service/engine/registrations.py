"""The watch on files that other processes register: commands that find this engine at work leave their files to it."""

import asyncio
from typing import Any

from ingest.queue.incoming_files import IncomingFiles
from posting.store.failures import suppress_database_errors
from posting.store.journal_store import PostgresStore
from posting.store.running_engine import FILES_CHANNEL
from service.database.change_listener import follow_changes

_RETRY_SECONDS = 2


async def follow_registrations(files: IncomingFiles, store: PostgresStore, dsn: str) -> None:
    """Queue every file that another process registers; runs until it is cancelled.

    A book that is loaded anew queues what was registered while the database was away.
    """

    async def queue_files(_: Any) -> None:
        if store.epoch:
            await files.queue_registered_files()

    while True:
        with suppress_database_errors():
            await follow_changes(dsn, FILES_CHANNEL, queue_files, subject="registered files")
        await asyncio.sleep(_RETRY_SECONDS)
