"""Senders paused and resumed by operators: their work waits and keeps its order, other senders are not affected."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database.embedded_server import Database
from tests.databases import lock_table, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import AUDITOR, FOREIGN, MINISTRY, OPERATOR
from tests.service.http.act_files import build_commitment, submit_credits
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

REASON = {"reason": "amounts in cents instead of euros"}


async def _submit(client: httpx.AsyncClient, reference: str, query: str = "", key: Any = MINISTRY) -> Any:
    body = to_jsonl([build_commitment(reference, "1.00")])
    return (await client.post(f"/v1/submissions?{query}", content=body, headers={**JSONL, **key})).json()


async def _post_pause(
    client: httpx.AsyncClient, action: str, sender: str = "MIN-09", body: Any = REASON
) -> httpx.Response:
    return await client.post(f"/v1/senders/{sender}/{action}", json=body, headers=OPERATOR)


async def _read_order(dsn: str) -> list[str]:
    rows = await fetch(dsn, "select reference from entry where reference like '_-_' order by entry_id")
    return [row["reference"] for row in rows]


async def test_the_work_of_a_paused_sender_waits_and_keeps_its_order(
    database: Database, tmp_path: Path
) -> None:
    """Also across a restart; other senders' work goes on, and the waiting work is decided in order after the resumption."""
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client() as client:
            await submit_credits(client)
            response = await _post_pause(client, "pause")
            assert response.json() == {"sender": "MIN-09", "paused": True, **REASON}
            first = await _submit(client, "P-1")
            assert (first["state"], first["paused"]) == ("waiting", REASON["reason"])
            assert (await _submit(client, "Q-1", "wait=60", FOREIGN))["state"] == "decided"
            await _submit(client, "P-2")
            form = await client.post("/v1/acts", json=build_commitment("P-9"), headers=MINISTRY)
            assert (form.status_code, form.json()["code"]) == (503, "sender-paused")
            assert (form.json()["reason"], int(form.headers["retry-after"])) == (REASON["reason"], 60)
            assert (
                await client.post("/v1/acts", json=build_commitment("Q-2"), headers=FOREIGN)
            ).status_code == 200
            metrics = (await client.get("/metrics")).text
            assert "crescendo_senders_paused 1.0" in metrics
            assert "crescendo_files_paused 2.0" in metrics
            assert "crescendo_files_waiting 2.0" in metrics
            assert "crescendo_file_lines_waiting 2.0" in metrics
            assert "crescendo_file_lines_paused 2.0" in metrics
            assert "crescendo_queue_empty_seconds 0.0" in metrics, "nothing else waits"
            assert "crescendo_oldest_waiting_seconds 0.0" in metrics
            await served.wait_for_log("senders paused")
            served.process.kill()
            await served.process.wait()
        async with run_service(dsn, tmp_path) as served, served.client() as client:
            await _submit(client, "P-3")
            assert (await _submit(client, "Q-3", "wait=60", FOREIGN))["state"] == "decided"
            repeated = await _submit(client, "P-1")
            assert (repeated["submission"], repeated["state"], repeated["paused"]) == (
                first["submission"],
                "waiting",
                REASON["reason"],
            )
            assert await _read_order(dsn) == ["Q-1", "Q-2", "Q-3"]
            resumed = await _post_pause(client, "resume", body={"reason": "corrected"})
            assert resumed.json()["paused"] is False
            tickets = [await _submit(client, f"P-{n}", "wait=60") for n in (1, 2, 3)]
            assert [(ticket["state"], ticket["paused"]) for ticket in tickets] == [("decided", "")] * 3
            assert await _read_order(dsn) == ["Q-1", "Q-2", "Q-3", "P-1", "P-2", "P-3"]
            assert (
                await client.post("/v1/acts", json=build_commitment("P-9"), headers=MINISTRY)
            ).status_code == 200
        rows = await fetch(dsn, "select sender, is_paused, reason, key, by from pause order by pause")
        assert [tuple(row) for row in rows] == [
            ("MIN-09", True, REASON["reason"], "keeper222222", "OPS"),
            ("MIN-09", False, "corrected", "keeper222222", "OPS"),
        ]
        with pytest.raises(Exception, match="append-only"):
            await fetch(dsn, "update pause set reason = ''")


async def test_a_file_being_decided_is_finished_after_the_pause(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        async with lock_table(dsn) as blocking:
            deciding = await _submit(client, "R-1")
            await wait_until_blocked(blocking)
            form = asyncio.create_task(
                client.post("/v1/acts", json=build_commitment("R-2"), headers=MINISTRY)
            )
            while "crescendo_forms_waiting 0.0" not in (await client.get("/metrics")).text or form.done():
                assert not form.done()
            assert (await _post_pause(client, "pause")).status_code == 200
            waiting = await _submit(client, "R-3")
        assert (await form).status_code in {200, 503}
        path = f"/v1/submissions/{deciding['submission']}?wait=60"
        assert (await client.get(path, headers=MINISTRY)).json()["state"] == "decided"
        path = f"/v1/submissions/{waiting['submission']}"
        assert (await client.get(path, headers=MINISTRY)).json()["state"] == "waiting"


async def test_the_command_line_pauses_a_running_service(database: Database, tmp_path: Path) -> None:
    """File processing on the same database, once the service has ended, does not decide the waiting files either."""
    async with create_database(database) as dsn:
        options = ("--database", dsn, "--data", tmp_path)
        environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
        async with run_service(dsn, tmp_path) as served, served.client() as client:
            command = await run_crescendo("access", "pause", "MIN-09", "--reason", "night", *options)
            assert (command.code, command.out) == (0, "MIN-09 is paused.\n")
            await served.wait_for_log('"senders":{"MIN-09":"night"}')
            assert (await _submit(client, "S-1"))["paused"] == "night"
            served.process.terminate()
            assert await served.process.wait() == 0
        file = tmp_path / "same.jsonl"
        file.write_bytes(to_jsonl([build_commitment("S-1", "1.00")]))
        processed = await run_crescendo(
            "run", file, "--sender", "MIN-09", "--again", *options, environment=environment
        )
        assert "waits until its sender is no longer paused, as submission 1" in processed.out, processed.err
        assert await fetch(dsn, "select from progress") == []
        assert (await run_crescendo("access", "resume", "MIN-09", "--reason", "day", *options)).code == 0
        processed = await run_crescendo("run", *options, "--json", environment=environment)
        assert [receipt["submission"] for receipt in processed.json()["receipts"]] == [1]
        (last,) = await fetch(dsn, "select key, by from pause order by pause desc limit 1")
        assert last["key"] == ""
        assert " on " in last["by"]


async def test_pausing_an_unknown_sender_is_refused(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        options = ("--database", dsn, "--data", tmp_path)
        command = await run_crescendo("access", "pause", "MIN-99", "--reason", "x", *options)
        assert (command.code, command.out) == (1, "There is no sender MIN-99.\n")
        assert (await run_crescendo("access", "pause", "MIN-09", "--reason", " ", *options)).code == 2
        assert (await run_crescendo("access", "pause", "MIN-09", *options)).code == 2


BAD: dict[str, bytes] = {
    "nothing": b"",
    "no reason": b"{}",
    "a blank one": b'{"reason": "  "}',
    "a long one": b'{"reason": "' + b"x" * 301 + b'"}',
    "a bell": b'{"reason": "\\u0007"}',
    "NUL": b'{"reason": "a\\u0000"}',
    "half a surrogate": b'{"reason": "\\ud800"}',
    "more": b'{"reason": "x", "until": "noon"}',
    "a list": b'["x"]',
}


async def test_only_operators_may_pause_and_only_with_a_reason(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        for key in (MINISTRY, FOREIGN, AUDITOR):
            for action in ("pause", "resume"):
                path = f"/v1/senders/MIN-09/{action}"
                response = await client.post(path, json=REASON, headers=key)
                assert (response.status_code, response.json()["code"]) == (403, "role-not-held")
                (last,) = await fetch(dsn, "select action, code from audit order by audit desc limit 1")
                assert tuple(last) == (f"POST {path}", "role-not-held")
        assert (await client.post("/v1/senders/MIN-09/pause", json=REASON)).status_code == 401
        for name, body in BAD.items():
            response = await client.post("/v1/senders/MIN-09/pause", content=body, headers=OPERATOR)
            assert (response.status_code, response.json()["code"]) == (400, "malformed-request"), name
        response = await client.post("/v1/senders/MIN-09/pause", content=b" " * 5000, headers=OPERATOR)
        assert response.status_code == 413
        for sender in ("MIN-99", "%00", "..", "%F0%9F%92%A3", "' or true --", "x" * 64):
            assert (await _post_pause(client, "pause", sender)).status_code == 404, sender
        assert await fetch(dsn, "select from pause") == []
        assert (await client.get("/v1/senders/MIN-09/pause", headers=OPERATOR)).status_code == 405


async def test_a_paused_sender_does_not_use_the_quota_of_others(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        await _post_pause(client, "pause")
        for first in range(0, 200, 20):  # fewer at once than one sender's upload quota
            numbers = range(first, first + 20)
            tickets = await asyncio.gather(*(_submit(client, f"T-{n}") for n in numbers))
            assert {ticket["state"] for ticket in tickets} == {"waiting"}
        assert (await _submit(client, "T-200"))["code"] == "sender-paused"
        assert (await _submit(client, "U-1", "wait=60", FOREIGN))["state"] == "decided"
