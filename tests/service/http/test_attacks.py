"""Attacks on the service: without a key, with wrong keys, on other senders, outside roles; all of them audited."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from service.database.embedded_server import Database
from tests.service.command_line import run_crescendo
from tests.service.http.access_keys import (
    ACCOUNTANT,
    AUDITOR,
    CENTRAL,
    CERTIFIER,
    DIRECTORATE,
    FOREIGN,
    LIMITED,
    MINISTRY,
    OPERATOR,
    SECRET,
    build_headers,
)
from tests.service.http.act_files import (
    ALLOTMENTS,
    OPENINGS,
    build_commitment,
    build_service,
    build_unknown_centres,
)
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import JSONL, create_database, fetch, run_service, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUTES = (
    ("POST", "/v1/acts"),
    ("POST", "/v1/submissions"),
    ("GET", "/v1/submissions"),
    ("GET", "/v1/submissions/1"),
    ("GET", "/v1/submissions/1/refusals"),
    ("POST", "/v1/uploads"),
    ("GET", "/v1/uploads"),
    ("GET", f"/v1/uploads/{'0' * 64}"),
    ("PATCH", f"/v1/uploads/{'0' * 64}"),
    ("DELETE", f"/v1/uploads/{'0' * 64}"),
    ("GET", "/v1/submissions/1/pain002"),
)
OUTSIDE_PERIMETER = {"fund_centre": "0217-SGAC-ASPR", "functional_area": "0217-07", "commitment_item": "31"}


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(place: ServicePlace) -> Any:
    async with place.service.client() as client:
        yield client


async def _submit(
    client: httpx.AsyncClient, rows: Any, key: Mapping[str, str], **more: str
) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    headers = {**JSONL, **key, **named}
    return await client.post("/v1/submissions?wait=60", content=to_jsonl(rows), headers=headers)


async def _get_statuses(client: httpx.AsyncClient, key: Mapping[str, str], status: int) -> None:
    """Repeat a request until the service has reloaded the keys; the database notifies it."""
    while (response := await client.get("/v1/submissions", headers=key)).status_code != status:
        assert response.status_code in {200, 401}


async def _read_trail(dsn: str) -> list[tuple[Any, ...]]:
    rows = await fetch(dsn, "select key, sender, action, code, times from audit order by audit")
    return [tuple(row) for row in rows]


# --------------------------------------------------------------------------------------------- no key

FORGED_KEYS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "none": ({}, "key-missing"),
    "empty": ({"authorization": ""}, "key-missing"),
    "another scheme": ({"authorization": "Basic bWluOnNlY3JldA=="}, "key-missing"),
    "no token": ({"authorization": "Bearer"}, "key-unreadable"),
    "half a token": ({"authorization": "Bearer crescendo_ministry2222"}, "key-unreadable"),
    "another secret": (build_headers("ministry2222", "t" * 43), "key-wrong"),
    "no secret": (build_headers("ministry2222", ""), "key-unreadable"),
    "a secret cut": (build_headers("ministry2222", SECRET[:-1]), "key-unreadable"),
    "a key unknown": (build_headers("unknwn222222"), "key-unknown"),
    "a name with SQL": ({"authorization": "Bearer crescendo_'; drop table entry; --_x"}, "key-unreadable"),
    "a token unsigned": ({"authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}, "token-unreadable"),
    "in the query": ({}, "key-missing"),
}
"""The headers sent, and the reason in the audit trail; the response is always the same."""


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("name", FORGED_KEYS)
async def test_requests_without_a_valid_key_are_refused(
    name: str, method: str, path: str, anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    before = len(await _read_trail(place.dsn))
    query = {"authorization": MINISTRY["authorization"]} if name == "in the query" else {}
    headers, finding = FORGED_KEYS[name]
    response = await anonymous.request(method, path, headers=headers, params=query)
    assert response.status_code == 401
    assert response.json()["code"] == "key-unknown"
    assert response.headers["www-authenticate"].startswith("Bearer")
    trail = (await _read_trail(place.dsn))[before:]
    assert [(row[1:4]) for row in trail] == [("", f"{method} {path}", finding)]


async def test_a_wrong_secret_and_an_unknown_key_get_the_same_response(
    anonymous: httpx.AsyncClient,
) -> None:
    wrong = await anonymous.get("/v1/submissions", headers=build_headers("ministry2222", "t" * 43))
    unknown = await anonymous.get("/v1/submissions", headers=build_headers("unknwn222222"))
    assert wrong.content == unknown.content


async def test_the_audit_trail_has_the_key_name_and_not_its_secret(
    anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    secret = "wrongsecretwrongsecretwrongsecretwrongsecre"
    assert (
        await anonymous.get("/v1/submissions", headers=build_headers("ministry2222", secret))
    ).status_code == 401
    rows = await fetch(place.dsn, "select a::text as row_text from audit a")
    assert any("ministry2222" in row["row_text"] for row in rows)
    assert not any(secret in row["row_text"] or SECRET in row["row_text"] for row in rows)
    assert not any(secret in line or SECRET in line for line in place.service.log_lines)


async def test_the_audit_trail_cannot_be_changed(anonymous: httpx.AsyncClient, place: ServicePlace) -> None:
    await anonymous.get("/v1/submissions")
    for statement in (
        "delete from audit",
        "update audit set key = ''",
        "truncate audit",
        "delete from access_key",
    ):
        with pytest.raises(Exception, match="append-only"):
            await fetch(place.dsn, statement)


# --------------------------------------------------------------------------------------------- other senders


async def test_another_senders_submission_is_not_visible_by_any_route(
    anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    own = await _submit(anonymous, build_unknown_centres(3, "SECRET-"), MINISTRY)
    number = own.json()["submission"]
    nobodys = await anonymous.get("/v1/submissions/999999", headers=FOREIGN)
    for path in (f"/v1/submissions/{number}{part}" for part in ("", "/refusals", "/pain002")):
        for accept in ("application/json", "text/csv", "application/vnd.apache.arrow.stream"):
            response = await anonymous.get(path, headers={**FOREIGN, "accept": accept})
            assert response.status_code == 404
            assert "SECRET" not in response.text
            # the same response as for one that does not exist, except for the number
            assert response.text.replace(str(number), "999999") == nobodys.text
        assert ("stranger2222", "MIN-12", f"GET {path}", "not-found") in {
            row[:4] for row in await _read_trail(place.dsn)
        }
    listed = (await anonymous.get("/v1/submissions?limit=500", headers=FOREIGN)).json()["submissions"]
    assert all(ticket["receipt"]["sender"] == "MIN-12" for ticket in listed)


async def test_the_same_bytes_of_two_senders_are_two_submissions(anonymous: httpx.AsyncClient) -> None:
    rows = [build_commitment("SAME-1", "0.01")]
    first, second = [await _submit(anonymous, rows, key) for key in (MINISTRY, FOREIGN)]
    assert first.json()["submission"] != second.json()["submission"]
    assert (await _submit(anonymous, rows, FOREIGN)).json() == second.json()
    assert second.json()["receipt"]["sender"] == "MIN-12"
    assert second.json()["receipt"]["accepted"]["lines"] == 1, "references of two senders do not meet"


async def test_another_senders_commitment_cannot_be_spent(anonymous: httpx.AsyncClient) -> None:
    await _submit(anonymous, [build_commitment("MINE-1")], MINISTRY)
    response = await _submit(anonymous, [build_service("THEFT-1", "MINE-1")], FOREIGN)
    assert response.json()["reasons"][0]["code"] == "PREDECESSOR_MISSING"


@pytest.mark.parametrize("header", ["x-crescendo-sender", "sender", "x-forwarded-user"])
async def test_no_header_changes_the_sender(header: str, anonymous: httpx.AsyncClient) -> None:
    rows = [build_commitment(f"H-{header}"[:35], "0.01")]
    response = await _submit(anonymous, rows, {**FOREIGN, header: "MIN-09"})
    assert response.json()["receipt"]["sender"] == "MIN-12"


async def test_a_header_that_names_another_sender_is_refused(anonymous: httpx.AsyncClient) -> None:
    rows = [build_commitment("H-NAMED", "0.01")]
    response = await _submit(anonymous, rows, {**FOREIGN, "crescendo-sender": "MIN-09"})
    assert (response.status_code, response.json()["code"]) == (403, "wrong-sender")
    own = await _submit(anonymous, rows, {**FOREIGN, "crescendo-sender": "MIN-12"})
    assert own.json()["receipt"]["sender"] == "MIN-12"


async def test_a_file_that_names_another_sender_is_refused(
    anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    rows = [{"envelope": {"sender": "MIN-09"}}, build_commitment("N-1")]
    response = await _submit(anonymous, rows, FOREIGN)
    assert (response.status_code, response.json()["code"]) == (403, "wrong-sender")
    assert ("stranger2222", "MIN-12", "POST /v1/submissions", "wrong-sender", 1) in await _read_trail(
        place.dsn
    )


# --------------------------------------------------------------------------------------------- roles

PAYEE = {"reference": "T-1", "kind": "third_party", "exercise": "2018", "date": "2018-01-02"}
REJECTION = {**PAYEE, "reference": "R-1", "kind": "payment_request_rejection", "predecessor": "DP-1"}
OUT_OF_ROLE: Mapping[str, tuple[Mapping[str, str], dict[str, str]]] = {
    "who orders registers no bank account": (MINISTRY, PAYEE),
    "who orders refuses no payment": (MINISTRY, REJECTION),
    "who pays orders nothing": (ACCOUNTANT, build_commitment("X-1")),
    "who keeps the accounts of the State orders nothing": (CENTRAL, build_commitment("X-5")),
    "who certifies commits nothing": (CERTIFIER, build_commitment("X-6")),
    "who pays opens no credits": (ACCOUNTANT, OPENINGS[0]),
    "who pays posts no payment of a run": (ACCOUNTANT, {**REJECTION, "kind": "payment"}),
    "who pays states no movement of the bank": (ACCOUNTANT, {**REJECTION, "kind": "bank_debit"}),
    "who opens credits allots none": (DIRECTORATE, ALLOTMENTS[0]),
    "who opens credits orders nothing": (DIRECTORATE, build_commitment("X-4")),
    "who manages a programme opens no credits": (MINISTRY, OPENINGS[0]),
    "who manages a programme cancels no credits": (MINISTRY, OPENINGS[0] | {"kind": "cancellation_ae"}),
    "who manages a programme unfreezes no credits": (MINISTRY, OPENINGS[0] | {"kind": "unfreeze_ae"}),
    "who reads all sends nothing": (AUDITOR, build_commitment("X-2")),
    "who keeps the service sends nothing": (OPERATOR, build_commitment("X-3")),
}


@pytest.mark.parametrize("name", OUT_OF_ROLE)
async def test_separation_of_duties(name: str, anonymous: httpx.AsyncClient, place: ServicePlace) -> None:
    key, row = OUT_OF_ROLE[name]
    count = "select count(*) from submission"
    before = await fetch(place.dsn, count)
    # one line that the role does not allow is enough
    rows = [*build_unknown_centres(3, name[:9]), row] if key is MINISTRY else [row]
    response = await _submit(anonymous, rows, key)
    assert (response.status_code, response.json()["code"]) == (403, "role-not-held")
    assert await fetch(place.dsn, count) == before
    assert (await _read_trail(place.dsn))[-1][2:4] == ("POST /v1/submissions", "role-not-held")


NOTHING_TO_SEND: Mapping[str, object] = {
    "an empty object": {},
    "an empty line": [{}],
    "a kind that does not exist": {**PAYEE, "kind": "decree"},
    "no kind": {name: value for name, value in PAYEE.items() if name != "kind"},
}


@pytest.mark.parametrize("key", [AUDITOR, OPERATOR], ids=["auditor", "operator"])
@pytest.mark.parametrize("query", ["", "?dry_run=true", "?atomic=true"])
@pytest.mark.parametrize("name", NOTHING_TO_SEND)
async def test_a_key_that_sends_nothing_stores_no_form(
    name: str, query: str, key: Mapping[str, str], anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    count = "select (select count(*) from batch) as batches, (select count(*) from submission) as submissions"
    before = await fetch(place.dsn, count)
    response = await anonymous.post(f"/v1/acts{query}", json=NOTHING_TO_SEND[name], headers=key)
    assert (response.status_code, response.json()["code"]) == (403, "role-not-held")
    assert await fetch(place.dsn, count) == before
    assert (await _read_trail(place.dsn))[-1][2:4] == ("POST /v1/acts", "role-not-held")


@pytest.mark.parametrize("key", [AUDITOR, OPERATOR], ids=["auditor", "operator"])
@pytest.mark.parametrize("query", ["", "?dry_run=true", "?atomic=true"])
async def test_a_key_that_sends_nothing_stores_no_file_without_lines(
    query: str, key: Mapping[str, str], anonymous: httpx.AsyncClient, place: ServicePlace
) -> None:
    count = "select (select count(*) from batch) as batches, (select count(*) from submission) as submissions"
    before = await fetch(place.dsn, count)
    headers = {**key, "content-type": "text/csv"}
    response = await anonymous.post(f"/v1/submissions{query}", content=b"reference;kind\n", headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "role-not-held")
    assert await fetch(place.dsn, count) == before
    assert (await _read_trail(place.dsn))[-1][2:4] == ("POST /v1/submissions", "role-not-held")


async def test_an_accountant_registers_and_an_auditor_reads_all(anonymous: httpx.AsyncClient) -> None:
    response = await _submit(anonymous, [PAYEE], ACCOUNTANT)
    assert response.json()["state"] == "decided"
    for path in (response.json()["links"]["self"], response.json()["links"]["refusals"]):
        assert (await anonymous.get(path, headers=AUDITOR)).status_code == 200
    listed = (await anonymous.get("/v1/submissions?limit=500", headers=AUDITOR)).json()["submissions"]
    assert {"MIN-09", "DRFIP-75"} <= {ticket["receipt"]["sender"] for ticket in listed}


# --------------------------------------------------------------------------------------------- perimeters


@pytest.mark.parametrize(
    "row",
    [
        build_commitment("Z-1"),
        build_service("Z-2", "P-0177"),
        {**OPENINGS[0], "kind": "budget_move_ae", "fund_centre": "0217", "counterpart": "0177"},
    ],
)
async def test_a_key_cannot_use_programmes_outside_its_perimeter(
    row: dict[str, str], anonymous: httpx.AsyncClient
) -> None:
    response = await _submit(anonymous, [row], LIMITED)
    assert (response.status_code, response.json()["code"]) == (403, "perimeter-not-held")


async def test_a_false_fund_centre_does_not_widen_a_perimeter(anonymous: httpx.AsyncClient) -> None:
    """The perimeter check accepts the fund centre of the line; the engine refuses it, as the commitment has another."""
    await _submit(anonymous, [build_commitment("P-0177")], MINISTRY)
    lie = {**build_service("Z-3", "P-0177"), **OUTSIDE_PERIMETER}
    response = await _submit(anonymous, [lie], LIMITED)
    assert response.json()["reasons"][0]["code"] == "ASSIGNMENT_DIFFERS"
    honest = {**build_commitment("Z-4", "0.01"), **OUTSIDE_PERIMETER}
    assert (await _submit(anonymous, [honest], LIMITED)).json()["receipt"]["accepted"]["lines"] == 1


# --------------------------------------------------------------------------------------------- keys that end


async def test_a_key_works_from_its_creation_until_its_end(
    anonymous: httpx.AsyncClient, place: ServicePlace, tmp_path: Path
) -> None:
    where = ("--database", place.dsn, "--data", tmp_path)
    result = await run_crescendo(
        "access", "create", "MIN-77", "--role", "authorising_officer", *where, "--json"
    )
    assert result.code == 0, result.err
    header = {"authorization": f"Bearer {result.json()['token']}"}
    await _get_statuses(anonymous, header, 200)
    assert (
        await run_crescendo("access", "revoke", result.json()["key"], "--reason", "lost", *where)
    ).code == 0
    await _get_statuses(anonymous, header, 401)
    listed = await run_crescendo("access", "list", "--sender", "MIN-77", *where, "--json")
    assert listed.json()[0]["reason"] == "lost"
    assert result.json()["token"][-43:] not in listed.out
    assert (await run_crescendo("access", "revoke", result.json()["key"], *where)).code == 0
    assert (await run_crescendo("access", "revoke", "nobody", *where)).code == 1


async def test_an_expired_key_is_refused(anonymous: httpx.AsyncClient, place: ServicePlace) -> None:
    await fetch(
        place.dsn,
        "insert into access_key select 'ended2222222', sender, digest, roles, programmes, '', now(), now()"
        " from access_key where key = 'ministry2222'",
    )
    await fetch(
        place.dsn,
        "insert into access_key select 'after2222222', sender, digest, roles, programmes, '', now(), now() + '1 day'"
        " from access_key where key = 'ministry2222'",
    )
    await _get_statuses(anonymous, build_headers("after2222222"), 200)
    assert (await anonymous.get("/v1/submissions", headers=build_headers("ended2222222"))).status_code == 401


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "MIN-09"), "role"),
        (("create", "MIN-09", "--role", "minister"), "minister"),
        (("create", "MIN-09", "--role", "authorising_officer", "--role", "assigned_accountant"), "make two"),
        (("create", "MIN-09", "--role", "certifier", "--role", "central_accountant"), "make two"),
        (("create", "MIN-09", "--role", "central_accountant"), "who orders does not account"),
        (("create", "DRFIP-75", "--role", "uo_manager"), "has the key paymaster222"),
        (("create", "DIRECTORATE", "--role", "bop_manager"), "has the key creditgate22"),
        (("create", "no spaces", "--role", "auditor"), "SENDER"),
        (("create", "MIN-09", "--role", "auditor", "--programme", "17"), "four digits"),
        (("create", "MIN-09", "--role", "auditor", "--days", "0"), "--days"),
    ],
)
async def test_an_invalid_key_is_not_created(
    words: tuple[str, ...], message: str, place: ServicePlace
) -> None:
    result = await run_crescendo("access", *words, "--database", place.dsn)
    assert result.code == 2
    assert message in result.err


async def test_the_database_enforces_separation_of_duties(place: ServicePlace) -> None:
    with pytest.raises(Exception, match="two_hands"):
        await fetch(
            place.dsn,
            "insert into access_key (key, sender, digest, roles, programmes, label) select 'x', sender, digest,"
            " array['authorising_officer', 'assigned_accountant'], programmes, '' from access_key limit 1",
        )


# --------------------------------------------------------------------------------------------- rate limit


async def test_the_rate_limit_applies_to_one_sender_only(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path, "--rate", "1") as busy,
        busy.client() as client,
    ):
        responses = [await client.get("/v1/submissions", headers=MINISTRY) for _ in range(20)]
        codes = [response.status_code for response in responses]
        assert set(codes) == {200, 429}
        refused = responses[codes.index(429)]
        assert refused.json()["code"] == "rate-limited"
        assert int(refused.headers["retry-after"]) >= 1
        # another key of the same sender shares its bucket
        assert (await client.get("/v1/submissions", headers=LIMITED)).status_code == 429
        assert (await client.get("/v1/submissions", headers=FOREIGN)).status_code == 200
        assert (await client.get("/healthz")).status_code == 200
