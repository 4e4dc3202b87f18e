"""What may be asked of the journal, asked of a service: every figure is one that can be added up by hand."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from service.http.openapi.examples import QUERY_EXAMPLES
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
    async with spending_service.service.client(MINISTRY) as client:
        yield client


async def _query(client: httpx.AsyncClient, address: str, **headers: str) -> Any:
    found = await client.get(address, headers=headers)
    assert found.status_code == 200, found.text
    return found.json()


async def _read_pages(client: httpx.AsyncClient, address: str | None) -> list[Any]:
    pages = []
    while address:
        pages.append(await _query(client, address))
        address = pages[-1]["next"]
    return pages


async def test_the_description_shows_what_is_answered(client: httpx.AsyncClient) -> None:
    assert await spending_story.read_answers(client) == QUERY_EXAMPLES


async def test_an_answer_is_of_the_type_that_is_described() -> None:
    operations = {route.path: route.operation for route in ROUTES if route.method == "GET"}
    for path in spending_story.QUERIES:
        answer = QUERY_EXAMPLES[path]["answer"]
        assert msgspec.to_builtins(msgspec.convert(answer, operations[path].responses["200"])) == answer


# ------------------------------------------------------------------------------------------------ acts


async def test_the_command_line_and_the_service_tell_the_same(
    client: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    place = ("--database", spending_service.dsn, "--data", str(Path("unused")), "--json")
    environment = {"CRESCENDO_REFERENCE": str(REFERENCE)}
    for reference in ("EJ-1", "DP-1", "RJ-1", "LFI-AE"):
        life = await run_crescendo("explain", reference, *place, environment=environment)
        said = life.json()
        found = await _query(client, f"/v1/acts?reference={reference}&proof=true", **AUDITOR)
        assert (found["accepted"], found["refused"]) == (said["accepted"], said["refused"])
        assert [(each["chain"], each["computed"]) for each in found["batches"]] == [
            (each["stored"], each["computed"]) for each in said["proofs"]
        ]
        assert all(each["holds"] for each in found["batches"])


async def test_a_refused_act_says_why_and_what_to_do(client: httpx.AsyncClient) -> None:
    found = await _query(client, "/v1/acts?reference=DP-2")
    (line,) = found["refused"]
    refusal = line["refusal"]
    assert found["accepted"] == []
    assert (refusal["code"], refusal["node"]) == ("AE_EXCEEDED", "0177-D013-DD13 HT2 2018")
    assert refusal["missing"] == 100_000 - 18_000  # 300.00 opened, 120.00 engaged
    assert line["nodes"][0]["ae_before"]["available"] == 30_000
    french = await _query(client, "/v1/acts?reference=DP-2", **{"accept-language": "fr-FR"})
    assert "autorisations d'engagement" in french["refused"][0]["refusal"]["finding"]
    assert french["refused"][0]["refusal"]["action"] != refusal["action"]


async def test_an_act_is_found_by_its_document_number(client: httpx.AsyncClient) -> None:
    found = await _query(client, f"/v1/acts/{spending_story.REQUESTED}")
    (line,) = found["accepted"]
    assert (line["reference"], line["predecessor"]["reference"]) == ("DP-1", "EJ-1")
    assert [each["reference"] for each in line["followers"]] == ["RJ-1"]
    assert found["batches"][0]["computed"] is None
    assert (await client.get("/v1/acts/999999999999999999")).status_code == 404


@pytest.mark.parametrize(
    ("query", "accepted", "refused"),
    [
        ("", 1, 1),
        ("&exercise=2018", 1, 1),
        ("&kind=commitment", 1, 1),
        ("&kind=service", None, None),
        ("&sender=MIN-09", 1, 1),
        ("&exercise=2019", 0, 1),  # a refused line is kept without its exercise
    ],
)
async def test_lines_are_chosen(
    query: str, accepted: int | None, refused: int, client: httpx.AsyncClient
) -> None:
    found = await client.get(f"/v1/acts?reference=EJ-1{query}")
    if accepted is None:
        assert (found.status_code, found.json()["code"]) == (404, "not-found")
        return
    assert (len(found.json()["accepted"]), len(found.json()["refused"])) == (accepted, refused)


async def test_pages_together_are_the_whole(client: httpx.AsyncClient) -> None:
    whole = await _query(client, "/v1/acts?reference=EJ-1")
    pages = await _read_pages(client, "/v1/acts?reference=EJ-1&exercise=2018&limit=1")
    assert [line for page in pages for line in page["accepted"]] == whole["accepted"]
    assert [line for page in pages for line in page["refused"]] == whole["refused"]
    assert len(pages) == 3  # the last one is full, so that only the next shows that it was the last
    followers = await _read_pages(client, f"/v1/acts/{spending_story.COMMITTED}/followers?limit=1")
    assert [each["reference"] for page in followers for each in page["followers"]] == [
        "EJ-1-AV1",
        "SF-1",
        "DP-1",
    ]


# ---------------------------------------------------------------------------- commitments and payments


async def test_a_commitment_adds_up(client: httpx.AsyncClient) -> None:
    (line,) = (await _query(client, "/v1/commitments?reference=EJ-1"))["commitments"]
    assert (line["initial"], line["increased"], line["decreased"]) == (10_000, 2_000, 0)
    assert (line["engaged"], line["certified"], line["requested"]) == (12_000, 5_500, 2_500)
    assert (line["open"], line["unbilled"], line["remaining"]) == (6_500, 3_000, 9_500)
    assert line["engaged"] == line["requested"] + line["remaining"]
    assert (await _query(client, f"/v1/commitments/{spending_story.COMMITTED}"))["commitments"] == [line]


async def test_a_request_is_no_commitment(client: httpx.AsyncClient) -> None:
    for address in (
        f"/v1/commitments/{spending_story.REQUESTED}",
        f"/v1/payments/{spending_story.COMMITTED}",
        "/v1/commitments?reference=DP-1",
        "/v1/payments?reference=EJ-1",
    ):
        assert (await client.get(address)).status_code == 404


async def test_a_payment_request_that_was_refused_is_told(client: httpx.AsyncClient) -> None:
    found = await _query(client, "/v1/payments?reference=DP-2")
    assert found["payments"] == []
    assert [each["code"] for each in found["refused"]] == ["AE_EXCEEDED"]


async def test_bank_details_are_whole_for_those_who_answer_for_them(client: httpx.AsyncClient) -> None:
    whole = "FR1420041010050500013M02606"
    for address in ("/v1/payments?reference=DP-1", f"/v1/acts/{spending_story.REQUESTED}"):
        assert whole not in (await client.get(address)).text
        for key in (ACCOUNTANT, AUDITOR):
            assert whole in (await client.get(address, headers=key)).text


# ---------------------------------------------------------------------------------------------- budget


async def test_a_node_is_told_now_and_after_each_batch(client: httpx.AsyncClient) -> None:
    states = [await _query(client, f"{NODE}&batch={batch}") for batch in range(5)]
    assert [each["batch"] for each in states] == [0, 1, 2, 3, 4]
    assert [each["node"]["ae"]["available"] for each in states] == [0, 30_000, 30_000, 18_000, 18_000]
    assert [each["node"]["cp"]["reserved"] for each in states] == [0, 0, 0, 4_000, 2_500]
    assert await _query(client, NODE) == states[-1]
    assert [each["centre"] for each in states[-1]["above"]] == ["0177-D013", "0177"]
    assert (await client.get(f"{NODE}&batch=5")).status_code == 404


async def test_a_node_that_was_never_given_anything_has_nothing(client: httpx.AsyncClient) -> None:
    for query in ("&staff=true", "&fund=1-1-00733"):
        found = await _query(client, NODE + query)
        assert found["node"]["ae"]["opened"] == 0
    assert (await _query(client, f"{NODE}&staff=true"))["node"]["envelope"] == "T2"
    assert (await client.get(f"{NODE}&fund=nowhere")).status_code == 404


async def test_an_estimated_credit_is_no_ceiling_and_an_operation_has_its_own(
    client: httpx.AsyncClient,
) -> None:
    address = "/v1/budget/nodes?year=2018&fund_centre="
    debt = await _query(client, f"{address}0117-CENT-C001")
    assert (debt["tightest_ae"], debt["tightest_cp"]) == (None, None)
    works = await _query(client, f"{address}OP-0217-000001")
    assert works["tightest_ae"]["level"] == "operation"
    assert works["tightest_cp"]["level"] != "operation"


async def test_programmes_come_by_pages_as_of_one_batch(client: httpx.AsyncClient) -> None:
    whole = await _query(client, "/v1/budget/programmes?batch=1")
    pages = await _read_pages(client, "/v1/budget/programmes?batch=1&limit=1")
    assert [each for page in pages for each in page["programmes"]] == whole["programmes"]
    assert [each["centre"] for each in whole["programmes"]] == ["0177"]


# --------------------------------------------------------------------------------------------- reports


async def test_reports_are_for_auditors_and_operators(client: httpx.AsyncClient) -> None:
    for name in ("trial-balance", "budget", "refusals", "delays"):
        for key in (AUDITOR, OPERATOR):
            assert (await client.get(f"/v1/reports/{name}", headers=key)).status_code == 200


async def test_the_trial_balance_stands_as_of_a_batch(client: httpx.AsyncClient) -> None:
    before = await _query(client, "/v1/reports/trial-balance?batch=3", **AUDITOR)
    now = await _query(client, "/v1/reports/trial-balance", **AUDITOR)
    assert (before["debit"], now["debit"]) == (10_500, 12_000)  # 60 + 5 + 40, and 15 undone
    assert before["debit"] == before["credit"]
    assert (await client.get("/v1/reports/trial-balance?batch=99", headers=AUDITOR)).status_code == 404


async def test_the_budget_report_pages_and_its_csv_is_whole(client: httpx.AsyncClient) -> None:
    address = "/v1/reports/budget?level=bop&year=2018&programme=0177"
    page = await _query(client, address, **AUDITOR)
    assert page["next"] is None
    assert [each["centre"] for each in page["nodes"]] == ["0177-D013"]
    assert page["level"] == "bop"
    text = await client.get(address, headers={**AUDITOR, "accept": "text/csv"})
    assert text.headers["content-type"] == "text/csv"
    assert "attachment" in text.headers["content-disposition"]
    assert len(text.text.splitlines()) == 2


async def test_refusals_are_counted_by_reason(client: httpx.AsyncClient) -> None:
    found = await _query(client, "/v1/reports/refusals?submission=3", **AUDITOR)
    assert {each["code"]: each["lines"] for each in found["reasons"]} == {
        "AE_EXCEEDED": 1,
        "REFERENCE_CONFLICT": 1,
    }
    assert (await client.get("/v1/reports/refusals?submission=99", headers=AUDITOR)).status_code == 404


# ---------------------------------------------------------------------------------------- half understood

MALFORMED = (
    *("/v1/acts", "/v1/acts?reference=", "/v1/acts?reference=EJ-1&reference=EJ-2"),
    *(f"/v1/acts?reference={'R' * 36}", "/v1/acts?reference=EJ%00", "/v1/acts?reference=EJ-1&exercise=18"),
    *("/v1/acts?reference=EJ-1&kind=engagement", "/v1/acts?reference=EJ-1&limit=0"),
    *("/v1/acts?reference=EJ-1&limit=101", "/v1/acts?reference=EJ-1&after=8", "/v1/acts?refrence=EJ-1"),
    *("/v1/acts?reference=EJ-1&proof=yes", "/v1/acts/8?reference=EJ-1", "/v1/acts/8/followers?after=x"),
    *("/v1/commitments", "/v1/commitments?reference=EJ-1&kind=service", "/v1/payments/12?limit=1"),
    *("/v1/budget/nodes", "/v1/budget/nodes?fund_centre=0177", "/v1/budget/nodes?year=2018"),
    *(f"{NODE}&batch=-1", f"{NODE}&batch=last", f"{NODE}&staff=1", f"{NODE}&level=uo"),
    *("/v1/budget/programmes?limit=501", "/v1/budget/programmes?year=1999"),
    *("/v1/budget/programmes?after=", "/v1/payments?reference=DP-1&exercise=", f"{NODE}&batch=9{'9' * 18}"),
)


@pytest.mark.parametrize("address", MALFORMED)
async def test_a_question_half_understood_is_not_answered(address: str, client: httpx.AsyncClient) -> None:
    found = await client.get(address)
    assert (found.status_code, found.json()["code"]) == (400, "malformed-request")


async def test_a_form_that_is_not_made_is_named(client: httpx.AsyncClient) -> None:
    found = await client.get("/v1/reports/budget", headers={**AUDITOR, "accept": "application/pdf"})
    assert (found.status_code, found.json()["accepted"]) == (406, ["application/json", "text/csv"])
