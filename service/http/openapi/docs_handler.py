"""``/docs`` and ``/openapi.json``: the description for people and for programs, with nothing from outside."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from service.http.http_messages import Request, Response, respond
from service.http.openapi.document import build_document

_POLICY_HEADERS: Mapping[str, str] = {
    "content-security-policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'"
}


class DocsHandler:
    """The handlers; what they answer is made once."""

    def __init__(self, open_paths: frozenset[str]) -> None:
        self._document = build_document(open_paths)
        self._page = "".join(_render_page(self._document)).encode()
        self._stylesheet = files("service.http.openapi").joinpath("docs.css").read_bytes()

    async def get_openapi(self, _: Request) -> Response:
        """The description for programs."""
        return respond(self._document)

    async def get_page(self, _: Request) -> Response:
        """The description for people."""
        return Response(HTTPStatus.OK, self._page, "text/html; charset=utf-8", _POLICY_HEADERS)

    async def get_stylesheet(self, _: Request) -> Response:
        """Its looks."""
        return Response(HTTPStatus.OK, self._stylesheet, "text/css; charset=utf-8")


def _render_page(document: Mapping[str, Any]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Crescendo: the interface</title>'
    yield '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/docs.css"></head><body><main>'
    yield "<h1>Crescendo: the interface</h1><p>A key stands in <code>Authorization: Bearer crescendo_...</code>. "
    yield 'For programs: <a href="/openapi.json">openapi.json</a>.</p>'
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield from _render_operation(f"{method.upper()} {path}", operation)
    yield "</main></body></html>"


def _render_operation(title: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<section><h2>{escape(title)}</h2><p>{escape(operation['summary'])}."
    yield "</p>" if operation["security"] else " Open: no key is asked for.</p>"
    if "description" in operation:
        yield f"<p>{escape(operation['description'])}</p>"
    if operation["parameters"]:
        yield _render_table(
            "Parameters",
            [(each["name"], each["in"], each.get("description", "")) for each in operation["parameters"]],
        )
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body: <code>{escape(media)}</code></p>"
        if "example" in body:
            yield f"<pre>{escape(_format_example(body['example']))}</pre>"
    yield _render_table(
        "Answers", [(status, each["description"], "") for status, each in operation["responses"].items()]
    )
    for media, content in operation["responses"].get("200", {}).get("content", {}).items():
        if "example" in content:
            yield f"<details><summary>An answer: <code>{escape(media)}</code></summary>"
            yield f"<pre>{escape(_format_example(content['example']))}</pre></details>"
    yield "</section>"


def _format_example(example: Any) -> str:
    """A file as it stands, anything else as JSON."""
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)


def _render_table(caption: str, rows: list[tuple[str, str, str]]) -> str:
    cells = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table><caption>{caption}</caption>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"
