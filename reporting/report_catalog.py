"""The catalog of reports: one row per report, from which its command, its HTTP route and its description follow.

To add a report, write the module with its result and its table, and its statements in an SQL file beside it.  Then add a row
to ``REPORTS``, the function that imports the module, and a test.  The module is imported when the report is first computed, so
that the command line starts at once.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from core.nomenclature import CentreLevel
from reporting.visibility import WHOLE_JOURNAL, Visibility

if TYPE_CHECKING:
    import msgspec

    from reporting.code_names import CodeNames
    from reporting.report_queries import Connection
    from reporting.report_tables import ReportTable


class ParameterType(Enum):
    """The type of a parameter, which decides how a command and a query parameter are read and checked."""

    YEAR = "year"
    BATCH = "batch"
    SUBMISSION = "submission"
    PROGRAMME = "programme"
    ACCOUNTANT = "accountant"
    SENDER = "sender"
    CHOICE = "choice"
    LANGUAGE = "language"
    """A choice on the command line; over HTTP the ``Accept-Language`` header decides."""


class ReportParameter(NamedTuple):
    """One parameter of a report; the first of its choices is the default."""

    name: str
    description: str
    type: ParameterType
    choices: tuple[str, ...] = ()
    years_after: int = 0
    """Of a year: how many years after the last one of the reference data may be named, as payments may be debited then."""

    @property
    def default(self) -> str | None:
        """The value if none is given."""
        return self.choices[0] if self.choices else None


class ReportArguments(NamedTuple):
    """The arguments of one report."""

    values: Mapping[str, Any]
    """By parameter."""
    visibility: Visibility = WHOLE_JOURNAL
    """The lines that the caller may see; a report of credits, which belong to no sender, follows its programmes alone."""

    @property
    def programmes(self) -> frozenset[str]:
        """The programmes that the caller may see; all if empty."""
        return frozenset(self.visibility.programmes or ())


class ReportPaging(NamedTuple):
    """How a long result is split into pages of JSON; its struct states the ``batch`` that it is as of."""

    default_items: int
    items_max: int
    page_type: "type[msgspec.Struct]"
    list_items: Callable[[Any], Sequence[Any]]
    build_page: Callable[[Any, list[Any], str | None], "msgspec.Struct"]
    """From the result, the items of the page, and the address of the next page."""


class ReportSource(NamedTuple):
    """The implementation of a report."""

    load: "Callable[[Connection, CodeNames, ReportArguments], Coroutine[Any, Any, Any]]"
    result_type: "type[msgspec.Struct]"
    """The struct that is encoded as JSON."""
    build_table: "Callable[[Any], ReportTable]"
    """The table for people, and its columns for CSV."""
    paging: ReportPaging | None = None


class ReportPages(NamedTuple):
    """The implementation of a report of any length, which is read and written a page at a time."""

    stream: "Callable[[Connection, CodeNames, ReportArguments], AsyncIterator[list[Any]]]"
    build_table: "Callable[[list[Any]], ReportTable]"
    """The table of one page."""


class ReportDetail(NamedTuple):
    """The more detailed report that a command shows if one of its parameters is given."""

    parameter: str
    description: str
    import_pages: Callable[[], ReportPages]


class Report(NamedTuple):
    """One report."""

    name: str
    """The name of the command, and the last part of the path."""
    summary: str
    parameters: tuple[ReportParameter, ...]
    import_source: Callable[[], ReportSource]
    example: str | None = None
    """The query string of the example in the description of the HTTP interface; None if the report has no route."""
    detail: ReportDetail | None = None

    @property
    def default_values(self) -> dict[str, str | None]:
        """The default value of each parameter."""
        return {parameter.name: parameter.default for parameter in self.parameters}


def _import_trial_balance() -> ReportSource:
    from reporting import trial_balance as report

    return ReportSource(
        lambda connection, names, arguments: report.load_trial_balance(
            connection, names, report.build_scope(arguments.values), visibility=arguments.visibility
        ),
        report.TrialBalance,
        report.build_table,
    )


def _import_budget() -> ReportSource:
    from reporting import budget as report

    def load(
        connection: "Connection", names: "CodeNames", arguments: ReportArguments
    ) -> Coroutine[Any, Any, report.Budget]:
        level, programme, year, batch = (
            arguments.values[name] for name in ("level", "programme", "year", "batch")
        )
        scope = report.BudgetScope(_find_level(level), programme, year, batch, arguments.programmes)
        return report.load_budget(connection, names, scope)

    paging = ReportPaging(100, 1000, report.BudgetPage, lambda budget: budget.nodes, report.build_page)
    return ReportSource(load, report.Budget, report.build_table, paging)


def _import_refusals() -> ReportSource:
    from reporting import refusals as report

    return ReportSource(
        lambda connection, _, arguments: report.load_refusals(
            connection,
            submission=arguments.values["submission"],
            sender=arguments.values["sender"],
            language=arguments.values["language"],
            visibility=arguments.visibility,
        ),
        report.Refusals,
        report.build_table,
    )


def _import_refused_lines() -> ReportPages:
    from reporting import refusals as report

    return ReportPages(
        lambda connection, names, arguments: report.stream_refused_lines(
            connection,
            names,
            arguments.values["submission"],
            language=arguments.values["language"],
        ),
        report.build_lines_table,
    )


def _import_commitments() -> ReportSource:
    from reporting import commitments as report

    return ReportSource(
        lambda connection, names, arguments: report.load_outstanding_commitments(
            connection, names, level=_find_level(arguments.values["level"]), visibility=arguments.visibility
        ),
        report.OutstandingCommitments,
        report.build_table,
    )


def _import_delays() -> ReportSource:
    from reporting import delays as report

    def load(
        connection: "Connection", names: "CodeNames", arguments: ReportArguments
    ) -> Coroutine[Any, Any, report.Delays]:
        grouping, year = arguments.values["by"], arguments.values["year"]
        scope = report.DelayScope(grouping, year, arguments.programmes, arguments.visibility.sender)
        return report.load_delays(connection, names, scope)

    return ReportSource(load, report.Delays, report.build_table)


def _import_submissions() -> ReportSource:
    from reporting import submissions as report

    return ReportSource(
        lambda connection, _, __: report.load_submissions(connection), report.Submissions, report.build_table
    )


def _find_level(name: str) -> CentreLevel:
    return CentreLevel[name.upper()]


_LEVEL = ReportParameter(
    "level",
    "Level of the fund centres shown",
    ParameterType.CHOICE,
    tuple(level.name.lower() for level in CentreLevel),
)
_BATCH = ReportParameter(
    "batch", "The figures just after this batch; by default, those after the last batch", ParameterType.BATCH
)

_BY_ACCOUNT = ("account", "accountant")

REPORTS = (
    Report(
        "trial-balance",
        "Debit, credit and balance of every account; both sides are equal, of each accountant too",
        (
            ReportParameter("exercise", "Only this exercise (accounting year)", ParameterType.YEAR),
            ReportParameter("accountant", "Only the books of this accountant", ParameterType.ACCOUNTANT),
            ReportParameter("by", "Rows by account, or by accountant", ParameterType.CHOICE, _BY_ACCOUNT),
            _BATCH,
        ),
        _import_trial_balance,
        example="exercise=2018",
    ),
    Report(
        "budget",
        "Budget execution at one level: credits opened, reserved, consumed and available, in commitment"
        " appropriations (AE) and payment appropriations (CP)",
        (
            _LEVEL,
            ReportParameter("programme", "Only this programme", ParameterType.PROGRAMME),
            ReportParameter("year", "Only this budget year", ParameterType.YEAR),
            _BATCH,
        ),
        _import_budget,
        example="level=uo",
    ),
    Report(
        "refusals",
        "Refused lines by reason, the most frequent first, and what to do",
        (
            ReportParameter("submission", "Only this submission", ParameterType.SUBMISSION),
            ReportParameter("sender", "Only the lines of this sender", ParameterType.SENDER),
            ReportParameter(
                "language", "Language of findings and remedies", ParameterType.LANGUAGE, ("en", "fr")
            ),
        ),
        _import_refusals,
        example="",
        detail=ReportDetail("submission", "line by line for one submission", _import_refused_lines),
    ),
    Report(
        "commitments",
        "What remains to be paid of commitments: engaged, less withdrawn, less paid; and how far the rest has come",
        (_LEVEL,),
        _import_commitments,
        example="level=uo",
    ),
    Report(
        "delays",
        "How long payments took, from request to debit; how many were in time; late interest due, proposed and paid",
        (
            ReportParameter(
                "by", "One row per ministry or programme", ParameterType.CHOICE, ("ministry", "programme")
            ),
            ReportParameter(
                "year", "Only debited payments that were made in this year", ParameterType.YEAR, years_after=1
            ),
        ),
        _import_delays,
        example="by=programme&year=2018",
    ),
    Report(
        "submissions",
        "Every file that was sent, with its number and its lines by outcome; forms and Crescendo's own acts too",
        (),
        _import_submissions,
    ),
)
"""All reports, in the order in which they are listed."""
