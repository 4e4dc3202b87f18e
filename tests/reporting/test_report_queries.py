"""The statements of the reports, each in the file of its report or in the one that all share."""

from pathlib import Path

from core.sql_files import read_queries
from reporting.report_queries import SQL

FILES = sorted((Path(__file__).parents[2] / "reporting").glob("*.sql"))


def test_no_two_files_name_a_statement_alike() -> None:
    names = [name for file in FILES for name in read_queries("reporting", file.name)]
    assert len(names) == len(set(names))
    assert set(SQL) == set(names)


def test_the_statements_of_a_report_stand_beside_its_module() -> None:
    modules = {file.stem for file in FILES if file.name != "queries.sql"}
    assert modules >= {"budget", "commitments", "delays", "refusals", "trial_balance"}
    assert all(FILES[0].with_name(f"{module}.py").exists() for module in modules)
