"""What the document says of every operation: all responses, their headers, and closed types."""

from collections.abc import Iterator
from typing import Any

from service.http.openapi.document import build_document
from service.http.routes import ROUTES

DESCRIPTION = build_document(ROUTES)


def _list_operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_operation_ids_are_unique() -> None:
    names = [operation["operationId"] for _, _, operation in _list_operations()]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


ALWAYS = {"400", "405", "431", "500"}
WITH_A_KEY = {"401", "429", "503"}
WITH_A_BODY = {"403", "408", "413"}


def test_every_possible_response_is_described() -> None:
    for _, path, operation in _list_operations():
        expected = set(ALWAYS)
        expected |= WITH_A_KEY if operation["security"] else set()
        expected |= WITH_A_BODY if "requestBody" in operation else set()
        expected |= {"404"} if "{" in path else set()
        assert expected <= operation["responses"].keys(), path


def test_response_headers_are_described() -> None:
    for _, _, operation in _list_operations():
        for status, header in (
            ("401", "WWW-Authenticate"),
            ("405", "Allow"),
            ("429", "Retry-After"),
            ("503", "Retry-After"),
        ):
            if status in operation["responses"]:
                assert operation["responses"][status]["headers"][header]["required"] is True


def test_only_problems_may_have_further_members() -> None:
    for name, schema in DESCRIPTION["components"]["schemas"].items():
        if "properties" in schema:
            assert schema.get("additionalProperties") is (None if name == "Problem" else False), name
