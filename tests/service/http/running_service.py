"""The service in a process of its own, with real sockets and a real database."""

import asyncio
import json
import re
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from service.database.embedded_server import Database
from tests import databases
from tests.file_strategies import REFERENCE, File
from tests.service.command_line import start_command
from tests.service.http.access_keys import insert_keys
from tests.service.http.described_problems import check_problem

JSONL = {"content-type": "application/x-ndjson"}
_names = count()
_LOG_SECONDS = 300
"""The longest wait for a line of the log, even on a busy machine."""


@dataclass(slots=True)
class RunningService:
    """A running service."""

    process: Process
    url: str
    log_lines: list[str] = field(default_factory=list)
    """Lines that it wrote to standard error."""
    _log_changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _listener: asyncio.Task[None] | None = None

    def client(self, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60)

    def open_checking_client(self, headers: Mapping[str, str] | None = None) -> httpx.AsyncClient:
        """Return a client that checks each problem against the description of its route."""
        client = self.client(headers)
        client.event_hooks = {"response": [check_problem]}
        return client

    async def collect_log(self) -> None:
        """Collect the log, so that the process never blocks on a full pipe."""
        assert self.process.stderr
        async for line in self.process.stderr:
            async with self._log_changed:
                self.log_lines.append(line.decode())
                self._log_changed.notify_all()
        async with self._log_changed:
            self.log_lines.append("")
            self._log_changed.notify_all()

    async def wait_until_listening(self) -> None:
        """Wait until the service listens, and store its address."""
        self.url = re.findall(r"https?://\S+", await self.wait_for_log("listening on "))[0]

    async def wait_until_active(self) -> None:
        """Wait until the service has taken over and loaded the book."""
        await self.wait_until_listening()
        await self.wait_for_log('"event":"ready"')

    async def wait_for_log(self, *texts: str, times: int = 1) -> str:
        """Wait for ``times`` log lines that contain all of ``texts``, and return the last of them.

        A line that never comes fails the test, and does not hold it for ever.
        """

        def list_matching() -> list[str]:
            return [line for line in self.log_lines if all(text in line for text in texts)]

        with suppress(TimeoutError):
            async with asyncio.timeout(_LOG_SECONDS), self._log_changed:
                await self._log_changed.wait_for(
                    lambda: len(list_matching()) >= times or "" in self.log_lines
                )
        matching = list_matching()
        assert len(matching) >= times, "".join(self.log_lines)
        return matching[times - 1]


@asynccontextmanager
async def run_service(
    dsn: str | None,
    data: Path,
    *words: str | Path,
    ready: bool = True,
    port: int = 0,
    reference: Path = REFERENCE,
) -> AsyncIterator[RunningService]:
    """Run ``crescendo serve`` on a free port by default, and kill it at the end.

    Without ``dsn`` it starts a database of its own.
    """
    async with _start(dsn, data, *words, port=port, reference=reference) as service:
        await service.wait_until_listening()
        if ready:
            await service.wait_for_log('"event":"ready"')
        yield service


@asynccontextmanager
async def run_standby(dsn: str, data: Path, reference: Path = REFERENCE) -> AsyncIterator[RunningService]:
    """Run a service that stands by."""
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
    """Create a database with keys and nothing else; drop it afterwards."""
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
