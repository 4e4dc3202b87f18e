"""Every route asked by its head, with conditions and for parts, by keys that may not see what it names."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from tests.service.http.access_keys import FOREIGN, LIMITED, LIMITED_AUDITOR
from tests.service.http.conftest import ServicePlace
from tests.service.http.running_service import fetch
from tests.service.http.test_every_route import (
    HIDDEN_ROUTES,
    ROUTE_ACCESS,
    RouteAccess,
    anonymous,
    build_path,
    number,
)

__all__ = ["anonymous", "number"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONDITIONS: Mapping[str, Mapping[str, str]] = {
    "none": {},
    "none of it": {"if-none-match": "*"},
    "one of it": {"if-match": '"x"'},
    "since": {"if-modified-since": "Thu, 31 Dec 2037 23:59:59 GMT"},
    "before": {"if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    "a part": {"range": "bytes=0-0", "if-range": '"x"'},
    "the end": {"range": "bytes=-1"},
    "packed": {"accept-encoding": "gzip, br"},
}


def _describe_response(found: httpx.Response, number: int) -> tuple[Any, ...]:
    """All that an answer says, but for the number that was asked for."""
    headers = {name: text for name, text in found.headers.items() if name not in {"date", "content-length"}}
    named = len(str(number)) if found.status_code in {404, 405} else 0
    return (
        found.status_code,
        headers,
        int(found.headers["content-length"]) - named,
        found.text.replace(str(number), "N"),
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("route", sorted({path for _, path in ROUTE_ACCESS}))
async def test_a_head_or_a_condition_tells_nothing_of_anothers(
    route: str, method: str, place: ServicePlace, anonymous: httpx.AsyncClient, number: int
) -> None:
    """Not by a status, a header, or the length of a body that is not sent: also not to a key of another programme."""
    (row,) = await fetch(place.dsn, "select entry_id from entry where reference = $1", f"{HIDDEN_ROUTES}-ACT")
    path, sort = (
        route.replace("{entry}", str(row["entry_id"])),
        ROUTE_ACCESS.get(("GET", route), RouteAccess()),
    )
    for key in (FOREIGN, LIMITED, LIMITED_AUDITOR):
        for condition in CONDITIONS.values():
            sent: dict[str, Any] = {"params": dict(sort.query), "headers": {**key, **condition}}
            found = await anonymous.request(method, build_path(path, number), **sent)
            assert found.status_code not in {206, 304, 412, 416}, "no condition is known here"
            assert HIDDEN_ROUTES not in found.text.replace(sort.query.get("reference", "\0"), "")
            if "{submission}" in route or "{entry}" in route:
                nobodys = await anonymous.request(method, build_path(route, 999_999), **sent)
                asked = row["entry_id"] if "{entry}" in route else number
                assert _describe_response(found, asked) == _describe_response(nobodys, 999_999)
