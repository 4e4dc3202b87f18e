"""Statements of SQL files are read by name; no statement replaces another of the same name."""

from pathlib import Path

import pytest

from core.sql_files import read_all_queries, read_queries


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The name of a package with two files of statements."""
    name = f"statements_{abs(hash(request.node.name))}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").touch()
    (tmp_path / name / "one.sql").write_text(
        "-- About all.\n\n-- name: first\n-- Why.\nselect 1;\n\n-- name: second\nselect 2;\n"
    )
    (tmp_path / name / "two.sql").write_text("-- name: third\nselect 3;\n")
    monkeypatch.syspath_prepend(tmp_path)
    return name


def test_statements_are_read_in_the_order_of_the_files(package: str) -> None:
    expected = {"third": "select 3", "first": "-- Why.\nselect 1", "second": "select 2"}
    assert list(read_queries(package, "two.sql", "one.sql").items()) == list(expected.items())
    assert read_all_queries(package) == expected


def test_a_name_given_twice_is_an_error(package: str, tmp_path: Path) -> None:
    """The second statement would replace the first, and a check of verification would be gone."""
    (tmp_path / package / "two.sql").write_text("-- name: first\nselect 4;\n")
    with pytest.raises(ValueError, match=r"two\.sql: another statement is named first"):
        read_queries(package, "one.sql", "two.sql")
