"""Two senders in one chain: of the other's acts each sees number and day, and no amount, whichever way it asks.

MIN-09 has the commitment EJ-1, entry 8, in programme 0177; MIN-12 certifies service on it.
"""

import csv
import io
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.auth.api_keys import hash_secret
from tests.file_strategies import File, Row
from tests.service.http.access_keys import AUDITOR, FOREIGN, LIMITED, MINISTRY, SECRET, build_headers
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, fetch, to_jsonl
from tests.service.http.spending_story import COMMITTED

pytestmark = pytest.mark.asyncio(loop_scope="module")

_NEIGHBOUR = build_headers("resident2222")
"""A key of MIN-12 that is limited to programme 0177."""
_CELL = {"fund_centre": "0177-D013-DD13", "functional_area": "0177-12", "commitment_item": "31"}
_BY_ENTRY = {"predecessor": f"@{COMMITTED}"}
_BY_REFERENCE = {"predecessor": "EJ-1", "predecessor_sender": "MIN-09"}
_SERVICE: File = [
    {"reference": "SF-12", "kind": "service", "exercise": "2018", "date": "2018-03-06", "amount": "7.77"}
]
_DAY = "2018-03-05"
Key = Mapping[str, str]


def _certify(reference: str, amount: str, *fields: Mapping[str, str]) -> Row:
    row: Row = {**_SERVICE[0], "reference": reference, "amount": amount}
    for field in fields:
        row |= field
    return row


async def _submit(client: httpx.AsyncClient, rows: File, key: Key, query: str = "wait=60") -> httpx.Response:
    headers = {**JSONL, **key}
    return await client.post(f"/v1/submissions?{query}", content=to_jsonl(rows), headers=headers)


async def _read(client: httpx.AsyncClient, address: str, key: Key) -> Any:
    response = await client.get(address, headers=key)
    assert response.status_code == 200, response.text
    return response.json()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def certified(spending_service: ServicePlace) -> int:
    """The entry of SF-12, a service of MIN-12 on the commitment of MIN-09."""
    insert = "insert into access_key (key, sender, digest, roles, programmes, label) values ($1, $2, $3, $4, $5, '')"
    key = ("resident2222", "MIN-12", hash_secret(SECRET), ["authorising_officer"], ["0177"])
    await fetch(spending_service.dsn, insert, *key)
    async with spending_service.service.client() as client:
        response = await _submit(client, [_SERVICE[0] | _BY_ENTRY], FOREIGN)
        assert response.json()["receipt"]["accepted"]["lines"] == 1, response.text
        return (await _read(client, "/v1/acts?reference=SF-12", FOREIGN))["accepted"][0]["entry"]


@pytest_asyncio.fixture(loop_scope="module")
async def client(spending_service: ServicePlace, certified: int) -> Any:
    async with spending_service.service.open_checking_client() as client:
        yield client


def _hide(entry: int, day: str) -> dict[str, Any]:
    """Return what a sender reads of another's act."""
    empty = {"reference": "", "kind": "", "amount": None, "amount_cents": None, "is_visible": False}
    return {"entry": entry, "day": day, **empty}


def _without_link(summary: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in summary.items() if name != "follows"}


async def test_a_sender_sees_number_and_day_of_the_act_that_it_follows(
    certified: int, client: httpx.AsyncClient
) -> None:
    for address in ("/v1/acts?reference=SF-12", f"/v1/acts/{certified}"):
        page = await _read(client, address, FOREIGN)
        (line,) = page["accepted"]
        assert _without_link(line["predecessor"]) == _hide(COMMITTED, _DAY)
        assert (line["reference"], line["amount_cents"]) == ("SF-12", 777)
    for address in (f"/v1/acts/{COMMITTED}", f"/v1/commitments/{COMMITTED}", "/v1/acts?reference=EJ-1"):
        assert (await client.get(address, headers=FOREIGN)).status_code == 404


async def test_a_sender_sees_number_and_day_of_what_follows_its_act(
    certified: int, client: httpx.AsyncClient
) -> None:
    """Its own followers stay whole, and the sums of its commitment count all."""
    (line,) = (await _read(client, f"/v1/acts/{COMMITTED}", MINISTRY))["accepted"]
    listed = await _read(client, f"/v1/acts/{COMMITTED}/followers", MINISTRY)
    (commitment,) = (await _read(client, f"/v1/commitments/{COMMITTED}", MINISTRY))["commitments"]
    for followers in (line["followers"], listed["followers"], commitment["services"]):
        (hidden,) = [follower for follower in followers if follower["entry"] == certified]
        assert _without_link(hidden) == _hide(certified, "2018-03-06")
        assert "SF-1" in [follower["reference"] for follower in followers]
    assert commitment["certified_cents"] == 5_500 + 777


async def test_the_request_of_an_unlimited_sender_hides_its_commitment(client: httpx.AsyncClient) -> None:
    request = {**_SERVICE[0], "reference": "DP-12", "kind": "payment_request", "amount": "1.11"}
    response = await _submit(client, [request | _BY_REFERENCE | {"payee": "SUPPLIER"}], FOREIGN)
    assert response.json()["receipt"]["accepted"]["lines"] == 1, response.text
    (line,) = (await _read(client, "/v1/payments?reference=DP-12", FOREIGN))["payments"]
    assert _without_link(line["commitment"]) == _hide(COMMITTED, _DAY)


@pytest.mark.parametrize("named", [_BY_ENTRY, _BY_REFERENCE], ids=["entry", "reference"])
async def test_a_refusal_does_not_state_what_is_left_of_another_senders_act(
    named: Mapping[str, str], client: httpx.AsyncClient
) -> None:
    """Not in the receipt, its pages, its CSV, the history of the act, a form, or a dry run."""
    reference = f"BIG-{len(named)}"
    row = _certify(reference, "9999.00", named)
    dry = (await _submit(client, [row], FOREIGN, "dry_run=true")).json()
    ticket = (await _submit(client, [row], FOREIGN)).json()
    assert ticket["receipt"]["refused"]["lines"] == 1
    pages = await _read(client, ticket["links"]["refusals"], FOREIGN)
    history = await _read(client, f"/v1/acts?reference={reference}", FOREIGN)
    form = _certify(f"{reference}-F", "9999.00", named)
    predicted = (await client.post("/v1/acts?dry_run=true", json=form, headers=FOREIGN)).json()
    decided = (await client.post("/v1/acts", json=form, headers=FOREIGN)).json()
    refused = [*dry["refusals"], *pages["refusals"], *(line["refusal"] for line in history["refused"])]
    assert [line["code"] for line in refused] == ["COMMITMENT_EXCEEDED"] * 3
    assert [line["missing_cents"] for line in refused] == [0] * 3
    assert not any("missing_cents" in line for line in predicted["lines"] + decided["lines"])
    text = await client.get(ticket["links"]["refusals"], headers={**FOREIGN, "accept": "text/csv"})
    assert [line["missing"] for line in csv.DictReader(io.StringIO(text.text))] == ["0.00"]


async def test_a_refusal_states_what_is_left_of_an_act_of_the_sender_itself(
    client: httpx.AsyncClient,
) -> None:
    for named in ({"predecessor": "EJ-1"}, _BY_REFERENCE):
        form = _certify(f"OWN-{len(named)}", "9999.00", named)
        (line,) = (await client.post("/v1/acts", json=form, headers=MINISTRY)).json()["lines"]
        assert line["outcome"] == "COMMITMENT_EXCEEDED"
        assert line["missing_cents"] > 900_000


async def test_a_withdrawal_is_told_what_it_may_withdraw(client: httpx.AsyncClient) -> None:
    form = _certify("OWN-LESS", "9999.00", {"predecessor": "EJ-1"}) | {"kind": "commitment_decrease"}
    (line,) = (await client.post("/v1/acts", json=form, headers=MINISTRY)).json()["lines"]
    assert (line["outcome"], line["action"]) == (
        "COMMITMENT_EXCEEDED",
        "Withdraw at most what is neither certified nor requested.",
    )


async def test_auditors_and_keys_of_the_programme_see_the_whole_chain(
    certified: int, client: httpx.AsyncClient
) -> None:
    for key in (AUDITOR, _NEIGHBOUR):
        (line,) = (await _read(client, f"/v1/acts/{certified}", key))["accepted"]
        assert (line["predecessor"]["reference"], line["predecessor"]["amount_cents"]) == ("EJ-1", 10_000)


async def test_a_key_limited_to_programmes_follows_no_act_of_another_programme(
    client: httpx.AsyncClient,
) -> None:
    """Its lines name a fund centre of its programmes, and a commitment has one fund centre."""
    other = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "commitment_item": "31"}
    for number, named in enumerate((_BY_ENTRY, _BY_REFERENCE, {"predecessor": "EJ-1"})):
        for cell in ({}, _CELL, {"functional_area": "0177-12"}):
            row = _certify(f"OUT-{number}", "1.00", named, cell)
            for response in (
                await client.post("/v1/acts", json=row, headers=LIMITED),
                await _submit(client, [row], LIMITED),
            ):
                assert (response.status_code, response.json()["code"]) == (403, "perimeter-not-held")
        row = _certify(f"OUT-{number}", "1.00", named, other)
        (line,) = (await client.post("/v1/acts", json=row, headers=LIMITED)).json()["lines"]
        assert line["outcome"] == "ASSIGNMENT_DIFFERS"
        partial = _certify(f"OUT-{number}", "1.00", named, {"fund_centre": "0217-SGAC-ASPR"})
        (line,) = (await client.post("/v1/acts", json=partial, headers=LIMITED)).json()["lines"]
        assert line["outcome"] == "FIELD_MISSING"
    row = _certify("IN-1", "0.50", _BY_ENTRY, _CELL)
    (line,) = (await client.post("/v1/acts", json=row, headers=_NEIGHBOUR)).json()["lines"]
    assert line["outcome"] == "ACCEPTED"
