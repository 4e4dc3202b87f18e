"""The trail of refused attempts: written before the attempt is answered, equal ones of one moment as one row."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from service.access import postgres

Write = Callable[[Iterable[tuple[Any, ...]]], Awaitable[None]]
_TEXT_MAX = 300


class Attempt(NamedTuple):
    """Who tried what, and why it was refused.  Nothing secret."""

    key: str
    sender: str
    address: str
    action: str
    code: str
    detail: str


class Trail:
    """Collects attempts while a write is under way, and writes them together."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._waiting: dict[Attempt, int] = {}
        self._done: asyncio.Future[None] | None = None

    async def note(self, attempt: Attempt) -> None:
        """Return once the attempt is durably on the trail."""
        short = Attempt(*(_harmless(text) for text in attempt))
        self._waiting[short] = self._waiting.get(short, 0) + 1
        if self._done is None:
            self._done = asyncio.ensure_future(self._together())
        await asyncio.shield(self._done)

    async def _together(self) -> None:
        """Write what comes until the write begins; who comes later waits for the next one."""
        await asyncio.sleep(0)
        rows, self._waiting, self._done = self._waiting, {}, None
        await self._write([(*attempt, times) for attempt, times in rows.items()])


@asynccontextmanager
async def kept(dsn: str) -> AsyncIterator[Trail]:
    """The trail in the database."""
    async with postgres.writing(dsn) as pool:
        yield Trail(lambda rows: postgres.write(pool, rows))


def _harmless(text: str) -> str:
    """Short, and without characters that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:_TEXT_MAX])
