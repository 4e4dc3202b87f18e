"""What the description says of every operation: each answer it may give, its headers, and types without more."""

from collections.abc import Iterator
from typing import Any

import pytest

from service.web.application import OPEN
from service.web.description import described

DESCRIPTION = described(OPEN)


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in DESCRIPTION["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, _, operation in _operations()]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


@pytest.mark.parametrize(
    ("applies", "statuses"),
    [
        (lambda *_: True, {"400", "405", "431"}),
        (lambda _, path, operation: operation["security"], {"401", "429", "503"}),
        (lambda _, path, operation: "{" in path, {"404"}),
        (lambda _, path, operation: "requestBody" in operation, {"403", "408", "413", "415", "422"}),
    ],
)
def test_every_answer_that_an_operation_may_give_is_described(applies: Any, statuses: set[str]) -> None:
    found = [
        operation["responses"].keys() for each in _operations() if applies(*each) for operation in [each[2]]
    ]
    assert found
    assert all(statuses <= each for each in found)


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
