"""Attacks on every route, taken from the table of routes.

``ROUTE_ACCESS`` describes the access of each route that needs a key; a new route must be added, or the first test fails.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import httpx
import pytest
import pytest_asyncio

from service.http.connection import HEAD_BYTES_MAX, HEADERS_MAX
from service.http.handlers import reports
from service.http.routes import OPEN_PATHS, ROUTES
from tests.service.http.access_keys import (
    ACCOUNTANT,
    AUDITOR,
    FOREIGN,
    MINISTRY,
    OPERATOR,
    SECRET,
    build_headers,
)
from tests.service.http.act_files import build_commitment, build_unknown_centres
from tests.service.http.conftest import ServicePlace
from tests.service.http.raw_requests import Reply, exchange, format_request
from tests.service.http.running_service import JSONL, fetch, to_jsonl

pytestmark = pytest.mark.asyncio(loop_scope="module")

HIDDEN_ROUTES = "TOP-SECRET"
"""Prefix of every reference of the ministry; no other sender may see it."""


class RouteAccess(NamedTuple):
    """The access of a route."""

    sends: Mapping[str, Any] | None = None
    """A request body that would have an effect for an authorised sender; None for a route that only reads."""
    is_owned: bool = False
    """Whether the object in the path belongs to a sender, and is not found for others."""
    query: Mapping[str, str] = {}
    """Parameters that the route requires."""


ROUTE_ACCESS: Mapping[tuple[str, str], RouteAccess] = {
    ("POST", "/v1/acts"): RouteAccess(sends={"json": build_commitment("ATTEMPT-F")}),
    ("POST", "/v1/submissions"): RouteAccess(
        sends={"content": to_jsonl([build_commitment("ATTEMPT-S")]), "headers": JSONL}
    ),
    ("GET", "/v1/submissions"): RouteAccess(),
    ("GET", "/v1/submissions/{submission}"): RouteAccess(is_owned=True),
    ("GET", "/v1/submissions/{submission}/refusals"): RouteAccess(is_owned=True),
    ("GET", "/v1/submissions/{submission}/pain002"): RouteAccess(is_owned=True),
    # operators may; other tests cover that
    ("DELETE", "/v1/submissions/{submission}"): RouteAccess(),
    ("POST", "/v1/senders/{sender}/pause"): RouteAccess(),
    ("POST", "/v1/senders/{sender}/resume"): RouteAccess(),
    ("GET", "/v1/tasks"): RouteAccess(),
    # test_tasks covers who sees, requests and cancels which task
    ("GET", "/v1/tasks/{task}"): RouteAccess(),
    ("DELETE", "/v1/tasks/{task}"): RouteAccess(),
    # test_periods covers who closes which month
    ("GET", "/v1/periods"): RouteAccess(),
    ("POST", "/v1/periods"): RouteAccess(),
    # test_persons covers who reads and changes the directory
    ("GET", "/v1/persons"): RouteAccess(),
    ("POST", "/v1/persons"): RouteAccess(),
    ("GET", "/v1/closing/{year}"): RouteAccess(),
    ("POST", "/v1/closing/{year}/{step}"): RouteAccess(),
    ("GET", "/v1/payment-runs"): RouteAccess(),
    ("GET", "/v1/payment-runs/{run}"): RouteAccess(),
    **{
        ("POST", f"/v1/{path}"): RouteAccess()
        for path in (
            "payment-runs",
            "payment-runs/{run}/lines",
            "payment-runs/{run}/payees",
            "payment-runs/{run}/release",
            "payment-runs/{run}/abandon",
            "payment-runs/{run}/issue",
            "bank/messages",
            "late-interest",
        )
    },
    ("POST", "/v1/uploads"): RouteAccess(),
    ("GET", "/v1/uploads"): RouteAccess(),
    ("GET", "/v1/uploads/{upload}"): RouteAccess(),
    ("PATCH", "/v1/uploads/{upload}"): RouteAccess(),
    ("DELETE", "/v1/uploads/{upload}"): RouteAccess(),
    ("GET", "/v1/acts"): RouteAccess(query={"reference": f"{HIDDEN_ROUTES}-ACT"}),
    ("GET", "/v1/acts/{entry}"): RouteAccess(is_owned=True),
    ("GET", "/v1/documents"): RouteAccess(query={"document": "NOBODY/2018/ENG/1"}),
    ("GET", "/v1/acts/{entry}/followers"): RouteAccess(is_owned=True),
    ("GET", "/v1/commitments"): RouteAccess(query={"reference": f"{HIDDEN_ROUTES}-ACT"}),
    ("GET", "/v1/commitments/{entry}"): RouteAccess(),
    ("GET", "/v1/payments"): RouteAccess(query={"reference": f"{HIDDEN_ROUTES}-ACT"}),
    ("GET", "/v1/payments/{entry}"): RouteAccess(),
    ("GET", "/v1/budget/nodes"): RouteAccess(
        query={"fund_centre": build_commitment("")["fund_centre"], "year": "2018"}
    ),
    ("GET", "/v1/budget/programmes"): RouteAccess(),
    **{("GET", route.path): RouteAccess() for route in reports.ROUTES},
}
NAMES: Mapping[str, str] = {"sender": "NOBODY", "upload": "0" * 64, "step": "C06"}
"""Values of path parameters that are not numbers."""
CLOSED_ROUTES = sorted(ROUTE_ACCESS)
OWNED_ROUTES = [route for route, sort in ROUTE_ACCESS.items() if sort.is_owned]
SENDING_ROUTES = [route for route, sort in ROUTE_ACCESS.items() if sort.sends is not None]


async def test_every_route_is_open_or_in_the_table() -> None:
    routes = {(route.method, route.path) for route in ROUTES}
    assert {route for route in routes if route[1] not in OPEN_PATHS} == set(ROUTE_ACCESS)


async def test_every_described_route_is_in_the_table(anonymous: httpx.AsyncClient) -> None:
    """From the served document, so that no route that callers know of is forgotten."""
    paths = (await anonymous.get("/openapi.json")).json()["paths"]
    methods = {"get", "post", "put", "patch", "delete"}
    described = {
        (method.upper(), path) for path, operations in paths.items() for method in operations.keys() & methods
    }
    assert {route for route in described if route[1] not in OPEN_PATHS} == set(ROUTE_ACCESS)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def number(place: ServicePlace) -> int:
    """A submission of the ministry with refused lines, sent after an accepted act."""
    async with place.service.client(MINISTRY) as client:
        form = await client.post("/v1/acts", json=build_commitment(f"{HIDDEN_ROUTES}-ACT", "0.01"))
        assert form.json()["outcome"] == "accepted"
        rows = to_jsonl(build_unknown_centres(3, HIDDEN_ROUTES))
        response = await client.post("/v1/submissions?wait=60", content=rows, headers=JSONL)
        return response.json()["submission"]


@pytest_asyncio.fixture(loop_scope="module")
async def anonymous(place: ServicePlace) -> AsyncIterator[httpx.AsyncClient]:
    async with place.service.client() as client:
        yield client


def build_path(path: str, number: int) -> str:
    """Return the path with the number of a submission of the ministry, which is also an entry."""
    return re.sub(r"\{(\w+)\}", lambda match: NAMES.get(match[1], str(number)), path)


def _build_request(key: Mapping[str, str], sort: RouteAccess) -> dict[str, Any]:
    sends = dict(sort.sends or {})
    return {**sends, "headers": {**sends.get("headers", {}), **key}, "params": dict(sort.query)}


async def _count_audited(place: ServicePlace) -> int:
    (row,) = await fetch(place.dsn, "select coalesce(sum(times), 0) as times from audit")
    return int(row["times"])


async def _count_stored(place: ServicePlace) -> tuple[Any, ...]:
    """Count the rows that a successful attack would change."""
    query = (
        "select (select count(*) from entry), (select count(*) from submission), (select count(*) from form)"
    )
    return tuple((await fetch(place.dsn, query))[0])


# --------------------------------------------------------------------------------------------- keys

BAD_KEYS: Mapping[str, Mapping[str, str]] = {
    "none": {},
    "a wrong secret": build_headers("ministry2222", "t" * 43),
    "a key that never was": build_headers("unknwn222222"),
    "one that is over": build_headers("over22222222"),
    "one that was ended": build_headers("ended2222222"),
    "a token that nobody signed": {"authorization": "Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0."},
    "a cookie": {"cookie": f"authorization=Bearer crescendo_ministry2222_{SECRET}"},
    "another header": {"x-api-key": f"crescendo_ministry2222_{SECRET}"},
    "a proxy's header": {"proxy-authorization": f"Bearer crescendo_ministry2222_{SECRET}"},
    "another scheme": {"authorization": f"Basic crescendo_ministry2222_{SECRET}"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ended(place: ServicePlace) -> None:
    """An expired key and a revoked one, after the service has reloaded them."""
    say = (
        "insert into access_key select $1, sender, digest, roles, programmes, '', now(), {} from access_key"
        " where key = 'ministry2222'"
    )
    await fetch(place.dsn, say.format("now()"), "over22222222")
    await fetch(place.dsn, say.format("'infinity'"), "ended2222222")
    async with place.service.client(build_headers("ended2222222")) as client:
        while (await client.get("/v1/submissions")).status_code != 200:
            pass
        await fetch(place.dsn, "insert into access_key_end (key, reason) values ('ended2222222', '')")
        while (await client.get("/v1/submissions")).status_code != 401:
            pass


@pytest.mark.usefixtures("ended")
@pytest.mark.parametrize("route", CLOSED_ROUTES)
@pytest.mark.parametrize("name", BAD_KEYS)
async def test_without_a_valid_key_nothing_is_shown_done_or_left_unaudited(
    name: str, route: tuple[str, str], place: ServicePlace, anonymous: httpx.AsyncClient, number: int
) -> None:
    method, path = route
    before, stored = await _count_audited(place), await _count_stored(place)
    arguments = _build_request(BAD_KEYS[name], ROUTE_ACCESS[route])
    response = await anonymous.request(method, build_path(path, number), **arguments)
    assert (response.status_code, response.json()["code"]) == (401, "key-unknown")
    assert await _count_audited(place) == before + 1
    assert await _count_stored(place) == stored


@pytest.mark.parametrize("route", CLOSED_ROUTES)
async def test_a_repeated_authorization_header_is_refused(
    route: tuple[str, str], place: ServicePlace, number: int
) -> None:
    method, path = route
    before = await _count_audited(place)
    for pair in ((MINISTRY, MINISTRY), (FOREIGN, MINISTRY), ({"authorization": ""}, MINISTRY)):
        lines = [f"Authorization: {headers['authorization']}" for headers in pair]
        request = format_request(
            f"{method} {build_path(path, number)} HTTP/1.1", "Host: x", *lines, "Content-Length: 0"
        )
        (reply,) = await exchange(place.service.url, request)
        assert reply.status == 400
        assert HIDDEN_ROUTES.encode() not in reply.body
    assert await _count_audited(place) == before + 3


# --------------------------------------------------------------------------------------------- other senders


@pytest.mark.parametrize("key", [FOREIGN, OPERATOR], ids=["another sender", "the operator"])
@pytest.mark.parametrize("route", OWNED_ROUTES)
async def test_objects_of_other_senders_are_not_found_and_the_attempt_is_audited(
    route: tuple[str, str],
    key: Mapping[str, str],
    place: ServicePlace,
    anonymous: httpx.AsyncClient,
    number: int,
) -> None:
    method, path = route
    before = await _count_audited(place)
    theirs = await anonymous.request(
        method, build_path(path, number), **_build_request(key, ROUTE_ACCESS[route])
    )
    nobodys = await anonymous.request(
        method, build_path(path, 999_999), **_build_request(key, ROUTE_ACCESS[route])
    )
    assert theirs.status_code == nobodys.status_code == 404
    assert re.sub(rf"\b{number}\b", "999999", theirs.text) == nobodys.text
    assert theirs.headers.keys() == nobodys.headers.keys()
    assert await _count_audited(place) == before + 1


@pytest.mark.parametrize("key", [FOREIGN, OPERATOR], ids=["another sender", "the operator"])
@pytest.mark.parametrize("route", CLOSED_ROUTES)
async def test_no_route_shows_anything_of_other_senders(
    route: tuple[str, str],
    key: Mapping[str, str],
    place: ServicePlace,
    anonymous: httpx.AsyncClient,
    number: int,
) -> None:
    method, path = route
    tricks: list[dict[str, Any]] = [
        {},
        {"params": {"sender": "MIN-09", "submission": str(number), "limit": "1000"}},
        {"headers": {"x-http-method-override": "GET", "x-original-url": f"/v1/submissions/{number}"}},
        {"headers": {"x-forwarded-for": "127.0.0.1", "x-forwarded-host": "localhost", "x-sender": "MIN-09"}},
        {"headers": {"accept": "text/csv"}},
        {"headers": {"range": "bytes=0-100000", "accept-language": "fr"}},
    ]
    for trick in tricks:
        arguments = _build_request(key, ROUTE_ACCESS[route])
        arguments["headers"] = {**arguments["headers"], **trick.get("headers", {})}
        arguments["params"] = {**arguments["params"], **trick.get("params", {})}
        response = await anonymous.request(method, build_path(path, number), **arguments)
        mine = json.dumps(response.json()) if "json" in response.headers["content-type"] else response.text
        for value in ROUTE_ACCESS[route].query.values():
            mine = mine.replace(value, "")  # the name in the request may appear in the response
        assert HIDDEN_ROUTES not in mine, (trick, mine)
        assert "MIN-09" not in mine


@pytest.mark.parametrize("key", [AUDITOR, OPERATOR, ACCOUNTANT], ids=["auditor", "operator", "accountant"])
@pytest.mark.parametrize("route", SENDING_ROUTES)
async def test_keys_that_may_not_send_change_nothing(
    route: tuple[str, str],
    key: Mapping[str, str],
    place: ServicePlace,
    anonymous: httpx.AsyncClient,
    number: int,
) -> None:
    method, path = route
    before, stored = await _count_audited(place), await _count_stored(place)
    response = await anonymous.request(
        method, build_path(path, number), **_build_request(key, ROUTE_ACCESS[route])
    )
    assert (response.status_code, response.json()["code"]) == (403, "role-not-held")
    assert await _count_audited(place) == before + 1
    assert await _count_stored(place) == stored


# --------------------------------------------------------------------------------------------- paths and methods

METHOD_OVERRIDES = ("x-http-method-override", "x-http-method", "x-method-override")


@pytest.mark.parametrize("header", METHOD_OVERRIDES)
async def test_method_override_headers_are_ignored(
    header: str, place: ServicePlace, anonymous: httpx.AsyncClient
) -> None:
    stored = await _count_stored(place)
    sort = ROUTE_ACCESS["POST", "/v1/acts"]
    fields = {**_build_request(MINISTRY, sort)}
    fields["headers"] = {**fields["headers"], header: "POST"}
    response = await anonymous.request("DELETE", "/v1/acts", **fields)
    assert response.status_code == 405
    assert await _count_stored(place) == stored
    response = await anonymous.get("/v1/submissions", headers={**MINISTRY, header: "DELETE"})
    assert response.status_code == 200


def _list_paths(number: int) -> list[str]:
    """List spellings of a path that a proxy and the service might interpret differently."""
    own = f"/v1/submissions/{number}"
    return [
        f"/v1/%73ubmissions/{number}",
        f"/v1/submissions%2f{number}",
        f"/v1/submissions/{number}%2frefusals",
        f"/healthz/..{own}",
        f"/healthz/%2e%2e{own}",
        f"/healthz%2f..%2fv1/submissions/{number}",
        f"//v1/submissions/{number}",
        f"/v1//submissions/{number}",
        f"{own}/",
        f"{own};x=1",
        f"{own}%00",
        f"{own}%0a",
        f"{own}.json",
        f"{own}%20",
        f"/V1/submissions/{number}",
        f"/v1/submissions/+{number}",
        f"/v1/submissions/-{number}",
        f"/v1/submissions/{number}e0",
        "/v1/submissions/%D9%A1",
        f"/v1/submissions/{'9' * 40}",
        "/" + "a/" * 5000,
        "/metrics%2f",
        "/%6detrics",
        "/metrics/../metrics",
        "/docs/../../etc/passwd",
    ]


async def test_paths_are_compared_byte_by_byte(place: ServicePlace, number: int) -> None:
    for path in _list_paths(number):
        for key in (MINISTRY, FOREIGN, AUDITOR):
            line = f"Authorization: {key['authorization']}"
            (reply,) = await exchange(
                place.service.url, format_request(f"GET {path} HTTP/1.1", "Host: x", line)
            )
            assert reply.status in {400, 404}, (path, reply)
            assert HIDDEN_ROUTES.encode() not in reply.body


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:1", "", "a" * 5000, "x\t", "[::1]"])
async def test_responses_do_not_depend_on_the_host_header(
    host: str, place: ServicePlace, number: int
) -> None:
    """Addresses in responses must not be built from the Host header, which an attacker may choose."""
    line = f"Authorization: {MINISTRY['authorization']}"
    request = format_request(f"GET /v1/submissions/{number} HTTP/1.1", f"Host: {host}", line)
    (reply,) = await exchange(place.service.url, request)
    assert reply.status == 200
    assert host.strip() == "" or host.encode() not in reply.body
    assert all(host not in value for value in reply.headers.values() if host.strip())
    assert json.loads(reply.body)["links"]["self"] == f"/v1/submissions/{number}"


async def test_an_absolute_request_target_is_not_proxied(place: ServicePlace, number: int) -> None:
    """The service is not a proxy: it answers requests for other hosts itself, after authentication, or not at all."""
    key = f"Authorization: {FOREIGN['authorization']}"
    for target in (
        f"http://evil.example/v1/submissions/{number}",
        f"https://10.0.0.1/v1/submissions/{number}",
    ):
        (reply,) = await exchange(place.service.url, format_request(f"GET {target} HTTP/1.1", "Host: x", key))
        assert reply.status == 404
    for line in ("CONNECT evil.example:443 HTTP/1.1", "OPTIONS * HTTP/1.1", "TRACE /v1/submissions HTTP/1.1"):
        (reply,) = await exchange(place.service.url, format_request(line, "Host: x", key))
        assert reply.status in {400, 404, 405}
        assert SECRET.encode() not in reply.body, "what is sent is not sent back"


# --------------------------------------------------------------------------------------------- heads and bodies

_POST = "POST /v1/acts HTTP/1.1"
_KEY = f"Authorization: {MINISTRY['authorization']}"
_INNER = format_request(
    "GET /v1/submissions HTTP/1.1", "Host: x", f"Authorization: {MINISTRY['authorization']}"
)
SMUGGLED: Mapping[str, bytes] = {
    "length and chunks": format_request(
        _POST, "Host: x", "Content-Length: 5", "Transfer-Encoding: chunked", body=b"0\r\n\r\n" + _INNER
    ),
    "chunks and length": format_request(
        _POST, "Host: x", "Transfer-Encoding: chunked", "Content-Length: 5", body=b"0\r\n\r\n" + _INNER
    ),
    "two lengths": format_request(_POST, "Host: x", "Content-Length: 0", "Content-Length: 200", body=_INNER),
    "a length of two minds": format_request(_POST, "Host: x", "Content-Length: 0, 200", body=_INNER),
    "a length with a sign": format_request(_POST, "Host: x", "Content-Length: +5", body=b"12345" + _INNER),
    "a length below nothing": format_request(_POST, "Host: x", "Content-Length: -1", body=_INNER),
    "a length beyond all numbers": format_request(
        _POST, "Host: x", f"Content-Length: {'9' * 30}", body=_INNER
    ),
    "chunks written otherwise": format_request(
        _POST, "Host: x", "Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + _INNER
    ),
    "chunks and something more": format_request(
        _POST, "Host: x", "Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n" + _INNER
    ),
    "chunks behind a space": format_request(
        _POST, "Host: x", "Transfer-Encoding : chunked", body=b"0\r\n\r\n" + _INNER
    ),
    "a folded header": format_request(_POST, "Host: x", "X-A: 1\r\n Transfer-Encoding: chunked", body=_INNER),
    "a chunk without a size": format_request(
        _POST, "Host: x", "Transfer-Encoding: chunked", body=b"zz\r\n" + _INNER
    ),
    "a chunk beyond all numbers": format_request(
        _POST, "Host: x", "Transfer-Encoding: chunked", body=b"f" * 20 + b"\r\n" + _INNER
    ),
    "a line that ends in half": format_request(_POST, "Host: x\nX: y", body=b""),
    "a header with NUL": format_request(_POST, "Host: x", "X-A: a\0b"),
    "no version": b"GET /v1/submissions\r\n\r\n",
    "no request": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a mail": b"HELO mail.example\r\n",
}


@pytest.mark.parametrize("name", SMUGGLED)
async def test_ambiguous_requests_are_refused_and_the_connection_closed(
    name: str, place: ServicePlace
) -> None:
    """A request whose end is ambiguous is refused, and the connection closed (request smuggling)."""
    stored = await _count_stored(place)
    replies = await exchange(place.service.url, SMUGGLED[name])
    assert all(reply.status in {0, 400, 401} for reply in replies), replies
    assert len(replies) == 1
    assert await _count_stored(place) == stored


def _is_refused(reply: Reply) -> bool:
    body = json.loads(reply.body)
    return (reply.status, body["code"]) == (431, "head-too-long") and reply.headers["connection"] == "close"


HEADS: Mapping[str, bytes] = {
    "one header": format_request("GET /healthz HTTP/1.1", "Host: x", "X-A: " + "a" * HEAD_BYTES_MAX),
    "one header without an end": b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * 2**20,
    "a name without an end": b"GET /healthz HTTP/1.1\r\n" + b"a" * 2**20,
    "many headers": format_request(
        "GET /healthz HTTP/1.1", "Host: x", *(f"X-{n}: a" for n in range(HEADERS_MAX + 1))
    ),
    "many long headers": format_request(
        "GET /healthz HTTP/1.1", *(f"X-{n}: {'a' * 2000}" for n in range(50))
    ),
    "a path": format_request(f"GET /{'a' * HEAD_BYTES_MAX} HTTP/1.1", "Host: x"),
    "a query": format_request(f"GET /healthz?{'a' * HEAD_BYTES_MAX} HTTP/1.1", "Host: x"),
    "a chunk's extension": format_request(
        _POST, "Host: x", _KEY, "Transfer-Encoding: chunked", body=b"1;" + b"a" * 2**20
    ),
}


@pytest.mark.parametrize("name", HEADS)
async def test_request_heads_are_limited(name: str, place: ServicePlace) -> None:
    replies = await exchange(place.service.url, HEADS[name])
    assert replies[0].status == 0 or _is_refused(replies[0]), replies


async def test_a_request_head_below_the_limits_is_accepted(place: ServicePlace) -> None:
    most = [f"X-{n}: {'a' * 600}" for n in range(HEADERS_MAX - 3)]
    (reply,) = await exchange(place.service.url, format_request("GET /healthz HTTP/1.1", "Host: x", *most))
    assert reply.status == 200


async def test_the_service_still_works_after_the_attacks(
    place: ServicePlace, anonymous: httpx.AsyncClient
) -> None:
    assert (await anonymous.get("/readyz")).status_code == 200
    assert not [line for line in place.service.log_lines if "Traceback" in line or '"level":"error"' in line]
    log = "".join(place.service.log_lines)
    assert SECRET not in log
    assert "Invalid HTTP" not in log, "whoever sends nonsense would fill our logs"


@pytest.mark.parametrize("route", CLOSED_ROUTES)
async def test_unknown_parameters_are_refused(
    route: tuple[str, str], place: ServicePlace, anonymous: httpx.AsyncClient, number: int
) -> None:
    """A form with the misspelt ``dryrun=true`` must not be posted."""
    method, path = route
    stored = await _count_stored(place)
    for key in (MINISTRY, OPERATOR):
        arguments = _build_request(key, ROUTE_ACCESS[route])
        for params in ({"dryrun": "true"}, {"nothing": ""}):
            response = await anonymous.request(
                method, build_path(path, number), **{**arguments, "params": params}
            )
            refused = (response.status_code, response.json()["code"])
            assert refused in {(400, "malformed-request"), (403, "role-not-held")}, response.text
            assert key is OPERATOR or refused[0] == 400 or "senders" in path
    assert await _count_stored(place) == stored
