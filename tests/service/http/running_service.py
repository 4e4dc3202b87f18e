"""The service as its callers meet it: another process, real sockets, a real database."""

import asyncio
import json
import re
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from service.database.embedded import Database
from tests import databases
from tests.file_strategies import REFERENCE, File
from tests.service.command_line import start
from tests.service.http.access_keys import hand_out

JSONL = {"content-type": "application/x-ndjson"}
_names = count()


@dataclass(slots=True)
class Running:
    """A service under way."""

    process: Process
    url: str
    said: list[str] = field(default_factory=list)
    """What it wrote to standard error."""
    _heard: asyncio.Condition = field(default_factory=asyncio.Condition)
    _listener: asyncio.Task[None] | None = None

    def client(self, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)

    async def listen(self) -> None:
        """Take note of what it says, so that it never waits for us to read."""
        assert self.process.stderr
        async for line in self.process.stderr:
            async with self._heard:
                self.said.append(line.decode())
                self._heard.notify_all()
        async with self._heard:
            self.said.append("")
            self._heard.notify_all()

    async def listens(self) -> None:
        """Wait until it takes connections, and note where."""
        self.url = re.findall(r"https?://\S+", await self.heard("listening on "))[0]

    async def takes_over(self) -> None:
        """Wait until it has had its turn and loaded the book."""
        await self.listens()
        await self.heard('"event":"ready"')

    async def heard(self, *texts: str, times: int = 1) -> str:
        """Wait for a line that holds all of ``texts``, or for several of them; the last of them."""

        def said() -> list[str]:
            return [line for line in self.said if all(text in line for text in texts)]

        async with self._heard:
            await self._heard.wait_for(lambda: len(said()) >= times or "" in self.said)
        found = said()
        assert len(found) >= times, "".join(self.said)
        return found[times - 1]


@asynccontextmanager
async def running(
    dsn: str | None, data: Path, *words: str | Path, ready: bool = True, port: int = 0
) -> AsyncIterator[Running]:
    """``crescendo serve``, on a port of its own unless one is named; killed at the end unless it is over.

    With a database of its own when ``dsn`` is none.
    """
    async with _started(dsn, data, *words, port=port) as service:
        await service.listens()
        if ready:
            await service.heard('"event":"ready"')
        yield service


@asynccontextmanager
async def standing_by(dsn: str, data: Path, reference: Path = REFERENCE) -> AsyncIterator[Running]:
    """A service that waits for its turn, and said so."""
    async with _started(dsn, data, "--standby", reference=reference) as service:
        await service.heard("standing by")
        yield service


@asynccontextmanager
async def _started(
    dsn: str | None, data: Path, *words: str | Path, port: int = 0, reference: Path = REFERENCE
) -> AsyncIterator[Running]:
    where = ("--database", dsn) if dsn else ()
    place = (*where, "--data", data, "--port", str(port), *words)
    process = await start("serve", *place, environment={"CRESCENDO_REFERENCE": str(reference)})
    service = Running(process, "")
    listener = asyncio.create_task(service.listen())
    try:
        yield service
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listener


@asynccontextmanager
async def fresh(database: Database) -> AsyncIterator[str]:
    """A new database that holds keys and nothing else; gone afterwards."""
    async with databases.fresh(database) as dsn:
        await hand_out(dsn)
        yield dsn


def as_jsonl(rows: File) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


async def fetch(dsn: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()
