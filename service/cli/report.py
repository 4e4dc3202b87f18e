"""``crescendo report``: the reports of ``reporting.report_catalog``, and the proof of a file or a batch."""

from collections.abc import Callable, Mapping
from datetime import date
from inspect import Parameter as SignatureParameter
from inspect import Signature
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from core.errors import NoSuchRecord, UnknownCode
from reporting.report_catalog import REPORTS
from reporting.report_definition import (
    ParameterType,
    Report,
    ReportArguments,
    ReportParameter,
)
from service.cli.number_limits import (
    NUMBER_OF_A_BATCH,
    NUMBER_OF_A_MONTH,
    NUMBER_OF_A_ROW,
    NUMBER_OF_A_YEAR,
    NUMBER_OF_AN_ENTRY,
)
from service.cli.report_output import TABLE, OutputFormat, translate
from service.cli.shared_options import DEFAULT_DATA, DataOptions, find_language
from service.configuration.settings import Settings, UsageError
from service.terminal import console, report_pages

if TYPE_CHECKING:
    from reporting.code_names import CodeNames
    from reporting.proofs import BatchProof, SubmissionProof
    from reporting.refusals import Language
    from reporting.report_queries import Connection
    from reporting.report_tables import ReportTable

EXIT_FINDINGS = 1

app = App(name="report", help="Reports of the journal; proofs of files and batches.")


_COMMON_PARAMETERS = (
    SignatureParameter(
        "output_format", SignatureParameter.KEYWORD_ONLY, default=TABLE, annotation=OutputFormat
    ),
    SignatureParameter("data", SignatureParameter.KEYWORD_ONLY, default=DEFAULT_DATA, annotation=DataOptions),
)

_LIMITS: Mapping[ParameterType, Any] = {
    ParameterType.YEAR: NUMBER_OF_A_YEAR,
    ParameterType.MONTH: NUMBER_OF_A_MONTH,
    ParameterType.BATCH: NUMBER_OF_A_BATCH,
    ParameterType.SUBMISSION: NUMBER_OF_A_ROW,
    ParameterType.ENTRY: NUMBER_OF_AN_ENTRY,
}
_TEXTS = frozenset(
    {
        *(ParameterType.PROGRAMME, ParameterType.SENDER, ParameterType.ACCOUNTANT),
        *(ParameterType.PAYEE, ParameterType.INVOICE, ParameterType.ACCOUNT),
    }
)


def _build_command(report: Report) -> Callable[..., None]:
    """Build the command of a report; its signature has an option for each parameter."""

    def command(
        *, output_format: OutputFormat = TABLE, data: DataOptions = DEFAULT_DATA, **values: Any
    ) -> None:
        languages = {
            parameter.name: find_language()
            for parameter in report.parameters
            if parameter.type is ParameterType.LANGUAGE
        }
        arguments = ReportArguments({**report.default_values, **languages, **values})
        _write_report(report, arguments, settings=data.read_settings(), output_format=output_format)

    detail = f"; or {report.detail.description}" if report.detail and report.detail.parameter else ""
    command.__doc__ = f"{report.summary}{detail}."
    options = [_build_option(parameter) for parameter in report.parameters]
    command.__signature__ = Signature([*options, *_COMMON_PARAMETERS])
    return command


def _write_report(
    report: Report, arguments: ReportArguments, *, settings: Settings, output_format: OutputFormat
) -> None:
    """Write a report, or its detail if the arguments ask for it.

    Raises
    ------
    UsageError
        The arguments name a programme or a year that does not exist, or exclude each other.
    NoSuchRecord
        They name a batch, a submission, a sender or a third party that does not exist.
    """
    output_format.check()
    detail = report.detail
    is_detailed = detail is not None and (
        detail.parameter is None or arguments.values[detail.parameter] is not None
    )
    if detail is not None and detail.parameter and is_detailed:
        _check_exclusion(report, arguments)
    try:
        (_write_detail if is_detailed else _write_whole)(
            report, arguments, settings=settings, output_format=output_format
        )
    except UnknownCode as error:
        raise UsageError(str(error)) from error


def _check_exclusion(report: Report, arguments: ReportArguments) -> None:
    """Check that no filter is given beside the parameter of the detail, which would not follow it."""
    filters = [
        f"--{parameter.name}"
        for parameter in report.parameters
        if parameter.default is None and arguments.values[parameter.name] is not None
    ]
    if len(filters) > 1:
        raise UsageError(f"{' and '.join(filters)} exclude each other: give one of them")


def _write_whole(
    report: Report, arguments: ReportArguments, *, settings: Settings, output_format: OutputFormat
) -> None:
    from service.database.report_session import read_report

    async def load(connection: "Connection", names: "CodeNames") -> Any:
        from reporting.argument_checks import check_arguments

        await check_arguments(connection, names, report, arguments=arguments)
        return await report.import_source().load(connection, names, arguments)

    result = read_report(settings, load)
    output_format.write(
        result, _limit_titles(report, arguments, report.import_source().build_table), _get_language(arguments)
    )


def _limit_titles(
    report: Report, arguments: ReportArguments, build_table: Callable[[Any], "ReportTable"]
) -> Callable[[Any], "ReportTable"]:
    """Return the function with titles that say what the arguments leave out."""
    from reporting.report_scope import limit_title

    return lambda rows: limit_title(build_table(rows), report, arguments.values)


def _write_detail(
    report: Report, arguments: ReportArguments, *, settings: Settings, output_format: OutputFormat
) -> None:
    """Write a detailed report page by page, while it is read; people see its totals below the last page."""
    from reporting.argument_checks import check_arguments, set_batch
    from reporting.report_scope import limit_title
    from service.database.report_session import write_report

    assert report.detail is not None  # noqa: S101 -- the caller has checked it
    pages, language = report.detail.import_pages(), _get_language(arguments)
    build_table = _limit_titles(report, arguments, pages.build_table)

    async def write(connection: "Connection", names: "CodeNames") -> None:
        await check_arguments(connection, names, report, arguments=arguments)
        of_batch = await set_batch(connection, report, arguments)
        with output_format.open_pages(build_table, language) as writer:
            await report_pages.write_pages(pages.stream(connection, names, of_batch), writer)
            totals = None
            if writer.has_totals and pages.load_totals:
                of_all = await pages.load_totals(connection, names, of_batch)
                totals = translate(limit_title(of_all, report, arguments.values), language)
            await report_pages.write_end(writer, totals)

    write_report(settings, write)


def _get_language(arguments: ReportArguments) -> "Language":
    """Return the language that the arguments name, or that of the locale."""
    return arguments.values.get("language") or find_language()


def _build_option(parameter: ReportParameter) -> SignatureParameter:
    help_text = Parameter(help=f"{parameter.description}.", validator=_LIMITS.get(parameter.type))
    option: Any = int | None
    if parameter.choices:
        option = Literal[parameter.choices]
    elif parameter.type in _TEXTS:
        option = str | None
    elif parameter.type is ParameterType.DAY:
        option = date | None
    return SignatureParameter(
        parameter.name,
        SignatureParameter.KEYWORD_ONLY,
        default=parameter.default,
        annotation=Annotated[option, help_text],
    )


for _report in REPORTS:
    app.command(_build_command(_report), name=_report.name)
app.command("service.cli.plot:app", name="plot")


@app.command
def proof(
    *,
    submission: Annotated[
        int | None, Parameter(help="Prove this submission and its batches.", validator=NUMBER_OF_A_ROW)
    ] = None,
    batch: Annotated[int | None, Parameter(help="Prove this batch.", validator=NUMBER_OF_A_BATCH)] = None,
    output_format: OutputFormat = TABLE,
    data: DataOptions = DEFAULT_DATA,
) -> int:
    """Compare the figures stated for a file or a batch with its stored rows: totals, debit and credit, budget, hash.

    Exit codes: 0 all figures agree; 1 at least one differs, or there is no such submission or batch.
    """
    from reporting import argument_checks, proofs
    from service.database.report_session import read_report

    output_format.check()
    if (submission is None) == (batch is None):
        raise UsageError("name either a submission or a batch: --submission NUMBER or --batch NUMBER")

    async def load(connection: Any, names: Any) -> "BatchProof | SubmissionProof | None":
        if batch is not None:
            await argument_checks.check_batch(connection, batch)
            return await proofs.prove_batch(connection, names, batch)
        await argument_checks.check_submission(connection, submission or 0)
        return await proofs.prove_submission(connection, names, submission or 0)

    result = read_report(data.read_settings(), load)
    if result is None:
        raise NoSuchRecord("There is no batch 0: the first one is 1")
    output_format.write(result, proofs.build_table, find_language())
    if output_format.is_for_people:
        console.print_line(f"\n{_format_verdict(result)}")
    return 0 if result.holds else EXIT_FINDINGS


def _format_verdict(result: "BatchProof | SubmissionProof") -> str:
    from reporting.proofs import BatchProof

    if isinstance(result, BatchProof):
        return f"The rows hash to {result.link.computed}; stored is {result.link.stored}."
    broken = [f"{batch.batch:,}" for batch in result.batches if not batch.holds]
    if broken:
        return f"These of its batches do NOT agree with their rows: {', '.join(broken)}; see --batch NUMBER."
    batches = console.format_count(len(result.batches), "batch", "batches")
    return f"All figures of the {batches} that contain its rows agree with the stored rows."
