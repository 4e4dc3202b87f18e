"""Queries of the journal over HTTP: every expected figure can be added up by hand from the spending example."""

import csv
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyarrow.parquet as pq
import pytest
import pytest_asyncio

from service.http.handlers import reports
from service.http.http_messages import JSON
from service.http.openapi.examples import QUERY_EXAMPLES
from service.http.report_responses import FILE_FORMATS, PARQUET, XLSX
from service.http.routes import ROUTES
from tests.file_strategies import REFERENCE
from tests.service.command_line import run_crescendo
from tests.service.http import spending_story
from tests.service.http.access_keys import ACCOUNTANT, AUDITOR, MINISTRY, OPERATOR
from tests.service.http.conftest import ServicePlace

pytestmark = pytest.mark.asyncio(loop_scope="module")

NODE = f"/v1/budget/nodes?fund_centre={spending_story.UNIT}&year=2018"


@pytest_asyncio.fixture(loop_scope="module")
async def client(spending_service: ServicePlace) -> AsyncIterator[httpx.AsyncClient]:
    async with spending_service.service.open_checking_client(MINISTRY) as client:
        yield client


async def _query(client: httpx.AsyncClient, address: str, **headers: str) -> Any:
    response = await client.get(address, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def _read_pages(client: httpx.AsyncClient, address: str | None) -> list[Any]:
    pages = []
    while address:
        pages.append(await _query(client, address))
        address = pages[-1]["next"]
    return pages


async def test_the_examples_of_the_description_are_real_responses(
    client: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Where they are not, the message names a file of the real ones, to be copied over the examples once checked."""
    recorded, path = await spending_story.read_answers(client), tmp_path / "examples.json"
    path.write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")
    assert recorded == QUERY_EXAMPLES, f"the service responds as in {path}"


async def test_responses_have_the_described_type() -> None:
    operations = {route.path: route.operation for route in ROUTES if route.method == "GET"}
    for path in spending_story.QUERIES:
        example = QUERY_EXAMPLES[path]["answer"]
        assert msgspec.to_builtins(msgspec.convert(example, operations[path].responses["200"])) == example


# ------------------------------------------------------------------------------------------------ acts


async def test_the_command_line_and_the_service_return_the_same(
    client: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    options = ("--database", spending_service.dsn, "--data", str(Path("unused")), "--json")
    environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
    for reference in ("EJ-1", "DP-1", "RJ-1", "LFI-AE"):
        command = await run_crescendo("explain", reference, *options, environment=environment)
        report = command.json()
        response = await _query(client, f"/v1/acts?reference={reference}&proof=true", **AUDITOR)
        assert (response["accepted"], response["refused"]) == (report["accepted"], report["refused"])
        assert [(batch["chain"], batch["computed"]) for batch in response["batches"]] == [
            (proof["stored"], proof["computed"]) for proof in report["proofs"]
        ]
        assert all(batch["holds"] for batch in response["batches"])


async def test_a_refused_act_has_its_reason_and_remedy(client: httpx.AsyncClient) -> None:
    response = await _query(client, "/v1/acts?reference=DP-2")
    (line,) = response["refused"]
    refusal = line["refusal"]
    assert response["accepted"] == []
    assert (refusal["code"], refusal["node"]) == ("AE_EXCEEDED", "0177-D013-DD13 HT2 2018")
    assert refusal["missing"] == 100_000 - 18_000  # 300.00 opened, 120.00 engaged
    assert line["nodes"][0]["ae_before"]["available"] == 30_000
    french = await _query(client, "/v1/acts?reference=DP-2", **{"accept-language": "fr-FR"})
    assert "autorisations d'engagement" in french["refused"][0]["refusal"]["finding"]
    assert french["refused"][0]["refusal"]["action"] != refusal["action"]


async def test_an_act_is_found_by_its_document_number(client: httpx.AsyncClient) -> None:
    response = await _query(client, f"/v1/acts/{spending_story.REQUESTED}")
    (line,) = response["accepted"]
    assert (line["reference"], line["predecessor"]["reference"]) == ("DP-1", "EJ-1")
    # the rejection of its accountant, who is another sender
    assert [(row["reference"], row["is_visible"]) for row in line["followers"]] == [("RJ-1", True)]
    (whole,) = (await _query(client, f"/v1/acts/{spending_story.REQUESTED}", **AUDITOR))["accepted"]
    assert whole["followers"] == line["followers"]
    assert response["batches"][0]["computed"] is None
    assert (await client.get("/v1/acts/999999999999999999")).status_code == 404


@pytest.mark.parametrize(
    ("query", "accepted", "refused"),
    [
        ("", 1, 1),
        ("&exercise=2018", 1, 1),
        ("&kind=commitment", 1, 1),
        ("&kind=service", None, None),
        ("&sender=MIN-09", 1, 1),
        ("&exercise=2019", 0, 1),  # a refused line is stored without its exercise
    ],
)
async def test_filters_select_lines(
    query: str, accepted: int | None, refused: int, client: httpx.AsyncClient
) -> None:
    response = await client.get(f"/v1/acts?reference=EJ-1{query}")
    if accepted is None:
        assert (response.status_code, response.json()["code"]) == (404, "not-found")
        return
    assert (len(response.json()["accepted"]), len(response.json()["refused"])) == (accepted, refused)


async def test_the_pages_together_equal_the_whole(client: httpx.AsyncClient) -> None:
    whole = await _query(client, "/v1/acts?reference=EJ-1")
    pages = await _read_pages(client, "/v1/acts?reference=EJ-1&exercise=2018&limit=1")
    assert [line for page in pages for line in page["accepted"]] == whole["accepted"]
    assert [line for page in pages for line in page["refused"]] == whole["refused"]
    assert len(pages) == 3  # the second page is full, so only an empty third one shows the end
    followers = await _read_pages(client, f"/v1/acts/{spending_story.COMMITTED}/followers?limit=1")
    assert [follower["reference"] for page in followers for follower in page["followers"]] == [
        "EJ-1-AV1",
        "SF-1",
        "DP-1",
    ]


async def test_a_document_and_the_open_items_come_in_pages(client: httpx.AsyncClient) -> None:
    document = "/v1/documents?document=PACA/2018/DEP/1"
    pages = await _read_pages(client, f"{document}&limit=1")
    assert [line for page in pages for line in page["accepted"]] == (await _query(client, document))[
        "accepted"
    ]
    assert [len(page["accepted"]) for page in pages] == [1, 0]
    missing = await client.get("/v1/documents?document=PACA/2018/DEP/999999&after=1")
    assert missing.status_code == 404, missing.text
    whole = await _query(client, "/v1/reports/open-items?day=2018-12-31&by=item")
    pages = await _read_pages(client, "/v1/reports/open-items?day=2018-12-31&by=item&limit=1")
    assert [item for page in pages for item in page["items"]] == whole["items"]
    assert len(pages) == len(whole["items"]) > 1
    assert all(page["accounts"] == whole["accounts"] for page in pages)


# ---------------------------------------------------------------------------- commitments and payments


async def test_a_commitment_adds_up(client: httpx.AsyncClient) -> None:
    (line,) = (await _query(client, "/v1/commitments?reference=EJ-1"))["commitments"]
    assert (line["initial"], line["increased"], line["decreased"]) == (10_000, 2_000, 0)
    assert (line["engaged"], line["certified"], line["requested"]) == (12_000, 5_500, 2_500)
    assert (line["open"], line["unbilled"], line["remaining"]) == (6_500, 3_000, 9_500)
    assert line["engaged"] == line["requested"] + line["remaining"]
    assert (await _query(client, f"/v1/commitments/{spending_story.COMMITTED}"))["commitments"] == [line]


async def test_commitments_and_payments_are_not_interchangeable(client: httpx.AsyncClient) -> None:
    for address in (
        f"/v1/commitments/{spending_story.REQUESTED}",
        f"/v1/payments/{spending_story.COMMITTED}",
        "/v1/commitments?reference=DP-1",
        "/v1/payments?reference=EJ-1",
    ):
        assert (await client.get(address)).status_code == 404


async def test_a_refused_payment_request_is_returned(client: httpx.AsyncClient) -> None:
    response = await _query(client, "/v1/payments?reference=DP-2")
    assert response["payments"] == []
    assert [line["code"] for line in response["refused"]] == ["AE_EXCEEDED"]


async def test_only_accountants_and_auditors_read_whole_bank_details(client: httpx.AsyncClient) -> None:
    iban = "FR1420041010050500013M02606"
    for address in ("/v1/payments?reference=DP-1", f"/v1/acts/{spending_story.REQUESTED}"):
        assert iban not in (await client.get(address)).text
        for key in (ACCOUNTANT, AUDITOR):
            assert iban in (await client.get(address, headers=key)).text


# ---------------------------------------------------------------------------------------------- budget


async def test_a_node_is_returned_now_and_as_of_each_batch(client: httpx.AsyncClient) -> None:
    states = [await _query(client, f"{NODE}&batch={batch}") for batch in range(6)]
    assert [state["batch"] for state in states] == [0, 1, 2, 3, 4, 5]
    assert [state["node"]["ae"]["available"] for state in states] == [0, 0, 30_000, 30_000, 18_000, 18_000]
    assert [state["node"]["cp"]["reserved"] for state in states] == [0, 0, 0, 0, 4_000, 2_500]
    assert await _query(client, NODE) == states[-1]
    assert [node["centre"] for node in states[-1]["above"]] == ["0177-D013", "0177"]
    assert (await client.get(f"{NODE}&batch=6")).status_code == 404


async def test_a_node_without_credits_has_zero_amounts(client: httpx.AsyncClient) -> None:
    for query in ("&staff=true", "&fund=1-1-00733"):
        response = await _query(client, NODE + query)
        assert response["node"]["ae"]["opened"] == 0
    assert (await _query(client, f"{NODE}&staff=true"))["node"]["envelope"] == "T2"
    assert (await client.get(f"{NODE}&fund=nowhere")).status_code == 404


async def test_an_estimated_credit_has_no_ceiling_and_an_operation_has_its_own(
    client: httpx.AsyncClient,
) -> None:
    address = "/v1/budget/nodes?year=2018&fund_centre="
    debt = await _query(client, f"{address}0117-CENT-C001")
    assert (debt["tightest_ae"], debt["tightest_cp"]) == (None, None)
    works = await _query(client, f"{address}OP-0217-000001")
    assert works["tightest_ae"]["level"] == "operation"
    assert works["tightest_cp"]["level"] != "operation"


async def test_programmes_are_paged_as_of_one_batch(client: httpx.AsyncClient) -> None:
    whole = await _query(client, "/v1/budget/programmes?batch=1")
    pages = await _read_pages(client, "/v1/budget/programmes?batch=1&limit=1")
    assert [programme for page in pages for programme in page["programmes"]] == whole["programmes"]
    assert [programme["centre"] for programme in whole["programmes"]] == ["0177"]


# --------------------------------------------------------------------------------------------- reports


async def test_auditors_and_operators_may_read_reports(client: httpx.AsyncClient) -> None:
    for route in reports.ROUTES:
        for key in (AUDITOR, OPERATOR):
            assert (await client.get(route.path, headers=key)).status_code == 200


async def test_the_trial_balance_can_be_read_as_of_a_batch(client: httpx.AsyncClient) -> None:
    before = await _query(client, "/v1/reports/trial-balance?batch=4", **AUDITOR)
    now = await _query(client, "/v1/reports/trial-balance", **AUDITOR)
    assert (before["debit"], now["debit"]) == (10_500, 12_000)  # 60 + 5 + 40, then 15 reversed
    assert before["debit"] == before["credit"]
    assert (await client.get("/v1/reports/trial-balance?batch=99", headers=AUDITOR)).status_code == 404


async def test_the_budget_report_is_paged_and_its_csv_is_whole(client: httpx.AsyncClient) -> None:
    address = "/v1/reports/budget?level=bop&year=2018&programme=0177"
    page = await _query(client, address, **AUDITOR)
    assert page["next"] is None
    assert [node["centre"] for node in page["nodes"]] == ["0177-D013"]
    assert page["level"] == "bop"
    response = await client.get(address, headers={**AUDITOR, "accept": "text/csv"})
    assert response.headers["content-type"] == "text/csv"
    assert "attachment" in response.headers["content-disposition"]
    assert len(response.text.splitlines()) == 2


@pytest.mark.parametrize("path", [path for path in spending_story.QUERIES if path.startswith("/v1/reports")])
async def test_every_report_is_a_file_with_the_rows_of_its_csv(client: httpx.AsyncClient, path: str) -> None:
    key, address = spending_story.QUERIES[path]
    lines = csv.DictReader(io.StringIO(QUERY_EXAMPLES[path]["csv"]))
    table = await client.get(address, headers={**key, "accept": PARQUET})
    assert (table.status_code, table.headers["content-type"]) == (200, PARQUET), table.text
    assert f'filename="{path.rpartition("/")[2]}.parquet"' in table.headers["content-disposition"]
    rows = pq.read_table(io.BytesIO(table.content)).to_pylist()
    for row, line in zip(rows, lines, strict=True):
        assert {name: "" if value is None else str(value) for name, value in row.items()} == line
    workbook = await client.get(address, headers={**key, "accept": XLSX})
    assert (workbook.status_code, workbook.headers["content-type"]) == (200, XLSX)
    assert "xl/worksheets/sheet1.xml" in zipfile.ZipFile(io.BytesIO(workbook.content)).namelist()


async def test_refusals_are_counted_by_reason(client: httpx.AsyncClient) -> None:
    response = await _query(client, "/v1/reports/refusals?submission=4", **AUDITOR)
    assert {reason["code"]: reason["lines"] for reason in response["reasons"]} == {
        "AE_EXCEEDED": 1,
        "REFERENCE_CONFLICT": 1,
    }
    assert (await client.get("/v1/reports/refusals?submission=99", headers=AUDITOR)).status_code == 404


# ---------------------------------------------------------------------------------------- malformed queries

MALFORMED = (
    *("/v1/acts", "/v1/acts?reference=", "/v1/acts?reference=EJ-1&reference=EJ-2"),
    *(f"/v1/acts?reference={'R' * 36}", "/v1/acts?reference=EJ%00", "/v1/acts?reference=EJ-1&exercise=18"),
    *("/v1/acts?reference=EJ-1&kind=engagement", "/v1/acts?reference=EJ-1&limit=0"),
    *("/v1/documents?document=PACA/2018/DEP/1&limit=101", "/v1/reports/open-items?limit=1001"),
    *("/v1/acts?reference=EJ-1&limit=101", "/v1/acts?reference=EJ-1&after=8", "/v1/acts?refrence=EJ-1"),
    *("/v1/acts?reference=EJ-1&proof=yes", "/v1/acts/8?reference=EJ-1", "/v1/acts/8/followers?after=x"),
    *("/v1/commitments", "/v1/commitments?reference=EJ-1&kind=service", "/v1/payments/12?limit=1"),
    *("/v1/budget/nodes", "/v1/budget/nodes?fund_centre=0177", "/v1/budget/nodes?year=2018"),
    *(f"{NODE}&batch=-1", f"{NODE}&batch=last", f"{NODE}&staff=1", f"{NODE}&level=uo"),
    *("/v1/budget/programmes?limit=501", "/v1/budget/programmes?year=1999"),
    *("/v1/budget/programmes?after=", "/v1/payments?reference=DP-1&exercise=", f"{NODE}&batch=9{'9' * 18}"),
)


@pytest.mark.parametrize("address", MALFORMED)
async def test_a_malformed_query_is_refused(address: str, client: httpx.AsyncClient) -> None:
    response = await client.get(address)
    assert (response.status_code, response.json()["code"]) == (400, "malformed-request")


async def test_an_unsupported_format_is_answered_with_the_supported_ones(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/reports/budget", headers={**AUDITOR, "accept": "application/pdf"})
    assert (response.status_code, response.json()["accepted"]) == (406, sorted([JSON, *FILE_FORMATS]))
