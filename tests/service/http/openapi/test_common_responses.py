"""What the description says of every operation: each answer it may give, its headers, and types without more."""

from collections.abc import Iterator
from typing import Any

from service.http.openapi.document import build_document
from service.http.routes import ROUTES

DESCRIPTION = build_document(ROUTES)


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, _, operation in _operations()]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


ALWAYS = {"400", "405", "431"}
WITH_A_KEY = {"401", "429", "503"}
WITH_A_BODY = {"403", "408", "413", "415", "422"}


def test_every_answer_that_an_operation_may_give_is_described() -> None:
    for _, path, operation in _operations():
        expected = set(ALWAYS)
        expected |= WITH_A_KEY if operation["security"] else set()
        expected |= WITH_A_BODY if "requestBody" in operation else set()
        expected |= {"404"} if "{" in path else set()
        assert expected <= operation["responses"].keys(), path


def test_who_must_wait_is_told_how_long_and_who_is_unknown_what_to_send() -> None:
    for _, _, operation in _operations():
        for status, header in (
            ("401", "WWW-Authenticate"),
            ("405", "Allow"),
            ("429", "Retry-After"),
            ("503", "Retry-After"),
        ):
            if status in operation["responses"]:
                assert operation["responses"][status]["headers"][header]["required"] is True


def test_no_type_has_more_than_is_described_but_problems() -> None:
    for name, schema in DESCRIPTION["components"]["schemas"].items():
        if "properties" in schema:
            assert schema.get("additionalProperties") is (None if name == "Problem" else False), name
