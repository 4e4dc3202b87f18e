"""A killed service and the process of its task, on a database server that goes on: the next service finishes the task."""

import asyncio
import os
from contextlib import suppress
from datetime import date
from pathlib import Path

import httpx

from service.database.embedded_server import Database
from tests.databases import lock_table
from tests.service.http.access_keys import ACCOUNTANT, insert_keys
from tests.service.http.running_service import RunningService, run_service
from tests.service.small_state import open_state

PAYEES = 40
AT = "2018-11-20T10:00:00+01:00"


async def wait_until_posting(client: httpx.AsyncClient, task: int) -> None:
    """Wait until the worker has registered its acts and waits for their decision."""
    async with asyncio.timeout(60):
        while True:
            response = (await client.get(f"/v1/tasks/{task}", headers=ACCOUNTANT)).json()
            progress = response["progress"]
            assert response["state"] in ("waiting", "running"), response
            if progress and progress["activity"] == "committing acts":
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
    """The service is killed while the acts of the worker wait for their commit, which a lock of the test delays."""
    async with open_state(database, tmp_path / "state", PAYEES) as state:
        await insert_keys(state.dsn)
        run = await state.propose_run(date(2018, 11, 30), date(2018, 11, 20), is_released=True)
        async with (
            lock_table(state.dsn),
            run_service(state.dsn, state.settings.data, reference=state.reference) as service,
            service.client() as client,
        ):
            path = f"/v1/payment-runs/{run}/issue"
            task = (await client.post(path, json={"at": AT}, headers=ACCOUNTANT)).json()["task"]
            await wait_until_posting(client, task)
            worker = find_child(service)
            service.process.kill()
            await service.process.wait()
            await wait_for_end(worker)
        async with (
            run_service(state.dsn, state.settings.data, reference=state.reference) as service,
            service.client() as client,
        ):
            ended = (await client.get(f"/v1/tasks/{task}?wait=60", headers=ACCOUNTANT)).json()
            assert ended["state"] == "done", ended
            assert ended["result"]["paid"] == PAYEES
        assert (await state.count_kinds())["payment"] == PAYEES
