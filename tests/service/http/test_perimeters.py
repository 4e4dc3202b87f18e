"""What a key limited to some programmes is shown of files, figures and refusals of others: nothing, by any route."""

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
    {"reference": "LFI-0217", "kind": "budget_opening_ae", "exercise": "2018", "date": "2018-03-05"}
    | {"fund_centre": "0217", "commitment_item": "HT2", "amount": "10.00"}
]
"""What lies in the programme of the limited keys, and is sent by one that is not limited."""


@pytest_asyncio.fixture(loop_scope="module")
async def anybody(spending_service: ServicePlace) -> Any:
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
async def test_a_file_of_another_programme_is_not_there(
    limited: str, anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    key, before = _LIMITED[limited], await _count_audited(spending_service)
    registered = 2  # third parties belong to no programme
    for number in [each for each in await _list_numbers(spending_service) if each != registered][:3]:
        for below in _SUBPATHS:
            found = await anybody.get(f"/v1/submissions/{number}{below}", headers=key)
            nobodys = await anybody.get(f"/v1/submissions/999999{below}", headers=key)
            assert found.status_code == 404, found.text
            assert found.text.replace(f"submission {number}", "submission 999999") == nobodys.text
        assert (await anybody.delete(f"/v1/submissions/{number}", headers=key)).status_code == 404
    assert await _count_audited(spending_service) == before + 3 * 4  # and each is on the trail


@pytest.mark.parametrize("limited", _LIMITED)
async def test_the_list_leaves_out_what_lies_elsewhere(
    limited: str, anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    own = await _submit(anybody, _OTHER_PROGRAMME, MINISTRY)
    number = own.json()["submission"]
    found = (await anybody.get("/v1/submissions", headers=_LIMITED[limited])).json()["submissions"]
    assert [each["submission"] for each in found] == [number, 2]
    page = (await anybody.get("/v1/submissions?limit=1", headers=_LIMITED[limited])).json()
    assert page["submissions"] == found[:1]
    assert (await anybody.get(page["next"], headers=_LIMITED[limited])).json()["submissions"] == found[1:]
    for below in _SUBPATHS:
        shown = await anybody.get(f"/v1/submissions/{number}{below}", headers=_LIMITED[limited])
        assert shown.status_code == 200
    whole = (await anybody.get("/v1/submissions", headers=AUDITOR)).json()["submissions"]
    assert [each["submission"] for each in whole] == (await _list_numbers(spending_service))[::-1]


async def test_forms_of_a_sender_are_not_shown_to_who_is_limited(
    anybody: httpx.AsyncClient, spending_service: ServicePlace
) -> None:
    form = {**_OTHER_PROGRAMME[0], "reference": "FORM-1", "amount": "1.00"}
    found = (await anybody.post("/v1/acts", json=form, headers=MINISTRY)).json()
    assert found["outcome"] == "accepted"
    for key in _LIMITED.values():
        assert (await anybody.get(f"/v1/submissions/{found['submission']}", headers=key)).status_code == 404


async def test_known_bytes_are_held_against_the_perimeter_as_new_ones(anybody: httpx.AsyncClient) -> None:
    """Who has the bytes of another programme's file learns nothing of what became of it."""
    _, rows = spending_story.FILES[0]
    assert (await _submit(anybody, rows, MINISTRY)).json()["state"] == "decided"
    found = await _submit(anybody, rows, LIMITED)
    assert (found.status_code, found.json()["code"]) == (403, "perimeter-not-held")
    again = await _submit(anybody, rows, MINISTRY)
    assert again.json()["receipt"]["accepted"]["lines"] == len(rows)  # and the file is still there


async def test_known_bytes_in_pieces_are_held_against_it_too(anybody: httpx.AsyncClient) -> None:
    _, rows = spending_story.FILES[0]
    body = to_jsonl(rows)
    said = {"upload-length": str(len(body)), "crescendo-sha256": hashlib.sha256(body).hexdigest(), **JSONL}
    assert (await anybody.post("/v1/uploads", headers={**said, **MINISTRY})).status_code == 303
    begun = await anybody.post("/v1/uploads", headers={**said, **LIMITED})
    assert begun.status_code == 201, begun.text
    piece = {**LIMITED, "upload-offset": "0"}
    found = await anybody.patch(begun.headers["location"], content=body, headers=piece)
    assert (found.status_code, found.json()["code"]) == (403, "perimeter-not-held")
    assert (await anybody.get(begun.headers["location"], headers=LIMITED)).status_code == 404


@pytest.mark.parametrize("path", ["/metrics", "/v1/figures", "/v1/live", "/v1/batches/1/proof"])
async def test_figures_of_all_programmes_are_not_for_an_auditor_of_one(
    path: str, anybody: httpx.AsyncClient
) -> None:
    elsewhere = {"host": "crescendo.example"}  # as through a proxy: this machine itself needs no key
    found = await anybody.get(path, headers={**elsewhere, **LIMITED_AUDITOR})
    assert (found.status_code, found.json()["code"]) == (403, "perimeter-not-held")
    assert (await anybody.head(path, headers={**elsewhere, **AUDITOR})).status_code == 200
    assert (await anybody.get(path, headers={**elsewhere, **FOREIGN})).json()["code"] == "role-not-held"
