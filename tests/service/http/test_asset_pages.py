"""The register of assets over HTTP: pages of JSON with the sums of all assets, and a whole CSV."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.accountants import CHANGE_FIELDS, add_accountants
from tests.service.http.access_keys import ACCOUNTANT, AUDITOR
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

_SERVICE = {
    "kind": "asset_service",
    "exercise": "2018",
    "date": "2018-04-10",
    "fund_centre": "0177-D013-DD13",
    "functional_area": "0177-12",
    "commitment_item": "51",
    "entered_by": CHANGE_FIELDS["entered_by"],
    "validated_by": CHANGE_FIELDS["validated_by"],
}
_ACCOUNTS = ("2183200000", "2111000000", "2183200000")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asset_service(place: ServicePlace) -> ServicePlace:
    """Put three assets of 10, 20 and 30 euros into service."""
    await add_accountants(place.dsn)
    rows = [
        {**_SERVICE, "reference": f"IM-{number}", "account": account, "amount": f"{number}0.00"}
        for number, account in enumerate(_ACCOUNTS, 1)
    ]
    async with place.service.client() as client:
        response = await client.post(
            "/v1/submissions?wait=60", content=to_jsonl(rows), headers={**JSONL, **ACCOUNTANT}
        )
    assert response.json()["receipt"]["accepted"]["lines"] == len(rows), response.text
    return place


@pytest_asyncio.fixture(loop_scope="module")
async def client(asset_service: ServicePlace) -> AsyncIterator[httpx.AsyncClient]:
    async with asset_service.service.open_checking_client() as checking_client:
        yield checking_client


async def test_the_register_is_paged_and_its_csv_is_whole(client: httpx.AsyncClient) -> None:
    address: str | None = "/v1/reports/assets?exercise=2018&limit=2"
    pages = []
    while address:
        response = await client.get(address, headers=AUDITOR)
        assert response.status_code == 200, response.text
        pages.append(response.json())
        address = pages[-1]["next"]
    references = [[asset["reference"] for asset in page["assets"]] for page in pages]
    assert references == [["IM-1", "IM-2"], ["IM-3"]]
    assert pages[0]["accounts"] == pages[1]["accounts"]
    sums = {account["account"]: account["sum_cents"] for account in pages[1]["accounts"]}
    assert (sums["2183200000"], sums["2111000000"]) == (4_000, 2_000)
    whole = await client.get("/v1/reports/assets", headers={**AUDITOR, "accept": "text/csv"})
    assert all(f",IM-{number}," in whole.text for number in (1, 2, 3))
    too_many = await client.get("/v1/reports/assets?limit=1001", headers=AUDITOR)
    assert too_many.status_code == 400
