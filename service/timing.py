"""A store that tells how long its commits take."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from posting.batch import Outcome
from posting.store.postgres import PostgresStore


class TimedStore(PostgresStore):
    """The store of the service."""

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.took: Callable[[float], None] = lambda _: None
        """Told the seconds of every commit, its turn waited for."""

    async def commit(self, connection: Any, outcome: Outcome, before: asyncio.Event) -> None:
        """Store ``outcome`` in one transaction, after the batch before it."""
        began = time.monotonic()
        await super().commit(connection, outcome, before)
        self.took(time.monotonic() - began)
