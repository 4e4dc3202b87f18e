"""Planted breaches: a row that breaks a rule, with the chain made again, so that the check of the rule alone finds it."""

from pathlib import Path
from typing import NamedTuple

import asyncpg

from reporting.verification import verify
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.remade_hashes import list_hash_findings, remake_hashes


class Breach(NamedTuple):
    """A statement that breaks a rule, and the finding that it must cause."""

    statement: str
    check: str
    place: str
    """How the place of the finding begins."""


async def plant_breach(
    connection: asyncpg.Connection, dsn: str, statement: str, check: str, *, folder: Path = REFERENCE
) -> list[str]:
    """Break a rule in a journal whose triggers are off, and return the places that its check names then.

    The hashes are made again before, and only they, which are always verified, and this check are.
    """
    await connection.execute(statement)
    await remake_hashes(connection)
    verification = await verify(dsn, folder=folder, checks=[check])
    assert list_hash_findings(verification) == []
    return [finding.place for finding in verification.findings if finding.check == check]


async def assert_found(dsn: str, breach: Breach | None, *, entries: int) -> None:
    """Plant ``breach`` in a journal of ``entries`` entries: its check must find it; without one, no check finds anything."""
    if breach is None:
        verification = await verify(dsn, folder=REFERENCE)
        assert verification.findings == []
        assert verification.rows["entry"] == entries
        return
    async with open_connection(dsn) as connection:
        await connection.execute("set session_replication_role = replica")
        places = await plant_breach(connection, dsn, breach.statement, breach.check)
    assert [place for place in places if place.startswith(breach.place)], places
