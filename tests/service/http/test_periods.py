"""Periods over HTTP: who closes, reopens and locks which month, and from when an act is refused."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.service.http.access_keys import (
    ACCOUNTANT,
    AUDITOR,
    CENTRAL,
    DIRECTORATE,
    LIMITED,
    MINISTRY,
    OPERATOR,
)
from tests.service.http.act_files import build_commitment
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import fetch

pytestmark = pytest.mark.asyncio(loop_scope="module")
Key = Mapping[str, str]
_DECISION = {"exercise": 2018, "action": "close", "reason": "Clôture mensuelle", "by": "Alice Martin"}


async def decide(client: httpx.AsyncClient, key: Key = ACCOUNTANT, **fields: Any) -> httpx.Response:
    return await client.post("/v1/periods", json={**_DECISION, **fields}, headers=key)


async def list_states(client: httpx.AsyncClient, month: str) -> dict[str, str]:
    """Return the state of a month by accountant; the empty code stands for all others."""
    listed = (await client.get("/v1/periods")).json()
    return {row["accountant"]: row["state"] for row in listed["months"] if row["month"] == month}


async def test_a_month_is_closed_reopened_and_locked(client: httpx.AsyncClient) -> None:
    assert await list_states(client, "2018-05") == {"": "open"}
    for action, state in (("close", "closed"), ("reopen", "open"), ("close", "closed"), ("lock", "locked")):
        stored = await decide(client, month=5, action=action)
        assert stored.status_code == 200, stored.text
        assert await list_states(client, "2018-05") == {"": state}
    late = await decide(client, month=5, action="reopen")
    assert (late.status_code, late.json()["code"]) == (409, "period-state")
    assert "a lock cannot be undone" in late.json()["detail"]


async def test_an_opening_month_is_locked_after_the_year_before(client: httpx.AsyncClient) -> None:
    opening = {"exercise": 2019, "month": 0, "accountant": "COHE"}
    assert (await decide(client, **opening)).status_code == 200
    early = await decide(client, **opening, action="lock")
    assert (early.status_code, early.json()["code"]) == (409, "period-state")
    assert "2018-01 is not locked" in early.json()["detail"]
    assert (await decide(client, **opening, action="reopen")).status_code == 200


async def test_a_decision_names_person_and_reason_and_the_trail_its_key(
    client: httpx.AsyncClient, place: ServicePlace
) -> None:
    number = (await decide(client, month=6, accountant="PACA")).json()["decision"]
    listed = (await client.get("/v1/periods", headers=AUDITOR)).json()
    (decision,) = [row for row in listed["decisions"] if row["decision"] == number]
    assert (decision["month"], decision["accountant"], decision["action"]) == ("2018-06", "PACA", "close")
    assert (decision["by"], decision["reason"]) == ("Alice Martin", "Clôture mensuelle")
    assert await list_states(client, "2018-06") == {"": "open", "PACA": "closed"}
    rows = await fetch(place.dsn, f"select key from period_decision where decision = {number}")
    assert rows[0][0] == "paymaster222"


async def test_a_central_accountant_decides_too(client: httpx.AsyncClient) -> None:
    for action in ("close", "reopen"):
        assert (await decide(client, CENTRAL, month=9, action=action)).status_code == 200


async def test_an_act_of_a_closed_month_is_refused_at_once(client: httpx.AsyncClient) -> None:
    act = build_commitment("LATE", "0.01") | {"date": "2018-07-02"}
    assert (await decide(client, month=7)).status_code == 200
    refused = (await client.post("/v1/acts", json=act)).json()
    assert (refused["outcome"], refused["lines"][0]["outcome"]) == ("refused", "PERIOD_CLOSED")
    assert (await decide(client, month=7, action="reopen")).status_code == 200
    accepted = await client.post("/v1/acts", json=act | {"reference": "LATE-2"})
    assert accepted.json()["outcome"] == "accepted", accepted.text


@pytest.mark.parametrize("key", [MINISTRY, LIMITED, DIRECTORATE, AUDITOR, OPERATOR])
async def test_only_accountants_decide_and_everybody_reads(key: Key, client: httpx.AsyncClient) -> None:
    denied = await decide(client, key, month=8)
    assert (denied.status_code, denied.json()["code"]) == (403, "role-not-held")
    assert (await client.get("/v1/periods", headers=key)).status_code == 200
    assert await list_states(client, "2018-08") == {"": "open"}


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"month": 16}, 400),
        ({"month": 8, "reason": " "}, 400),
        ({"month": 8, "by": ""}, 400),
        ({"month": 8, "by": "A\nB"}, 400),
        ({"month": 8, "action": "open"}, 400),
        ({"month": 8, "more": 1}, 400),
        ({"month": 8, "accountant": "A\0"}, 400),
        ({"month": 8, "exercise": 2030}, 404),
        ({"month": 8, "accountant": "NOPE"}, 404),
        ({"month": 8, "action": "lock"}, 409),
    ],
)
async def test_what_cannot_be_decided_changes_nothing(
    fields: dict[str, Any], status: int, client: httpx.AsyncClient
) -> None:
    assert (await decide(client, **fields)).status_code == status
    assert await list_states(client, "2018-08") == {"": "open"}
