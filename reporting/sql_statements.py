"""Statements of a file of ``-- name: x`` blocks."""

from importlib.resources import files


def statements(package: str, name: str) -> dict[str, str]:
    """``{name: statement}`` in the order of the file."""
    blocks = files(package).joinpath(name).read_text(encoding="utf-8").split("-- name: ")[1:]
    named = (block.split("\n", 1) for block in blocks)
    return {title.strip(): sql.strip().removesuffix(";") for title, sql in named}
