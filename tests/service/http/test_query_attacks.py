"""Queries of an attacker: what the caller may not see is answered as missing by every route, and the audit trail has it."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.service.http import spending_story
from tests.service.http.access_keys import (
    AUDITOR,
    FOREIGN,
    LIMITED,
    LIMITED_ACCOUNTANT,
    LIMITED_AUDITOR,
    MINISTRY,
    OPERATOR,
)
from tests.service.http.act_files import build_commitment
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

OWN = (
    "/v1/acts?reference=EJ-1",
    "/v1/acts?reference=DP-2",
    f"/v1/acts/{spending_story.COMMITTED}",
    f"/v1/acts/{spending_story.COMMITTED}/followers",
    "/v1/commitments?reference=EJ-1",
    f"/v1/commitments/{spending_story.COMMITTED}",
    "/v1/payments?reference=DP-1",
    f"/v1/payments/{spending_story.REQUESTED}",
)
NODE = f"/v1/budget/nodes?fund_centre={spending_story.UNIT}&year=2018"


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(spending_service: ServicePlace) -> Any:
    async with spending_service.service.client() as client:
        yield client


async def _read_audit_trail(place: ServicePlace) -> list[tuple[Any, ...]]:
    rows = await fetch(place.dsn, "select key, action, code, times from audit order by audit")
    return [tuple(row) for row in rows]


async def _assert_hidden(
    place: ServicePlace, client: httpx.AsyncClient, address: str, key: Mapping[str, str]
) -> None:
    """Check that the address is not found with that key, and that the audit trail has the attempt."""
    before = len(await _read_audit_trail(place))
    response = await client.get(address, headers=key)
    assert (response.status_code, response.json()["code"]) == (404, "not-found")
    trail = (await _read_audit_trail(place))[before:]
    assert [row[1:3] for row in trail] == [(f"GET {address.partition('?')[0]}", "not-found")]


@pytest.mark.parametrize("route", spending_story.QUERIES)
async def test_queries_without_a_key_are_refused(
    route: str, anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    _, address = spending_story.QUERIES[route]
    before = len(await _read_audit_trail(spending_service))
    assert (await anonymous.get(address)).status_code == 401
    assert len(await _read_audit_trail(spending_service)) == before + 1


@pytest.mark.parametrize("address", OWN)
async def test_another_senders_act_is_not_found_by_any_route(
    address: str, anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    await _assert_hidden(spending_service, anonymous, address, FOREIGN)
    await _assert_hidden(spending_service, anonymous, address, OPERATOR)


@pytest.mark.parametrize("address", OWN)
async def test_an_act_outside_the_perimeter_is_not_found(
    address: str, anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    for key in (LIMITED, LIMITED_AUDITOR):
        await _assert_hidden(spending_service, anonymous, address, key)


async def test_a_refusal_without_a_node_is_visible_when_its_whole_file_is_in_the_perimeter(
    anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    body = to_jsonl([build_commitment("EJ-0217", "1.00", "0217-NONE")])
    submitted = await anonymous.post("/v1/submissions?wait=60", content=body, headers={**JSONL, **MINISTRY})
    assert submitted.json()["receipt"]["refused"]["lines"] == 1
    for route in ("acts", "commitments"):
        response = (await anonymous.get(f"/v1/{route}?reference=EJ-0217", headers=LIMITED)).json()
        assert [line.get("refusal", line)["code"] for line in response["refused"]] == ["FUND_CENTRE_UNKNOWN"]


async def test_an_act_of_no_programme_is_visible_to_every_key_of_its_sender(
    anonymous: httpx.AsyncClient,
) -> None:
    response = await anonymous.get("/v1/acts?reference=TIERS-1", headers=LIMITED_ACCOUNTANT)
    assert [line["kind"] for line in response.json()["accepted"]] == ["third_party"]
    hidden = await anonymous.get("/v1/acts?reference=TIERS-1", headers=LIMITED)
    assert "FR1420041010050500013M02606" not in hidden.text


async def test_a_hidden_act_is_answered_like_a_missing_one_and_audited(
    anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    before = len(await _read_audit_trail(spending_service))
    hidden = await anonymous.get("/v1/acts?reference=EJ-1", headers=FOREIGN)
    missing = await anonymous.get("/v1/acts?reference=EJ-9", headers=FOREIGN)
    assert hidden.text.replace("EJ-1", "EJ-9") == missing.text
    hidden_entry = await anonymous.get(f"/v1/acts/{spending_story.COMMITTED}", headers=FOREIGN)
    missing_entry = await anonymous.get("/v1/acts/99999", headers=FOREIGN)
    assert hidden_entry.text.replace(f"entry {spending_story.COMMITTED}", "entry 99999") == missing_entry.text
    assert len(await _read_audit_trail(spending_service)) == before + 2


async def test_a_sender_that_asks_for_another_kind_of_its_own_act_is_not_audited(
    anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    before = len(await _read_audit_trail(spending_service))
    for query in (
        "acts?reference=EJ-1&kind=service",
        "payments?reference=EJ-1",
        "commitments?reference=DP-2",
    ):
        assert (await anonymous.get(f"/v1/{query}", headers=MINISTRY)).status_code == 404
    assert len(await _read_audit_trail(spending_service)) == before


async def test_only_an_auditor_chooses_the_sender(
    anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    address = "/v1/acts?reference=EJ-1&sender="
    for sender, status in (("MIN-09", 200), ("MIN-12", 404), ("", 400)):
        assert (await anonymous.get(address + sender, headers=AUDITOR)).status_code == status
    assert (await anonymous.get(f"{address}MIN-09", headers=MINISTRY)).status_code == 200
    # the service does not look up whether that sender has it, so the response reveals nothing
    await _assert_hidden(spending_service, anonymous, f"{address}MIN-09", FOREIGN)
    await _assert_hidden(spending_service, anonymous, f"{address}NOBODY", FOREIGN)


async def test_a_node_outside_the_perimeter_is_not_found(
    anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    for key in (LIMITED, LIMITED_AUDITOR):
        await _assert_hidden(spending_service, anonymous, NODE, key)
        assert (await anonymous.get("/v1/budget/programmes", headers=key)).json()["programmes"] == []
    hidden = await anonymous.get(NODE, headers=LIMITED)
    missing = await anonymous.get("/v1/budget/nodes?fund_centre=0177-NONE&year=2018", headers=LIMITED)
    assert hidden.text.replace(spending_story.UNIT, "0177-NONE") == missing.text
    own = await anonymous.get("/v1/budget/nodes?fund_centre=0217-SGAC&year=2018", headers=LIMITED)
    assert own.status_code == 200


HOSTILE = (
    "' or '1'='1",
    "EJ-1'; drop table entry; --",
    "%",
    "EJ-_",
    "../../etc",
    "EJ-1\r\nx: y",
    "\ud7ff€",
    "{{7*7}}",
)


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_texts_are_only_compared(text: str, anonymous: httpx.AsyncClient) -> None:
    for path, name in (
        ("/v1/acts", "reference"),
        ("/v1/commitments", "reference"),
        ("/v1/payments", "reference"),
        ("/v1/budget/nodes", "fund_centre"),
    ):
        response = await anonymous.get(path, params={name: text, **_add_year(name)}, headers=MINISTRY)
        assert response.status_code == 404, response.text


def _add_year(name: str) -> dict[str, str]:
    return {"year": "2018"} if name == "fund_centre" else {}


async def test_queries_accept_no_method_that_writes(anonymous: httpx.AsyncClient) -> None:
    for _, address in spending_story.QUERIES.values():
        for method in ("PUT", "PATCH", "DELETE"):
            response = await anonymous.request(method, address.partition("?")[0], headers=AUDITOR)
            assert response.status_code == 405
