"""A service that must stop: requests under way are answered with 503 and a delay, and the log names the cause."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from monitoring.service_metrics import ServiceMetrics
from service.database.embedded_server import Database
from service.http.http_messages import Request, Response
from service.http.route import BoundRoute
from service.http.router import Application
from service.http.validation_pool import ValidationPool
from tests.databases import lock_table, open_connection, wait_until_blocked
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import JSONL, create_database, run_service, to_jsonl

_END_PAUSE_LISTENER = """select pg_terminate_backend(pid) from pg_stat_activity
                     where datname = current_database() and query ilike 'listen %crescendo_access%'"""
"""Ends the connection that listens for pauses; that for keys has run another query since its LISTEN."""


@pytest.mark.parametrize(
    ("is_ending", "expected"), [(True, (503, "try-again")), (False, (500, "internal-error"))]
)
async def test_a_closed_pool_is_no_internal_error_while_the_service_stops(
    is_ending: bool, expected: tuple[int, str]
) -> None:
    """Validation finds its threads closed: a client gives its file up after a 500, and sends it again after a 503."""
    pool = ValidationPool()

    async def handler(_: Request) -> Response:
        pool.close()
        if is_ending:
            application.mark_stopping()
        await pool.run("MIN-09", bytes)
        return Response(HTTPStatus.OK)

    application = Application(
        [BoundRoute("POST", "/", handler, is_open=True)], cast(Any, None), ServiceMetrics({})
    )
    transport = httpx.ASGITransport(cast(Any, application))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        response = await client.post("/")
        assert (response.status_code, response.json()["code"]) == expected
        assert ("retry-after" in response.headers) == is_ending


async def test_a_stopping_service_begins_no_request() -> None:
    async def handler(_: Request) -> Response:
        raise AssertionError("the handler was called")

    application = Application(
        [BoundRoute("POST", "/", handler, is_open=True)], cast(Any, None), ServiceMetrics({})
    )
    application.mark_stopping()
    transport = httpx.ASGITransport(cast(Any, application))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        response = await client.post("/")
    assert (response.status_code, response.json()["code"]) == (503, "try-again")


async def test_the_log_names_the_cause_and_a_file_under_way_may_be_sent_again(
    database: Database, tmp_path: Path
) -> None:
    """The connection that listens for pauses breaks while the service looks for a file in the database."""
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
        async with lock_table(dsn, "submission", "access exclusive") as blocking:
            sending = asyncio.create_task(
                client.post("/v1/submissions", content=to_jsonl([build_commitment("C1")]), headers=JSONL)
            )
            await wait_until_blocked(blocking)
            async with open_connection(dsn) as connection:
                assert len(await connection.fetch(_END_PAUSE_LISTENER)) == 1
            # the engine's other connections end before the one that still looks for the file
            await _wait_until_alone(dsn)
        response = await sending
        assert (response.status_code, response.json()["code"]) == (503, "try-again")
        assert response.headers["retry-after"]
        assert await served.process.wait() == 3
    log = "".join(served.log_lines)
    assert "the connection that reports changes of pauses is gone" in log
    assert "request failed" not in log


async def _wait_until_alone(dsn: str) -> None:
    """Return once the engine has no connection left but the one that runs a query."""
    query = """select count(*) <= 1 from pg_stat_activity
               where datname = current_database() and application_name like 'crescendo/%'"""
    async with open_connection(dsn) as connection:
        while not await connection.fetchval(query):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # the server sends no notification: it must be polled
