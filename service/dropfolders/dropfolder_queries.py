"""Signers in the database, and what was taken from drop folders and answered."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from core.sql_files import read_queries
from reporting.refusals import Language
from service.auth import api_keys
from service.auth.credentials import build_caller
from service.auth.roles import Role
from service.dropfolders.signatures import Signer

SQL = read_queries("service.dropfolders", "queries.sql")
Pool = asyncpg.Pool


class NewSigner(NamedTuple):
    """A key that is to sign for a sender."""

    sender: str
    key: bytes
    roles: frozenset[Role]
    programmes: frozenset[str]
    language: Language
    wants_pain002: bool
    begins: datetime | None
    lifetime: timedelta | None


class TakenFile(NamedTuple):
    """A file that was taken, and how its results are wanted."""

    number: int
    sender: str
    name: str
    submission: int
    language: Language
    wants_pain002: bool


async def insert_signer(connection: asyncpg.Connection, new: NewSigner) -> str | None:
    """Store a signer; its name, or None when the key was registered before, for whomever."""
    name, _ = api_keys.generate_key()
    lists = (sorted(new.roles), sorted(new.programmes))
    wishes = (new.language, new.wants_pain002, new.begins, new.lifetime)
    return await connection.fetchval(SQL["insert_signer"], name, new.sender, new.key, *lists, *wishes)


async def end_signer(connection: asyncpg.Connection, signer: str, reason: str) -> bool | None:
    """End a signer: True when it was live, False when it was ended before, None when there is none."""
    if await connection.fetchval(SQL["end_signer"], signer, reason):
        return True
    return False if await connection.fetchval(SQL["has_signer"], signer) else None


async def list_signers(connection: asyncpg.Connection, sender: str | None) -> list[dict[str, Any]]:
    """Signers, of one sender or all."""
    return [dict(row.items()) for row in await connection.fetch(SQL["signers"], sender)]


@asynccontextmanager
async def open_pool(dsn: str) -> AsyncIterator[Pool]:
    """The connections of the drop folders."""
    settings = {"application_name": "crescendo drop"}
    async with asyncpg.create_pool(dsn, min_size=0, max_size=2, server_settings=settings) as pool:
        yield pool


async def read_signers(pool: Pool, sender: str) -> list[Signer]:
    """Everybody who ever could sign for a sender, the newest first."""
    return [_to_signer(row) for row in await pool.fetch(SQL["signers_of"], sender)]


def _to_signer(row: Any) -> Signer:
    roles = frozenset(Role(name) for name in row["roles"])
    who = build_caller(row["signer"], row["sender"], roles, frozenset(row["programmes"]))
    return Signer(who, bytes(row["public_key"]), row["is_live"], row["language"], row["pain002"])


async def insert_taken(pool: Pool, file: tuple[str, str, int], signer: Signer | None) -> TakenFile:
    """Store that a file, of a sender, by a name, is a submission; once this returns its results will be written."""
    name = signer.caller.key if signer else None
    number = await pool.fetchval(SQL["insert_taken"], *file, name)
    return TakenFile(
        number, *file, signer.language if signer else "en", signer.wants_pain002 if signer else False
    )


async def insert_answered(pool: Pool, taken: TakenFile) -> None:
    """Store that a file's results are written."""
    await pool.execute(SQL["insert_answered"], taken.number)


async def read_unanswered(pool: Pool) -> list[TakenFile]:
    """Files whose results are not written, in the order in which they were taken."""
    return [TakenFile(*row) for row in await pool.fetch(SQL["unanswered"])]


async def select_ended(pool: Pool, submissions: Sequence[int]) -> set[int]:
    """Which of these submissions have come to their end: decided, or cancelled."""
    return {row["submission"] for row in await pool.fetch(SQL["ended"], list(submissions))}
