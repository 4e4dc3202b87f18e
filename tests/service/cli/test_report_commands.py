"""The commands and routes that follow from the catalog of reports."""

import inspect

import pytest

from reporting.report_catalog import REPORTS
from reporting.report_definition import ParameterType, Report
from service.cli import report as command_line
from service.http.handlers import reports as http


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_every_report_has_a_command_with_its_options(report: Report) -> None:
    command = command_line.app[report.name].default_command
    assert command is not None
    names = list(inspect.signature(command).parameters)
    assert names == [*(parameter.name for parameter in report.parameters), "output_format", "data"]


def test_every_report_with_an_example_has_a_route() -> None:
    assert [route.path for route in http.ROUTES] == [
        f"/v1/reports/{report.name}" for report in REPORTS if report.example is not None
    ]


@pytest.mark.parametrize(
    "report",
    [described_report for described_report in REPORTS if described_report.example is not None],
    ids=lambda report: report.name,
)
def test_every_route_describes_its_parameters(report: Report) -> None:
    (route,) = [candidate for candidate in http.ROUTES if candidate.path == f"/v1/reports/{report.name}"]
    described = [parameter.name for parameter in route.operation.query]
    expected = [
        parameter.name for parameter in report.parameters if parameter.type is not ParameterType.LANGUAGE
    ]
    assert described == ([*expected, "limit", "after"] if report.import_source().paging else expected)
