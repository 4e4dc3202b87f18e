"""The directory of persons over HTTP: who reads and changes it, and what it does not allow."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.service.http.access_keys import (
    ACCOUNTANT,
    AUDITOR,
    DIRECTORATE,
    LIMITED_AUDITOR,
    MINISTRY,
    OPERATOR,
)
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import fetch

pytestmark = pytest.mark.asyncio(loop_scope="module")
Key = Mapping[str, str]
_BECAUSE = {"reason": "Prise de fonctions", "by": "Claire Durand"}
_ROLE = {"type": "grant", "hand": "both", "first_day": "2018-01-01"}
_DELEGATION = {"type": "delegate", "role": "certifier", "centres": ["*"], "first_day": "2018-01-01"}


async def change(
    client: httpx.AsyncClient, entry: Mapping[str, Any], key: Key = OPERATOR, **fields: Any
) -> httpx.Response:
    return await client.post("/v1/persons", json={"entry": entry, **_BECAUSE, **fields}, headers=key)


async def add_person(client: httpx.AsyncClient, code: str) -> None:
    added = await change(client, {"type": "add", "code": code, "name": f"Madame {code}"})
    assert added.status_code == 200, added.text


async def read(client: httpx.AsyncClient, key: Key = AUDITOR) -> Any:
    response = await client.get("/v1/persons", headers=key)
    assert response.status_code == 200, response.text
    return response.json()


@pytest_asyncio.fixture(scope="module", loop_scope="module", autouse=True)
async def amartin(place: ServicePlace) -> None:
    """A person whom the tests need."""
    async with place.service.client() as client:
        await add_person(client, "amartin")


async def test_every_entry_is_stored_listed_and_ended(client: httpx.AsyncClient) -> None:
    for code in ("anne", "bea"):
        await add_person(client, code)
    agreement = {"type": "agree", "number": "A-1", "sender": "MIN-12", "kinds": ["service"]}
    for entry in (
        {**_ROLE, "person": "anne", "role": "certifier", "centre": "0217", "ceiling": "10.5"},
        {**_DELEGATION, "number": "D-1", "owner": "anne", "delegate": "bea"},
        {**agreement, "first_day": "2018-01-01", "separation": "Deux identifiants"},
    ):
        stored = await change(client, entry)
        assert stored.status_code == 200, stored.text
    listing = await read(client)
    (role,) = [row for row in listing["roles"] if row["person"] == "anne"]
    assert (role["centre"], role["ceiling_cents"], role["last_day"]) == ("0217", 1050, None)
    coupled = await change(
        client, {"type": "couple", "person": "anne", "partner": "bea", "first_day": "2018-01-01"}
    )
    assert coupled.status_code == 200, coupled.text
    (couple,) = [row for row in (await read(client))["couples"] if row["person"] == "anne"]
    assert (couple["partner"], couple["first_day"], couple["last_day"]) == ("bea", "2018-01-01", None)
    accounting = {**_ROLE, "person": "bea", "role": "invoice_service", "first_day": "2018-02-01"}
    refused = await change(client, accounting)  # anne certifies
    assert (refused.status_code, refused.json()["code"]) == (409, "directory-state")
    for kind, number in (
        *(("role", role["number"]), ("delegation", "D-1"), ("agreement", "A-1")),
        ("couple", couple["number"]),
    ):
        entry = {"type": f"end_{kind}", "number": number, "last_day": "2018-06-30"}
        ended = await change(client, entry)
        assert ended.status_code == 200, ended.text
        again = await change(client, entry)
        assert (again.status_code, again.json()["code"]) == (409, "directory-state")
        rows = [row for row in (await read(client, OPERATOR))[f"{kind}s"] if row["number"] == number]
        assert [row["last_day"] for row in rows] == ["2018-06-30"]


async def test_a_change_names_person_reason_and_key(client: httpx.AsyncClient, place: ServicePlace) -> None:
    stored = await change(client, {"type": "add", "code": "clara", "name": "Clara"})
    number = stored.json()["change"]
    row = (await read(client))["changes"][0]
    assert (row["change"], row["what"], row["by"]) == (number, ["person clara"], "Claire Durand")
    assert (row["reason"], row["key"], row["after_batch"]) == ("Prise de fonctions", "keeper222222", None)
    rows = await fetch(place.dsn, "select count(*) from directory_change")
    assert rows[0][0] == len((await read(client))["changes"])


async def test_roles_that_exclude_each_other_are_refused(client: httpx.AsyncClient) -> None:
    await add_person(client, "dora")
    assert (await change(client, {**_ROLE, "person": "dora", "role": "auditor"})).status_code == 200
    refused = await change(client, {**_ROLE, "person": "dora", "role": "assigned_accountant"})
    assert (refused.status_code, refused.json()["code"]) == (409, "directory-state")
    assert "nobody is auditor and assigned_accountant on the same days" in refused.json()["detail"]
    french = await client.post(
        "/v1/persons",
        json={"entry": {**_ROLE, "person": "dora", "role": "certifier"}, **_BECAUSE},
        headers={**OPERATOR, "accept-language": "fr"},
    )
    assert french.json()["detail"].startswith("L'annuaire des personnes ne permet pas ce changement")


@pytest.mark.parametrize("key", [MINISTRY, ACCOUNTANT, DIRECTORATE, AUDITOR, LIMITED_AUDITOR])
async def test_only_operators_change_the_directory(
    key: Key, client: httpx.AsyncClient, place: ServicePlace
) -> None:
    refusals = "select coalesce(sum(times), 0) from audit where action = 'POST /v1/persons'"
    before = (await fetch(place.dsn, refusals))[0][0]
    denied = await change(client, {"type": "add", "code": "emma", "name": "Emma"}, key)
    assert (denied.status_code, denied.json()["code"]) == (403, "role-not-held")
    assert (await fetch(place.dsn, refusals))[0][0] == before + 1
    assert "emma" not in [row["code"] for row in (await read(client))["persons"]]


@pytest.mark.parametrize(
    ("key", "code"),
    [
        (MINISTRY, "role-not-held"),
        (ACCOUNTANT, "role-not-held"),
        (DIRECTORATE, "role-not-held"),
        (LIMITED_AUDITOR, "perimeter-not-held"),
    ],
)
async def test_only_auditors_and_operators_read_the_directory(
    key: Key, code: str, client: httpx.AsyncClient
) -> None:
    denied = await client.get("/v1/persons", headers=key)
    assert (denied.status_code, denied.json()["code"]) == (403, code)


@pytest.mark.parametrize(
    ("entry", "fields", "status"),
    [
        ({"type": "add", "code": "fanny", "name": "F"}, {"reason": " "}, 400),
        ({"type": "add", "code": "fanny", "name": "F"}, {"by": "A\nB"}, 400),
        ({"type": "add", "code": "fanny", "name": "F"}, {"more": 1}, 400),
        ({"type": "add", "code": "fanny"}, {}, 400),
        ({"type": "hire", "code": "fanny", "name": "F"}, {}, 400),
        ({"type": "add", "code": "f\0", "name": "F"}, {}, 400),
        ({**_ROLE, "person": "amartin", "role": "chief"}, {}, 400),
        ({**_ROLE, "person": "amartin", "role": "certifier", "hand": "left"}, {}, 400),
        ({**_ROLE, "person": "amartin", "role": "certifier", "last_day": "2017-01-01"}, {}, 400),
        ({**_ROLE, "person": "fanny", "role": "certifier"}, {}, 404),
        ({**_ROLE, "person": "amartin", "role": "certifier", "centre": "NOPE"}, {}, 404),
        ({"type": "end_role", "number": 2**70, "last_day": "2018-01-01"}, {}, 404),
        ({"type": "end_role", "number": 999, "last_day": "2018-01-01"}, {}, 404),
        ({**_DELEGATION, "number": "D-9", "owner": "amartin", "delegate": "amartin"}, {}, 409),
        ({"type": "add", "code": "amartin", "name": "Autre"}, {}, 409),
    ],
)
async def test_what_cannot_be_changed_changes_nothing(
    entry: dict[str, Any], fields: dict[str, Any], status: int, client: httpx.AsyncClient
) -> None:
    before = await read(client)
    refused = await change(client, entry, **fields)
    assert refused.status_code == status, refused.text
    assert await read(client) == before


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_pages_contain_every_row_once_and_in_order(client: httpx.AsyncClient, limit: int) -> None:
    for entry in (
        {**_ROLE, "person": "amartin", "role": "auditor", "last_day": f"201{limit}-12-31"} for _ in range(2)
    ):
        assert (await change(client, {**entry, "first_day": f"201{limit}-01-01"})).status_code == 200
    whole = await read(client)
    assert whole.pop("next") is None
    pages: dict[str, list[Any]] = {part: [] for part in whole}
    address: str | None = f"/v1/persons?limit={limit}"
    while address:
        response = await client.get(address, headers=AUDITOR)
        assert response.status_code == 200, response.text
        page = response.json()
        address = page.pop("next")
        rows = [row for part in page.values() for row in part]
        assert len(rows) == limit or (address is None and 0 < len(rows) < limit)
        for part, rows_of_part in page.items():
            pages[part] += rows_of_part
    assert pages == whole


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "after=-1", "after=x", "before=3"])
async def test_a_page_that_cannot_be_is_refused(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/v1/persons?{query}", headers=AUDITOR)
    assert (response.status_code, response.json()["code"]) == (400, "malformed-request")


async def test_a_page_behind_the_last_row_is_empty(client: httpx.AsyncClient) -> None:
    response = await client.get("/v1/persons?after=999999999999999999", headers=AUDITOR)
    assert not any(response.json().values())
