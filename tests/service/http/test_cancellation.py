"""Cancelling submissions that wait: durable, idempotent, and never partial."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database.embedded_server import Database
from tests.databases import lock_table, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import AUDITOR, CERTIFIER, FOREIGN, MINISTRY, OPERATOR, build_headers
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import (
    JSONL,
    RunningService,
    create_database,
    fetch,
    run_service,
    to_jsonl,
)

FILES = [to_jsonl([build_commitment(f"X-{n}", "1.00")]) for n in range(4)]


async def _submit(client: httpx.AsyncClient, body: bytes, query: str = "") -> Any:
    return await client.post(f"/v1/submissions?{query}", content=body, headers=JSONL)


async def _cancel(client: httpx.AsyncClient, number: int, key: dict[str, str] = MINISTRY) -> httpx.Response:
    return await client.delete(f"/v1/submissions/{number}", headers=key)


@asynccontextmanager
async def _block_queue(
    dsn: str, served: RunningService, client: httpx.AsyncClient
) -> AsyncIterator[list[int]]:
    """Submit files while commits are blocked: the first ones are being decided, the last one waits."""
    async with lock_table(dsn) as blocking:
        numbers = [(await _submit(client, FILES[0])).json()["submission"]]
        await wait_until_blocked(blocking)
        # earlier files keep the reader and the copiers busy
        while True:
            body = to_jsonl([build_commitment(f"Y-{len(numbers)}", "0.01")])
            numbers.append((await _submit(client, body)).json()["submission"])
            ticket = (await client.get(f"/v1/submissions/{numbers[-1]}")).json()
            if len(numbers) > 20 and ticket["state"] == "waiting":
                break
        yield numbers


async def _verify(dsn: str, data: Path) -> None:
    place, environment = ("--database", dsn, "--data", data), {"CRESCENDO_REFERENCE": str(REFERENCE)}
    result = await run_crescendo("verify", *place, "--json", environment=environment)
    assert result.json()["proven"], result.out


async def test_waiting_submissions_can_be_cancelled_and_begun_ones_cannot(
    database: Database, tmp_path: Path
) -> None:
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await submit_credits(client)
            async with _block_queue(dsn, served, client) as numbers:
                last, first = numbers[-1], numbers[0]
                waiting = asyncio.create_task(client.get(f"/v1/submissions/{last}?wait=200"))
                response = await _cancel(client, last)
                assert (response.status_code, response.json()["state"]) == (200, "cancelled"), response.text
                assert (await waiting).json() == response.json()
                receipt = response.json()["receipt"]
                assert receipt["cancelled"] == {"lines": 1, "cents": 1}
                assert (receipt["lines"], receipt["done"]) == (0, False)
                # repeated and concurrent requests
                again = await asyncio.gather(*(_cancel(client, last) for _ in range(5)))
                assert {end.status_code for end in again} == {200}
                assert all(end.json() == response.json() for end in again)
                late = await _cancel(client, first)
                assert (late.status_code, late.json()["code"]) == (409, "not-waiting")
            ends = [(await client.get(f"/v1/submissions/{number}?wait=60")).json() for number in numbers]
            assert [end["state"] for end in ends[:-1]] == ["decided"] * (len(numbers) - 1)
            assert ends[-1]["state"] == "cancelled"
            late = await _cancel(client, first)
            assert (late.status_code, late.json()["code"]) == (409, "not-waiting")
            # the same file sent again is a new attempt
            body = to_jsonl([build_commitment(f"Y-{len(numbers) - 1}", "0.01")])
            fresh_one = (await _submit(client, body, "wait=60")).json()
            assert fresh_one["submission"] > last
            assert (fresh_one["receipt"]["attempt"], fresh_one["state"]) == (2, "decided")
            (row,) = await fetch(dsn, "select submission, key, sender from cancellation")
            assert tuple(row) == (last, "ministry2222", "MIN-09")
            with pytest.raises(Exception, match="append-only"):
                await fetch(dsn, "delete from cancellation")
            served.process.terminate()
            assert await served.process.wait() == 0
        await _verify(dsn, tmp_path)
        place, environment = ("--database", dsn, "--data", tmp_path), {"CRESCENDO_REFERENCE": str(REFERENCE)}
        proof = await run_crescendo(
            "report", "proof", "--submission", str(last), *place, environment=environment
        )
        assert proof.code == 0, proof.out
        assert "though it is cancelled" in proof.out


async def test_a_cancellation_survives_a_kill(database: Database, tmp_path: Path) -> None:
    """Kill the service right after the response, and while a cancellation is running."""
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await submit_credits(client)
            async with _block_queue(dsn, served, client) as numbers:
                assert (await _cancel(client, numbers[-1])).status_code == 200
                served.process.kill()
                await served.process.wait()
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            ends = [
                (await client.get(f"/v1/submissions/{submission}?wait=60")).json() for submission in numbers
            ]
            assert [submission["state"] for submission in ends] == [
                *["decided"] * (len(numbers) - 1),
                "cancelled",
            ]
            assert (await _cancel(client, numbers[-1])).status_code == 200
        other = to_jsonl([build_commitment("Z-1", "0.01")])
        async with (
            run_service(dsn, tmp_path) as served,
            served.client(MINISTRY) as client,
            lock_table(dsn, "cancellation"),
        ):
            async with lock_table(dsn) as blocking:
                await _submit(client, FILES[0], "again=true")
                await wait_until_blocked(blocking)
                number = await _find_waiting(client, other)
                asking = asyncio.create_task(_cancel(client, number))
                await _wait_for_two(blocking)
                served.process.kill()
                await served.process.wait()
            response = (await asyncio.gather(asking, return_exceptions=True))[0]
            assert isinstance(response, httpx.HTTPError)
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            # without a response both outcomes are possible, but ticket and rows agree
            ticket = (await client.get(f"/v1/submissions/{number}?wait=60")).json()
            rows = await fetch(dsn, "select from cancellation where submission = $1", number)
            assert ticket["state"] == ("cancelled" if rows else "decided")
            served.process.terminate()
            assert await served.process.wait() == 0
        await _verify(dsn, tmp_path)


async def _find_waiting(client: httpx.AsyncClient, first: bytes) -> int:
    number, n = (await _submit(client, first)).json()["submission"], 0
    while (await client.get(f"/v1/submissions/{number}")).json()["state"] != "waiting" or n < 20:
        n += 1
        number = (await _submit(client, to_jsonl([build_commitment(f"W-{n}", "0.01")]))).json()["submission"]
    return number


async def _wait_for_two(connection: Any) -> None:
    query = "select count(distinct pid) > 1 from pg_locks where not granted"
    while not await connection.fetchval(query):  # noqa: ASYNC110
        await asyncio.sleep(0.01)  # PostgreSQL does not notify: poll


async def test_the_database_refuses_to_decide_a_cancelled_submission(
    database: Database, tmp_path: Path
) -> None:
    """Cancelled in the database directly: the batch is refused and built again without that file."""
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await submit_credits(client)
            async with lock_table(dsn, "batch") as blocking:
                number = (await _submit(client, FILES[1])).json()["submission"]
                await wait_until_blocked(blocking)
                await fetch(dsn, "insert into cancellation values ($1, '', 'somebody')", number)
            await served.wait_for_log("a cancelled submission is not decided")
            while (answer := await _submit(client, FILES[2], "wait=60")).status_code == 503:
                assert answer.headers["retry-after"]  # the book is being loaded
            body = answer.json()
            assert body["receipt"]["accepted"]["lines"] == 1
            assert (await client.get(f"/v1/submissions/{number}")).json()["state"] == "cancelled"
            with pytest.raises(Exception, match="is being decided"):
                await fetch(dsn, "insert into cancellation values ($1, '', 'x')", body["submission"])
            served.process.terminate()
            assert await served.process.wait() == 0
        await _verify(dsn, tmp_path)


async def test_who_may_cancel(database: Database, tmp_path: Path) -> None:
    """Another sender gets not-found as for a missing submission; operators may cancel, auditors may not."""
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        paused = await client.post("/v1/senders/MIN-09/pause", json={"reason": "a test"}, headers=OPERATOR)
        assert paused.status_code == 200, paused.text
        numbers = [
            (await client.post("/v1/submissions", content=body, headers={**JSONL, **MINISTRY})).json()[
                "submission"
            ]
            for body in FILES
        ]
        nothing = await _cancel(client, 999, FOREIGN)
        hidden = await _cancel(client, numbers[0], FOREIGN)
        assert (nothing.status_code, hidden.status_code) == (404, 404)
        assert hidden.json()["detail"] == nothing.json()["detail"].replace("999", str(numbers[0]))
        (last,) = await fetch(dsn, "select sender, action, code from audit order by audit desc limit 1")
        assert tuple(last) == ("MIN-12", f"DELETE /v1/submissions/{numbers[0]}", "not-found")
        assert (await _cancel(client, numbers[0], AUDITOR)).json()["code"] == "role-not-held"
        assert (await _cancel(client, numbers[0], build_headers("nobody222222"))).status_code == 401
        assert (await _cancel(client, 999, OPERATOR)).status_code == 404
        for number, key in zip(numbers[:3], (MINISTRY, CERTIFIER, OPERATOR), strict=True):
            assert (await _cancel(client, number, key)).json()["state"] == "cancelled"
        rows = await fetch(dsn, "select submission, sender from cancellation order by submission")
        assert [tuple(row) for row in rows] == list(
            zip(numbers[:3], ("MIN-09", "MIN-09", "OPS"), strict=True)
        )
        listed = (await client.get("/v1/submissions", headers=MINISTRY)).json()["submissions"]
        assert [ticket["state"] for ticket in listed] == ["waiting", *["cancelled"] * 3]


async def test_forms_cannot_be_cancelled(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        body = (await client.post("/v1/acts", json=build_commitment("V-1"))).json()
        response = await _cancel(client, body["submission"])
        assert (response.status_code, response.json()["code"]) == (409, "not-waiting")
