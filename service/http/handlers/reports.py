"""The routes of the reports in ``reporting.report_catalog``: JSON, in pages if the result is long, or all of it as a file."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

from core.act_fields import FORMATS, Field
from core.errors import ReferenceDataError, UnknownCode
from core.periods import PERIODS_PER_YEAR
from reporting.argument_checks import check_codes, find_sender, have_no_day, lacks_exercise
from reporting.closing_reports import UP_TO_MONTH
from reporting.code_names import CodeNames
from reporting.report_catalog import REPORTS
from reporting.report_definition import (
    ParameterType,
    Report,
    ReportArguments,
    ReportPaging,
    ReportParameter,
)
from reporting.report_queries import Connection
from reporting.visibility import Visibility
from service.database.read_pool import Pool
from service.http import query_scope, report_responses, submission_queries
from service.http.http_messages import JSON, Request, Response, respond
from service.http.journal_queries import JournalReader
from service.http.name_cache import NameCache
from service.http.openapi.examples import QUERY_EXAMPLES
from service.http.openapi.operation import Operation, Parameter
from service.http.openapi.parameters import (
    AFTER,
    REPORT_SCOPE,
    build_limit,
    build_number_schema,
    build_text_schema,
)
from service.http.openapi.problem_types import list_problems
from service.http.problems import Problem, build_exercise_problem, day_order, not_found
from service.http.query_scope import BATCH_NUMBER_MAX, YEAR_RANGE, Page, QueryScope
from service.http.report_responses import CSV, FILE_FORMATS, PARQUET, XLSX
from service.http.route import Route

SUBMISSION_NUMBER_MAX = 2**31 - 1
_OPTION = "--"
"""What begins the name of a parameter in a command."""
_LENGTHS: Mapping[ParameterType, int] = {
    ParameterType.PROGRAMME: 10,
    ParameterType.ACCOUNTANT: 4,
    ParameterType.ACCOUNT: FORMATS[Field.ACCOUNT].bytes_max,
    ParameterType.SENDER: query_scope.SENDER_LENGTH_MAX,
    ParameterType.PAYEE: FORMATS[Field.PAYEE].bytes_max,
    ParameterType.INVOICE: FORMATS[Field.INVOICE_NUMBER].bytes_max,
}
"""Characters of the parameters that are texts."""
_SCHEMAS: Mapping[ParameterType, Mapping[str, Any]] = {
    ParameterType.YEAR: build_number_schema(*YEAR_RANGE),
    ParameterType.MONTH: build_number_schema(1, PERIODS_PER_YEAR - 1),
    ParameterType.BATCH: build_number_schema(0, BATCH_NUMBER_MAX),
    ParameterType.SUBMISSION: build_number_schema(1, SUBMISSION_NUMBER_MAX),
    ParameterType.ENTRY: build_number_schema(1, BATCH_NUMBER_MAX),
    ParameterType.DAY: {"type": "string", "format": "date"},
    **{parameter_type: build_text_schema(length) for parameter_type, length in _LENGTHS.items()},
}


class _Computed(NamedTuple):
    """A computed report: its result, and the file that the caller asked for in place of JSON."""

    result: Any
    file: bytes | None
    media_type: str


class ReportHandler:
    """Handles the routes below ``/v1/reports``."""

    def __init__(self, scope: QueryScope, names: NameCache, journal: JournalReader, *, pool: Pool) -> None:
        self._scope, self._names, self._journal, self._pool = scope, names, journal, pool

    async def respond_with(self, report: Report, request: Request) -> Response:
        """Respond with a report in the media type that the caller prefers."""
        source = report.import_source()
        names = _list_query_names(report, source.paging)
        request.allow_only(*names)
        media_type = request.negotiate_media_type((JSON, *FILE_FORMATS))
        page = _read_page(request, source.paging)
        values = await self._read_values(report, request)
        computed = await self._compute(report, values, request, media_type=media_type)
        if source.paging and source.paging.find_next:
            return _respond_with_page(report, computed, request, names=names)
        if computed.file is not None:
            return report_responses.respond_with_file(report.name, computed.file, computed.media_type)
        if not (page and source.paging):
            return respond(computed.result)
        items, next_link = query_scope.slice_page(
            request,
            names,
            source.paging.list_items(computed.result),
            page=page,
            **_fix_batch(names, computed.result),
        )
        return respond(source.paging.build_page(computed.result, items, next_link))

    async def _read_values(self, report: Report, request: Request) -> dict[str, Any]:
        values = {parameter.name: _read_value(request, parameter) for parameter in report.parameters}
        for parameter in report.parameters:
            number = values[parameter.name]
            if parameter.type is ParameterType.SUBMISSION and number:
                await self._check_submission(request, number)
        if have_no_day(values):
            raise day_order(values["first_day"], values["last_day"])
        if lacks_exercise(report, values):
            raise build_exercise_problem()
        return values

    async def _check_submission(self, request: Request, number: int) -> None:
        visibility = await self._scope.find_report_visibility(request.caller)
        is_visible = await submission_queries.is_submission_visible(self._pool, number, visibility)
        if not is_visible:
            raise query_scope.build_not_found(
                f"You have no submission {number}", is_present=is_visible is not None
            )

    async def _compute(
        self, report: Report, values: Mapping[str, Any], request: Request, *, media_type: str
    ) -> _Computed:
        """Compute a report and, if asked for, its file."""
        source, names = report.import_source(), await self._names.load()
        _check_codes(names, report, values)
        page = _read_page(request, source.paging)
        visibility = await self._scope.find_report_visibility(request.caller, lists_acts=report.lists_acts)

        async def compute(connection: Connection) -> _Computed:
            checked = dict(values)
            for parameter in report.parameters:
                if parameter.type is ParameterType.BATCH:
                    checked[parameter.name] = await query_scope.check_batch(
                        connection, values[parameter.name]
                    )
                named = values[parameter.name]
                if parameter.type is ParameterType.SENDER and named not in (None, request.caller.sender):
                    await _check_sender(connection, named, visibility)
            try:
                result = await source.load(connection, names, ReportArguments(checked, visibility, page))
            except ReferenceDataError as error:
                raise Problem(HTTPStatus.CONFLICT, "reference-data-missing", str(error)) from error
            if media_type == JSON:
                return _Computed(result, None, JSON)
            table = source.build_table(result)
            return _Computed(result, await report_responses.build_file(table, media_type), media_type)

        return await self._journal.run_report(compute, request.caller.sender)


def _check_codes(names: CodeNames, report: Report, values: Mapping[str, Any]) -> None:
    """Raise ``Problem``, with what the command prints, for a programme, an accountant or an account that is unknown.

    No reference data have it, or the report does not list it.
    """
    try:
        check_codes(names, report, values)
    except UnknownCode as error:
        raise not_found(str(error).removeprefix(_OPTION)) from error


async def _check_sender(connection: Connection, sender: str, visibility: Visibility) -> None:
    """Raise ``Problem`` unless the caller may see something of this sender; its own name needs no submission."""
    is_visible = await find_sender(connection, sender, visibility)
    if not is_visible:
        raise query_scope.build_not_found(
            f"You may see no submission of {sender}", is_present=is_visible is not None
        )


def _read_value(request: Request, parameter: ReportParameter) -> Any:
    """Read a parameter of the query, or the language of the request."""
    if parameter.type in _LENGTHS:
        return request.get_text(parameter.name, _LENGTHS[parameter.type]) or None
    match parameter.type:
        case ParameterType.YEAR:
            return query_scope.read_year(request, parameter.name)
        case ParameterType.MONTH:
            return request.get_number(parameter.name, 0, minimum=1, maximum=PERIODS_PER_YEAR - 1) or None
        case ParameterType.BATCH:
            return query_scope.read_batch(request)
        case ParameterType.SUBMISSION:
            return request.get_number(parameter.name, 0, minimum=1, maximum=SUBMISSION_NUMBER_MAX) or None
        case ParameterType.ENTRY:
            return request.get_number(parameter.name, 0, minimum=1, maximum=BATCH_NUMBER_MAX) or None
        case ParameterType.DAY:
            return query_scope.read_day(request, parameter.name)
        case ParameterType.CHOICE:
            return request.get_choice(parameter.name, parameter.choices) or parameter.default
        case ParameterType.LANGUAGE:
            return request.language


def _read_page(request: Request, paging: ReportPaging | None) -> Page | None:
    return Page.read(request, paging.default_items, paging.items_max) if paging else None


def _list_query_names(report: Report, paging: ReportPaging | None) -> list[str]:
    names = [parameter.name for parameter in report.parameters if _is_query(parameter)]
    return [*names, "limit", "after"] if paging else names


def _fix_batch(names: Sequence[str], result: Any) -> dict[str, int]:
    """Return the batch of a result, if the report may be read as of one, so that all its pages are."""
    return {"batch": result.batch} if "batch" in names else {}


def _respond_with_page(
    report: Report, computed: _Computed, request: Request, *, names: Sequence[str]
) -> Response:
    """Respond with the page that was loaded; as CSV, the address of the next one stands in the ``Link`` header."""
    paging, result = report.import_source().paging, computed.result
    assert paging is not None  # noqa: S101 -- the caller has checked it
    assert paging.find_next is not None  # noqa: S101
    after = paging.find_next(result)
    fixed = _fix_batch(names, result)
    next_link = None if after is None else query_scope.build_next_link(request, names, after, **fixed)
    if computed.file is None:
        return respond(paging.build_page(result, list(paging.list_items(result)), next_link))
    link = {} if next_link is None else {"link": f'<{next_link}>; rel="next"'}
    return report_responses.respond_with_file(report.name, computed.file, computed.media_type, headers=link)


def _build_route(report: Report) -> "Route[ReportHandler]":
    return Route("GET", _build_path(report), _bind_report(report), _describe_report(report))


def _build_path(report: Report) -> str:
    return f"/v1/reports/{report.name}"


def _bind_report(report: Report) -> Callable[[ReportHandler, Request], Awaitable[Response]]:
    async def handle(handler: ReportHandler, request: Request) -> Response:
        return await handler.respond_with(report, request)

    return handle


def _describe_report(report: Report) -> Operation:
    source = report.import_source()
    paging = source.paging
    example = QUERY_EXAMPLES.get(_build_path(report))
    is_translated = any(parameter.type is ParameterType.LANGUAGE for parameter in report.parameters)
    # 409: the reference data do not contain what the report needs, such as the interest rate of a half-year.
    return Operation(
        report.summary
        + _describe_pages(paging)
        + ("; in French if Accept-Language prefers French" if is_translated else ""),
        {
            "200": paging.page_type if paging else source.result_type,
            **list_problems(
                "not-found", "not-acceptable", "reference-data-missing", *_list_period_problems(report)
            ),
        },
        [
            *(_describe_parameter(parameter) for parameter in report.parameters if _is_query(parameter)),
            *((build_limit(paging.items_max), AFTER) if paging else ()),
        ],
        description=f"{REPORT_SCOPE} The service computes at most two reports at a time, and at most one for each"
        " sender; further requests are answered 503.",
        other_media={CSV: example["csv"] if example else "", XLSX: "", PARQUET: ""},
    )


def _list_period_problems(report: Report) -> Sequence[str]:
    has_days = any(parameter.type is ParameterType.DAY for parameter in report.parameters)
    return (*["day-order"] * has_days, *["exercise-missing"] * (UP_TO_MONTH in report.parameters))


def _describe_pages(paging: ReportPaging | None) -> str:
    if paging is None:
        return ""
    if paging.find_next is None:
        return "; a page of JSON, or all of it as a file"
    return "; a page of JSON or of a file, whose Link header has the address of the next one"


def _is_query(parameter: ReportParameter) -> bool:
    return parameter.type is not ParameterType.LANGUAGE


def _describe_parameter(parameter: ReportParameter) -> Parameter:
    schema = (
        {"type": "string", "enum": list(parameter.choices)} if parameter.choices else _SCHEMAS[parameter.type]
    )
    return Parameter(parameter.name, parameter.description, schema)


ROUTES = tuple(_build_route(report) for report in REPORTS if report.example is not None)
