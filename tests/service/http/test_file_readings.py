"""Files whose reading the sender states, over HTTP and by command: charset, extra columns; and after a loss of the spool."""

import asyncio
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import httpx
import pytest

from ingest.spool.spool import Spool
from service.client.client import WHOLE_BYTES_MAX, Client
from service.database.embedded_server import Database
from tests.service.cli.test_run_order import ENVIRONMENT
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import MINISTRY, OPERATOR
from tests.service.http.act_files import build_commitment, build_unknown_centres, submit_credits
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

KEY = MINISTRY["authorization"].removeprefix("Bearer ")
WINDOWS = "windows-1252"
_JSONL = {"content_type": "application/x-ndjson"}


def build_csv(prefix: str, lines: int = 1, delimiter: str = "\t") -> str:
    """Build lines that are refused for their fund centre, so that their references are listed."""
    rows = build_unknown_centres(lines, prefix)
    return "".join(delimiter.join(fields) + "\r\n" for fields in [rows[0], *(row.values() for row in rows)])


async def _list_references(client: httpx.AsyncClient, ticket: Any) -> list[str]:
    refusals = (await client.get(f"/v1/submissions/{ticket['submission']}/refusals?limit=10")).json()
    return [refusal["reference"] for refusal in refusals["refusals"]]


async def _send(
    client: httpx.AsyncClient, body: bytes, query: str = "wait=60", **headers: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(f"/v1/submissions?{query}", content=body, headers=named)


@pytest.mark.parametrize(
    ("codec", "headers"),
    [
        ("cp1252", {"content_type": "text/csv; charset=Windows-1252"}),
        ("cp1252", {"content_type": 'text/csv;header=present;charset="cp1252"'}),
        ("cp1252", {"content_type": "application/octet-stream", "crescendo_charset": WINDOWS}),
        ("utf-16-le", {"content_type": "text/csv; charset=utf-16le", "crescendo_charset": "UTF-16LE"}),
        ("utf-16-be", {"content_type": "text/csv", "crescendo_charset": "utf-16be"}),
        ("utf-16", {"content_type": "text/csv"}),
        ("utf-8", {"content_type": "text/csv; charset=utf-8"}),
    ],
)
async def test_a_charset_is_stated_in_a_header(
    client: httpx.AsyncClient, codec: str, headers: dict[str, str]
) -> None:
    name = f"Œ-{codec}-{len(headers)}-{len(str(headers))}-"
    response = await _send(client, build_csv(name).encode(codec), **headers)
    assert response.is_success, response.text
    assert await _list_references(client, response.json()) == [f"{name}0"]


async def test_the_receipt_states_the_charset_that_a_file_was_read_in(client: httpx.AsyncClient) -> None:
    """A file that is sent again is not read again, so another charset that is stated then has no effect."""
    body = build_csv("É-receipt-").encode()
    for charset in ("; charset=cp1252", "", "; charset=utf-8"):
        ticket = (await _send(client, body, content_type=f"text/csv{charset}")).json()
        assert ticket["receipt"]["charset"] == WINDOWS
    other = (await _send(client, build_csv("É-plain-").encode(), content_type="text/csv")).json()
    assert other["receipt"]["charset"] == ""


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"content_type": "text/csv; charset=iso-8859-1"}, "utf-8, utf-16, utf-16le, utf-16be, windows-1252"),
        ({"content_type": "text/csv", "crescendo_charset": "latin"}, "utf-8, utf-16"),
        ({"content_type": "text/csv; charset=utf-8", "crescendo_charset": WINDOWS}, "one header only"),
        ({"content_type": "text/csv; charset=utf-16"}, "utf-16le or utf-16be"),
        ({"content_type": "text/csv"}, "--charset, or Content-Type: text/csv; charset="),
    ],
)
async def test_a_charset_that_does_not_fit_is_refused(
    client: httpx.AsyncClient, headers: dict[str, str], message: str
) -> None:
    response = await _send(client, build_csv("É-").encode("cp1252"), **headers)
    assert response.status_code in {400, 422}, response.text
    assert message in response.text


async def test_a_dry_run_reads_the_charset(client: httpx.AsyncClient) -> None:
    body = build_csv("É-dry-").encode("cp1252")
    response = await _send(client, body, "dry_run=true", content_type="text/csv; charset=cp1252")
    assert [refusal["reference"] for refusal in response.json()["refusals"]] == ["É-dry-0"]


@pytest.mark.parametrize("lines", [1, 60_000])
async def test_the_client_states_the_charset(place: ServicePlace, tmp_path: Path, lines: int) -> None:
    """Sent whole and in pieces; the charset is stored with the file, so that it is read again in the same way."""
    file = tmp_path / "acts.csv"
    file.write_bytes(build_csv(f"É{lines}-", lines).encode("cp1252"))
    assert (file.stat().st_size > WHOLE_BYTES_MAX) == (lines > 1)
    service = Client(place.service.url, KEY)
    ticket = await asyncio.to_thread(service.submit, file, envelope={"charset": WINDOWS})
    assert next(service.refusals(ticket["submission"]))["reference"] == f"É{lines}-0"
    stored = Spool(place.data / "spool").open(bytes.fromhex(ticket["receipt"]["sha256"]), "MIN-09")
    assert stored.envelope.charset == WINDOWS


@pytest.mark.parametrize("by_manifest", [True, False])
async def test_submit_states_the_charset(place: ServicePlace, tmp_path: Path, by_manifest: bool) -> None:
    file, name = tmp_path / "acts.csv", f"É-submit-{by_manifest}-"
    file.write_bytes(build_csv(name).encode("utf-16-le"))
    words: tuple[str, ...] = ("--charset", "UTF-16LE")
    if by_manifest:
        file.with_name("acts.csv.manifest.json").write_text(json.dumps({"charset": "utf-16le"}))
        words = ()
    key = {"CRESCENDO_KEY": KEY}
    result = await run_crescendo(
        "submit", file, *words, "--url", place.service.url, "--json", environment=key
    )
    assert result.code == 0, result.err
    (submission,) = result.json()["submissions"]
    rows = await fetch(
        place.dsn, f"select reference from refusal where submission = {submission['submission']}"
    )
    assert [row["reference"] for row in rows] == [f"{name}0"]


async def test_run_reads_the_charset(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "acts.csv"
    file.write_bytes(build_csv("É-run-").encode("cp1252"))
    async with create_database(database) as dsn:
        where = ("--database", dsn, "--data", tmp_path / "data", "--sender", "MIN-09", "--json")
        for words, code in (
            ((), 1),
            (("--charset", "latin-1"), 2),
            (("--charset", "cp1252", "--dry-run"), 0),
        ):
            result = await run_crescendo("run", file, *words, *where, environment=ENVIRONMENT)
            assert result.code == code, result.err
        result = await run_crescendo("run", file, "--charset", WINDOWS, *where, environment=ENVIRONMENT)
        assert result.json()["receipts"][0]["refused"]["lines"] == 1
        rows = await fetch(dsn, "select reference from refusal")
        words = ("--again", "--charset", WINDOWS, *where[:-1])
        printed = await run_crescendo("run", file, *words, environment=ENVIRONMENT)
    assert "acts.csv: read in windows-1252" in printed.out
    assert [row["reference"] for row in rows] == ["É-run-0"]


# ------------------------------------------------------------------------------------ columns outside the format


def build_extra_csv(reference: str, delimiter: str = ";") -> str:
    row = build_commitment(reference) | {"colour": "blue", "Note interne": "é"}
    return "".join(delimiter.join(fields) + "\n" for fields in (row, row.values()))


EXTRA = ["colour", "Note interne"]


@pytest.mark.parametrize("wait", ["", "wait=60"])
async def test_extra_columns_are_allowed_by_a_header_and_listed_in_the_receipt(
    client: httpx.AsyncClient, wait: str
) -> None:
    body = build_extra_csv(f"X-1{wait}").encode()
    refused = await _send(client, body, content_type="text/csv")
    assert refused.status_code == 422, refused.text
    assert "colour" in refused.text
    accepted = await _send(client, body, wait, content_type="text/csv", crescendo_extra_columns="true")
    assert accepted.json()["receipt"]["extra_columns"] == EXTRA
    ticket = (await client.get(f"/v1/submissions/{accepted.json()['submission']}?wait=60")).json()
    assert ticket["receipt"]["extra_columns"] == EXTRA
    assert ticket["receipt"]["accepted"]["lines"] == 1
    wrong = await _send(client, body, content_type="text/csv", crescendo_extra_columns="yes")
    assert wrong.status_code == 400


async def test_the_client_and_submit_allow_extra_columns(place: ServicePlace, tmp_path: Path) -> None:
    service = Client(place.service.url, KEY)
    for number, envelope in enumerate(({"extra_columns": True}, {})):
        file = tmp_path / f"acts{number}.csv"
        file.write_text(build_extra_csv(f"X-2{number}"))
        if not envelope:
            file.with_name(f"{file.name}.manifest.json").write_text('{"extra_columns": true}')
        ticket = await asyncio.to_thread(service.submit, file, envelope=envelope)
        assert ticket["receipt"]["extra_columns"] == EXTRA
    file = tmp_path / "acts.csv"
    file.write_text(build_extra_csv("X-3"))
    key = {"CRESCENDO_KEY": KEY}
    words = ("submit", file, "--extra-columns", "--url", place.service.url)
    result = await run_crescendo(*words, environment=key)
    assert result.code == 0, result.err
    assert "colour, Note interne" in result.out


async def test_a_dry_run_lists_extra_columns(place: ServicePlace, tmp_path: Path) -> None:
    file = tmp_path / "acts.csv"
    file.write_text(build_extra_csv("X-6"))
    words = ("submit", file, "--extra-columns", "--dry-run", "--url", place.service.url)
    result = await run_crescendo(*words, "--json", environment={"CRESCENDO_KEY": KEY})
    assert result.code == 0, result.err
    (dry_result,) = result.json()["files"]
    assert dry_result["extra_columns"] == EXTRA
    text_result = await run_crescendo(*words, environment={"CRESCENDO_KEY": KEY})
    assert "colour, Note interne" in text_result.out


async def test_run_allows_extra_columns(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "acts.csv"
    file.write_text(build_extra_csv("X-4"))
    async with create_database(database) as dsn:
        where = ("--database", dsn, "--data", tmp_path / "data", "--sender", "MIN-09")
        refused = await run_crescendo("run", file, *where, environment=ENVIRONMENT)
        assert refused.code == 1
        words = ("run", file, "--extra-columns", *where)
        dry = await run_crescendo(*words, "--dry-run", environment=ENVIRONMENT)
        assert "colour, Note interne" in dry.out
        result = await run_crescendo(*words, environment=ENVIRONMENT)
        assert result.code == 0, result.err
        assert "colour, Note interne" in result.out
        (row,) = await fetch(dsn, "select extra_columns, charset from submission")
    assert (row["extra_columns"], row["charset"]) == (EXTRA, "")


async def test_a_lost_file_that_is_sent_again_is_read_as_it_was(database: Database, tmp_path: Path) -> None:
    """Its sender states something else, or nothing, the second time: the reading of its registration counts."""
    body = build_extra_csv("X-5").encode("cp1252") + build_extra_csv("É-5").encode("cp1252").split(b"\n")[1]
    body += b"\n"
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await client.post("/v1/senders/MIN-09/pause", json={"reason": "night"}, headers=OPERATOR)
            headers = {"content_type": "text/csv; charset=cp1252", "crescendo_extra_columns": "true"}
            ticket = (await _send(client, body, "", **headers)).json()
            assert "state" in ticket, ticket
            assert ticket["state"] == "waiting", ticket
        (original,) = (tmp_path / "spool").glob("??/*/original")
        shutil.rmtree(original.parent)
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            assert (await _send(client, body, "", content_type="text/csv")).json()["submission"] == 1
            await client.post("/v1/senders/MIN-09/resume", json={"reason": "day"}, headers=OPERATOR)
            ticket = (await client.get("/v1/submissions/1?wait=60")).json()
            assert ticket["state"] == "decided", ticket
            assert ticket["receipt"]["refused"]["lines"] == 2
            assert await _list_references(client, ticket) == ["X-5", "É-5"]
            assert ticket["receipt"]["extra_columns"] == EXTRA


async def test_a_lost_atomic_file_that_is_sent_again_is_still_atomic(
    database: Database, tmp_path: Path
) -> None:
    """Sent again without a word about it, its good line would be accepted alone."""
    body = to_jsonl([build_commitment("A-1", "1.00"), *build_unknown_centres(1, "A-2-")])
    async with create_database(database) as dsn:
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            await submit_credits(client)
            await client.post("/v1/senders/MIN-09/pause", json={"reason": "night"}, headers=OPERATOR)
            ticket = (await _send(client, body, "atomic=true", **_JSONL)).json()
            assert ticket["state"] == "waiting", ticket
        digest = hashlib.sha256(body).hexdigest()
        shutil.rmtree(tmp_path / "spool" / digest[:2] / digest)
        async with run_service(dsn, tmp_path) as served, served.client(MINISTRY) as client:
            again = (await _send(client, body, "", **_JSONL)).json()
            assert again["submission"] == ticket["submission"]
            await client.post("/v1/senders/MIN-09/resume", json={"reason": "day"}, headers=OPERATOR)
            decided = (await client.get(f"/v1/submissions/{ticket['submission']}?wait=60")).json()
            assert decided["receipt"]["accepted"]["lines"] == 0, decided
            assert decided["receipt"]["refused"]["lines"] == 2, decided
