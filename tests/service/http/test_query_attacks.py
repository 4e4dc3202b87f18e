"""Questions as an attacker puts them: what is not the caller's is not there, by any route, and every look is on the trail."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.service.http import spending_story
from tests.service.http.access_keys import (
    ACCOUNTANT,
    AUDITOR,
    FOREIGN,
    LIMITED,
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
async def anybody(spending_service: ServicePlace) -> Any:
    async with spending_service.service.client() as client:
        yield client


async def _read_audit_trail(place: ServicePlace) -> list[tuple[Any, ...]]:
    rows = await fetch(place.dsn, "select key, action, code, times from audit order by audit")
    return [tuple(row) for row in rows]


async def _check_hidden(
    place: ServicePlace, client: httpx.AsyncClient, address: str, key: Mapping[str, str]
) -> None:
    """It is not there for that key, and the look is on the trail."""
    before = len(await _read_audit_trail(place))
    found = await client.get(address, headers=key)
    assert (found.status_code, found.json()["code"]) == (404, "not-found")
    trail = (await _read_audit_trail(place))[before:]
    assert [row[1:3] for row in trail] == [(f"GET {address.partition('?')[0]}", "not-found")]


@pytest.mark.parametrize("route", spending_story.QUERIES)
async def test_nothing_is_answered_without_a_key(
    route: str, anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    _, address = spending_story.QUERIES[route]
    before = len(await _read_audit_trail(spending_service))
    assert (await anybody.get(address)).status_code == 401
    assert len(await _read_audit_trail(spending_service)) == before + 1


@pytest.mark.parametrize("address", OWN)
async def test_another_senders_act_is_not_there_by_any_route(
    address: str, anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    await _check_hidden(spending_service, anybody, address, FOREIGN)
    await _check_hidden(spending_service, anybody, address, OPERATOR)


@pytest.mark.parametrize("address", OWN)
async def test_an_act_outside_the_perimeter_is_not_there(
    address: str, anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    for key in (LIMITED, LIMITED_AUDITOR):
        await _check_hidden(spending_service, anybody, address, key)


async def test_a_refusal_that_no_node_gave_is_seen_where_its_whole_file_lies_inside(
    anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    body = to_jsonl([build_commitment("EJ-0217", "1.00", "0217-NONE")])
    sent = await anybody.post("/v1/submissions?wait=60", content=body, headers={**JSONL, **MINISTRY})
    assert sent.json()["receipt"]["refused"]["lines"] == 1
    for route in ("acts", "commitments"):
        found = (await anybody.get(f"/v1/{route}?reference=EJ-0217", headers=LIMITED)).json()
        assert [line.get("refusal", line)["code"] for line in found["refused"]] == ["FUND_CENTRE_UNKNOWN"]


async def test_what_belongs_to_no_programme_is_seen_by_the_whole_sender(anybody: httpx.AsyncClient) -> None:
    found = await anybody.get("/v1/acts?reference=TIERS-1", headers=LIMITED)
    assert [line["kind"] for line in found.json()["accepted"]] == ["third_party"]
    assert "FR1420041010050500013M02606" not in found.text


async def test_the_answer_is_that_of_nothing_and_only_the_trail_knows(
    anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    before = len(await _read_audit_trail(spending_service))
    theirs = await anybody.get("/v1/acts?reference=EJ-1", headers=FOREIGN)
    nobodys = await anybody.get("/v1/acts?reference=EJ-9", headers=FOREIGN)
    assert theirs.text.replace("EJ-1", "EJ-9") == nobodys.text
    number = await anybody.get(f"/v1/acts/{spending_story.COMMITTED}", headers=FOREIGN)
    nothing = await anybody.get("/v1/acts/99999", headers=FOREIGN)
    assert number.text.replace(f"entry {spending_story.COMMITTED}", "entry 99999") == nothing.text
    assert len(await _read_audit_trail(spending_service)) == before + 2


async def test_who_asks_for_another_sort_of_its_own_act_is_no_intruder(
    anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    before = len(await _read_audit_trail(spending_service))
    for query in (
        "acts?reference=EJ-1&kind=service",
        "payments?reference=EJ-1",
        "commitments?reference=DP-2",
    ):
        assert (await anybody.get(f"/v1/{query}", headers=MINISTRY)).status_code == 404
    assert len(await _read_audit_trail(spending_service)) == before


async def test_only_an_auditor_chooses_the_sender(
    anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    address = "/v1/acts?reference=EJ-1&sender="
    for sender, status in (("MIN-09", 200), ("MIN-12", 404), ("", 400)):
        assert (await anybody.get(address + sender, headers=AUDITOR)).status_code == status
    assert (await anybody.get(f"{address}MIN-09", headers=MINISTRY)).status_code == 200
    # whether that sender has it is not looked up, so that nothing can be learnt from it
    await _check_hidden(spending_service, anybody, f"{address}MIN-09", FOREIGN)
    await _check_hidden(spending_service, anybody, f"{address}NOBODY", FOREIGN)


async def test_a_node_outside_the_perimeter_is_not_there(
    anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    for key in (LIMITED, LIMITED_AUDITOR):
        await _check_hidden(spending_service, anybody, NODE, key)
        assert (await anybody.get("/v1/budget/programmes", headers=key)).json()["programmes"] == []
    theirs = await anybody.get(NODE, headers=LIMITED)
    nobodys = await anybody.get("/v1/budget/nodes?fund_centre=0177-NONE&year=2018", headers=LIMITED)
    assert theirs.text.replace(spending_story.UNIT, "0177-NONE") == nobodys.text
    own = await anybody.get("/v1/budget/nodes?fund_centre=0217-SGAC&year=2018", headers=LIMITED)
    assert own.status_code == 200


@pytest.mark.parametrize("name", ["trial-balance", "budget", "refusals", "delays"])
async def test_a_report_is_not_for_who_sends(
    name: str, anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    for key in (MINISTRY, ACCOUNTANT, FOREIGN, LIMITED):
        before = len(await _read_audit_trail(spending_service))
        found = await anybody.get(f"/v1/reports/{name}", headers=key)
        assert (found.status_code, found.json()["code"]) == (403, "role-not-held")
        assert len(await _read_audit_trail(spending_service)) == before + 1


async def test_an_auditor_of_a_programme_gets_no_report_of_all(anybody: httpx.AsyncClient) -> None:
    for name in ("trial-balance", "refusals"):
        found = await anybody.get(f"/v1/reports/{name}", headers=LIMITED_AUDITOR)
        assert (found.status_code, found.json()["code"]) == (403, "perimeter-not-held")
    budget = (await anybody.get("/v1/reports/budget", headers=LIMITED_AUDITOR)).json()
    assert (budget["nodes"], budget["ae"]["opened"]) == ([], 0)
    asked = await anybody.get("/v1/reports/budget?programme=0177", headers=LIMITED_AUDITOR)
    assert asked.json()["nodes"] == []


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
async def test_a_text_is_a_text(text: str, anybody: httpx.AsyncClient) -> None:
    for path, name in (
        ("/v1/acts", "reference"),
        ("/v1/commitments", "reference"),
        ("/v1/payments", "reference"),
        ("/v1/budget/nodes", "fund_centre"),
    ):
        found = await anybody.get(path, params={name: text, **_add_year(name)}, headers=MINISTRY)
        assert found.status_code == 404, found.text


def _add_year(name: str) -> dict[str, str]:
    return {"year": "2018"} if name == "fund_centre" else {}


async def test_nothing_but_reading_is_done(anybody: httpx.AsyncClient) -> None:
    for _, address in spending_story.QUERIES.values():
        for method in ("PUT", "PATCH", "DELETE"):
            found = await anybody.request(method, address.partition("?")[0], headers=AUDITOR)
            assert found.status_code == 405
