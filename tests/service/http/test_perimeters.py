"""Perimeters: a key limited to some programmes reads no files, figures or refusals of others, by any route."""

import hashlib
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.file_strategies import File
from tests.service.http import spending_story
from tests.service.http.access_keys import AUDITOR, FOREIGN, LIMITED, LIMITED_AUDITOR, MINISTRY
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

_SUBPATHS = ("", "/refusals", "/pain002")
_LIMITED = {"sender": LIMITED, "auditor": LIMITED_AUDITOR}
_OTHER_PROGRAMME: File = [
    {"reference": "EJ-0217", "kind": "commitment", "exercise": "2018", "date": "2018-03-05"}
    | {
        "fund_centre": "0217-SGAC-ASPR",
        "functional_area": "0217-07",
        "commitment_item": "31",
        "amount": "10.00",
    }
]
"""A file in the programme of the limited keys, sent with a key that is not limited."""


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(spending_service: ServicePlace) -> Any:
    async with spending_service.service.client() as client:
        yield client


async def _list_numbers(place: ServicePlace) -> list[int]:
    rows = await fetch(place.dsn, "select submission from submission where batch_id <> 'forms' order by 1")
    return [row[0] for row in rows]


async def _count_audited(place: ServicePlace) -> int:
    query = "select coalesce(sum(times), 0)::int from audit where code = 'not-found'"
    return (await fetch(place.dsn, query))[0][0]


async def _submit(client: httpx.AsyncClient, rows: File, key: Mapping[str, str]) -> httpx.Response:
    return await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers={**JSONL, **key})


@pytest.mark.parametrize("limited", _LIMITED)
async def test_a_file_of_another_programme_is_not_found(
    limited: str, anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    key, before = _LIMITED[limited], await _count_audited(spending_service)
    third_parties = 3  # this submission has only third parties, which belong to no programme
    for number in [
        submission for submission in await _list_numbers(spending_service) if submission != third_parties
    ][:3]:
        for subpath in _SUBPATHS:
            response = await anonymous.get(f"/v1/submissions/{number}{subpath}", headers=key)
            missing = await anonymous.get(f"/v1/submissions/999999{subpath}", headers=key)
            assert response.status_code == 404, response.text
            assert response.text.replace(f"submission {number}", "submission 999999") == missing.text
        assert (await anonymous.delete(f"/v1/submissions/{number}", headers=key)).status_code == 404
    assert await _count_audited(spending_service) == before + 3 * 4  # the audit trail has every attempt


@pytest.mark.parametrize("limited", _LIMITED)
async def test_the_list_omits_submissions_outside_the_perimeter(
    limited: str, anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    own = await _submit(anonymous, _OTHER_PROGRAMME, MINISTRY)
    number = own.json()["submission"]
    listed = (await anonymous.get("/v1/submissions", headers=_LIMITED[limited])).json()["submissions"]
    third_parties = [3] if limited == "auditor" else []  # another sender registered them
    assert [submission["submission"] for submission in listed] == [number, *third_parties]
    page = (await anonymous.get("/v1/submissions?limit=1", headers=_LIMITED[limited])).json()
    assert page["submissions"] == listed[:1]
    rest = (await anonymous.get(page["next"], headers=_LIMITED[limited])).json()
    assert rest["submissions"] == listed[1:]
    for subpath in _SUBPATHS:
        response = await anonymous.get(f"/v1/submissions/{number}{subpath}", headers=_LIMITED[limited])
        assert response.status_code == 200
    whole = (await anonymous.get("/v1/submissions", headers=AUDITOR)).json()["submissions"]
    assert [submission["submission"] for submission in whole] == (await _list_numbers(spending_service))[::-1]


async def test_a_limited_key_does_not_see_the_forms_of_its_sender(
    anonymous: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    form = {**_OTHER_PROGRAMME[0], "reference": "FORM-1", "amount": "1.00"}
    result = (await anonymous.post("/v1/acts", json=form, headers=MINISTRY)).json()
    assert result["outcome"] == "refused", "decided and stored, though no credits are open"
    for key in _LIMITED.values():
        assert (
            await anonymous.get(f"/v1/submissions/{result['submission']}", headers=key)
        ).status_code == 404


async def test_the_perimeter_is_checked_for_bytes_received_before(anonymous: httpx.AsyncClient) -> None:
    """A caller that has the bytes of another programme's file learns nothing about its result."""
    _, rows = spending_story.FILES[1]
    assert (await _submit(anonymous, rows, MINISTRY)).json()["state"] == "decided"
    response = await _submit(anonymous, rows, LIMITED)
    assert (response.status_code, response.json()["code"]) == (403, "perimeter-not-held")
    repeated = await _submit(anonymous, rows, MINISTRY)
    assert repeated.json()["receipt"]["accepted"]["lines"] == len(rows)  # the file is still in the spool


async def test_the_perimeter_is_checked_for_bytes_received_before_in_pieces(
    anonymous: httpx.AsyncClient,
) -> None:
    _, rows = spending_story.FILES[1]
    body = to_jsonl(rows)
    headers = {"upload-length": str(len(body)), "crescendo-sha256": hashlib.sha256(body).hexdigest(), **JSONL}
    assert (await anonymous.post("/v1/uploads", headers={**headers, **MINISTRY})).status_code == 303
    upload = await anonymous.post("/v1/uploads", headers={**headers, **LIMITED})
    assert upload.status_code == 201, upload.text
    piece = {**LIMITED, "upload-offset": "0"}
    response = await anonymous.patch(upload.headers["location"], content=body, headers=piece)
    assert (response.status_code, response.json()["code"]) == (403, "perimeter-not-held")
    assert (await anonymous.get(upload.headers["location"], headers=LIMITED)).status_code == 404


@pytest.mark.parametrize("path", ["/metrics", "/v1/figures", "/v1/live", "/v1/batches/1/proof"])
async def test_an_auditor_of_one_programme_may_not_read_figures_of_all(
    path: str, anonymous: httpx.AsyncClient
) -> None:
    host = {"host": "crescendo.example"}  # as behind a proxy: requests from this machine itself need no key
    response = await anonymous.get(path, headers={**host, **LIMITED_AUDITOR})
    assert (response.status_code, response.json()["code"]) == (403, "perimeter-not-held")
    assert (await anonymous.head(path, headers={**host, **AUDITOR})).status_code == 200
    assert (await anonymous.get(path, headers={**host, **FOREIGN})).json()["code"] == "role-not-held"


async def test_bytes_received_before_are_checked_as_they_were_read(anonymous: httpx.AsyncClient) -> None:
    """The second request states neither the charset nor the extra columns of the first."""
    row = {**_OTHER_PROGRAMME[0], "reference": "É-0217", "colour": "blue"}
    body = "".join(";".join(fields) + "\n" for fields in (row, row.values())).encode("cp1252")
    statement = {"content-type": "text/csv; charset=cp1252", "crescendo-extra-columns": "true"}
    url = "/v1/submissions?wait=60"
    first = await anonymous.post(url, content=body, headers={**statement, **MINISTRY})
    assert first.is_success, first.text
    again = await anonymous.post(url, content=body, headers={"content-type": "text/csv", **LIMITED})
    assert again.is_success, again.text
    assert again.json()["submission"] == first.json()["submission"]
    assert again.json()["receipt"]["extra_columns"] == ["colour"]
