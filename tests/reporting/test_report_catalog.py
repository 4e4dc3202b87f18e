"""Every report of the catalog, computed on the small journal."""

import csv
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reporting.code_names import CodeNames
from reporting.report_catalog import REPORTS
from reporting.report_definition import ParameterType, Report, ReportArguments
from reporting.report_queries import Connection

ROOT = Path(__file__).parents[2]
SUBMISSION = 2
"""A submission with refused lines."""


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
async def test_every_report_is_encoded_and_laid_out(
    reader: Connection, names: CodeNames, report: Report
) -> None:
    source = report.import_source()
    result = await source.load(reader, names, ReportArguments(report.default_values))
    encoded = msgspec.json.encode(result)
    assert msgspec.json.decode(encoded, type=source.result_type) == result
    table = source.build_table(result)
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert next(csv.reader(table.to_csv().splitlines())) == [column.name for column in table.columns]


@pytest.mark.parametrize(
    "report", [candidate for candidate in REPORTS if candidate.detail], ids=lambda report: report.name
)
async def test_every_detailed_report_is_laid_out(
    reader: Connection, names: CodeNames, report: Report
) -> None:
    assert report.detail
    pages = report.detail.import_pages()
    values: dict[str, Any] = {**report.default_values}
    if report.detail.parameter:
        values |= {report.detail.parameter: SUBMISSION}
    lines = [page async for page in pages.stream(reader, names, ReportArguments(values))]
    assert lines
    assert all(pages.build_table(page).rows for page in lines)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_every_parameter_can_be_read(report: Report) -> None:
    names = [parameter.name for parameter in report.parameters]
    assert len(names) == len(set(names))
    for parameter in report.parameters:
        assert bool(parameter.choices) == (parameter.type in {ParameterType.CHOICE, ParameterType.LANGUAGE})
    assert not report.detail or report.detail.parameter in (None, *names)


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_every_page_is_of_a_result_with_a_batch(report: Report) -> None:
    source = report.import_source()
    if source.paging:
        assert "batch" in source.result_type.__struct_fields__
        assert "next" in source.paging.page_type.__struct_fields__


@pytest.mark.parametrize(
    ("row", "options"),
    [
        ("| a batch (`--batch`) |", {"batch"}),
        ("| a posting date (", {"date", "last_day"}),
        ("| a month (", {"month"}),
    ],
)
def test_the_table_of_cut_offs_names_every_report_that_has_one(row: str, options: set[str]) -> None:
    lines = ROOT.joinpath("docs/commands.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(row)]
    names = re.findall(r"`([a-z-]+)`", line.split("|")[2])
    assert sorted(names) == sorted(
        report.name for report in REPORTS if options & report.default_values.keys()
    )


def test_the_reports_of_the_last_batch_alone_have_no_cut_off() -> None:
    lines = ROOT.joinpath("docs/commands.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("| the last batch alone |")]
    without = {
        report.name
        for report in REPORTS
        if not {"batch", "date", "last_day", "month"} & report.default_values.keys()
    }
    assert without == set(re.findall(r"`([a-z-]+)`", line))


def test_the_catalog_imports_no_report() -> None:
    program = "import sys, reporting.report_catalog; print(*sys.modules)"
    command = [sys.executable, "-c", program]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()
    assert set(loaded).isdisjoint({"asyncpg", "msgspec", "numpy", "reporting.budget"})
