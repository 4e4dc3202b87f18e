"""Numbered SQL files, applied in order, each once, each in one transaction; an edited file is refused."""

import hashlib
from importlib.resources import files
from typing import NamedTuple


class Migration(NamedTuple):
    """One file: its number and name, its text, and the digest by which an edit is noticed."""

    name: str
    sql: str
    digest: bytes


def list_migrations() -> list[Migration]:
    """The migrations of this version, in order."""
    folder = files("posting.store").joinpath("migrations")
    sql_files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    texts = [(file.name, file.read_text(encoding="utf-8")) for file in sql_files]
    return [Migration(name, sql, hashlib.sha256(sql.encode()).digest()) for name, sql in texts]


def read_queries(package: str, name: str) -> dict[str, str]:
    """The statements of a file of ``-- name: x`` blocks."""
    blocks = files(package).joinpath(name).read_text(encoding="utf-8").split("-- name: ")[1:]
    titled = (block.split("\n", 1) for block in blocks)
    return {title.strip(): sql.strip().removesuffix(";") for title, sql in titled}
