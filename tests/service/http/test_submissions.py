"""Submissions over HTTP: files of every format, their tickets and receipts, and files refused whole."""

import asyncio
import base64
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.formats.detection import CELL_BYTES_MAX
from tests.ingest.format_writers import build_table, write_file
from tests.service.http.access_keys import FOREIGN, OPERATOR
from tests.service.http.act_files import build_commitment, build_service, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")
_LINE = build_commitment("TIMES", "0.01")

MEDIA = {
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.file",
    ".arrows": "application/vnd.apache.arrow.stream",
    ".csv": "text/csv; charset=utf-8",
    ".jsonl": "application/x-ndjson",
}


def _build_commitments(suffix: str, folder: Path) -> bytes:
    """Write two commitments to a file of that format, and return its bytes."""
    columns: dict[str, list[Any]] = {
        "reference": [f"F{suffix}-1", f"F{suffix}-2"],
        "kind": ["commitment", "commitment"],
        "exercise": [2018, 2018],
        "date": [17_653, 17_653],
        "fund_centre": ["0177-D013-DD13"] * 2,
        "functional_area": ["0177-12"] * 2,
        "commitment_item": ["31"] * 2,
        "amount_cents": [150, 250],
    }
    return write_file(build_table(columns), folder / f"file{suffix}").read_bytes()


async def _submit(client: httpx.AsyncClient, body: bytes, query: str = "wait=60", **headers: str) -> Any:
    hyphenated = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(f"/v1/submissions?{query}", content=body, headers={**JSONL, **hyphenated})


async def _submit_until_accepted(client: httpx.AsyncClient, body: bytes) -> Any:
    """Send a file until the quota admits it."""
    while (response := await _submit(client, body)).status_code == 503:
        assert int(response.headers["retry-after"]) > 0
        assert response.json()["code"] == "try-again"
    return response


async def test_a_receipt_states_when_its_file_was_received_decided_and_committed(
    place: ServicePlace,
) -> None:
    before = datetime.now(UTC)
    async with place.service.client() as client:
        await client.post("/v1/senders/MIN-12/pause", json={"reason": "a test"}, headers=OPERATOR)
        sent = await client.post("/v1/submissions", content=to_jsonl([_LINE]), headers={**JSONL, **FOREIGN})
        waiting = sent.json()["receipt"]
        assert (waiting["decided_at"], waiting["committed_at"]) == (None, None)
        await client.post("/v1/senders/MIN-12/resume", json={"reason": "a test"}, headers=OPERATOR)
        ticket = await client.get(f"{sent.headers['location']}?wait=60", headers=FOREIGN)
        receipt = ticket.json()["receipt"]
        listed = (await client.get("/v1/submissions", headers=FOREIGN)).json()["submissions"][0]["receipt"]
    texts = [receipt[f"{step}_at"] for step in ("received", "decided", "committed")]
    assert all(text.endswith("Z") for text in texts)
    assert listed == receipt
    assert receipt["received_at"] == waiting["received_at"]
    times = [before, *map(datetime.fromisoformat, texts), datetime.now(UTC)]
    assert times == sorted(times)


@pytest.mark.parametrize("suffix", MEDIA)
async def test_files_of_every_format_are_decided(
    suffix: str, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    body = _build_commitments(suffix, tmp_path)
    response = await _submit(client, body, content_type=MEDIA[suffix])
    assert response.status_code == 200, response.text
    receipt = response.json()["receipt"]
    assert response.json()["state"] == "decided"
    assert receipt["accepted"] == {"lines": 2, "cents": 400}
    assert receipt["sha256"] == hashlib.sha256(body).hexdigest()
    assert receipt["sender"] == "MIN-09"
    assert len(receipt["chain"]) == 64


async def test_the_ticket_leads_to_the_receipt(client: httpx.AsyncClient, place: ServicePlace) -> None:
    response = await _submit(client, to_jsonl([build_commitment("T-1")]), query="")
    assert response.status_code == 202
    assert response.json()["state"] in {"waiting", "deciding"}
    status = await client.get(f"{response.headers['location']}?wait=60")
    assert status.json()["state"] == "decided"
    (row,) = await fetch(
        place.dsn, "select encode(chain, 'hex') as chain from batch order by batch desc limit 1"
    )
    assert status.json()["receipt"]["chain"] == row["chain"]


async def test_a_file_sent_again_is_the_same_submission(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = to_jsonl([build_commitment("S-1")])
    first, second = await _submit(client, body), await _submit(client, body, query="")
    assert second.status_code == 200
    assert second.json() == first.json()
    assert len(await fetch(place.dsn, "select from entry where reference = 'S-1'")) == 1


async def test_a_file_sent_many_times_at_once_is_one_submission(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body = to_jsonl([build_commitment("C-1")])
    responses = await asyncio.gather(*(_submit(client, body) for _ in range(12)))
    assert {response.json()["submission"] for response in responses} == {responses[0].json()["submission"]}
    rows = await fetch(
        place.dsn, "select from submission where file_hash = $1", hashlib.sha256(body).digest()
    )
    assert len(rows) == 1


async def test_again_decides_refused_lines_anew(client: httpx.AsyncClient) -> None:
    body = to_jsonl([build_service("A-2", "A-1")])
    first = (await _submit(client, body)).json()
    assert first["reasons"][0]["code"] == "PREDECESSOR_MISSING"
    await _submit(client, to_jsonl([build_commitment("A-1")]))
    assert (await _submit(client, body)).json()["submission"] == first["submission"]
    second = (await _submit(client, body, query="wait=60&again=true")).json()
    assert second["receipt"]["attempt"] == 2
    assert second["receipt"]["accepted"]["lines"] == 1


async def test_an_act_may_come_before_its_predecessor_in_a_file(client: httpx.AsyncClient) -> None:
    response = await _submit(client, to_jsonl([build_service("W-2", "W-1"), build_commitment("W-1")]))
    assert response.json()["receipt"]["accepted"]["lines"] == 2


async def test_many_small_files_at_once_are_all_decided(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    bodies = [to_jsonl([build_commitment(f"M-{n}", "0.10")]) for n in range(60)]
    responses = await asyncio.gather(*(_submit_until_accepted(client, body) for body in bodies))
    assert all(response.json()["receipt"]["accepted"]["lines"] == 1 for response in responses)
    rows = await fetch(place.dsn, "select reference from entry where reference like 'M-%'")
    assert len(rows) == 60


async def test_submissions_are_listed_page_by_page(client: httpx.AsyncClient) -> None:
    for n in range(5):
        await _submit(client, to_jsonl([build_commitment(f"L-{n}", "0.10")]))
    whole = (await client.get("/v1/submissions?limit=500")).json()
    numbers = [submission["submission"] for submission in whole["submissions"]]
    assert numbers == sorted(numbers, reverse=True)
    assert whole["next"] is None
    page, listed = "/v1/submissions?limit=2", []
    while page:
        content = (await client.get(page)).json()
        listed += [submission["submission"] for submission in content["submissions"]]
        page = content["next"]
    assert listed == numbers


async def test_the_envelope_may_be_sent_in_headers(client: httpx.AsyncClient) -> None:
    body = to_jsonl([build_commitment("E-1", "12.34")])
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    envelope = {"crescendo_batch_id": "2018/7", "crescendo_count": "1", "crescendo_control_sum": "12.34"}
    response = await _submit(
        client,
        body,
        **envelope,
        content_digest=f"sha-256=:{digest}:",
        content_disposition='attachment; filename="C:\\temp\\acts.jsonl"',
    )
    assert response.json()["receipt"]["batch_id"] == "2018/7"
    assert response.json()["receipt"]["file"] == "acts.jsonl"


async def test_a_sender_may_require_sepa_limits(client: httpx.AsyncClient) -> None:
    row = build_commitment("P-1") | {
        "kind": "direct_payment_request",
        "payee": "X",
        "amount": "1000000000.00",
    }
    response = await _submit(client, to_jsonl([row]), crescendo_sepa_only="true")
    assert response.json()["reasons"][0]["code"] == "SEPA_LIMIT_EXCEEDED"


# --------------------------------------------------------------------------------------------- refused whole

LINE = to_jsonl([build_commitment("BAD-1", "3.00")])
PAYMENT_FILE = (
    b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn><GrpHdr>'
    b"<MsgId>MSG-1</MsgId><NbOfTxs>0</NbOfTxs></GrpHdr></CstmrCdtTrfInitn></Document>"
)
BAD: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "empty": (b"", {}, 422, "file-unreadable"),
    "XML by another name": (b"<Document/>", {}, 422, "file-unreadable"),
    "XML of no message": (b"<Document/>", {"content_type": "application/xml"}, 422, "format-unknown"),
    "a document type": (
        b"<!DOCTYPE Document>" + PAYMENT_FILE,
        {"content_type": "application/xml"},
        422,
        "file-unreadable",
    ),
    "an entity": (
        PAYMENT_FILE.replace(b"MSG-1", b"&secret;"),
        {"content_type": "application/xml"},
        422,
        "file-unreadable",
    ),
    "a text over its limit": (
        to_jsonl([build_commitment("BAD-2", "3.00") | {"remittance": "x" * (CELL_BYTES_MAX + 1)}]),
        {},
        413,
        "limit-exceeded",
    ),
    "a column unknown": (b'{"refrence": "R1"}\n', {}, 422, "format-unknown"),
    "cut in a line": (LINE[:40], {}, 422, "file-unreadable"),
    "another hash": (LINE, {"crescendo_sha256": "0" * 64}, 422, "envelope-mismatch"),
    "another count": (LINE, {"crescendo_count": "2"}, 422, "envelope-mismatch"),
    "another sum": (LINE, {"crescendo_control_sum": "3.01"}, 422, "envelope-mismatch"),
    "another version": (LINE, {"crescendo_version": "2"}, 422, "format-unknown"),
    "a count that is none": (LINE, {"crescendo_count": "many"}, 422, "format-unknown"),
    "another format": (LINE, {"content_type": "application/vnd.apache.parquet"}, 422, "file-unreadable"),
    "another media type": (
        LINE,
        {"content_type": "text/csv", "content_disposition": "attachment; filename=a.txt"},
        422,
        "envelope-mismatch",
    ),
    "a media type unknown": (LINE, {"content_type": "image/png"}, 415, "media-type-unknown"),
    "a packed body": (LINE, {"content_encoding": "gzip"}, 415, "media-type-unknown"),
    "a flag that is none": (LINE, {"crescendo_sepa_only": "perhaps"}, 400, "malformed-request"),
    "a digest that is none": (LINE, {"content_digest": "sha-256=:AAA:"}, 422, "format-unknown"),
    "a digest of another sort": (LINE, {"content_digest": "sha-512=:AAAA:"}, 422, "format-unknown"),
    "a digest too short": (LINE, {"repr_digest": "sha-256=:AAAA:"}, 422, "format-unknown"),
    "two digests of two files": (
        LINE,
        {"content_digest": f"sha-256=:{'A' * 43}=:", "crescendo_sha256": "1" * 64},
        422,
        "format-unknown",
    ),
    "another sender": (
        b'{"envelope": {"sender": "MIN-12"}}\n' + LINE,
        {},
        403,
        "wrong-sender",
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_file_refused_whole_changes_nothing(
    name: str, client: httpx.AsyncClient, place: ServicePlace
) -> None:
    body, headers, status, code = BAD[name]
    counts = (
        "select (select count(*) from submission), (select count(*) from batch), (select count(*) from entry)"
    )
    before = await fetch(place.dsn, counts)
    response = await _submit(client, body, **headers)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"urn:crescendo:problem:{code}"
    assert response.json()["status"] == status
    assert await fetch(place.dsn, counts) == before


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("wait=soon", "malformed-request"),
        ("wait=100000", "malformed-request"),
        ("wait=1&wait=2", "malformed-request"),
        ("again=yes", "malformed-request"),
        ("wait=-1", "malformed-request"),
        ("wait=", "malformed-request"),
        ("again=", "malformed-request"),
        ("wait=%D9%A1", "malformed-request"),
    ],
)
async def test_a_malformed_query_is_refused(query: str, code: str, client: httpx.AsyncClient) -> None:
    response = await _submit(client, LINE, query=query)
    assert (response.status_code, response.json()["code"]) == (400, code)


async def test_a_repeated_header_is_refused(client: httpx.AsyncClient) -> None:
    headers = [(b"content-type", b"text/csv"), (b"content-type", b"application/x-ndjson")]
    response = await client.post("/v1/submissions", content=LINE, headers=headers)
    assert response.status_code == 400


async def test_a_problem_has_its_place_and_remedy(client: httpx.AsyncClient) -> None:
    problem = (await _submit(client, b'{"reference": "R1"}\n{"oops"\n')).json()
    assert "line 2" in problem["where"]
    assert problem["found"]
    assert problem["remedy"]


# --------------------------------------------------------------------------------------------- paths


@pytest.mark.parametrize(
    "path",
    ["/v1/submissions/999999", "/v1/submissions/999999999/refusals", "/v1/submissions/x", "/v2", "/nothing"],
)
async def test_missing_resources_are_not_found(path: str, client: httpx.AsyncClient) -> None:
    response = await client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "not-found")


async def test_another_method_is_answered_with_the_allowed_ones(client: httpx.AsyncClient) -> None:
    response = await client.delete("/v1/submissions")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"


async def test_health_needs_no_key(place: ServicePlace) -> None:
    async with place.service.client() as anonymous:
        assert (await anonymous.get("/healthz")).json() == {"status": "alive"}
        assert (await anonymous.get("/readyz")).json()["status"] == "ready"
        assert (await anonymous.head("/healthz")).status_code == 200


async def test_responses_forbid_caching_sniffing_and_scripts(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/submissions")
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "server" not in response.headers


async def test_a_list_has_the_tickets_of_its_submissions(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    """The list contains the ticket that each submission has at its own address."""
    numbers = []
    for n, count in enumerate((3, 1, 2)):
        rows = [*build_unknown_centres(count, f"LIST{n}-"), build_commitment(f"LIST{n}-DEAR", "100000.00")]
        response = await _submit(client, to_jsonl(rows), query="wait=60")
        numbers.append(response.json()["submission"])
    page = (await client.get("/v1/submissions?limit=3")).json()["submissions"]
    assert [submission["submission"] for submission in page] == numbers[::-1]
    for ticket in page:
        assert ticket == (await client.get(ticket["links"]["self"])).json()
        assert len(ticket["reasons"]) == 2
        assert sum(reason["lines"] for reason in ticket["reasons"]) == ticket["receipt"]["refused"]["lines"]
    (row,) = await fetch(
        place.dsn,
        "select count(*) from refusal where submission = any($1::int[])",
        numbers,
    )
    assert row[0] == 3 + 1 + 2 + 3
