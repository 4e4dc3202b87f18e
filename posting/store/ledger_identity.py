"""The identity of a ledger: the name and the two-digit number that it was created with, so that no other is taken for it."""

import re
from typing import TYPE_CHECKING, NamedTuple

from core.errors import InputError

if TYPE_CHECKING:
    import asyncpg

NAME_CHARACTERS_MAX = 63
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_NUMBER = re.compile(r"0[1-9]|[1-9][0-9]", re.ASCII)
_DEFAULT_NUMBER = 1
_OTHER_CHARACTERS = re.compile(r"[^A-Za-z0-9._-]+")


class LedgerIdentity(NamedTuple):
    """The name and number of a ledger."""

    name: str
    number: int
    """From 1 to 99; 1 if none was given.  Every name that is sent to the bank carries it."""

    def __str__(self) -> str:
        return f"{self.name}, number {self.number:02}"

    @classmethod
    def parse(cls, name: str, number: str) -> "LedgerIdentity":
        """Parse what a person typed.

        Raises
        ------
        InputError
            The name has other characters, or is too long; the number is not one of 01 to 99.
        """
        if not _NAME.fullmatch(name):
            raise InputError(
                "--name",
                f"{name[:80]!r} is no name of a ledger",
                f"Write 1 to {NAME_CHARACTERS_MAX} letters, digits, points, hyphens and underscores, the first a letter or "
                "digit",
            )
        if not _NUMBER.fullmatch(number):
            raise InputError(
                "--number", f"{number[:80]!r} is no number of a ledger", "Write two digits, from 01 to 99"
            )
        return cls(name, int(number))

    @classmethod
    def derive_from(cls, text: str) -> "LedgerIdentity":
        """Return the identity of a ledger that was not named: the name of its folder or database, and number 01."""
        name = _OTHER_CHARACTERS.sub("-", text).strip("-._")[:NAME_CHARACTERS_MAX]
        return cls(name or "ledger", _DEFAULT_NUMBER)


class StoredLedger(NamedTuple):
    """What a database contains."""

    database: str
    """The name of the database."""
    has_journal: bool
    identity: LedgerIdentity | None
    """None if there is no journal, or one that was created before ledgers had names."""
    layout: int = 0
    """The layout of its rows; 0 if there is no journal."""


async def read_number(connection: "asyncpg.Connection") -> int:
    """Return the number of the ledger, which every name that is sent to the bank carries."""
    (row,) = await connection.fetch("select number from ledger")
    return row["number"]


async def read_ledger(connection: "asyncpg.Connection") -> StoredLedger:
    """Return whether the database contains a ledger, and which."""
    (row,) = await connection.fetch(
        "select current_database()::text as database, to_regclass('engine') is not null as has_journal,"
        " to_regclass('ledger') is not null as has_identity"
    )
    stored = await connection.fetch("select name, number from ledger") if row["has_identity"] else []
    identity = LedgerIdentity(*stored[0]) if stored else None
    layout = await connection.fetchval("select layout from engine") if row["has_journal"] else None
    return StoredLedger(row["database"], row["has_journal"], identity, layout or 0)
