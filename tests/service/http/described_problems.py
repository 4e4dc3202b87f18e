"""A check of responses: each problem has a code that the description of its route lists."""

import re

import httpx

from service.http.openapi.document import build_document
from service.http.problems import MEDIA_TYPE
from service.http.routes import ROUTES

_PATHS = build_document(ROUTES)["paths"]


async def check_problem(response: httpx.Response) -> None:
    """Check a response; to be called by a client for each response that it gets."""
    if response.headers.get("content-type") != MEDIA_TYPE or response.request.method == "HEAD":
        return
    await response.aread()
    problem, request = response.json(), response.request
    described = _list_codes(request.method.lower(), request.url.path)
    assert described is None or problem["code"] in described, (request.method, request.url.path, problem)


def _list_codes(method: str, path: str) -> set[str] | None:
    """Return the codes that a route describes; None if no route has that path and method."""
    for template, methods in _PATHS.items():
        if method in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            responses = methods[method]["responses"].values()
            return {code for response in responses for code in response.get("x-problem-codes", ())}
    return None
