"""Atomic files: the sender chooses that all acts are accepted, or none."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.validation.file_validation import ATOMIC_LINES_MAX
from service.database.embedded_server import Database
from tests.databases import lock_table, wait_until_blocked
from tests.file_strategies import REFERENCE, File
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, build_commitment, build_service, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")
ATOMIC = "/v1/submissions?wait=60&atomic=true"


async def _send(client: httpx.AsyncClient, rows: File, path: str = ATOMIC) -> Any:
    response = await client.post(path, content=to_jsonl(rows), headers=JSONL)
    assert response.status_code in {200, 202}, response.text
    return response.json()


def _list_outcomes(ticket: Any) -> tuple[int, int, int]:
    """Return the number of lines accepted, duplicate and refused."""
    return tuple(ticket["receipt"][name]["lines"] for name in ("accepted", "duplicate", "refused"))


async def _list_codes(client: httpx.AsyncClient, ticket: Any) -> list[str]:
    body = (await client.get(f"{ticket['links']['refusals']}?limit=100")).json()
    return [refusal["code"] for refusal in body["refusals"]]


async def test_an_atomic_file_without_errors_is_accepted(client: httpx.AsyncClient) -> None:
    rows = [build_commitment(f"OK-{n}", "0.10") for n in range(50)] + [build_service("OK-SF", "OK-0", "0.10")]
    assert _list_outcomes(await _send(client, rows)) == (51, 0, 0)


async def test_one_refusal_refuses_the_file_and_consumes_nothing(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    query = "select coalesce(sum(amount), 0)::bigint as cents from entry"
    (before,) = await fetch(place.dsn, query)
    rows = [
        build_commitment("ALL-1", "0.10"),
        build_service("ALL-SF", "ALL-1", "0.10"),
        *build_unknown_centres(1, "NONE"),
    ]
    ticket = await _send(client, [*rows, build_commitment("ALL-2", "0.10")])
    assert _list_outcomes(ticket) == (0, 0, 4)
    expected = ["FORM_REFUSED", "FORM_REFUSED", "FUND_CENTRE_UNKNOWN", "FORM_REFUSED"]
    assert await _list_codes(client, ticket) == expected
    assert [reason["code"] for reason in ticket["reasons"]] == ["FORM_REFUSED", "FUND_CENTRE_UNKNOWN"]
    assert (await fetch(place.dsn, query)) == [before]
    assert _list_outcomes(await _send(client, [*rows[:2], build_commitment("ALL-2", "0.10")])) == (3, 0, 0)


async def test_files_are_decided_act_by_act_by_default(client: httpx.AsyncClient) -> None:
    rows = [build_commitment("EACH-1", "0.10"), *build_unknown_centres(1, "EACH-U")]
    assert _list_outcomes(await _send(client, rows, "/v1/submissions?wait=60")) == (1, 0, 1)


async def test_acts_accepted_before_stay_accepted(client: httpx.AsyncClient) -> None:
    assert _list_outcomes(await _send(client, [build_commitment("OLD-1", "0.10")])) == (1, 0, 0)
    rows = [
        build_commitment("OLD-1", "0.10"),
        build_commitment("OLD-2", "0.10"),
        *build_unknown_centres(1, "OLD-U"),
    ]
    assert _list_outcomes(await _send(client, rows)) == (0, 1, 2)
    assert _list_outcomes(await _send(client, rows[:2])) == (1, 1, 0)


async def test_no_act_of_an_atomic_file_is_held(client: httpx.AsyncClient) -> None:
    rows = [build_service("LATE-SF", "LATE-1", "0.10"), build_commitment("LATE-1", "0.10")]
    ticket = await _send(client, rows)
    assert _list_outcomes(ticket) == (0, 0, 2)
    assert await _list_codes(client, ticket) == ["PREDECESSOR_MISSING", "FORM_REFUSED"]
    assert _list_outcomes(await _send(client, rows[::-1])) == (2, 0, 0)


async def test_an_atomic_file_is_a_batch_of_its_own_between_forms(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    rows = [build_commitment(f"OWN-{n}", "0.01") for n in range(8_999)] + build_unknown_centres(1, "OWN-U")
    sending = asyncio.create_task(_send(client, rows))
    forms = 0
    while not sending.done():
        forms += 1
        response = await client.post("/v1/acts", json=build_commitment(f"BESIDE-{forms}", "0.01"))
        assert response.json()["outcome"] == "accepted"
    ticket = await sending
    assert _list_outcomes(ticket) == (0, 0, 9_000)
    query = (
        "select refusals, entries from batch where batch in (select batch from refusal where submission = $1)"
    )
    assert [tuple(row) for row in await fetch(place.dsn, query, ticket["submission"])] == [(9_000, 0)]


async def test_an_atomic_file_with_too_many_lines_is_refused(client: httpx.AsyncClient) -> None:
    rows = build_unknown_centres(ATOMIC_LINES_MAX + 1, "LONG")
    response = await client.post(ATOMIC, content=to_jsonl(rows), headers=JSONL)
    assert (response.status_code, response.json()["code"]) == (413, "limit-exceeded")
    assert f"{ATOMIC_LINES_MAX:,}" in response.json()["remedy"]


async def test_a_dry_run_can_be_atomic(client: httpx.AsyncClient) -> None:
    rows = [build_commitment("DRY-1", "0.10"), *build_unknown_centres(1, "DRY-U")]
    response = await client.post(
        "/v1/submissions?dry_run=true&atomic=true", content=to_jsonl(rows), headers=JSONL
    )
    assert [response.json()[name]["lines"] for name in ("accepted", "duplicate", "refused")] == [0, 0, 2]


async def test_an_invalid_value_of_atomic_is_an_error(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/submissions?atomic=perhaps", content=b"{}", headers=JSONL)
    assert (response.status_code, response.json()["code"]) == (400, "malformed-request")


async def test_an_atomic_file_survives_a_kill_before_its_commit(database: Database, tmp_path: Path) -> None:
    """The choice is stored with the file and applies after a restart.

    Sending the file again without the choice, while it waits, does not change it.
    """
    rows = [build_commitment(f"KILL-{n}", "0.01") for n in range(200)] + build_unknown_centres(1, "KILL-U")
    async with create_database(database) as dsn:
        async with (
            run_service(dsn, tmp_path) as served,
            served.client(MINISTRY) as client,
            lock_table(dsn) as blocking,
        ):
            response = await client.post("/v1/submissions?atomic=true", content=to_jsonl(rows), headers=JSONL)
            await wait_until_blocked(blocking)
            again = await client.post("/v1/submissions", content=to_jsonl(rows), headers=JSONL)
            assert (again.status_code, again.json()["submission"]) == (200, response.json()["submission"])
            served.process.kill()
            await served.process.wait()
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            body = (await client.get(f"/v1/submissions/{response.json()['submission']}?wait=60")).json()
            assert (body["state"], _list_outcomes(body)) == ("decided", (0, 0, 201))
            served.process.terminate()
            await served.process.wait()
        assert await fetch(dsn, "select * from entry") == []
        environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
        proven = await run_crescendo(
            "verify", "--database", dsn, "--data", tmp_path, "--json", environment=environment
        )
        assert proven.json()["proven"], proven.out


async def test_atomic_by_command_and_by_manifest(dsn: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(to_jsonl([*CREDITS, *build_unknown_centres(2, "B")]))
    (tmp_path / "bad.jsonl.manifest.json").write_text('{"sender": "MIN-01", "atomic": true}')
    place, environment = ("--database", dsn, "--data", tmp_path), {"CRESCENDO_REFERENCE": str(REFERENCE)}
    result = await run_crescendo("run", bad, *place, "--json", environment=environment)
    (receipt,) = result.json()["receipts"]
    assert (receipt["accepted"]["lines"], receipt["refused"]["lines"]) == (0, receipt["lines"])
    words = ("--again", "--sender", "MIN-01")
    (tmp_path / "bad.jsonl.manifest.json").unlink()
    for choice, accepted in ((("--atomic",), 0), ((), len(CREDITS))):
        result = await run_crescendo("run", bad, *words, *choice, *place, "--json", environment=environment)
        (receipt,) = result.json()["receipts"]
        assert receipt["accepted"]["lines"] == accepted
