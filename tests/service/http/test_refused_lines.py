"""Refused lines over HTTP: pages of JSON, or all of them as CSV or Arrow with the same contents."""

import csv
import io
from typing import Any

import httpx
import pyarrow as pa
import pytest
import pytest_asyncio

from core.outcome_codes import Outcome
from core.remedies import REMEDIES
from service.http.handlers.refused_lines import ARROW, CSV
from service.http.http_messages import JSON
from tests.service.http.access_keys import ACCOUNTANT, AUDITOR, MINISTRY
from tests.service.http.act_files import build_commitment, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = 11_000
"""Enough for more than one chunk of a streamed response."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ticket(place: ServicePlace) -> dict[str, Any]:
    """The ticket of a file most of whose lines are refused, for three reasons."""
    rows = [*build_unknown_centres(REFUSED), build_commitment("OK"), build_commitment("POOR", "10000.00")]
    rows += [build_commitment("=cmd|calc", "1.001")]
    async with place.service.client(MINISTRY) as client:
        response = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
    return response.json()


async def _get(client: httpx.AsyncClient, ticket: dict[str, Any], query: str = "", **headers: str) -> Any:
    hyphenated = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.get(f"{ticket['links']['refusals']}?{query}", headers=hyphenated)


async def test_the_ticket_counts_the_refusals_by_reason(ticket: dict[str, Any]) -> None:
    counts = {reason["code"]: reason["lines"] for reason in ticket["reasons"]}
    assert counts == {"FUND_CENTRE_UNKNOWN": REFUSED, "AE_EXCEEDED": 1, "AMOUNT_INVALID": 1}


async def test_pages_contain_every_refused_line_once(
    client: httpx.AsyncClient, ticket: dict[str, Any], place: ServicePlace
) -> None:
    lines, page = [], f"{ticket['links']['refusals']}?limit=1000"
    while page:
        content = (await client.get(page)).json()
        lines += content["refusals"]
        page = content["next"]
    rows = await fetch(
        place.dsn, "select line from refusal where submission = $1 order by line", ticket["submission"]
    )
    assert [line["line"] for line in lines] == [row["line"] + 1 for row in rows]
    assert len(lines) == REFUSED + 2


async def test_a_refusal_has_its_line_value_and_remedy(
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


async def test_csv_and_arrow_equal_json(client: httpx.AsyncClient, ticket: dict[str, Any]) -> None:
    page = (await _get(client, ticket, f"after={REFUSED - 1}")).json()["refusals"]
    response = await _get(client, ticket, accept="text/csv")
    assert response.headers["content-type"] == "text/csv"
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert len(rows) == REFUSED + 2
    arrow = await _get(client, ticket, accept="application/vnd.apache.arrow.stream")
    table = pa.ipc.open_stream(arrow.content).read_all().to_pylist()
    assert table[-3:] == page
    assert [line["line"] for line in table] == [int(row["line"]) for row in rows]
    texts = {name: str(value) for name, value in page[0].items() if not name.endswith("_cents")}
    assert rows[-3] == texts | {"amount": "1.00", "missing": "0.00"}


async def test_amounts_are_euros_for_people_and_named_cents_for_programs(
    client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    short = (await _get(client, ticket, f"after={REFUSED + 1}&limit=1")).json()["refusals"][0]
    assert short["amount_cents"] == short["amount"] == 1_000_000
    assert short["missing_cents"] == short["missing"] > 0
    rows = list(csv.DictReader(io.StringIO((await _get(client, ticket, accept="text/csv")).text)))
    assert rows[-2]["amount"] == "10000.00"
    assert rows[-2]["missing"] == f"{short['missing_cents'] // 100}.{short['missing_cents'] % 100:02}"


async def test_a_spreadsheet_formula_is_escaped(client: httpx.AsyncClient, ticket: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO((await _get(client, ticket, accept="text/csv")).text)))
    assert rows[-1]["reference"] == "'=cmd|calc"


async def test_an_unsupported_format_is_answered_with_the_supported_ones(
    client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    response = await _get(client, ticket, accept="application/pdf")
    assert response.status_code == 406
    assert "text/csv" in response.json()["accepted"]
    assert (await _get(client, ticket, accept="text/html, */*;q=0.1")).status_code == 200


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "after=-1", "after=x"])
async def test_a_page_out_of_bounds_is_refused(
    query: str, client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    assert (await _get(client, ticket, query)).status_code == 400


async def test_the_reasons_of_a_ticket_come_in_french(
    client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    french = {"accept-language": "fr"}
    page = (await client.get("/v1/submissions", headers=french)).json()["submissions"]
    (listed,) = (entry for entry in page if entry["submission"] == ticket["submission"])
    alone = (await client.get(ticket["links"]["self"], headers=french)).json()
    expected = [REMEDIES[Outcome[reason["code"]]] for reason in ticket["reasons"]]
    for answer in (listed, alone):
        texts = [(reason["finding"], reason["remedy"]) for reason in answer["reasons"]]
        assert texts == [(remedy.finding_fr, remedy.action_fr) for remedy in expected]
    assert ticket["reasons"][0]["finding"] == expected[0].finding


# ------------------------------------------------------------------------------------------- bank details


def _build_paid(kind: str, reference: str, iban: str, **fields: str) -> dict[str, str]:
    row = {"reference": reference, "kind": kind, "exercise": "2018", "date": "2018-05-02", "iban": iban}
    return row | {"payee": "MASKED"} | fields


_INVALID_IBAN = "FR1420041010050500013M02607"
_OTHER_IBAN = "FR7630006000011234567890189"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def paid_ticket(place: ServicePlace) -> dict[str, Any]:
    """The ticket of two requests that are refused: one for an invalid IBAN, one for an account that is not registered."""
    registered = _build_paid("third_party", "MASK-1", "FR1420041010050500013M02606", payee_name="Fournisseur")
    rows = [
        {**build_commitment(reference), **_build_paid("direct_payment_request", reference, iban)}
        for reference, iban in (("MASK-2", _INVALID_IBAN), ("MASK-3", _OTHER_IBAN))
    ]
    async with place.service.client(MINISTRY) as client:
        sent = {**JSONL, **ACCOUNTANT}
        await client.post("/v1/submissions?wait=60", content=to_jsonl([registered]), headers=sent)
        dry = await client.post("/v1/submissions?dry_run=true", content=to_jsonl(rows), headers=JSONL)
        response = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
    return {**response.json(), "dry_run": dry.text}


async def test_only_accountants_and_auditors_read_whole_ibans_of_refused_lines(
    client: httpx.AsyncClient, paid_ticket: dict[str, Any]
) -> None:
    refusals = paid_ticket["links"]["refusals"]
    answers = [("/v1/acts?reference=MASK-2", JSON), ("/v1/payments?reference=MASK-2", JSON)]
    answers += [(refusals, media_type) for media_type in (JSON, CSV, ARROW)]
    for address, media_type in answers:
        masked = (await client.get(address, headers={"accept": media_type})).content
        assert _INVALID_IBAN.encode() not in masked
        assert b"FR14...................2607" in masked
        whole = await client.get(address, headers={"accept": media_type, **AUDITOR})
        assert _INVALID_IBAN.encode() in whole.content
        by_accountant = await client.get(address, headers={"accept": media_type, **ACCOUNTANT})
        assert (_INVALID_IBAN.encode() in by_accountant.content) == (address != refusals)
    assert _INVALID_IBAN not in paid_ticket["dry_run"]


async def test_the_iban_of_another_account_is_not_stored(
    client: httpx.AsyncClient, paid_ticket: dict[str, Any], place: ServicePlace
) -> None:
    (line,) = (await _get(client, paid_ticket, "after=1")).json()["refusals"]
    assert (line["code"], line["field"], line["found"]) == ("BANK_DETAILS_DIFFER", "iban", "")
    (row,) = await fetch(place.dsn, "select found from refusal where reference = 'MASK-3'")
    assert row["found"] == ""
