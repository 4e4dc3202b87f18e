"""Refused lines over HTTP: a page of JSON, or all of them as CSV or Arrow, saying the same."""

import csv
import io
from typing import Any

import httpx
import pyarrow as pa
import pytest
import pytest_asyncio

from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_commitment, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = 11_000
"""More than one chunk of a streamed answer."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ticket(place: ServicePlace) -> dict[str, Any]:
    """A file most of whose lines are refused, for three reasons."""
    rows = [*build_unknown_centres(REFUSED), build_commitment("OK"), build_commitment("POOR", "10000.00")]
    rows += [build_commitment("=cmd|calc", "1.001")]
    async with place.service.client(MINISTRY) as client:
        found = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
    return found.json()


async def _get(client: httpx.AsyncClient, ticket: dict[str, Any], query: str = "", **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.get(f"{ticket['links']['refusals']}?{query}", headers=named)


async def test_the_ticket_tells_the_reasons(ticket: dict[str, Any]) -> None:
    found = {each["code"]: each["lines"] for each in ticket["reasons"]}
    assert found == {"FUND_CENTRE_UNKNOWN": REFUSED, "AE_EXCEEDED": 1, "AMOUNT_INVALID": 1}


async def test_pages_hold_every_refused_line_once(
    client: httpx.AsyncClient, ticket: dict[str, Any], place: ServicePlace
) -> None:
    lines, page = [], f"{ticket['links']['refusals']}?limit=1000"
    while page:
        found = (await client.get(page)).json()
        lines += found["refusals"]
        page = found["next"]
    rows = await fetch(
        place.dsn, "select line from refusal where submission = $1 order by line", ticket["submission"]
    )
    assert [each["line"] for each in lines] == [row["line"] + 1 for row in rows]
    assert len(lines) == REFUSED + 2


async def test_a_refusal_says_what_was_found_where_and_what_to_do(
    client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    first = (await _get(client, ticket, "limit=1")).json()["refusals"][0]
    assert (first["line"], first["code"], first["field"]) == (1, "FUND_CENTRE_UNKNOWN", "fund_centre")
    assert first["found"] == "0177-D013-XXXX"
    assert first["finding"]
    assert first["action"]
    short = (await _get(client, ticket, f"after={REFUSED + 1}")).json()["refusals"][0]
    assert short["code"] == "AE_EXCEEDED"
    assert short["node"] == "0177-D013-DD13 HT2 2018"
    assert short["missing"] > 0


async def test_refusals_come_in_french(client: httpx.AsyncClient, ticket: dict[str, Any]) -> None:
    english = (await _get(client, ticket, "limit=1")).json()["refusals"][0]
    french = (await _get(client, ticket, "limit=1", accept_language="fr-FR, en;q=0.5")).json()["refusals"][0]
    assert french["code"] == english["code"]
    assert french["action"] != english["action"]


async def test_csv_and_arrow_say_what_json_says(client: httpx.AsyncClient, ticket: dict[str, Any]) -> None:
    page = (await _get(client, ticket, f"after={REFUSED - 1}")).json()["refusals"]
    text = await _get(client, ticket, accept="text/csv")
    assert text.headers["content-type"] == "text/csv"
    rows = list(csv.DictReader(io.StringIO(text.text)))
    assert len(rows) == REFUSED + 2
    arrow = await _get(client, ticket, accept="application/vnd.apache.arrow.stream")
    table = pa.ipc.open_stream(arrow.content).read_all().to_pylist()
    assert table[-3:] == page
    assert [each["line"] for each in table] == [int(row["line"]) for row in rows]
    assert rows[-3] == {name: str(value) for name, value in page[0].items()}


async def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(
    client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    rows = list(csv.DictReader(io.StringIO((await _get(client, ticket, accept="text/csv")).text)))
    assert rows[-1]["reference"] == "'=cmd|calc"


async def test_a_form_that_is_not_there_is_told(client: httpx.AsyncClient, ticket: dict[str, Any]) -> None:
    found = await _get(client, ticket, accept="application/pdf")
    assert found.status_code == 406
    assert "text/csv" in found.json()["accepted"]
    assert (await _get(client, ticket, accept="text/html, */*;q=0.1")).status_code == 200


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "after=-1", "after=x"])
async def test_a_page_out_of_bounds_is_refused(
    query: str, client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    assert (await _get(client, ticket, query)).status_code == 400
