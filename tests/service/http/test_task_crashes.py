"""A killed service and the process of its task, on a database server that goes on: the next service finishes the task."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from service.auth.api_keys import format_token
from service.database.embedded_server import Database
from tests.service.http.access_keys import ACCOUNTANT, OPERATOR, SECRET, insert_keys
from tests.service.http.running_service import RunningService, fetch, run_service
from tests.service.small_state import State, open_state

PAYEES = 40
AT = "2018-11-20T10:00:00+01:00"
REASON = {"reason": "the test keeps the acts waiting"}


async def do(client: httpx.AsyncClient, path: str, headers: Mapping[str, str], body: object = None) -> Any:
    response = await client.post(f"{path}?wait=60", json=body or {}, headers=headers)
    task = response.json()
    assert task["state"] == "done", task
    return task["result"]


async def wait_until_posting(client: httpx.AsyncClient, task: int) -> None:
    """Wait until the worker has registered its acts and waits for their decision."""
    activities = ("committing acts", f"treasury is paused: {REASON['reason']}")
    async with asyncio.timeout(60):
        while True:
            found = (await client.get(f"/v1/tasks/{task}", headers=ACCOUNTANT)).json()
            progress = found["progress"]
            assert found["state"] in ("waiting", "running"), found
            if progress and progress["activity"] in activities:
                return


def find_child(service: RunningService) -> int:
    """Return the process that the service has started."""
    (child,) = {
        int(number)
        for thread in Path(f"/proc/{service.process.pid}/task").iterdir()
        for number in (thread / "children").read_text().split()
    }
    return child


async def wait_for_end(process: int) -> None:
    """Wait until a process that is no child of ours has ended."""
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(process)
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(descriptor, ended.set)
        try:
            await asyncio.wait_for(ended.wait(), 10)
        finally:
            asyncio.get_running_loop().remove_reader(descriptor)
            os.close(descriptor)


async def test_worker_of_a_killed_service_ends_and_the_next_service_finishes_its_task(
    database: Database, tmp_path: Path
) -> None:
    """The worker is killed with the service while its acts wait for their decision, twice."""
    async with open_state(database, tmp_path / "state", PAYEES) as state:
        await insert_keys(state.dsn)
        checker = await insert_checker(state)
        async with (
            run_service(state.dsn, state.settings.data, reference=state.reference) as service,
            service.client() as client,
        ):
            body = {"until": "2018-11-30", "at": AT}
            run = (await do(client, "/v1/payment-runs", ACCOUNTANT, body))["run"]
            await do(client, f"/v1/payment-runs/{run}/release", checker)
            response = await client.post("/v1/senders/treasury/pause", json=REASON, headers=OPERATOR)
            assert response.status_code == 200, response.text
            response = await client.post(
                f"/v1/payment-runs/{run}/issue", json={"at": AT}, headers=ACCOUNTANT
            )
            task = response.json()["task"]
            await kill(service, client, task)
        async with (
            run_service(state.dsn, state.settings.data, reference=state.reference) as service,
            service.client() as client,
        ):
            await kill(service, client, task)
        async with (
            run_service(state.dsn, state.settings.data, reference=state.reference) as service,
            service.client() as client,
        ):
            await client.post("/v1/senders/treasury/resume", json=REASON, headers=OPERATOR)
            ended = (await client.get(f"/v1/tasks/{task}?wait=60", headers=ACCOUNTANT)).json()
            assert ended["state"] == "done", ended
            assert ended["result"]["paid"] == PAYEES
        assert (await state.count_kinds())["payment"] == PAYEES
        assert (await state.verify()).is_proven


async def insert_checker(state: State) -> dict[str, str]:
    """Insert another key of an accountant; return its header."""
    await fetch(
        state.dsn,
        "insert into access_key (key, sender, digest, roles, programmes, label) "
        "select 'checker22222', sender, digest, roles, programmes, '' from access_key where key = 'paymaster222'",
    )
    return {"authorization": f"Bearer {format_token('checker22222', SECRET)}"}


async def kill(service: RunningService, client: httpx.AsyncClient, task: int) -> None:
    """Kill a service whose worker waits for its acts, and wait for the end of that worker."""
    await wait_until_posting(client, task)
    worker = find_child(service)
    service.process.kill()
    await service.process.wait()
    await wait_for_end(worker)
