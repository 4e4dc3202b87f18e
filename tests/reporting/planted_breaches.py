"""Planted breaches: a row that breaks a rule, with the chain made again, so that the check of the rule alone finds it."""

from typing import NamedTuple

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


async def assert_found(dsn: str, breach: Breach | None, *, entries: int) -> None:
    """Plant ``breach`` in a journal of ``entries`` entries: its check must find it; without one, no check finds anything."""
    if breach:
        async with open_connection(dsn) as connection:
            await connection.execute(f"set session_replication_role = replica; {breach.statement}")
            await remake_hashes(connection)
    verification = await verify(dsn, folder=REFERENCE)
    assert list_hash_findings(verification) == []
    assert verification.rows["entry"] == entries
    if breach is None:
        assert verification.findings == []
        return
    places = [finding.place for finding in verification.findings if finding.check == breach.check]
    assert [place for place in places if place.startswith(breach.place)], verification.findings
