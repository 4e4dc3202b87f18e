"""The statements of the reports, each in the file of its report or in the one that all share, and how they are fetched."""

from pathlib import Path

import pytest

from core.sql_files import read_queries
from reporting.report_queries import SQL, Connection, Row, fetch_part_of_journal, read_part

FILES = sorted((Path(__file__).parents[2] / "reporting").glob("*.sql"))
_SETTINGS = """
select current_setting('enable_nestloop') as nestloop, current_setting('work_mem') as memory,
       current_setting('max_parallel_workers_per_gather') as workers
"""


def test_no_two_files_name_a_statement_alike() -> None:
    names = [name for file in FILES for name in read_queries("reporting", file.name)]
    assert len(names) == len(set(names))
    assert set(SQL) == set(names)


def test_the_statements_of_a_report_stand_in_a_file_with_the_name_of_its_module() -> None:
    modules = {file.stem for file in FILES if file.name != "queries.sql"}
    assert modules >= {"budget", "commitments", "delays", "refusals", "trial_balance"}
    assert modules <= {file.stem for file in FILES[0].parent.rglob("*.py")}


async def _fetch_settings(connection: Connection) -> list[Row]:
    return [dict(row) for row in await connection.fetch(_SETTINGS)]


@pytest.mark.parametrize("is_inside", [False, True])
async def test_the_settings_end_with_the_query(reader: Connection, is_inside: bool) -> None:
    part = await read_part(reader, None)
    before = await _fetch_settings(reader)
    outer = reader.transaction()
    if is_inside:
        await outer.start()
    rows = await fetch_part_of_journal(reader, part, _SETTINGS)
    assert rows == [{"nestloop": "off", "memory": "128MB", "workers": "0"}]
    assert await _fetch_settings(reader) == before
    if is_inside:
        await outer.rollback()
    assert await _fetch_settings(reader) == before
