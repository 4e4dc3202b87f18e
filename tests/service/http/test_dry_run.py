"""Dry runs over HTTP: the answer of the real thing, and nothing left behind."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database.embedded import Database
from service.http.quotas import compute_sender_limit
from service.http.work_limits import DRY_RUNS_MAX
from tests.databases import lock_table, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import ACCOUNTANT, FOREIGN, LIMITED, MINISTRY, OPERATOR
from tests.service.http.act_files import CREDITS, build_commitment, build_service, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLES = ("batch", "submission", "progress", "entry", "refusal", "duplicate", "cell", "payee", "form", "held")
TABLES += ("node_balance", "account_balance", "reference_text", "cancellation")


async def _count_stored(dsn: str) -> list[Any]:
    """How much is in every table, and the chain."""
    counts = ", ".join(f"(select count(*) from {name}) as {name}" for name in TABLES)
    return await fetch(dsn, f"select {counts}, (select chain from batch order by batch desc limit 1)")


def _list_spooled(place: ServicePlace) -> int:
    return sum(path.is_file() for path in (place.data / "spool").rglob("*"))


async def _send_form(client: httpx.AsyncClient, rows: Any, query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await client.post(f"/v1/acts?{query}", json=rows, headers=named)).json()


async def _send_file(client: httpx.AsyncClient, body: bytes, query: str = "", **headers: str) -> Any:
    return await client.post(f"/v1/submissions?{query}", content=body, headers={**JSONL, **headers})


def _remove_numbers(said: Any) -> Any:
    """What a dry run cannot know."""
    lines = [{**line, "entry": 0} for line in said["lines"]]
    return {"outcome": said["outcome"], "lines": lines}


@pytest.mark.parametrize("atomic", ["true", "false"])
async def test_a_form_is_answered_as_it_would_be(
    atomic: str, client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """Accepted, refused with node and cents, in French, with a cell never seen before; then the same for good."""
    for forms in (
        build_commitment(f"DA-{atomic}", "1.00"),
        build_commitment(f"DB-{atomic}", "10000.00"),
        [
            build_commitment(f"DC-{atomic}", "1.00", "0177-D075-DD75"),
            build_service(f"DD-{atomic}", f"DC-{atomic}", "1.00"),
        ],
        [build_commitment(f"DE-{atomic}", "1.00"), build_commitment(f"DF-{atomic}", "10000.00")],
    ):
        before = await _count_stored(place.dsn)
        dry = await _send_form(client, forms, f"dry_run=true&atomic={atomic}", accept_language="fr")
        assert await _count_stored(place.dsn) == before
        assert dry["dry_run"] is True
        assert (dry["submission"], dry["line"], dry["chain"]) == (0, 0, "")
        assert not any("entry" in line for line in dry["lines"])
        real = await _send_form(client, forms, f"atomic={atomic}", accept_language="fr")
        assert real["dry_run"] is False
        assert _remove_numbers(dry) == _remove_numbers(real)
        assert dry["batch"] == real["batch"] - 1


async def test_a_duplicate_tells_the_entry_it_repeats_and_only_one_that_stays(
    client: httpx.AsyncClient,
) -> None:
    real = await _send_form(client, build_commitment("DG-1", "1.00"))
    rows = [
        build_commitment("DG-1", "1.00"),
        build_commitment("DG-2", "1.00"),
        build_commitment("DG-3", "1.00"),
    ]
    rows += [build_commitment("DG-2", "1.00")]
    dry = await _send_form(client, rows, "dry_run=true")
    assert [line["outcome"] for line in dry["lines"]] == ["DUPLICATE", "ACCEPTED", "ACCEPTED", "DUPLICATE"]
    assert [line.get("entry") for line in dry["lines"]] == [real["lines"][0]["entry"], None, None, None]


async def test_a_file_is_answered_as_it_would_be(client: httpx.AsyncClient, place: ServicePlace) -> None:
    """Acts that wait for others in it, and refusals one by one; nothing is in the database or in the spool."""
    rows = [
        build_service("EA-2", "EA-1", "1.00"),
        *build_unknown_centres(3, "EB"),
        build_commitment("EA-1", "1.00"),
    ]
    rows += [build_commitment("EA-3", "10000.00"), build_commitment("EA-1", "1.00")]
    before, files = await _count_stored(place.dsn), _list_spooled(place)
    dry = (await _send_file(client, to_jsonl(rows), "dry_run=true")).json()
    assert (await _count_stored(place.dsn), _list_spooled(place)) == (before, files)
    assert (dry["lines"], dry["accepted"]["lines"], dry["duplicate"]["lines"]) == (7, 2, 1)
    real = (await _send_file(client, to_jsonl(rows), "wait=60")).json()
    for name in ("accepted", "duplicate", "refused"):
        assert dry[name] == real["receipt"][name]
    assert dry["reasons"] == real["reasons"]
    told = (await client.get(f"{real['links']['refusals']}")).json()["refusals"]
    apart = {"batch": 0, "submission": 0}
    assert dry["refusals"] == [{**each, **apart} for each in told]
    again = (await _send_file(client, to_jsonl(rows), "dry_run=true")).json()
    assert again["duplicate"]["lines"] == 3


async def test_a_file_refused_whole_is_refused_by_a_dry_run_too(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    files = _list_spooled(place)
    for body, headers, code in (
        (b"{", {}, "file-unreadable"),
        (to_jsonl([build_commitment("F-1")]), {"crescendo-count": "2"}, "envelope-mismatch"),
        (to_jsonl([{"reference": "x"}]) * 50_001, {}, "limit-exceeded"),
        (to_jsonl([{**build_commitment("F-1"), "kind": "third_party"}]), {}, "role-not-held"),
    ):
        found = await _send_file(client, body, "dry_run=true", **headers)
        assert found.json()["code"] == code, found.text
    assert _list_spooled(place) == files
    narrow = await _send_file(client, to_jsonl([build_commitment("F-1")]), "dry_run=true", **LIMITED)
    assert narrow.json()["code"] == "perimeter-not-held"
    for key in (ACCOUNTANT, OPERATOR):
        form = await client.post("/v1/acts?dry_run=true", json=build_commitment("F-2"), headers=key)
        assert form.json()["code"] == "role-not-held"
    assert (await client.post("/v1/acts?dry_run=1", json=build_commitment("F-2"))).status_code == 400


async def test_a_sender_of_whom_nothing_is_stored_leaves_nothing_behind(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    before = await _count_stored(place.dsn)
    assert (await _send_form(client, build_commitment("G-1", "1.00"), "dry_run=true", **FOREIGN))[
        "outcome"
    ] == "accepted"
    body = to_jsonl([build_commitment("G-1", "1.00")])
    assert (await _send_file(client, body, "dry_run=true", **FOREIGN)).json()["accepted"]["lines"] == 1
    assert await _count_stored(place.dsn) == before


async def test_dry_runs_and_real_ones_at_once_do_not_mix(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """Each real form has its money whatever is rehearsed beside it; the rehearsed ones were never there."""

    async def rehearsed(n: int) -> Any:
        while (
            found := await client.post("/v1/acts?dry_run=true", json=build_commitment(f"HD-{n}", "0.10"))
        ).status_code == 503:
            assert found.headers["retry-after"]
        return found.json()

    real = [_send_form(client, build_commitment(f"HR-{n}", "0.10")) for n in range(100)]
    files = [
        _send_file(client, to_jsonl([build_commitment(f"HF-{n}", "0.10")]), "wait=60") for n in range(10)
    ]
    dry = [rehearsed(n) for n in range(100)]
    found = await asyncio.gather(*real, *dry, *files)
    assert {each["outcome"] for each in found[:200]} == {"accepted"}
    assert all(each.json()["receipt"]["accepted"]["lines"] == 1 for each in found[200:])
    rows = await fetch(place.dsn, "select reference from entry where reference ~ '^H[RDF]-'")
    assert len(rows) == 110
    assert not any(row["reference"].startswith("HD") for row in rows)
    assert "crescendo_dry_runs_total" in (await client.get("/metrics")).text


async def test_one_sender_leaves_half_of_the_dry_runs_to_the_others(
    database: Database, tmp_path: Path
) -> None:
    """While the first form of all waits for its row nothing is read: dry runs wait, one sender's in half of the room."""
    own = compute_sender_limit(DRY_RUNS_MAX)
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await _send_file(client, to_jsonl(CREDITS), "wait=60")
        async with lock_table(dsn, "submission") as lock:
            real = asyncio.create_task(_send_form(client, build_commitment("R", "0.01")))
            await wait_until_blocked(lock)

            async def ask(key: Mapping[str, str], n: int) -> httpx.Response:
                return await client.post(
                    "/v1/acts?dry_run=true", json=build_commitment(f"K-{n}", "0.01"), headers=key
                )

            async def refused(key: Mapping[str, str]) -> tuple[set[asyncio.Task[httpx.Response]], str]:
                asked = {asyncio.create_task(ask(key, n)) for n in range(own + 1)}
                (told,), waiting = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
                found = told.result()
                assert (found.status_code, found.json()["code"]) == (503, "try-again")
                assert found.headers["retry-after"] == "1"
                return waiting, found.json()["detail"]

            mine, said = await refused(MINISTRY)
            assert "many of your dry runs" in said
            for path, content in (
                ("acts", json.dumps(build_commitment("Z"))),
                ("submissions", to_jsonl(CREDITS)),
            ):
                media = "application/json" if path == "acts" else "application/x-ndjson"
                sent = {"content": content, "headers": {"content-type": media}}
                found = await client.post(f"/v1/{path}?dry_run=true", **sent)
                assert (found.status_code, found.headers["retry-after"]) == (503, "1")
            others, said = await refused(FOREIGN)
            assert "many dry runs" in said or "many of your dry runs" in said
        found = await asyncio.gather(*mine, *others)
        assert {each.json()["outcome"] for each in found} == {"accepted"}
        assert (await real)["outcome"] == "accepted"


async def test_a_dry_run_survives_a_lost_connection_and_the_book_is_proven_afterwards(
    database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await _send_file(client, to_jsonl(CREDITS), "wait=60")
        async with lock_table(dsn, "batch") as blocking:
            real = asyncio.create_task(
                _send_file(client, to_jsonl([build_commitment("I-1", "1.00")]), "wait=60")
            )
            await wait_until_blocked(blocking)
            dry = [
                asyncio.create_task(_send_form(client, build_commitment(f"J-{n}", "1.00"), "dry_run=true"))
                for n in range(30)
            ]
            await blocking.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and application_name like 'crescendo/%' and pid <> (select holder_pid from engine)"
            )
            await served.wait_for_log("batch failed")
        said = await asyncio.gather(*dry)
        assert {each.get("outcome", each.get("code")) for each in said} <= {"accepted", "try-again"}
        assert (await real).json()["receipt"]["accepted"]["lines"] == 1
        served.process.terminate()
        assert await served.process.wait() == 0
        place, known = ("--database", dsn, "--data", tmp_path), {"CRESCENDO_REFERENCE": str(REFERENCE)}
        proven = await run_crescendo("verify", *place, "--json", environment=known)
        assert proven.json()["proven"], proven.out
