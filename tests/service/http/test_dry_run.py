"""Dry runs over HTTP: the answer of the real thing, and nothing left behind."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.database.embedded import Database
from service.http.quotas import own_part
from service.http.service_context import REHEARSALS_MAX
from tests.databases import held_up, until_one_waits
from tests.file_strategies import REFERENCE
from tests.service.command_line import crescendo
from tests.service.http.access_keys import ACCOUNTANT, FOREIGN, KEEPER, MINISTRY, NARROW
from tests.service.http.act_files import CREDITS, commitment, service, unknown_centres
from tests.service.http.conftest import Place
from tests.service.http.running_service import JSONL, as_jsonl, fetch, fresh, running

pytestmark = pytest.mark.asyncio(loop_scope="module")

TABLES = ("batch", "submission", "progress", "entry", "refusal", "duplicate", "cell", "payee", "form", "held")
TABLES += ("node_balance", "account_balance", "reference_text", "cancellation")


async def _stored(dsn: str) -> list[Any]:
    """How much is in every table, and the chain."""
    counts = ", ".join(f"(select count(*) from {name}) as {name}" for name in TABLES)
    return await fetch(dsn, f"select {counts}, (select chain from batch order by batch desc limit 1)")


def _spooled(place: Place) -> int:
    return sum(path.is_file() for path in (place.data / "spool").rglob("*"))


async def _form(client: httpx.AsyncClient, rows: Any, query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return (await client.post(f"/v1/acts?{query}", json=rows, headers=named)).json()


async def _file(client: httpx.AsyncClient, body: bytes, query: str = "", **headers: str) -> Any:
    return await client.post(f"/v1/submissions?{query}", content=body, headers={**JSONL, **headers})


def _without_numbers(said: Any) -> Any:
    """What a dry run cannot know."""
    lines = [{**line, "entry": 0} for line in said["lines"]]
    return {"outcome": said["outcome"], "lines": lines}


@pytest.mark.parametrize("atomic", ["true", "false"])
async def test_a_form_is_answered_as_it_would_be(
    atomic: str, client: httpx.AsyncClient, place: Place
) -> None:
    """Accepted, refused with node and cents, in French, with a cell never seen before; then the same for good."""
    for forms in (
        commitment(f"DA-{atomic}", "1.00"),
        commitment(f"DB-{atomic}", "10000.00"),
        [
            commitment(f"DC-{atomic}", "1.00", "0177-D075-DD75"),
            service(f"DD-{atomic}", f"DC-{atomic}", "1.00"),
        ],
        [commitment(f"DE-{atomic}", "1.00"), commitment(f"DF-{atomic}", "10000.00")],
    ):
        before = await _stored(place.dsn)
        dry = await _form(client, forms, f"dry_run=true&atomic={atomic}", accept_language="fr")
        assert await _stored(place.dsn) == before
        assert dry["dry_run"] is True
        assert (dry["submission"], dry["line"], dry["chain"]) == (0, 0, "")
        assert not any("entry" in line for line in dry["lines"])
        real = await _form(client, forms, f"atomic={atomic}", accept_language="fr")
        assert real["dry_run"] is False
        assert _without_numbers(dry) == _without_numbers(real)
        assert dry["batch"] == real["batch"] - 1


async def test_a_duplicate_tells_the_entry_it_repeats_and_only_one_that_stays(
    client: httpx.AsyncClient,
) -> None:
    real = await _form(client, commitment("DG-1", "1.00"))
    rows = [commitment("DG-1", "1.00"), commitment("DG-2", "1.00"), commitment("DG-3", "1.00")]
    rows += [commitment("DG-2", "1.00")]
    dry = await _form(client, rows, "dry_run=true")
    assert [line["outcome"] for line in dry["lines"]] == ["DUPLICATE", "ACCEPTED", "ACCEPTED", "DUPLICATE"]
    assert [line.get("entry") for line in dry["lines"]] == [real["lines"][0]["entry"], None, None, None]


async def test_a_file_is_answered_as_it_would_be(client: httpx.AsyncClient, place: Place) -> None:
    """Acts that wait for others in it, and refusals one by one; nothing is in the database or in the spool."""
    rows = [service("EA-2", "EA-1", "1.00"), *unknown_centres(3, "EB"), commitment("EA-1", "1.00")]
    rows += [commitment("EA-3", "10000.00"), commitment("EA-1", "1.00")]
    before, files = await _stored(place.dsn), _spooled(place)
    dry = (await _file(client, as_jsonl(rows), "dry_run=true")).json()
    assert (await _stored(place.dsn), _spooled(place)) == (before, files)
    assert (dry["lines"], dry["accepted"]["lines"], dry["duplicate"]["lines"]) == (7, 2, 1)
    real = (await _file(client, as_jsonl(rows), "wait=60")).json()
    for name in ("accepted", "duplicate", "refused"):
        assert dry[name] == real["receipt"][name]
    assert dry["reasons"] == real["reasons"]
    told = (await client.get(f"{real['links']['refusals']}")).json()["refusals"]
    apart = {"batch": 0, "submission": 0}
    assert dry["refusals"] == [{**each, **apart} for each in told]
    again = (await _file(client, as_jsonl(rows), "dry_run=true")).json()
    assert again["duplicate"]["lines"] == 3


async def test_a_file_refused_whole_is_refused_by_a_dry_run_too(
    client: httpx.AsyncClient, place: Place
) -> None:
    files = _spooled(place)
    for body, headers, code in (
        (b"{", {}, "file-unreadable"),
        (as_jsonl([commitment("F-1")]), {"crescendo-count": "2"}, "envelope-mismatch"),
        (as_jsonl([{"reference": "x"}]) * 50_001, {}, "limit-exceeded"),
        (as_jsonl([{**commitment("F-1"), "kind": "third_party"}]), {}, "role-not-held"),
    ):
        found = await _file(client, body, "dry_run=true", **headers)
        assert found.json()["code"] == code, found.text
    assert _spooled(place) == files
    narrow = await _file(client, as_jsonl([commitment("F-1")]), "dry_run=true", **NARROW)
    assert narrow.json()["code"] == "perimeter-not-held"
    for key in (ACCOUNTANT, KEEPER):
        form = await client.post("/v1/acts?dry_run=true", json=commitment("F-2"), headers=key)
        assert form.json()["code"] == "role-not-held"
    assert (await client.post("/v1/acts?dry_run=1", json=commitment("F-2"))).status_code == 400


async def test_a_sender_of_whom_nothing_is_stored_leaves_nothing_behind(
    client: httpx.AsyncClient, place: Place
) -> None:
    before = await _stored(place.dsn)
    assert (await _form(client, commitment("G-1", "1.00"), "dry_run=true", **FOREIGN))[
        "outcome"
    ] == "accepted"
    body = as_jsonl([commitment("G-1", "1.00")])
    assert (await _file(client, body, "dry_run=true", **FOREIGN)).json()["accepted"]["lines"] == 1
    assert await _stored(place.dsn) == before


async def test_dry_runs_and_real_ones_at_once_do_not_mix(client: httpx.AsyncClient, place: Place) -> None:
    """Each real form has its money whatever is rehearsed beside it; the rehearsed ones were never there."""

    async def rehearsed(n: int) -> Any:
        while (
            found := await client.post("/v1/acts?dry_run=true", json=commitment(f"HD-{n}", "0.10"))
        ).status_code == 503:
            assert found.headers["retry-after"]
        return found.json()

    real = [_form(client, commitment(f"HR-{n}", "0.10")) for n in range(100)]
    files = [_file(client, as_jsonl([commitment(f"HF-{n}", "0.10")]), "wait=60") for n in range(10)]
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
    own = own_part(REHEARSALS_MAX)
    async with fresh(database) as dsn, running(dsn, tmp_path) as served, served.client(MINISTRY) as client:
        await _file(client, as_jsonl(CREDITS), "wait=60")
        async with held_up(dsn, "submission") as lock:
            real = asyncio.create_task(_form(client, commitment("R", "0.01")))
            await until_one_waits(lock)

            async def ask(key: Mapping[str, str], n: int) -> httpx.Response:
                return await client.post(
                    "/v1/acts?dry_run=true", json=commitment(f"K-{n}", "0.01"), headers=key
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
            for path, content in (("acts", json.dumps(commitment("Z"))), ("submissions", as_jsonl(CREDITS))):
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
    async with fresh(database) as dsn, running(dsn, tmp_path) as served, served.client(MINISTRY) as client:
        await _file(client, as_jsonl(CREDITS), "wait=60")
        async with held_up(dsn, "batch") as blocking:
            real = asyncio.create_task(_file(client, as_jsonl([commitment("I-1", "1.00")]), "wait=60"))
            await until_one_waits(blocking)
            dry = [
                asyncio.create_task(_form(client, commitment(f"J-{n}", "1.00"), "dry_run=true"))
                for n in range(30)
            ]
            await blocking.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and application_name like 'crescendo/%' and pid <> (select holder_pid from engine)"
            )
            await served.heard("batch failed")
        said = await asyncio.gather(*dry)
        assert {each.get("outcome", each.get("code")) for each in said} <= {"accepted", "try-again"}
        assert (await real).json()["receipt"]["accepted"]["lines"] == 1
        served.process.terminate()
        assert await served.process.wait() == 0
        place, known = ("--database", dsn, "--data", tmp_path), {"CRESCENDO_REFERENCE": str(REFERENCE)}
        proven = await crescendo("verify", *place, "--json", environment=known)
        assert proven.json()["proven"], proven.out
