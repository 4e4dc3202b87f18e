"""The description of the interface: whole, true to the routes, and read without anything from outside."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from core.act_fields import FORMATS
from service.database.embedded import Database
from service.http.handlers.forms import Decision
from service.http.handlers.refused_lines import RefusalPage
from service.http.handlers.submissions import SubmissionPage, Ticket
from service.http.openapi.document import build_document
from service.http.routes import METRICS_PATHS, OPEN_PATHS, ROUTES, bind_all_routes
from tests.service.http.access_keys import MINISTRY
from tests.service.http.act_files import CREDITS, build_unknown_centres
from tests.service.http.running_service import JSONL, create_database, run_service, to_jsonl


def _walk(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield name, each
            yield from _walk(each)
    if isinstance(value, list):
        for each in value:
            yield from _walk(each)


@pytest.fixture
def description() -> dict[str, Any]:
    return build_document(ROUTES)


class _NoParts:
    """A context without parts: handlers only store them when they are created."""

    def __getattr__(self, _: str) -> "_NoParts":
        return self


def test_every_route_is_described_and_nothing_else() -> None:
    found = bind_all_routes(cast(Any, _NoParts()), cast(Any, None), cast(Any, None))
    described = {(route.method, route.path) for route in ROUTES}
    assert {(route.method, route.path) for route in found} == described
    assert len(found) == len(described) == len(ROUTES)
    assert {route.path for route in found if route.is_open} == OPEN_PATHS


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    references = [value for name, value in _walk(description) if name == "$ref"]
    assert references
    for each in references:
        _, part, sort, name = each.split("/")
        assert name in description[part][sort]


def test_who_needs_a_key_is_said(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for operation in methods.values():
            assert bool(operation["security"]) == (path not in OPEN_PATHS)
            if path not in METRICS_PATHS:
                assert ("429" in operation["responses"]) == (path not in OPEN_PATHS)
            assert operation["summary"]


def test_parameters_of_a_path_are_described(description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        for operation in methods.values():
            said = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert said == set(re.findall(r"\{(\w+)\}", path))


def test_an_act_line_has_the_columns_of_the_format_and_no_others(description: dict[str, Any]) -> None:
    line = description["components"]["schemas"]["ActLine"]
    assert set(line["properties"]) == {field.column for field in FORMATS} - {"amount_cents"}
    assert line["additionalProperties"] is False


class _Page(HTMLParser):
    """What a page asks for, and what it says."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.asked += [value or "" for name, value in attrs if name in {"href", "src"}]


async def test_the_service_answers_as_it_is_described(database: Database, tmp_path: Path) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client(MINISTRY) as client,
    ):
        description = (await client.get("/openapi.json")).json()
        assert description == msgspec.to_builtins(build_document(ROUTES))
        rows = to_jsonl([*CREDITS, *build_unknown_centres(2)])
        ticket = await client.post("/v1/submissions?wait=60", content=rows, headers=JSONL)
        msgspec.convert(ticket.json(), Ticket)
        here = ticket.json()["links"]
        msgspec.convert((await client.get(here["self"])).json(), Ticket)
        msgspec.convert((await client.get(here["refusals"])).json(), RefusalPage)
        msgspec.convert((await client.get("/v1/submissions")).json(), SubmissionPage)
        # the example in the description is a form that reads
        body = description["paths"]["/v1/acts"]["post"]["requestBody"]["content"]["application/json"]
        decision = await client.post("/v1/acts", json=body["example"])
        assert msgspec.convert(decision.json(), Decision).lines[0].outcome == "AE_EXCEEDED"


async def test_the_page_needs_nothing_from_outside_and_runs_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with (
        create_database(database) as dsn,
        run_service(dsn, tmp_path) as served,
        served.client() as client,
    ):
        found = await client.get("/docs")
        assert found.headers["content-type"] == "text/html; charset=utf-8"
        policy = found.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        page = _Page()
        page.feed(found.text)
        assert not {"script", "style", "img", "iframe"} & set(page.tags)
        for address in page.asked:
            assert address.startswith("/")
            assert (await client.get(address)).status_code == 200
        for route in ROUTES:
            assert f"{route.method} {route.path}" in found.text
