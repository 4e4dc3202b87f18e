"""The statements of the reports, each in the file of its report or in the one that all share, and how they are fetched."""

from pathlib import Path

import pytest

from core.sql_files import read_queries
from reporting import report_queries
from reporting.report_queries import SQL, Connection, Row, fetch_from_journal

FILES = sorted((Path(__file__).parents[2] / "reporting").glob("*.sql"))
_SETTINGS = """
select current_setting('enable_nestloop') as nestloop, current_setting('work_mem') as memory,
       current_setting('max_parallel_workers_per_gather') as workers
"""


def test_no_two_files_name_a_statement_alike() -> None:
    names = [name for file in FILES for name in read_queries("reporting", file.name)]
    assert len(names) == len(set(names))
    assert set(SQL) == set(names)


def test_the_statements_of_a_report_stand_beside_its_module() -> None:
    modules = {file.stem for file in FILES if file.name != "queries.sql"}
    assert modules >= {"budget", "commitments", "delays", "refusals", "trial_balance"}
    assert all(FILES[0].with_name(f"{module}.py").exists() for module in modules)


async def _fetch_settings(connection: Connection) -> list[Row]:
    return [dict(row) for row in await connection.fetch(_SETTINGS)]


@pytest.mark.parametrize("is_inside", [False, True])
async def test_the_settings_end_with_the_query(
    reader: Connection, is_inside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(report_queries.SQL, "settings", _SETTINGS)
    before = await _fetch_settings(reader)
    outer = reader.transaction()
    if is_inside:
        await outer.start()
    rows = await fetch_from_journal(reader, "settings")
    assert rows == [{"nestloop": "off", "memory": "128MB", "workers": "0"}]
    assert await _fetch_settings(reader) == before
    if is_inside:
        await outer.rollback()
    assert await _fetch_settings(reader) == before
