"""Forms: acts sent as JSON, decided in a batch with others, and answered after the commit."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from core.outcome_codes import Outcome
from service.database.embedded_server import Database
from tests.databases import lock_table, wait_until_blocked
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import ACCOUNTANT, AUDITOR, FOREIGN, LIMITED, MINISTRY
from tests.service.http.act_files import build_commitment, build_debt_charges, build_service, submit_credits
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

SPARE = "0177-D075-DD75"
"""A unit with credits of 400 euros that only one test spends."""


async def _send(client: httpx.AsyncClient, rows: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/v1/acts", json=rows, headers=named)


async def _send_until_answered(client: httpx.AsyncClient, row: Any) -> Any:
    """Send a form until the service accepts it."""
    while (response := await _send(client, row)).status_code == 503:
        assert response.headers["retry-after"]
    return response


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(place: ServicePlace) -> Any:
    async with place.service.client() as client:
        yield client


async def test_the_response_to_a_form_has_its_document_number(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    response = await _send(client, build_commitment("A-1", "1.50"))
    assert response.status_code == 200
    body = response.json()
    assert body["outcome"] == "accepted"
    (entry,) = await fetch(place.dsn, "select * from entry where reference = 'A-1'")
    assert body["lines"] == [{"reference": "A-1", "outcome": "ACCEPTED", "entry": entry["entry_id"]}]
    assert (body["submission"], body["line"]) == (entry["submission"], entry["line"] + 1)
    (batch,) = await fetch(place.dsn, "select chain from batch where batch = $1", body["batch"])
    assert batch["chain"].hex() == body["chain"]


async def test_a_repeated_form_is_a_duplicate(client: httpx.AsyncClient) -> None:
    first = (await _send(client, build_commitment("B-1"))).json()
    again = (await _send(client, build_commitment("B-1"))).json()
    assert again["outcome"] == "duplicate"
    assert again["lines"][0]["entry"] == first["lines"][0]["entry"]
    other = (await _send(client, build_commitment("B-1", "9.99"))).json()
    assert other["lines"][0]["outcome"] == "REFERENCE_CONFLICT"


async def test_the_same_act_in_a_form_and_a_file_is_a_duplicate(client: httpx.AsyncClient) -> None:
    first = (await _send(client, {**build_commitment("C-1"), "amount": 10.00})).json()
    assert first["outcome"] == "accepted"
    body = to_jsonl([{**build_commitment("C-1"), "amount": "10,0"}])
    response = await client.post("/v1/submissions?wait=60", content=body, headers=JSONL)
    assert response.json()["receipt"]["duplicate"]["lines"] == 1


async def test_a_refusal_has_the_node_and_the_missing_amount(client: httpx.AsyncClient) -> None:
    response = await _send(client, build_commitment("D-1", "10000.00"), accept_language="fr")
    (line,) = response.json()["lines"]
    assert response.json()["outcome"] == "refused"
    assert line["outcome"] == "AE_EXCEEDED"
    assert line["node"] == "0177-D013-DD13 HT2 2018"
    assert line["missing"] > 900_000
    assert "autorisations d'engagement" in line["finding"]
    unknown = (await _send(client, build_commitment("D-2", "1.00", "0177-D013-XXXX"))).json()
    assert unknown["lines"][0]["field"] == "fund_centre"


async def test_the_predecessor_of_a_form_must_exist(client: httpx.AsyncClient) -> None:
    for query in ("", "?dry_run=true"):
        response = await client.post(f"/v1/acts{query}", json=build_service("E-2", "E-1"))
        (early,) = response.json()["lines"]
        assert (early["outcome"], early["field"]) == ("PREDECESSOR_MISSING", "predecessor")
    await _send(client, build_commitment("E-1"))
    assert (await _send(client, build_service("E-2", "E-1"))).json()["outcome"] == "accepted"


async def test_the_lines_of_an_act_are_accepted_all_or_not_at_all(client: httpx.AsyncClient) -> None:
    """Lines of one reference are one act; other references are acts of their own."""
    act = [{**build_commitment("F-1", euros), "line": line} for line, euros in ((1, "1.00"), (2, "10000.00"))]
    whole = (await _send(client, act)).json()
    assert [line_body["outcome"] for line_body in whole["lines"]] == ["ACT_REFUSED", "AE_EXCEEDED"]
    acts = [
        build_commitment("F-2", "1.00"),
        build_commitment("F-3", "10000.00"),
        build_commitment("F-2", "1.00"),
    ]
    each_for_itself = (await _send(client, acts)).json()
    assert each_for_itself["outcome"] == "mixed"
    assert [line_body["outcome"] for line_body in each_for_itself["lines"]] == [
        "ACCEPTED",
        "AE_EXCEEDED",
        "DUPLICATE",
    ]


async def test_an_atomic_form_is_accepted_whole_or_not_at_all(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """The refused act has its reason, the others FORM_REFUSED; acts accepted before stay accepted."""
    await _send(client, build_commitment("FA-0", "1.00"))
    acts = [
        build_commitment("FA-0", "1.00"),
        build_commitment("FA-1", "1.00"),
        build_commitment("FA-2", "10000.00"),
    ]
    refused = (await client.post("/v1/acts?atomic=true", json=acts)).json()
    assert [line["outcome"] for line in refused["lines"]] == ["DUPLICATE", "FORM_REFUSED", "AE_EXCEEDED"]
    assert "whole" in refused["lines"][1]["action"]
    rows = "select reference from entry where reference like 'FA-%' order by 1"
    assert [row["reference"] for row in await fetch(place.dsn, rows)] == ["FA-0"]
    # an act and its follower in the same form; the form sent again is a duplicate
    acts = [
        build_commitment("FA-1", "1.00"),
        build_service("FA-3", "FA-1", "1.00"),
        build_commitment("FA-0", "1.00"),
    ]
    first, again = [(await client.post("/v1/acts?atomic=true", json=acts)).json() for _ in range(2)]
    assert [line["outcome"] for line in first["lines"]] == ["ACCEPTED", "ACCEPTED", "DUPLICATE"]
    assert again["outcome"] == "duplicate"
    assert [line["entry"] for line in again["lines"]] == [line["entry"] for line in first["lines"]]


async def test_atomic_and_other_forms_share_a_batch(client: httpx.AsyncClient, place: ServicePlace) -> None:
    """Each response has its own acts, in French if requested."""
    forms = [
        [build_commitment(f"FB-{n}", "0.01"), build_commitment(f"FC-{n}", "0.01" if n % 3 else "10000.00")]
        for n in range(60)
    ]
    requests = [
        client.post(
            f"/v1/acts?atomic={'true' if n % 2 else 'false'}", json=form, headers={"accept-language": "fr"}
        )
        for n, form in enumerate(forms)
    ]
    decisions = [decision.json() for decision in await asyncio.gather(*requests)]
    for n, decision in enumerate(decisions):
        assert [line["reference"] for line in decision["lines"]] == [f"FB-{n}", f"FC-{n}"]
        first, second = [line["outcome"] for line in decision["lines"]]
        assert first == ("ACCEPTED" if n % 3 or not n % 2 else "FORM_REFUSED")
        assert second == ("ACCEPTED" if n % 3 else "AE_EXCEEDED")
    assert "demandé de les accepter tous ou aucun" in decisions[3]["lines"][0]["finding"]
    accepted = sum(line["outcome"] == "ACCEPTED" for decision in decisions for line in decision["lines"])
    stored = await fetch(place.dsn, "select count(*) from entry where reference ~ '^F[BC]-'")
    assert stored[0]["count"] == accepted
    assert len({decision["batch"] for decision in decisions}) < len(decisions)
    assert (await client.post("/v1/acts?atomic=maybe", json=forms[0])).status_code == 400


async def test_concurrent_forms_share_batches_and_get_their_own_responses(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    responses = await asyncio.gather(*(_send(client, build_commitment(f"G-{n}", "0.01")) for n in range(300)))
    decisions = [response.json() for response in responses]
    assert [decision["lines"][0]["reference"] for decision in decisions] == [f"G-{n}" for n in range(300)]
    rows = await fetch(place.dsn, "select reference, entry_id from entry where reference like 'G-%'")
    assert {row["reference"]: row["entry_id"] for row in rows} == {
        decision["lines"][0]["reference"]: decision["lines"][0]["entry"] for decision in decisions
    }
    assert len({decision["batch"] for decision in decisions}) < 300


async def test_the_last_credits_go_to_one_form_only(anonymous: httpx.AsyncClient) -> None:
    """Two ministries spend the credits of one unit concurrently, while files are decided."""
    files = [
        anonymous.post(
            "/v1/submissions?wait=60",
            content=to_jsonl([build_commitment(f"HF-{n}", "0.01")]),
            headers={**JSONL, **MINISTRY},
        )
        for n in range(5)
    ]
    forms = [
        anonymous.post("/v1/acts", json=build_commitment(f"H-{n}", "90.00", SPARE), headers=key)
        for n in range(20)
        for key in (MINISTRY, FOREIGN)
    ]
    results = await asyncio.gather(*forms, *files)
    outcomes = Counter(result.json()["lines"][0]["outcome"] for result in results[: len(forms)])
    assert outcomes == {"ACCEPTED": 4, "AE_EXCEEDED": 36}


async def test_the_body_of_a_form_is_stored_unchanged(client: httpx.AsyncClient, place: ServicePlace) -> None:
    body = json.dumps([{**build_commitment("I-1"), "remittance": "n° 7 «Été»"}], ensure_ascii=False)
    content = (await client.post("/v1/acts", content=body.encode())).json()
    row = "select body from form where submission = $1 and line = $2"
    assert (await fetch(place.dsn, row, content["submission"], content["line"] - 1))[0]["body"] == body
    with pytest.raises(Exception, match="append-only"):
        await fetch(place.dsn, "delete from form")


async def test_the_forms_of_a_sender_are_one_submission(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = (await _send(client, build_commitment("J-1", "10000.00"))).json()
    address = f"/v1/submissions/{body['submission']}"
    ticket = (await client.get(address)).json()
    assert ticket["state"] == "decided"
    assert ticket["receipt"]["format"] == "form"
    parts = [ticket["receipt"][name]["lines"] for name in ("accepted", "duplicate", "refused", "suspended")]
    assert sum(parts) == ticket["receipt"]["lines"]
    refused = (await client.get(f"{address}/refusals?after={body['line'] - 1}")).json()["refusals"]
    assert refused[0]["reference"] == "J-1"
    assert (await client.get(address, headers=FOREIGN)).status_code == 404
    rows = await fetch(
        place.dsn, "select count(*) from submission where format = 'form' and sender = 'MIN-09'"
    )
    assert rows[0]["count"] == 1


# --------------------------------------------------------------------------------------------- refused

GOOD = build_commitment("K-1", "0.01")
BAD: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 422, "file-unreadable"),
    "no JSON": (b"reference=K-1", 422, "file-unreadable"),
    "a text": (b'"K-1"', 422, "file-unreadable"),
    "no lines": (b"[]", 413, "limit-exceeded"),
    "too many lines": (json.dumps([GOOD] * 1001).encode(), 413, "limit-exceeded"),
    "a line in a line": (json.dumps([[GOOD]]).encode(), 422, "file-unreadable"),
    "an object in a field": (json.dumps({**GOOD, "payee": {}}).encode(), 422, "file-unreadable"),
    "a number for a text": (json.dumps({**GOOD, "reference": 7}).encode(), 422, "file-unreadable"),
    "a column unknown": (json.dumps({**GOOD, "refrence": "x"}).encode(), 422, "format-unknown"),
    "cents": (json.dumps({**GOOD, "amount_cents": "1"}).encode(), 422, "format-unknown"),
    "a name twice": (b'{"reference": "a", "reference": "b"}', 422, "file-unreadable"),
    "half a surrogate": (b'{"reference": "\\ud800"}', 422, "file-unreadable"),
    "NUL": (b'{"reference": "a\\u0000"}', 422, "file-unreadable"),
    "no UTF-8": (b'{"reference": "\xff"}', 422, "file-unreadable"),
    "deep": (b"[" * 100_000, 422, "file-unreadable"),
    "the second line of another's act": (json.dumps({**GOOD, "line": 2}).encode(), 422, "format-unknown"),
    "not a number": (b'{"reference": "a", "amount": NaN}', 422, "file-unreadable"),
    "over long": (b" " * (2**20 + 1), 413, "limit-exceeded"),
}


@pytest.mark.parametrize("name", BAD)
async def test_an_unreadable_form_changes_nothing(
    name: str, client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body, status, code = BAD[name]
    counts = "select (select count(*) from batch), (select count(*) from form)"
    before = await fetch(place.dsn, counts)
    response = await client.post("/v1/acts", content=body)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert await fetch(place.dsn, counts) == before


async def test_invalid_lines_are_refused_line_by_line(client: httpx.AsyncClient) -> None:
    for row, code in (({}, "REFERENCE_INVALID"), ({**GOOD, "amount": 1.234}, "AMOUNT_INVALID")):
        assert (await _send(client, row)).json()["lines"][0]["outcome"] == code
        assert code in Outcome.__members__


async def test_other_media_types_are_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/acts", content=b"{}", headers={"content-type": "text/xml"})
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("key", "row", "code"),
    [
        (ACCOUNTANT, GOOD, "role-not-held"),
        (AUDITOR, GOOD, "role-not-held"),
        (MINISTRY, {**GOOD, "kind": "third_party"}, "role-not-held"),
        (LIMITED, GOOD, "perimeter-not-held"),
        (LIMITED, build_service("K-2", "K-1"), "perimeter-not-held"),
    ],
)
async def test_separation_of_duties(
    key: dict[str, str], row: dict[str, str], code: str, anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    response = await anonymous.post("/v1/acts", json=[GOOD, row], headers=key)
    assert (response.status_code, response.json()["code"]) == (403, code)
    (last,) = await fetch(place.dsn, "select action, code from audit order by audit desc limit 1")
    assert tuple(last) == ("POST /v1/acts", code)


# --------------------------------------------------------------------------------------------- failures


async def test_a_form_survives_a_lost_connection(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        for row in build_debt_charges(20):
            assert (await _send(client, row)).json()["outcome"] == "accepted"
        await submit_credits(client)
        async with lock_table(dsn, "batch") as blocking:
            asking = [
                asyncio.create_task(_send_until_answered(client, build_commitment(f"L-{n}", "0.01")))
                for n in range(40)
            ]
            await wait_until_blocked(blocking)
            await blocking.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
                " and application_name like 'crescendo/%' and pid <> (select holder_pid from engine)"
            )
            await served.wait_for_log("batch failed")
        assert {result.json()["outcome"] for result in await asyncio.gather(*asking)} == {"accepted"}
        rows = await fetch(dsn, "select line from entry where kind = 9 order by line")
        assert len({row["line"] for row in rows}) == len(rows) == 20 + 40
        served.process.terminate()
        assert await served.process.wait() == 0
        place, environment = ("--database", dsn, "--data", tmp_path), {"CRESCENDO_REFERENCE": str(REFERENCE)}
        proven = await run_crescendo("verify", *place, "--json", environment=environment)
        assert proven.json()["proven"], proven.out
        proof = await run_crescendo("report", "proof", "--submission", "1", *place, environment=environment)
        assert proof.code == 0, proof.out
        assert (await run_crescendo("explain", "L-7", *place, environment=environment)).code == 0


async def test_a_kill_loses_no_answered_form_and_duplicates_none(database: Database, tmp_path: Path) -> None:
    async with create_database(database) as dsn:
        answered: dict[str, int] = {}
        for life in range(3):
            async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
                if not life:
                    await submit_credits(client)
                responses = await asyncio.gather(*(_send(client, row) for row in _choose_rows(life)[:20]))
                answered |= {
                    decided_line["reference"]: decided_line["entry"]
                    for response in responses
                    for decided_line in response.json()["lines"]
                }
                async with lock_table(dsn) as blocking:
                    waiting = [asyncio.create_task(_send(client, row)) for row in _choose_rows(life)[20:]]
                    await wait_until_blocked(blocking)
                    served.process.kill()
                    await served.process.wait()
                ends = await asyncio.gather(*waiting, return_exceptions=True)
                assert all(isinstance(response, httpx.HTTPError) for response in ends)
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            # all clients send again, with and without a response
            for row in (row for life in range(3) for row in _choose_rows(life)):
                (decided_line,) = (await _send(client, row)).json()["lines"]
                earlier = answered.get(row["reference"])
                assert (
                    (decided_line["outcome"], decided_line["entry"]) == ("DUPLICATE", earlier)
                    if earlier
                    else ("ACCEPTED", decided_line["entry"])
                )
        rows = await fetch(dsn, "select reference, entry_id from entry where reference like 'M-%'")
        assert len(rows) == len({row["reference"] for row in rows}) == 150
        assert answered.items() <= {row["reference"]: row["entry_id"] for row in rows}.items()


def _choose_rows(life: int) -> list[dict[str, str]]:
    return [build_commitment(f"M-{life}-{n}", "0.01") for n in range(50)]
