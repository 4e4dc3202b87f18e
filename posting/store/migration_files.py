"""The migration files of this version."""

import hashlib
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Migration(NamedTuple):
    """One migration file: its name, which starts with its number, its text, and the digest that reveals an edit."""

    name: str
    sql: str
    digest: bytes


@cache
def list_migrations() -> tuple[Migration, ...]:
    """Return the migrations of this version, in order.  A process reads the files once: they do not change while it runs."""
    folder = files("posting.store").joinpath("migrations")
    sql_files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name
    )
    texts = [(file.name, file.read_text(encoding="utf-8")) for file in sql_files]
    return tuple(Migration(name, sql, hashlib.sha256(sql.encode()).digest()) for name, sql in texts)
