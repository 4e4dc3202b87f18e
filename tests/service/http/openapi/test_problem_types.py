"""The codes of problems: the table has every code of the source, with its status, and no other."""

import ast
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

from service.http.openapi.document import build_document
from service.http.openapi.problem_types import PROBLEM_TYPES
from service.http.routes import ROUTES

ROOT = Path(__file__).parents[4]
_SOURCES = [*ROOT.joinpath("service/http").rglob("*.py"), ROOT / "service/auth/perimeter.py"]
_CODE = re.compile(r"[a-z]+(-[a-z]+)+")
_BY_TABLE = {
    *("file-unreadable", "envelope-mismatch", "format-unknown", "limit-exceeded", "wrong-sender"),
    *("uploads-full", "upload-differs"),
}
"""Codes that the source takes from a table by the type of the error."""


def _list_raised() -> Iterator[tuple[str, str]]:
    """List the status and the code of each problem in the source."""
    for path in _SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                code = next((part.value for part in node.args[:2] if isinstance(part, ast.Constant)), None)
                if node.func.id == "PermissionDenied":
                    yield "FORBIDDEN", str(code)
                if node.func.id == "Problem" and code and isinstance(node.args[0], ast.Attribute):
                    yield node.args[0].attr, str(code)


def test_the_table_has_the_codes_of_the_source_and_their_status() -> None:
    raised = {(status, code) for status, code in _list_raised() if _CODE.fullmatch(code)}
    assert {code for _, code in raised} | _BY_TABLE == PROBLEM_TYPES.keys()
    assert {(HTTPStatus[status], code) for status, code in raised} <= {
        (problem.status, code) for code, problem in PROBLEM_TYPES.items()
    }


def test_each_error_of_an_operation_is_described_with_its_codes() -> None:
    paths: dict[str, dict[str, Any]] = build_document(ROUTES)["paths"]
    for path, methods in paths.items():
        for operation in methods.values():
            for status, response in operation["responses"].items():
                if status < "400":
                    continue
                codes = response["x-problem-codes"]
                assert codes, (path, status)
                (content,) = response["content"].values()
                assert list(content["examples"]) == codes
                for code in codes:
                    assert f"`{code}`" in response["description"]
                    assert content["examples"][code]["value"]["code"] == code
                    assert str(PROBLEM_TYPES[code].status.value) == status
