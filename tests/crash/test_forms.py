"""The service or its database is killed with -9 under forms from many connections: no acknowledged form is lost or doubled."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import psutil

from service.database.embedded_server import run_embedded_server
from tests.file_strategies import REFERENCE
from tests.service.command_line import create_ledger, run_crescendo
from tests.service.http.act_files import CREDITS, build_commitment
from tests.service.http.running_service import RunningService, run_service, to_jsonl

CONNECTIONS = 30
ROUNDS = ("service", "service", "database", "service", "service")
"""What is killed in each round."""
ENVIRONMENT = {"CRESCENDO_REFERENCE": str(REFERENCE)}


@dataclass(slots=True)
class FormLog:
    """The forms that were sent, and their responses."""

    key: dict[str, str]
    entries: dict[str, int] = field(default_factory=dict)
    """Entries of the acknowledged forms, by reference."""
    open: set[str] = field(default_factory=set)
    """Forms that were sent and have no response."""
    answered: asyncio.Condition = field(default_factory=asyncio.Condition)
    _next: int = 0

    def next_reference(self) -> str:
        self._next += 1
        return f"F{self._next}"

    async def send(self, client: httpx.AsyncClient, reference: str) -> bool:
        """Send a form; return False without a response, or with 503."""
        self.open.add(reference)
        try:
            response = await client.post(
                "/v1/acts", json=build_commitment(reference, "0.01"), headers=self.key
            )
        except httpx.TransportError:
            return False
        if response.status_code == 503:
            return False
        (line,) = response.json()["lines"]
        assert line["outcome"] in {"ACCEPTED", "DUPLICATE"}, line
        assert self.entries.setdefault(reference, line["entry"]) == line["entry"]
        async with self.answered:
            self.open.discard(reference)
            self.answered.notify_all()
        return True

    async def stream(self, client: httpx.AsyncClient) -> None:
        """Send forms on one connection, one after the other, until one has no response."""
        while await self.send(client, self.next_reference()):
            pass

    async def wait_for(self, more: int) -> None:
        """Return once this many more forms are acknowledged."""
        target = len(self.entries) + more
        async with self.answered:
            await self.answered.wait_for(lambda: len(self.entries) >= target)


def _kill(service: RunningService, target: str) -> None:
    process = psutil.Process(service.process.pid)
    if target == "service":
        process.kill()
        return
    for child in process.children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


async def _resend(log: FormLog, client: httpx.AsyncClient) -> None:
    """Send forms without response again: each is accepted now, or a duplicate."""
    for reference in sorted(log.open):
        assert await log.send(client, reference)


async def _run_round(log: FormLog, data: Path, target: str, acknowledged: int) -> None:
    async with run_service(None, data, "--rate", "100000") as service, service.client() as client:
        await _resend(log, client)
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(log.stream(client))
            await log.wait_for(acknowledged)
            _kill(service, target)
            if target == "database":  # the service starts it again, and goes on
                await service.wait_for_log('"event":"ready"', times=2)
                assert await log.send(client, log.next_reference())
                service.process.terminate()
            assert await service.process.wait() == (-9 if target == "service" else 0)


async def _open_credits(data: Path) -> None:
    acts = data.parent / "credits.jsonl"
    acts.write_bytes(to_jsonl(CREDITS))
    environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
    result = await run_crescendo("run", acts, "--sender", "BUDGET", "--data", data, environment=environment)
    assert result.code == 0, result.err


async def test_no_acknowledged_form_is_lost_and_none_is_doubled(tmp_path: Path) -> None:
    random_numbers, data = random.Random(20181231), tmp_path / "data"
    await create_ledger("--data", data)
    created = await run_crescendo(
        "access", "create", "MIN-09", "--role", "authorising_officer", "--data", data, "--json"
    )
    log = FormLog({"authorization": f"Bearer {created.json()['token']}"})
    await _open_credits(data)
    for target in ROUNDS:
        await _run_round(log, data, target, random_numbers.randint(20, 400))
    assert log.open, "no form was in progress at any kill: nothing was tested"
    async with run_service(None, data, "--rate", "100000") as service, service.client() as client:
        await _resend(log, client)
    await _check(log, data)


async def _check(log: FormLog, data: Path) -> None:
    verified = await run_crescendo("verify", "--data", data, environment=ENVIRONMENT)
    assert verified.code == 0, verified.out
    async with run_embedded_server(data) as database:
        connection = await asyncpg.connect(database.dsn)
        try:
            rows = await connection.fetch(
                "select reference, entry_id, amount from entry where reference like 'F%'"
            )
        finally:
            await connection.close()
    assert len(rows) == len(log.entries), "one entry for each form, and no other"
    assert {row["reference"]: row["entry_id"] for row in rows} == log.entries
    assert {row["amount"] for row in rows} == {1}
