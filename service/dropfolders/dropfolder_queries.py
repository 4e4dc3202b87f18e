"""Queries for signers, and for the files that were taken from drop folders and answered."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from core.roles import Role
from core.sql_files import read_queries
from reporting.refusals import Language
from service.auth.api_keys import generate_key
from service.auth.credentials import build_caller
from service.database import connection_pools
from service.dropfolders.signatures import Signer

SQL = read_queries("service.dropfolders", "queries.sql")
Pool = asyncpg.Pool


class NewSigner(NamedTuple):
    """A public key to register as a signer of a sender."""

    sender: str
    key: bytes
    roles: frozenset[Role]
    programmes: frozenset[str]
    language: Language
    wants_pain002: bool
    begins: datetime | None
    lifetime: timedelta | None


class TakenFile(NamedTuple):
    """A file that was taken from a drop folder, and the language and format of its results."""

    number: int
    sender: str
    name: str
    submission: int
    language: Language
    wants_pain002: bool


async def insert_signer(connection: asyncpg.Connection, new: NewSigner) -> str | None:
    """Store a signer; return its name, or None if the key is already registered, also for another sender."""
    name, _ = generate_key()
    rights = (sorted(new.roles), sorted(new.programmes))
    results = (new.language, new.wants_pain002)
    validity = (new.begins, new.lifetime)
    return await connection.fetchval(
        SQL["insert_signer"], name, new.sender, new.key, *rights, *results, *validity
    )


async def end_signer(connection: asyncpg.Connection, signer: str, reason: str) -> bool | None:
    """End a signer: return True if it was active, False if it had already ended, None if it does not exist."""
    if await connection.fetchval(SQL["end_signer"], signer, reason):
        return True
    return False if await connection.fetchval(SQL["has_signer"], signer) else None


async def list_signers(connection: asyncpg.Connection, sender: str | None) -> list[dict[str, Any]]:
    """Return the signers of one sender, or of all."""
    return [dict(row.items()) for row in await connection.fetch(SQL["signers"], sender)]


@asynccontextmanager
async def open_pool(dsn: str) -> AsyncIterator[Pool]:
    """Open the connections of the drop folders."""
    settings = {"application_name": "crescendo drop"}
    async with connection_pools.open_pool(dsn, 2, settings) as pool:
        yield pool


async def read_signers(pool: Pool, sender: str) -> list[Signer]:
    """Return all signers a sender ever had, the newest first."""
    return [_to_signer(row) for row in await pool.fetch(SQL["signers_of"], sender)]


def _to_signer(row: Any) -> Signer:
    roles = frozenset(Role(name) for name in row["roles"])
    caller = build_caller(row["signer"], row["sender"], roles, programmes=frozenset(row["programmes"]))
    return Signer(caller, bytes(row["public_key"]), row["is_live"], row["language"], row["pain002"])


async def insert_taken_file(
    pool: Pool, *, sender: str, name: str, submission: int, signer: Signer | None
) -> TakenFile:
    """Store that a file is a submission. Once this returns, its results will be written, also after a restart."""
    signer_name = signer.caller.key if signer else None
    number = await pool.fetchval(SQL["insert_taken"], sender, name, submission, signer_name)
    language: Language = signer.language if signer else "en"
    return TakenFile(number, sender, name, submission, language, bool(signer and signer.wants_pain002))


async def insert_answered_file(pool: Pool, file: TakenFile) -> None:
    """Store that a file's results are written."""
    await pool.execute(SQL["insert_answered"], file.number)


async def read_unanswered_files(pool: Pool) -> list[TakenFile]:
    """Return the files whose results are not written yet, in the order in which they were taken."""
    return [TakenFile(*row) for row in await pool.fetch(SQL["unanswered"])]


async def select_ended_submissions(pool: Pool, submissions: Sequence[int]) -> set[int]:
    """Return which of these submissions are finished: decided or cancelled."""
    return {row["submission"] for row in await pool.fetch(SQL["ended"], list(submissions))}
