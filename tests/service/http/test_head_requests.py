"""HEAD, conditional and range requests to every route, with keys that may not see the object."""

import re
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


def _describe_response(response: httpx.Response, number: int) -> tuple[Any, ...]:
    """Return the parts of a response, with the requested number removed."""
    headers = {
        name: text for name, text in response.headers.items() if name not in {"date", "content-length"}
    }
    named = len(str(number)) if response.status_code in {404, 405} else 0
    return (
        response.status_code,
        headers,
        int(response.headers["content-length"]) - named,
        re.sub(rf"\b{number}\b", "N", response.text),
    )


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("route", sorted({path for _, path in ROUTE_ACCESS}))
async def test_head_and_conditional_requests_reveal_nothing_of_other_senders(
    route: str, method: str, place: ServicePlace, anonymous: httpx.AsyncClient, number: int
) -> None:
    """Neither the status nor a header nor the length of an omitted body reveals it, also not to a key of another programme."""
    (row,) = await fetch(place.dsn, "select entry_id from entry where reference = $1", f"{HIDDEN_ROUTES}-ACT")
    path, sort = (
        route.replace("{entry}", str(row["entry_id"])),
        ROUTE_ACCESS.get(("GET", route), RouteAccess()),
    )
    for key in (FOREIGN, LIMITED, LIMITED_AUDITOR):
        for condition in CONDITIONS.values():
            sent: dict[str, Any] = {"params": dict(sort.query), "headers": {**key, **condition}}
            response = await anonymous.request(method, build_path(path, number), **sent)
            assert response.status_code not in {206, 304, 412, 416}, "no condition is known here"
            assert HIDDEN_ROUTES not in response.text.replace(sort.query.get("reference", "\0"), "")
            if "{submission}" in route or "{entry}" in route:
                nobodys = await anonymous.request(method, build_path(route, 999_999), **sent)
                identifier = row["entry_id"] if "{entry}" in route else number
                assert _describe_response(response, identifier) == _describe_response(nobodys, 999_999)
