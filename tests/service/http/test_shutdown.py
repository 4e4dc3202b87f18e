"""A service that cannot go on: requests under way are told to come again, and the cause is told as it is."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from monitoring.service_metrics import ServiceMetrics
from service.database.embedded import Database
from service.http.http_messages import Request, Response
from service.http.route import BoundRoute
from service.http.router import Application
from service.http.validation_pool import ValidationPool
from tests.databases import lock_table, open_connection, wait_until_blocked
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment
from tests.service.http.running_service import JSONL, create_database, run_service, to_jsonl

_END_PAUSE_LISTENER = """select pg_terminate_backend(pid) from pg_stat_activity
                     where datname = current_database() and query ilike 'listen %'"""
"""The connection that heard nothing yet; that of the keys reads them on itself."""


@pytest.mark.parametrize(
    ("is_ending", "told"), [(True, (503, "try-again")), (False, (500, "internal-error"))]
)
async def test_what_is_closed_under_a_request_is_no_fault_once_the_service_ends(
    is_ending: bool, told: tuple[int, str]
) -> None:
    """A file whose proof finds the threads gone: a client that is told 500 gives it up, one that is told 503 does not."""
    proving = ValidationPool()

    async def handler(_: Request) -> Response:
        proving.close()
        if is_ending:
            application.mark_stopping()
        await proving.run("MIN-09", bytes)
        return Response(HTTPStatus.OK)

    application = Application(
        [BoundRoute("POST", "/", handler, is_open=True)], cast(Any, None), ServiceMetrics({})
    )
    wire = httpx.ASGITransport(cast(Any, application))
    async with httpx.AsyncClient(transport=wire, base_url="http://here") as client:
        found = await client.post("/")
        assert (found.status_code, found.json()["code"]) == told
        assert ("retry-after" in found.headers) == is_ending


async def test_no_request_is_begun_once_the_service_ends() -> None:
    async def handler(_: Request) -> Response:
        raise AssertionError("it is begun")

    application = Application(
        [BoundRoute("POST", "/", handler, is_open=True)], cast(Any, None), ServiceMetrics({})
    )
    application.mark_stopping()
    wire = httpx.ASGITransport(cast(Any, application))
    async with httpx.AsyncClient(transport=wire, base_url="http://here") as client:
        found = await client.post("/")
    assert (found.status_code, found.json()["code"]) == (503, "try-again")


async def test_the_cause_is_told_and_a_file_on_its_way_may_come_again(
    database: Database, tmp_path: Path
) -> None:
    """The connection that reports pauses breaks while a file is looked for in the database."""
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await client.post("/v1/submissions?wait=60", content=to_jsonl(CREDITS), headers=JSONL)
        async with lock_table(dsn, "submission", "access exclusive") as blocking:
            sending = asyncio.create_task(
                client.post("/v1/submissions", content=to_jsonl([build_commitment("C1")]), headers=JSONL)
            )
            await wait_until_blocked(blocking)
            async with open_connection(dsn) as connection:
                assert len(await connection.fetch(_END_PAUSE_LISTENER)) == 1
            # the engine's other connections go before the one that still looks for the file
            await _wait_until_alone(dsn)
        found = await sending
        assert (found.status_code, found.json()["code"]) == (503, "try-again")
        assert found.headers["retry-after"]
        assert await served.process.wait() == 3
    said = "".join(served.log_lines)
    assert "the connection that reports changes of pauses is gone" in said
    assert "request failed" not in said


async def _wait_until_alone(dsn: str) -> None:
    """Return once the engine has no connection left but the one that is asked something."""
    query = """select count(*) <= 1 from pg_stat_activity
               where datname = current_database() and application_name like 'crescendo/%'"""
    async with open_connection(dsn) as connection:
        while not await connection.fetchval(query):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # the server tells nobody: it must be asked
