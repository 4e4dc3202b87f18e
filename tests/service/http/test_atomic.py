"""Files whose acts are accepted all or not at all, by the sender's choice."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.validation.file_validation import ATOMIC_LINES_MAX
from service.database.embedded import Database
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
    found = await client.post(path, content=to_jsonl(rows), headers=JSONL)
    assert found.status_code in {200, 202}, found.text
    return found.json()


def _list_outcomes(said: Any) -> tuple[int, int, int]:
    """Lines accepted, duplicate and refused."""
    return tuple(said["receipt"][name]["lines"] for name in ("accepted", "duplicate", "refused"))


async def _list_codes(client: httpx.AsyncClient, said: Any) -> list[str]:
    found = (await client.get(f"{said['links']['refusals']}?limit=100")).json()
    return [each["code"] for each in found["refusals"]]


async def test_a_file_without_fault_is_accepted_whole(client: httpx.AsyncClient) -> None:
    rows = [build_commitment(f"OK-{n}", "0.10") for n in range(50)] + [build_service("OK-SF", "OK-0", "0.10")]
    assert _list_outcomes(await _send(client, rows)) == (51, 0, 0)


async def test_one_refusal_takes_all_with_it_and_nothing_is_consumed(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    query = "select coalesce(sum(amount), 0)::bigint as cents from entry"
    (before,) = await fetch(place.dsn, query)
    rows = [
        build_commitment("ALL-1", "0.10"),
        build_service("ALL-SF", "ALL-1", "0.10"),
        *build_unknown_centres(1, "NONE"),
    ]
    said = await _send(client, [*rows, build_commitment("ALL-2", "0.10")])
    assert _list_outcomes(said) == (0, 0, 4)
    expected = ["FORM_REFUSED", "FORM_REFUSED", "FUND_CENTRE_UNKNOWN", "FORM_REFUSED"]
    assert await _list_codes(client, said) == expected
    assert [each["code"] for each in said["reasons"]] == ["FORM_REFUSED", "FUND_CENTRE_UNKNOWN"]
    assert (await fetch(place.dsn, query)) == [before]
    assert _list_outcomes(await _send(client, [*rows[:2], build_commitment("ALL-2", "0.10")])) == (3, 0, 0)


async def test_files_are_decided_act_by_act_where_nobody_asks(client: httpx.AsyncClient) -> None:
    rows = [build_commitment("EACH-1", "0.10"), *build_unknown_centres(1, "EACH-U")]
    assert _list_outcomes(await _send(client, rows, "/v1/submissions?wait=60")) == (1, 0, 1)


async def test_what_was_accepted_before_stands(client: httpx.AsyncClient) -> None:
    assert _list_outcomes(await _send(client, [build_commitment("OLD-1", "0.10")])) == (1, 0, 0)
    rows = [
        build_commitment("OLD-1", "0.10"),
        build_commitment("OLD-2", "0.10"),
        *build_unknown_centres(1, "OLD-U"),
    ]
    assert _list_outcomes(await _send(client, rows)) == (0, 1, 2)
    assert _list_outcomes(await _send(client, rows[:2])) == (1, 1, 0)


async def test_no_act_of_it_waits_for_one_that_comes_later(client: httpx.AsyncClient) -> None:
    rows = [build_service("LATE-SF", "LATE-1", "0.10"), build_commitment("LATE-1", "0.10")]
    said = await _send(client, rows)
    assert _list_outcomes(said) == (0, 0, 2)
    assert await _list_codes(client, said) == ["PREDECESSOR_MISSING", "FORM_REFUSED"]
    assert _list_outcomes(await _send(client, rows[::-1])) == (2, 0, 0)


async def test_it_is_a_batch_of_its_own_between_forms(client: httpx.AsyncClient, place: ServicePlace) -> None:
    rows = [build_commitment(f"OWN-{n}", "0.01") for n in range(8_999)] + build_unknown_centres(1, "OWN-U")
    sending = asyncio.create_task(_send(client, rows))
    forms = 0
    while not sending.done():
        forms += 1
        found = await client.post("/v1/acts", json=build_commitment(f"BESIDE-{forms}", "0.01"))
        assert found.json()["outcome"] == "accepted"
    said = await sending
    assert _list_outcomes(said) == (0, 0, 9_000)
    query = (
        "select refusals, entries from batch where batch in (select batch from refusal where submission = $1)"
    )
    assert [tuple(row) for row in await fetch(place.dsn, query, said["submission"])] == [(9_000, 0)]


async def test_a_file_that_is_too_long_is_refused_whole(client: httpx.AsyncClient) -> None:
    rows = build_unknown_centres(ATOMIC_LINES_MAX + 1, "LONG")
    found = await client.post(ATOMIC, content=to_jsonl(rows), headers=JSONL)
    assert (found.status_code, found.json()["code"]) == (413, "limit-exceeded")
    assert f"{ATOMIC_LINES_MAX:,}" in found.json()["remedy"]


async def test_a_dry_run_asks_for_all_or_none_too(client: httpx.AsyncClient) -> None:
    rows = [build_commitment("DRY-1", "0.10"), *build_unknown_centres(1, "DRY-U")]
    said = await client.post(
        "/v1/submissions?dry_run=true&atomic=true", content=to_jsonl(rows), headers=JSONL
    )
    assert [said.json()[name]["lines"] for name in ("accepted", "duplicate", "refused")] == [0, 0, 2]


async def test_a_choice_that_is_none_is_told(client: httpx.AsyncClient) -> None:
    found = await client.post("/v1/submissions?atomic=perhaps", content=b"{}", headers=JSONL)
    assert (found.status_code, found.json()["code"]) == (400, "malformed-request")


async def test_a_kill_before_its_commit_leaves_all_of_it_to_do(database: Database, tmp_path: Path) -> None:
    """The choice is kept with the file: after a restart it is decided whole or not at all as before.

    Sending it again without the choice, while it waits, changes nothing of it.
    """
    rows = [build_commitment(f"KILL-{n}", "0.01") for n in range(200)] + build_unknown_centres(1, "KILL-U")
    async with create_database(database) as dsn:
        async with (
            run_service(dsn, tmp_path) as served,
            served.client(MINISTRY) as client,
            lock_table(dsn) as blocking,
        ):
            found = await client.post("/v1/submissions?atomic=true", content=to_jsonl(rows), headers=JSONL)
            await wait_until_blocked(blocking)
            again = await client.post("/v1/submissions", content=to_jsonl(rows), headers=JSONL)
            assert (again.status_code, again.json()["submission"]) == (200, found.json()["submission"])
            served.process.kill()
            await served.process.wait()
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            said = (await client.get(f"/v1/submissions/{found.json()['submission']}?wait=60")).json()
            assert (said["state"], _list_outcomes(said)) == ("decided", (0, 0, 201))
            served.process.terminate()
            await served.process.wait()
        assert await fetch(dsn, "select * from entry") == []
        known = {"CRESCENDO_REFERENCE": str(REFERENCE)}
        proven = await run_crescendo(
            "verify", "--database", dsn, "--data", tmp_path, "--json", environment=known
        )
        assert proven.json()["proven"], proven.out


async def test_a_command_and_a_manifest_choose_too(dsn: str, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(to_jsonl([*CREDITS, *build_unknown_centres(2, "B")]))
    (tmp_path / "bad.jsonl.manifest.json").write_text('{"sender": "MIN-01", "atomic": true}')
    place, known = ("--database", dsn, "--data", tmp_path), {"CRESCENDO_REFERENCE": str(REFERENCE)}
    found = await run_crescendo("run", bad, *place, "--json", environment=known)
    (receipt,) = found.json()["receipts"]
    assert (receipt["accepted"]["lines"], receipt["refused"]["lines"]) == (0, receipt["lines"])
    words = ("--again", "--sender", "MIN-01")
    (tmp_path / "bad.jsonl.manifest.json").unlink()
    for choice, accepted in ((("--atomic",), 0), ((), len(CREDITS))):
        found = await run_crescendo("run", bad, *words, *choice, *place, "--json", environment=known)
        (receipt,) = found.json()["receipts"]
        assert receipt["accepted"]["lines"] == accepted
