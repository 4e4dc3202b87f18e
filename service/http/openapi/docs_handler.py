"""``/docs`` and ``/openapi.json``: the description of the interface for people and for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from http import HTTPStatus
from importlib.resources import files
from typing import Any, NamedTuple

from service.http.http_messages import Request, Response, respond
from service.http.openapi.document import build_document
from service.http.openapi.operation import Operation
from service.http.openapi.problem_types import PROBLEM_TYPES
from service.http.route import Route

_POLICY_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
}
Row = tuple[str, str, str]


class TitledOperation(NamedTuple):
    """An operation, and its method and path."""

    title: str
    operation: Mapping[str, Any]


class DocsHandler:
    """Handles the description; the document and the page are built once."""

    def __init__(self, routes: Sequence[Route[Any]]) -> None:
        """Describe ``routes``."""
        self._document = build_document(routes)
        self._page = "".join(_render_page(self._document)).encode()
        self._stylesheet = files("service.http.openapi").joinpath("docs.css").read_bytes()

    async def get_openapi(self, _: Request) -> Response:
        """Respond with the OpenAPI document."""
        return respond(self._document)

    async def get_page(self, _: Request) -> Response:
        """Respond with the description as a page."""
        return Response(HTTPStatus.OK, self._page, "text/html; charset=utf-8", _POLICY_HEADERS)

    async def get_stylesheet(self, _: Request) -> Response:
        """Respond with the style sheet of the page."""
        return Response(HTTPStatus.OK, self._stylesheet, "text/css; charset=utf-8", _POLICY_HEADERS)


def _render_page(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Crescendo: the interface</title>'
    yield '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs.css"></head><body><main>'
    yield "<h1>Crescendo: the interface</h1>"
    yield "<p>Send the API key in the header <code>Authorization: Bearer crescendo_...</code>. "
    yield 'For programs: <a href="/openapi.json">openapi.json</a>.</p>'
    operations = _group_by_tag(document)
    yield from _render_contents(document, operations)
    for tag in document["tags"]:
        yield f'<h2 id="{tag["name"]}">{escape(tag["description"])}</h2>'
        for title, operation in operations[tag["name"]]:
            yield from _render_operation(title, operation)
    yield "</main></body></html>"


def _group_by_tag(document: Mapping[str, Any]) -> dict[str, list[TitledOperation]]:
    groups: dict[str, list[TitledOperation]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(TitledOperation(f"{method.upper()} {path}", operation))
    return groups


def _render_contents(
    document: Mapping[str, Any], operations: Mapping[str, Sequence[TitledOperation]]
) -> Iterator[str]:
    """Render the list of contents: the parts of the interface, and the operations of each."""
    yield "<nav><h2>Contents</h2><ul>"
    for tag in document["tags"]:
        yield f'<li><a href="/docs#{tag["name"]}">{escape(tag["description"])}</a><ul>'
        for title, operation in operations[tag["name"]]:
            yield f'<li><a href="/docs#{operation["operationId"]}"><code>{escape(title)}</code></a></li>'
        yield "</ul></li>"
    yield "</ul></nav>"


def _render_operation(title: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f'<section id="{operation["operationId"]}"><h3>{escape(title)}</h3>'
    yield f"<p>{escape(operation['summary'])}."
    yield "</p>" if operation["security"] else " This route is open: it needs no key.</p>"
    if "description" in operation:
        yield f"<p>{escape(operation['description'])}</p>"
    if operation["parameters"]:
        parameters = [
            (parameter["name"], parameter["in"], parameter.get("description", ""))
            for parameter in operation["parameters"]
        ]
        yield _render_table("Parameters", parameters)
    for media_type, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body: <code>{escape(media_type)}</code></p>"
        if "example" in body:
            yield f"<pre>{escape(_format_example(body['example']))}</pre>"
    responses = operation["responses"]
    yield _render_table(
        "Responses", [row for status, response in responses.items() for row in _list_rows(status, response)]
    )
    for media_type, content in responses.get("200", {}).get("content", {}).items():
        if "example" in content:
            yield f"<details><summary>Example: <code>{escape(media_type)}</code></summary>"
            yield f"<pre>{escape(_format_example(content['example']))}</pre></details>"
    yield "</section>"


def _list_rows(status: str, response: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a response: one for each problem, by its code, or one for all."""
    codes = response.get("x-problem-codes")
    if codes is None:
        return [(status, "", response["description"])]
    return [(status, code, PROBLEM_TYPES[code].meaning) for code in codes]


def _format_example(example: Any) -> str:
    """Return a text example unchanged, and any other as JSON."""
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _render_table(caption: str, rows: Sequence[Row]) -> str:
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table><caption>{caption}</caption>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


ROUTES = (
    Route(
        "GET",
        "/docs",
        DocsHandler.get_page,
        Operation("This description as a page", {"200": "An HTML page"}),
        is_open=True,
        is_page=True,
    ),
    Route(
        "GET",
        "/docs.css",
        DocsHandler.get_stylesheet,
        Operation("The style sheet of the page", {"200": "A style sheet"}),
        is_open=True,
        is_page=True,
    ),
    Route(
        "GET",
        "/openapi.json",
        DocsHandler.get_openapi,
        Operation("This description for programs", {"200": "OpenAPI 3.1"}),
        is_open=True,
        is_page=True,
    ),
)
