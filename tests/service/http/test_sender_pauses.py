"""Senders paused and resumed by operators: their work waits, keeps its place, and nobody else's is touched."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database.embedded import Database
from tests.databases import lock_table, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import AUDITOR, FOREIGN, MINISTRY, OPERATOR
from tests.service.http.act_files import CREDITS, build_commitment
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

WHY = {"reason": "amounts in cents instead of euros"}


async def _submit(client: httpx.AsyncClient, reference: str, query: str = "", key: Any = MINISTRY) -> Any:
    body = to_jsonl([build_commitment(reference, "1.00")])
    return (await client.post(f"/v1/submissions?{query}", content=body, headers={**JSONL, **key})).json()


async def _post_pause(
    client: httpx.AsyncClient, what: str, sender: str = "MIN-09", why: Any = WHY
) -> httpx.Response:
    return await client.post(f"/v1/senders/{sender}/{what}", json=why, headers=OPERATOR)


async def _read_order(dsn: str) -> list[str]:
    rows = await fetch(dsn, "select reference from entry where reference like '_-_' order by entry_id")
    return [row["reference"] for row in rows]


async def test_a_paused_sender_waits_and_keeps_its_place(database: Database, tmp_path: Path) -> None:
    """Through a restart too; what others send goes on, and what waits comes in its order once it is resumed."""
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client() as client:
            await client.post(
                "/v1/submissions?wait=60", content=to_jsonl(CREDITS), headers={**JSONL, **MINISTRY}
            )
            found = await _post_pause(client, "pause")
            assert found.json() == {"sender": "MIN-09", "paused": True, **WHY}
            first = await _submit(client, "P-1")
            assert (first["state"], first["paused"]) == ("waiting", WHY["reason"])
            assert (await _submit(client, "Q-1", "wait=60", FOREIGN))["state"] == "decided"
            await _submit(client, "P-2")
            form = await client.post("/v1/acts", json=build_commitment("P-9"), headers=MINISTRY)
            assert (form.status_code, form.json()["code"]) == (503, "sender-paused")
            assert (form.json()["reason"], int(form.headers["retry-after"])) == (WHY["reason"], 60)
            assert (
                await client.post("/v1/acts", json=build_commitment("Q-2"), headers=FOREIGN)
            ).status_code == 200
            metrics = (await client.get("/metrics")).text
            assert "crescendo_senders_paused 1.0" in metrics
            assert "crescendo_files_paused 2.0" in metrics
            assert "crescendo_files_waiting 2.0" in metrics
            assert "crescendo_oldest_waiting_seconds 0.0" in metrics
            await served.wait_for_log("senders paused")
            served.process.kill()
            await served.process.wait()
        async with run_service(dsn, tmp_path) as served, served.client() as client:
            await _submit(client, "P-3")
            assert (await _submit(client, "Q-3", "wait=60", FOREIGN))["state"] == "decided"
            again = await _submit(client, "P-1")
            assert (again["submission"], again["state"], again["paused"]) == (
                first["submission"],
                "waiting",
                WHY["reason"],
            )
            assert await _read_order(dsn) == ["Q-1", "Q-2", "Q-3"]
            told = await _post_pause(client, "resume", why={"reason": "corrected"})
            assert told.json()["paused"] is False
            ends = [await _submit(client, f"P-{n}", "wait=60") for n in (1, 2, 3)]
            assert [(each["state"], each["paused"]) for each in ends] == [("decided", "")] * 3
            assert await _read_order(dsn) == ["Q-1", "Q-2", "Q-3", "P-1", "P-2", "P-3"]
            assert (
                await client.post("/v1/acts", json=build_commitment("P-9"), headers=MINISTRY)
            ).status_code == 200
        rows = await fetch(dsn, "select sender, is_paused, reason, key, by from pause order by pause")
        assert [tuple(row) for row in rows] == [
            ("MIN-09", True, WHY["reason"], "keeper222222", "OPS"),
            ("MIN-09", False, "corrected", "keeper222222", "OPS"),
        ]
        with pytest.raises(Exception, match="append-only"):
            await fetch(dsn, "update pause set reason = ''")


async def test_what_is_being_decided_goes_on_to_its_end(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        async with lock_table(dsn) as blocking:
            taken = await _submit(client, "R-1")
            await wait_until_blocked(blocking)
            form = asyncio.create_task(
                client.post("/v1/acts", json=build_commitment("R-2"), headers=MINISTRY)
            )
            while "crescendo_forms_waiting 0.0" not in (await client.get("/metrics")).text or form.done():
                assert not form.done()
            assert (await _post_pause(client, "pause")).status_code == 200
            behind = await _submit(client, "R-3")
        assert (await form).status_code in {200, 503}
        here = f"/v1/submissions/{taken['submission']}?wait=60"
        assert (await client.get(here, headers=MINISTRY)).json()["state"] == "decided"
        there = f"/v1/submissions/{behind['submission']}"
        assert (await client.get(there, headers=MINISTRY)).json()["state"] == "waiting"


async def test_the_command_line_pauses_a_running_service(database: Database, tmp_path: Path) -> None:
    """And a run on the same database leaves what waits, once the service is gone."""
    async with create_database(database) as dsn:
        place = ("--database", dsn, "--data", tmp_path)
        known = {"CRESCENDO_REFERENCE": str(REFERENCE)}
        async with run_service(dsn, tmp_path) as served, served.client() as client:
            told = await run_crescendo("access", "pause", "MIN-09", "--reason", "night", *place)
            assert (told.code, told.out) == (0, "MIN-09 is paused.\n")
            await served.wait_for_log('"senders":{"MIN-09":"night"}')
            assert (await _submit(client, "S-1"))["paused"] == "night"
            served.process.terminate()
            assert await served.process.wait() == 0
        file = tmp_path / "same.jsonl"
        file.write_bytes(to_jsonl([build_commitment("S-1", "1.00")]))
        run = await run_crescendo("run", file, "--sender", "MIN-09", "--again", *place, environment=known)
        assert "waits until its sender is no longer paused, as submission 1" in run.out, run.err
        assert await fetch(dsn, "select from progress") == []
        assert (await run_crescendo("access", "resume", "MIN-09", "--reason", "day", *place)).code == 0
        run = await run_crescendo("run", *place, "--json", environment=known)
        assert [each["submission"] for each in run.json()["receipts"]] == [1]
        (last,) = await fetch(dsn, "select key, by from pause order by pause desc limit 1")
        assert last["key"] == ""
        assert " on " in last["by"]


async def test_a_sender_that_nobody_knows_is_told(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        place = ("--database", dsn, "--data", tmp_path)
        found = await run_crescendo("access", "pause", "MIN-99", "--reason", "x", *place)
        assert (found.code, found.out) == (1, "There is no sender MIN-99.\n")
        assert (await run_crescendo("access", "pause", "MIN-09", "--reason", " ", *place)).code == 2
        assert (await run_crescendo("access", "pause", "MIN-09", *place)).code == 2


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


async def test_only_operators_pause_and_only_with_a_reason(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        for key in (MINISTRY, FOREIGN, AUDITOR):
            for what in ("pause", "resume"):
                path = f"/v1/senders/MIN-09/{what}"
                found = await client.post(path, json=WHY, headers=key)
                assert (found.status_code, found.json()["code"]) == (403, "role-not-held")
                (last,) = await fetch(dsn, "select action, code from audit order by audit desc limit 1")
                assert tuple(last) == (f"POST {path}", "role-not-held")
        assert (await client.post("/v1/senders/MIN-09/pause", json=WHY)).status_code == 401
        for name, body in BAD.items():
            found = await client.post("/v1/senders/MIN-09/pause", content=body, headers=OPERATOR)
            assert (found.status_code, found.json()["code"]) == (400, "malformed-request"), name
        over = await client.post("/v1/senders/MIN-09/pause", content=b" " * 5000, headers=OPERATOR)
        assert over.status_code == 413
        for sender in ("MIN-99", "%00", "..", "%F0%9F%92%A3", "' or true --", "x" * 64):
            assert (await _post_pause(client, "pause", sender)).status_code == 404, sender
        assert await fetch(dsn, "select from pause") == []
        assert (await client.get("/v1/senders/MIN-09/pause", headers=OPERATOR)).status_code == 405


async def test_a_paused_sender_does_not_fill_the_room_of_others(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        await _post_pause(client, "pause")
        for first in range(0, 200, 20):  # fewer at once than one sender may have on their way
            some = range(first, first + 20)
            found = await asyncio.gather(*(_submit(client, f"T-{n}") for n in some))
            assert {each["state"] for each in found} == {"waiting"}
        assert (await _submit(client, "T-200"))["code"] == "sender-paused"
        assert (await _submit(client, "U-1", "wait=60", FOREIGN))["state"] == "decided"
