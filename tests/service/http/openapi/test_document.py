"""The OpenAPI document: complete, equal to the routes, and a page without external resources."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from core.act_fields import FORMATS
from service.database.embedded_server import Database
from service.http.handlers.forms import Decision
from service.http.handlers.refused_lines import RefusalPage
from service.http.handlers.submissions import SubmissionPage, Ticket
from service.http.openapi.document import build_document
from service.http.routes import METRICS_PATHS, OPEN_PATHS, ROUTES, bind_all_routes
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import build_debt_charges, build_unknown_centres
from tests.service.http.running_service import JSONL, create_database, run_service, to_jsonl


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield name, item
            yield from _walk(item)
    if isinstance(value, list):
        for item in value:
            yield from _walk(item)


@pytest.fixture
def description() -> dict[str, Any]:
    return build_document(ROUTES)


class _NoParts:
    """A context without parts: handlers only store them when they are created."""

    def __getattr__(self, _: str) -> "_NoParts":
        return self

    def __truediv__(self, _: str) -> "_NoParts":
        return self


def test_every_route_is_described_and_nothing_else() -> None:
    bound = bind_all_routes(cast(Any, _NoParts()), cast(Any, None), cast(Any, None))
    described = {(route.method, route.path) for route in ROUTES}
    assert {(route.method, route.path) for route in bound} == described
    assert len(bound) == len(described) == len(ROUTES)
    assert {route.path for route in bound if route.is_open} == OPEN_PATHS


def test_every_reference_resolves(description: dict[str, Any]) -> None:
    references = [value for name, value in _walk(description) if name == "$ref"]
    assert references
    for reference in references:
        _, part, sort, name = reference.split("/")
        assert name in description[part][sort]


def test_routes_that_need_a_key_are_marked(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for operation in methods.values():
            assert bool(operation["security"]) == (path not in OPEN_PATHS)
            if path not in METRICS_PATHS:
                assert ("429" in operation["responses"]) == (path not in OPEN_PATHS)
            assert operation["summary"]


def test_the_names_of_types_are_plain_words(description: dict[str, Any]) -> None:
    assert [
        name for name in description["components"]["schemas"] if not re.fullmatch(r"[A-Z]\w*", name)
    ] == []


def test_every_operation_has_one_tag_of_the_list(description: dict[str, Any]) -> None:
    tags = [tag["name"] for tag in description["tags"]]
    used = [operation["tags"] for methods in description["paths"].values() for operation in methods.values()]
    assert {tag for (tag,) in used} == set(tags)
    assert all(tag["description"] for tag in description["tags"])


def test_pages_and_their_files_are_left_out(description: dict[str, Any]) -> None:
    pages = {route.path for route in ROUTES if route.is_page}
    assert {"/", "/docs", "/docs.css", "/openapi.json"} < pages
    assert pages.isdisjoint(description["paths"])
    assert {route.path for route in ROUTES} == pages | description["paths"].keys()


def test_bodies_of_other_media_types_are_described(description: dict[str, Any]) -> None:
    paths, media_types = description["paths"], set[str]()
    for methods in paths.values():
        for operation in methods.values():
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                for media_type, content in body.get("content", {}).items():
                    assert content["schema"], media_type
                    media_types.add(media_type)
            success = operation["responses"].get("200", {})
            assert "content" in success or operation["summary"].startswith(("Check", "Give up")), operation
    refusals = paths["/v1/submissions/{submission}/refusals"]["get"]["responses"]["200"]["content"]
    assert set(refusals) == {"application/json", "text/csv", "application/vnd.apache.arrow.stream"}
    assert {"application/xml", "text/event-stream", "text/plain", "application/x-tar"} < media_types


def test_parameters_of_a_path_are_described(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for operation in methods.values():
            names = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
            assert names == set(re.findall(r"\{(\w+)\}", path))


def test_an_act_line_has_the_columns_of_the_format_and_no_others(description: dict[str, Any]) -> None:
    line = description["components"]["schemas"]["ActLine"]
    assert set(line["properties"]) == {field.column for field in FORMATS} - {"amount_cents"}
    assert line["additionalProperties"] is False


class _Page(HTMLParser):
    """The links and elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


async def test_the_service_responds_as_described(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        description = (await client.get("/openapi.json")).json()
        assert description == msgspec.to_builtins(build_document(ROUTES))
        rows = to_jsonl([*build_debt_charges(2), *build_unknown_centres(2)])
        ticket = await client.post("/v1/submissions?wait=60", content=rows, headers=JSONL)
        msgspec.convert(ticket.json(), Ticket)
        links = ticket.json()["links"]
        msgspec.convert((await client.get(links["self"])).json(), Ticket)
        msgspec.convert((await client.get(links["refusals"])).json(), RefusalPage)
        msgspec.convert((await client.get("/v1/submissions")).json(), SubmissionPage)
        # the example in the document is a valid form
        body = description["paths"]["/v1/acts"]["post"]["requestBody"]["content"]["application/json"]
        decision = await client.post("/v1/acts", json=body["example"])
        assert msgspec.convert(decision.json(), Decision).lines[0].outcome == "AE_EXCEEDED"


async def test_the_page_loads_nothing_from_other_hosts_and_runs_no_scripts(
    database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        response = await client.get("/docs")
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        policy = response.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        page = _Page()
        page.feed(response.text)
        assert not {"script", "style", "img", "iframe"} & set(page.tags)
        for address in page.links:
            assert address.startswith("/")
            assert (await client.get(address)).status_code == 200
        for route in ROUTES:
            assert route.is_page or f"{route.method} {route.path}" in response.text
        identities = set(re.findall(r' id="([^"]+)"', response.text))
        contents = [address.partition("#")[2] for address in page.links if "#" in address]
        assert set(contents) == identities
        assert len(contents) == len(identities)


def test_headers_and_columns_are_described(description: dict[str, Any]) -> None:
    """A switch is a boolean, so that a typed client passes true and not a text."""
    headers = [
        header
        for methods in description["paths"].values()
        for operation in methods.values()
        for header in operation.get("parameters", ())
        if header["in"] == "header"
    ]
    assert headers
    assert all(header["description"] for header in headers)
    types = {header["name"]: header["schema"]["type"] for header in headers}
    assert types["Crescendo-Extra-Columns"] == types["Crescendo-Sepa-Only"] == "boolean"
    columns = description["components"]["schemas"]["ActLine"]["properties"]
    assert all(column["description"] for column in columns.values())
