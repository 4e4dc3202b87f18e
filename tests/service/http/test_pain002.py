"""pain.002 over HTTP: valid, equal to the refusals, byte-identical for the same state, readable by its sender only."""

from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from lxml.etree import fromstring

from service.database.embedded_server import Database
from tests.databases import lock_table, wait_until_blocked
from tests.service.http.access_keys import AUDITOR, FOREIGN, MINISTRY
from tests.service.http.act_files import build_commitment, build_debt_charges, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl
from tests.settlement.test_pain002_v10 import validate_report
from tests.settlement.test_pain002_writer import find_texts, read_report

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = 4_500
"""Enough for more than two chunks of a streamed report."""
HOSTILE = "</x>&\"'é€"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ticket(place: ServicePlace) -> dict[str, Any]:
    """The ticket of a file most of whose lines are refused, for three reasons."""
    rows = [
        *build_unknown_centres(REFUSED, "X"),
        build_commitment("GOOD"),
        build_commitment(HOSTILE, "10000.00"),
    ]
    rows += [build_commitment("R" * 36), build_commitment("GOOD")]
    async with place.service.client(MINISTRY) as client:
        response = await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=JSONL)
    return response.json()


async def _get(client: httpx.AsyncClient, ticket: dict[str, Any], version: str = "12", **headers: str) -> Any:
    hyphenated = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.get(ticket["links"]["pain002"], params={"version": version}, headers=hyphenated)


async def test_the_report_equals_the_receipt_and_the_refusals(
    client: httpx.AsyncClient, ticket: dict[str, Any], place: ServicePlace
) -> None:
    response = await _get(client, ticket)
    assert response.headers["content-type"] == "application/xml"
    root, receipt = read_report(response.content), ticket["receipt"]
    assert find_texts(root, "GrpSts") == ["PART"]
    assert find_texts(root, "OrgnlMsgId") == [receipt["batch_id"]]
    assert find_texts(root, "OrgnlNbOfTxs") == [str(receipt["lines"])]
    assert find_texts(root, "DtldSts") == ["ACCP", "RJCT"]
    assert find_texts(root, "DtldNbOfTxs") == ["2", str(receipt["refused"]["lines"])]
    rows = await fetch(
        place.dsn,
        "select line, reference from refusal where submission = $1 order by line",
        ticket["submission"],
    )
    assert find_texts(root, "StsId") == [f"{ticket['submission']}-{row['line'] + 1}" for row in rows]
    references = find_texts(root, "OrgnlEndToEndId")
    assert references[:2] == ["X0", "X1"]
    assert references[REFUSED] == HOSTILE
    assert find_texts(root, "Rsn/Cd")[:1] == ["NARR"]
    assert find_texts(root, "Rsn/Cd")[REFUSED:] == ["AM04", "CH16"]


async def test_a_refusal_shows_our_code_and_text_beside_the_iso_reason_code(
    client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    root = read_report((await _get(client, ticket)).content)
    texts = find_texts(root.xpath("//*[local-name()='TxInfAndSts']")[REFUSED], "AddtlInf")
    assert texts[0] == "AE_EXCEEDED"
    assert texts[1].startswith("0177-D013-DD13 HT2 2018: 9")
    french = read_report((await _get(client, ticket, accept_language="fr")).content)
    assert find_texts(french, "AddtlInf") != find_texts(root, "AddtlInf")
    assert "Le centre financier est absent de la nomenclature de l'annee." in find_texts(french, "AddtlInf")


@pytest.mark.parametrize("version", ["03", "10", "12"])
async def test_the_same_state_gives_the_same_bytes(
    version: str, client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    first, second = await _get(client, ticket, version), await _get(client, ticket, version)
    assert first.content == second.content
    assert f"pain.002.001.{version}".encode() in first.content[:200]


async def test_the_default_version_is_that_of_sepa(client: httpx.AsyncClient, ticket: dict[str, Any]) -> None:
    text = (await client.get(ticket["links"]["pain002"])).content
    assert b"pain.002.001.10" in text[:200]
    assert validate_report(text).orgnl_grp_inf_and_sts.grp_sts == "PART"


@pytest.mark.parametrize("version", ["11", "3", "003", "x", "12&version=12"])
async def test_a_version_that_is_not_supported_is_refused(
    version: str, client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    response = await client.get(f"{ticket['links']['pain002']}?version={version}")
    assert (response.status_code, response.json()["code"]) == (400, "malformed-request")


async def test_only_its_sender_and_auditors_may_read_the_report(
    client: httpx.AsyncClient, ticket: dict[str, Any], place: ServicePlace
) -> None:
    foreign_response = await _get(client, ticket, **FOREIGN)
    missing = await client.get("/v1/submissions/99999/pain002", headers=FOREIGN)
    assert foreign_response.status_code == missing.status_code == 404
    assert foreign_response.json()["code"] == missing.json()["code"] == "not-found"
    assert (await _get(client, ticket, **AUDITOR)).status_code == 200
    action = f"GET {ticket['links']['pain002']}"
    rows = await fetch(place.dsn, "select sender, code from audit where action = $1", action)
    assert [tuple(row) for row in rows] == [("MIN-12", "not-found")]


async def test_forms_are_reported_as_of_their_last_batch(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/acts", json=build_commitment("LONE", "99999.00"))
    ticket = {"links": {"pain002": f"/v1/submissions/{response.json()['submission']}/pain002"}}
    assert "LONE" in find_texts(read_report((await _get(client, ticket)).content), "OrgnlEndToEndId")


async def test_a_waiting_file_is_received_and_an_accepted_one_lists_no_transactions(
    database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        async with lock_table(dsn) as blocking:
            submitted = await client.post(
                "/v1/submissions", content=to_jsonl(build_debt_charges(2)), headers=JSONL
            )
            await wait_until_blocked(blocking)
            root = read_report((await _get(client, submitted.json())).content)
            assert find_texts(root, "GrpSts") == ["RCVD"]
            assert find_texts(root, "DtldSts") == ["PDNG"]
        await client.get(f"{submitted.headers['location']}?wait=60")
        root = read_report((await _get(client, submitted.json())).content)
        assert find_texts(root, "GrpSts") == ["ACCP"]
        assert root.xpath("//*[local-name()='TxInfAndSts']") == []


async def test_the_report_begins_with_an_xml_declaration(
    client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    text = (await _get(client, ticket, "03")).content
    assert text.startswith(b"<?xml version='1.0' encoding='UTF-8'?>")
    assert fromstring(text).getroottree().docinfo.encoding == "UTF-8"


async def test_a_submission_is_returned_as_pain002_when_xml_is_preferred(
    client: httpx.AsyncClient, ticket: dict[str, Any]
) -> None:
    path = ticket["links"]["self"]
    response = await client.get(
        path, params={"version": "12", "wait": "1"}, headers={"accept": "application/xml"}
    )
    assert response.headers["content-type"] == "application/xml"
    assert response.content == (await _get(client, ticket)).content


@pytest.mark.parametrize(
    "accept", ["*/*", "application/json", "application/json, application/xml", "text/html"]
)
async def test_a_submission_is_returned_as_json_when_xml_is_not_preferred(
    client: httpx.AsyncClient, ticket: dict[str, Any], accept: str
) -> None:
    response = await client.get(ticket["links"]["self"], headers={"accept": accept})
    assert response.json()["receipt"]["submission"] == ticket["submission"]


async def test_xml_of_another_senders_submission_is_not_found(
    ticket: dict[str, Any], place: ServicePlace
) -> None:
    async with place.service.client(FOREIGN) as other:
        response = await other.get(ticket["links"]["self"], headers={"accept": "application/xml"})
    assert (response.status_code, response.json()["code"]) == (404, "not-found")
