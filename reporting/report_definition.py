"""What defines a report: its parameters, its implementation, and how its rows are split into pages."""

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

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
    ACCOUNT = "account"
    """The number of an account in the chart, or its first digits."""
    MONTH = "month"
    """A month of an exercise."""
    SENDER = "sender"
    PAYEE = "payee"
    INVOICE = "invoice"
    """The number of an invoice."""
    DAY = "day"
    ENTRY = "entry"
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
    account_starts: tuple[str, ...] = ()
    """Of an account: the first digits of those that the report lists; empty for all."""

    @property
    def default(self) -> str | None:
        """The value if none is given."""
        return self.choices[0] if self.choices else None


class PageRange(NamedTuple):
    """The part of a report that a page shows."""

    after: int
    limit: int


class ReportArguments(NamedTuple):
    """The arguments of one report."""

    values: Mapping[str, Any]
    """By parameter."""
    visibility: Visibility = WHOLE_JOURNAL
    """The lines that the caller may see; a report of credits, which belong to no sender, follows its programmes alone."""
    page: PageRange | None = None
    """Of a report that loads one page at a time: which one; None for the first."""

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
    find_next: Callable[[Any], int | None] | None = None
    """Of a report that loads one page at a time: after which item the next page begins, None if there is none.  Without
    this function the report loads all items, and the pages count them."""


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
    load_totals: "Callable[[Connection, CodeNames, ReportArguments], Coroutine[Any, Any, ReportTable]] | None" = None
    """The table of the totals of all rows, which people see below the last page."""


class ReportDetail(NamedTuple):
    """The more detailed report that a command shows if one of its parameters is given."""

    parameter: str | None
    """None if the command always shows it, because the report may have any length."""
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
    lists_acts: bool = False
    """Whether it names single acts or payees of senders: over HTTP an operator sees those of his own sender alone."""

    @property
    def default_values(self) -> dict[str, str | None]:
        """The default value of each parameter."""
        return {parameter.name: parameter.default for parameter in self.parameters}
