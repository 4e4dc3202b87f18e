"""Dry runs over HTTP: the same response as the real request, and nothing stored."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database.embedded_server import Database
from service.http.queue_limits import DRY_RUNS_MAX
from service.http.quotas import compute_sender_limit
from tests.databases import lock_table, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import ACCOUNTANT, FOREIGN, LIMITED, MINISTRY, OPERATOR
from tests.service.http.act_files import (
    build_commitment,
    build_debt_charges,
    build_service,
    build_unknown_centres,
    submit_credits,
)
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLES = ("batch", "submission", "progress", "entry", "refusal", "duplicate", "cell", "payee", "form", "held")
TABLES += ("node_balance", "account_balance", "reference_text", "cancellation")


async def _count_stored(dsn: str) -> list[Any]:
    """Return the row counts of all tables, and the chain."""
    counts = ", ".join(f"(select count(*) from {name}) as {name}" for name in TABLES)
    return await fetch(dsn, f"select {counts}, (select chain from batch order by batch desc limit 1)")


def _list_spooled(place: ServicePlace) -> int:
    return sum(path.is_file() for path in (place.data / "spool").rglob("*"))


async def _send_form(client: httpx.AsyncClient, rows: Any, query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await client.post(f"/v1/acts?{query}", json=rows, headers=named)).json()


async def _send_file(client: httpx.AsyncClient, body: bytes, query: str = "", **headers: str) -> Any:
    return await client.post(f"/v1/submissions?{query}", content=body, headers={**JSONL, **headers})


def _remove_numbers(decision: Any) -> Any:
    """Remove the numbers that a dry run does not have."""
    lines = [{**line, "entry": 0} for line in decision["lines"]]
    return {"outcome": decision["outcome"], "lines": lines}


@pytest.mark.parametrize("atomic", ["true", "false"])
async def test_a_dry_run_of_a_form_predicts_the_response(
    atomic: str, client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """Accepted, and refused with node and cents, in French, with a new cell; then the same form for real."""
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


async def test_a_duplicate_names_only_stored_entries(
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


async def test_a_conflict_of_a_file_names_only_stored_entries(client: httpx.AsyncClient) -> None:
    real = await _send_form(client, build_commitment("DH-1", "1.00"))
    rows = [
        *(build_commitment(reference, euros) for euros in ("1.00", "2.00") for reference in ("DH-1", "DH-2"))
    ]
    dry = (await _send_file(client, to_jsonl(rows), "dry_run=true")).json()
    assert [(line["code"], line["found"]) for line in dry["refusals"]] == [
        ("REFERENCE_CONFLICT", f"@{real['lines'][0]['entry']}"),
        ("REFERENCE_CONFLICT", "DH-2"),
    ]


async def test_a_dry_run_of_a_file_predicts_the_response(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """Held acts and refused lines; nothing is stored in the database or the spool."""
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
    refusals = (await client.get(f"{real['links']['refusals']}")).json()["refusals"]
    apart = {"batch": 0, "submission": 0}
    assert dry["refusals"] == [{**refusal, **apart} for refusal in refusals]
    again = (await _send_file(client, to_jsonl(rows), "dry_run=true")).json()
    assert again["duplicate"]["lines"] == 3


async def test_a_dry_run_refuses_files_that_are_refused_as_a_whole(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    files = _list_spooled(place)
    for body, headers, code in (
        (b"{", {}, "file-unreadable"),
        (to_jsonl([build_commitment("F-1")]), {"crescendo-count": "2"}, "envelope-mismatch"),
        (to_jsonl([{"reference": "x"}]) * 50_001, {}, "limit-exceeded"),
        (to_jsonl([{**build_commitment("F-1"), "kind": "third_party"}]), {}, "role-not-held"),
    ):
        response = await _send_file(client, body, "dry_run=true", **headers)
        assert response.json()["code"] == code, response.text
    assert _list_spooled(place) == files
    narrow = await _send_file(client, to_jsonl([build_commitment("F-1")]), "dry_run=true", **LIMITED)
    assert narrow.json()["code"] == "perimeter-not-held"
    for key in (ACCOUNTANT, OPERATOR):
        form = await client.post("/v1/acts?dry_run=true", json=build_commitment("F-2"), headers=key)
        assert form.json()["code"] == "role-not-held"
    assert (await client.post("/v1/acts?dry_run=1", json=build_commitment("F-2"))).status_code == 400


async def test_a_dry_run_of_a_new_sender_stores_nothing(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    before = await _count_stored(place.dsn)
    assert (await _send_form(client, build_commitment("G-1", "1.00"), "dry_run=true", **FOREIGN))[
        "outcome"
    ] == "accepted"
    body = to_jsonl([build_commitment("G-1", "1.00")])
    assert (await _send_file(client, body, "dry_run=true", **FOREIGN)).json()["accepted"]["lines"] == 1
    assert await _count_stored(place.dsn) == before


async def test_concurrent_dry_runs_do_not_affect_real_forms(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """Real forms get their credits whatever runs as a dry run; dry runs leave nothing."""

    async def rehearse(n: int) -> Any:
        while (
            response := await client.post("/v1/acts?dry_run=true", json=build_commitment(f"HD-{n}", "0.10"))
        ).status_code == 503:
            assert response.headers["retry-after"]
        return response.json()

    real = [_send_form(client, build_commitment(f"HR-{n}", "0.10")) for n in range(100)]
    files = [
        _send_file(client, to_jsonl([build_commitment(f"HF-{n}", "0.10")]), "wait=60") for n in range(10)
    ]
    dry = [rehearse(n) for n in range(100)]
    results = await asyncio.gather(*real, *dry, *files)
    assert {result["outcome"] for result in results[:200]} == {"accepted"}
    assert all(result.json()["receipt"]["accepted"]["lines"] == 1 for result in results[200:])
    rows = await fetch(place.dsn, "select reference from entry where reference ~ '^H[RDF]-'")
    assert len(rows) == 110
    assert not any(row["reference"].startswith("HD") for row in rows)
    assert "crescendo_dry_runs_total" in (await client.get("/metrics")).text


async def test_one_sender_may_use_half_of_the_dry_runs(database: Database, tmp_path: Path) -> None:
    """A blocked first form keeps the dry runs waiting; one sender gets half of their places."""
    own = compute_sender_limit(DRY_RUNS_MAX)
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
        async with lock_table(dsn, "submission") as lock:
            real = asyncio.create_task(_send_form(client, build_commitment("R", "0.01")))
            await wait_until_blocked(lock)

            async def ask(key: Mapping[str, str], n: int) -> httpx.Response:
                return await client.post(
                    "/v1/acts?dry_run=true", json=build_commitment(f"K-{n}", "0.01"), headers=key
                )

            async def refused(key: Mapping[str, str]) -> tuple[set[asyncio.Task[httpx.Response]], str]:
                requests = {asyncio.create_task(ask(key, n)) for n in range(own + 1)}
                (first_response,), waiting = await asyncio.wait(requests, return_when=asyncio.FIRST_COMPLETED)
                response = first_response.result()
                assert (response.status_code, response.json()["code"]) == (503, "try-again")
                assert response.headers["retry-after"] == "1"
                return waiting, response.json()["detail"]

            mine, detail = await refused(MINISTRY)
            assert "many of your dry runs" in detail
            for path, content in (
                ("acts", json.dumps(build_commitment("Z"))),
                ("submissions", to_jsonl(build_debt_charges(2))),
            ):
                media = "application/json" if path == "acts" else "application/x-ndjson"
                arguments = {"content": content, "headers": {"content-type": media}}
                response = await client.post(f"/v1/{path}?dry_run=true", **arguments)
                assert (response.status_code, response.headers["retry-after"]) == (503, "1")
            others, detail = await refused(FOREIGN)
            assert "many dry runs" in detail or "many of your dry runs" in detail
        responses = await asyncio.gather(*mine, *others)
        assert {response.json().get("outcome", response.text) for response in responses} == {"accepted"}
        assert (await real)["outcome"] == "accepted"


async def test_a_dry_run_survives_a_lost_connection(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        await submit_credits(client)
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
        results = await asyncio.gather(*dry)
        assert {result.get("outcome", result.get("code")) for result in results} <= {"accepted", "try-again"}
        assert (await real).json()["receipt"]["accepted"]["lines"] == 1
        served.process.terminate()
        assert await served.process.wait() == 0
        place, environment = ("--database", dsn, "--data", tmp_path), {"CRESCENDO_REFERENCE": str(REFERENCE)}
        proven = await run_crescendo("verify", *place, "--json", environment=environment)
        assert proven.json()["proven"], proven.out
