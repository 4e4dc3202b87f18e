"""What the arguments of a report leave out, as the end of its title: a table of a part must not look like one of the whole."""

from collections.abc import Iterator, Mapping
from typing import Any

from reporting.french_titles import LIMIT
from reporting.report_definition import ParameterType, Report, ReportParameter
from reporting.report_tables import ReportTable

_OF_DAYS: Mapping[str, str] = {"date": "up to", "last_day": "up to", "first_day": "from"}
"""Days that cut the journal off; others are days of ages, or of invoices."""
_IN_TITLES: Mapping[ParameterType, str] = {
    ParameterType.BATCH: ",",
    ParameterType.YEAR: "",
    ParameterType.ACCOUNTANT: "",
    ParameterType.PROGRAMME: "",
}
"""How titles write the values that some of them have already."""
_UP_TO = "Up to"
"""How the description of a month begins that has the months before it, too."""


def limit_title(table: ReportTable, report: Report, values: Mapping[str, Any]) -> ReportTable:
    """Return the table with a title that says what the values of the parameters leave out, unless it says so already."""
    limits = "".join(f"{LIMIT}{limit}" for limit in _list_limits(report, values, table.title))
    return table._replace(title=table.title + limits)


def _list_limits(report: Report, values: Mapping[str, Any], title: str) -> Iterator[str]:
    words = [word.strip(",") for word in title.split()]
    for parameter in report.parameters:
        value = values[parameter.name]
        if value is None or (
            parameter.type in _IN_TITLES and f"{value:{_IN_TITLES[parameter.type]}}" in words
        ):
            continue
        if limit := _name_limit(parameter, value):
            yield limit


def _name_limit(parameter: ReportParameter, value: Any) -> str:
    match parameter.type:
        case ParameterType.DAY:
            return f"{_OF_DAYS[parameter.name]} {value}" if parameter.name in _OF_DAYS else ""
        case ParameterType.MONTH:
            return f"{'up to ' if parameter.description.startswith(_UP_TO) else ''}month {value}"
        case ParameterType.BATCH:
            return f"up to batch {value:,}"
        case ParameterType.ACCOUNT:
            return f"accounts {', '.join(_list_starts(parameter, value))}"
        case ParameterType.ACCOUNTANT:
            return f"accountant {value}"
        case ParameterType.PROGRAMME:
            return f"programme {value}"
        case ParameterType.YEAR if parameter.name == "opening":
            return f"what the years before {value} left"
        case ParameterType.YEAR:
            return f"year {value}"
        case _:
            return ""


def _list_starts(parameter: ReportParameter, digits: str) -> list[str]:
    """Return the first digits of the accounts that are shown: those given, or of what the report lists of them."""
    return [start for start in parameter.account_starts if start.startswith(digits)] or [digits]
