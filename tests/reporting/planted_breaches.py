"""Planted breaches: a row that breaks a rule, with the chain made again, so that the check of the rule alone finds it."""

from pathlib import Path
from typing import NamedTuple

import asyncpg

from reporting.verification import verify
from reporting.verification.findings import Verification
from tests.databases import open_connection
from tests.file_strategies import REFERENCE
from tests.reporting.remade_hashes import list_hash_findings, remake_chain


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

    The hashes of the batches are made again before, so that they agree.
    """
    verification = await _verify_broken(connection, dsn, Breach(statement, check, ""), folder)
    return _list_places(verification, check)


async def _verify_broken(
    connection: asyncpg.Connection, dsn: str, breach: Breach, folder: Path
) -> Verification:
    """Break a rule, hash the rows of the batches again, and check the hash chain and this rule alone."""
    await connection.execute(breach.statement)
    await remake_chain(connection)
    verification = await verify(dsn, folder=folder, checks=[breach.check])
    assert list_hash_findings(verification) == []
    return verification


def _list_places(verification: Verification, check: str) -> list[str]:
    return [finding.place for finding in verification.findings if finding.check == check]


async def assert_found(dsn: str, breach: Breach | None, *, entries: int) -> None:
    """Plant ``breach`` in a journal of ``entries`` entries: its check must find it; without one, no check finds anything."""
    if breach is None:
        verification = await verify(dsn, folder=REFERENCE)
        assert verification.findings == [], verification.findings
    else:
        async with open_connection(dsn) as connection:
            await connection.execute("set session_replication_role = replica")
            verification = await _verify_broken(connection, dsn, breach, REFERENCE)
        places = _list_places(verification, breach.check)
        assert [place for place in places if place.startswith(breach.place)], verification.findings
    assert verification.rows["entry"] == entries
