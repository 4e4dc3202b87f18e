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
from tests.service.command_line import start_command
from tests.service.http.access_keys import insert_keys

JSONL = {"content-type": "application/x-ndjson"}
_names = count()


@dataclass(slots=True)
class RunningService:
    """A service under way."""

    process: Process
    url: str
    log_lines: list[str] = field(default_factory=list)
    """What it wrote to standard error."""
    _log_changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _listener: asyncio.Task[None] | None = None

    def client(self, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)

    async def collect_log(self) -> None:
        """Take note of what it says, so that it never waits for us to read."""
        assert self.process.stderr
        async for line in self.process.stderr:
            async with self._log_changed:
                self.log_lines.append(line.decode())
                self._log_changed.notify_all()
        async with self._log_changed:
            self.log_lines.append("")
            self._log_changed.notify_all()

    async def wait_until_listening(self) -> None:
        """Wait until it takes connections, and note where."""
        self.url = re.findall(r"https?://\S+", await self.wait_for_log("listening on "))[0]

    async def wait_until_active(self) -> None:
        """Wait until it has had its turn and loaded the book."""
        await self.wait_until_listening()
        await self.wait_for_log('"event":"ready"')

    async def wait_for_log(self, *texts: str, times: int = 1) -> str:
        """Wait for a line that holds all of ``texts``, or for several of them; the last of them."""

        def said() -> list[str]:
            return [line for line in self.log_lines if all(text in line for text in texts)]

        async with self._log_changed:
            await self._log_changed.wait_for(lambda: len(said()) >= times or "" in self.log_lines)
        found = said()
        assert len(found) >= times, "".join(self.log_lines)
        return found[times - 1]


@asynccontextmanager
async def run_service(
    dsn: str | None, data: Path, *words: str | Path, ready: bool = True, port: int = 0
) -> AsyncIterator[RunningService]:
    """``crescendo serve``, on a port of its own unless one is named; killed at the end unless it is over.

    With a database of its own when ``dsn`` is none.
    """
    async with _start(dsn, data, *words, port=port) as service:
        await service.wait_until_listening()
        if ready:
            await service.wait_for_log('"event":"ready"')
        yield service


@asynccontextmanager
async def run_standby(dsn: str, data: Path, reference: Path = REFERENCE) -> AsyncIterator[RunningService]:
    """A service that waits for its turn, and said so."""
    async with _start(dsn, data, "--standby", reference=reference) as service:
        await service.wait_for_log("standing by")
        yield service


@asynccontextmanager
async def _start(
    dsn: str | None, data: Path, *words: str | Path, port: int = 0, reference: Path = REFERENCE
) -> AsyncIterator[RunningService]:
    where = ("--database", dsn) if dsn else ()
    place = (*where, "--data", data, "--port", str(port), *words)
    process = await start_command("serve", *place, environment={"CRESCENDO_REFERENCE": str(reference)})
    service = RunningService(process, "")
    listener = asyncio.create_task(service.collect_log())
    try:
        yield service
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listener


@asynccontextmanager
async def create_database(database: Database) -> AsyncIterator[str]:
    """A new database that holds keys and nothing else; gone afterwards."""
    async with databases.create_database(database) as dsn:
        await insert_keys(dsn)
        yield dsn


def to_jsonl(rows: File) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


async def fetch(dsn: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()
