"""Rows about many refused lines: they are proven, and every direct change of one is found."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from posting import refusal_stretches
from posting.book.registry import ReferenceData
from reporting.verification import Verification, verify
from tests.file_strategies import REFERENCE, build_openings
from tests.reporting.journals import process_files
from tests.reporting.remade_hashes import HASH_CHECKS, list_hash_findings, remake_hashes
from tests.service.http.running_service import to_jsonl

SINGLE, LINES = 3, 9
CHANGES = {
    "a line more": ("update refusal set lines = lines + 1 where lines > 1", {"chain", "outcomes", "progress"}),
    "a line less": ("update refusal set lines = lines - 1 where lines > 1", {"chain", "outcomes", "progress"}),
    "no line": ("update refusal set lines = 0 where lines > 1", {"chain", "outcomes", "progress"}),
    "moved": ("update refusal set line = line - 1 where lines > 1", {"chain", "outcomes"}),
    "another amount": ("update refusal set amount = amount + 1 where lines > 1", {"chain", "progress"}),
    "deleted": ("delete from refusal where lines > 1", {"chain", "outcomes", "progress", "batch_counts"}),
    "refused lines": ("update batch set refused_lines = refused_lines + 1 where refused_lines > 1", {"batch_counts"}),
    "rows of a submission": ("update progress set refusal_rows = refusal_rows + 1", {"progress"}),
    "a rest that is stored": ("update progress set stretch_rest_lines = 2 where done", {"stages", "outcomes", "progress"}),
}  # fmt: skip


@pytest_asyncio.fixture
async def connection(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[asyncpg.Connection]:
    """A journal of two files, each of lines that are wrong and one that is not."""
    monkeypatch.setattr(refusal_stretches, "SINGLE_LINES_MAX", SINGLE)
    openings = build_openings()
    paths = [tmp_path / f"{number}.jsonl" for number in range(2)]
    for path, opening in zip(paths, openings, strict=False):
        wrong = {**opening, "kind": "unknown"}
        rows = to_jsonl([*[wrong] * LINES, opening, *[wrong] * LINES])
        path.write_bytes(b'{"envelope": {"sender": "TREASURY"}}\n' + rows)
        await process_files(dsn, tmp_path, [path], ReferenceData.load(REFERENCE))
    connection = await asyncpg.connect(dsn)
    await connection.execute("set session_replication_role = replica")
    try:
        yield connection
    finally:
        await connection.close()


async def prove(dsn: str) -> Verification:
    return await verify(dsn, folder=REFERENCE)


async def test_rows_about_many_lines_are_proven(connection: asyncpg.Connection, dsn: str) -> None:
    rows = await connection.fetch("select line, lines from refusal where submission = 1 order by line")
    assert [tuple(row) for row in rows] == [
        *((0, 1), (1, 1), (2, 1), (3, 6), (10, 1), (11, 1), (12, 1), (13, 6)),
    ]
    assert (await prove(dsn)).findings == []


@pytest.mark.parametrize("change", CHANGES)
async def test_a_change_of_such_a_row_is_found(change: str, connection: asyncpg.Connection, dsn: str) -> None:
    statement, checks = CHANGES[change]
    await connection.execute(statement)
    verification = await prove(dsn)
    assert {finding.check for finding in verification.findings} >= checks, verification.findings
    await remake_hashes(connection)
    verification = await prove(dsn)
    assert list_hash_findings(verification) == []
    assert {finding.check for finding in verification.findings} >= checks - HASH_CHECKS
