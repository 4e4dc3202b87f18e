"""The catalog of reports: one row per report, from which its command, its HTTP route and its description follow.

To add a report, write the module with its result and its table, and its statements in an SQL file beside it.  Then add a row
to ``REPORTS``, the function that imports the module, and a test.  The module is imported when the report is first computed, so
that the command line starts at once.
"""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from core.nomenclature import CentreLevel
from reporting.report_definition import (
    ParameterType,
    Report,
    ReportArguments,
    ReportDetail,
    ReportPages,
    ReportPaging,
    ReportParameter,
    ReportSource,
)

if TYPE_CHECKING:
    from reporting.code_names import CodeNames
    from reporting.report_queries import Connection


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


def _import_receipts() -> ReportSource:
    from reporting import receipts as report

    return ReportSource(
        lambda connection, names, arguments: report.load_receipts(
            connection, names, exercise=arguments.values["exercise"], visibility=arguments.visibility
        ),
        report.Receipts,
        report.build_table,
    )


def _import_advances() -> ReportSource:
    from reporting import advances as report

    return ReportSource(
        lambda connection, _, arguments: report.load_advances(connection, visibility=arguments.visibility),
        report.Advances,
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


def _import_third_parties() -> ReportSource:
    from reporting import third_parties as report

    return ReportSource(
        lambda connection, _, arguments: report.load_third_parties(connection, arguments.values["check"]),
        report.ThirdParties,
        report.build_table,
    )


def _import_invoices() -> ReportSource:
    from reporting import invoices as report

    paging = ReportPaging(
        report.PAGE_ROWS,
        report.PAGE_ROWS_MAX,
        report.InvoicePage,
        lambda invoices: invoices.invoices,
        report.build_page,
        lambda invoices: invoices.next_after,
    )
    return ReportSource(
        lambda connection, _, arguments: report.load_invoices(connection, arguments),
        report.Invoices,
        lambda invoices: report.build_table(invoices.invoices),
        paging,
    )


def _import_invoice_pages() -> ReportPages:
    from reporting import invoices as report

    return ReportPages(
        lambda connection, _, arguments: report.stream_invoices(connection, arguments), report.build_table
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
        "receipts",
        "Receivables issued, lowered and collected by exercise and nature of receipt, and what is left to collect",
        (ReportParameter("exercise", "Only this exercise (accounting year)", ParameterType.YEAR),),
        _import_receipts,
        example="exercise=2018",
    ),
    Report("advances", "Advances that are unpaid or not recovered", (), _import_advances, example=""),
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
        "invoices",
        "Which requests state an invoice: by its supplier, number, date or request; what was paid of each, and by which acts",
        (
            ReportParameter("supplier", "Only invoices of this payee", ParameterType.PAYEE),
            ReportParameter(
                "number",
                "Only invoices with this number, of which letters and digits count",
                ParameterType.INVOICE,
            ),
            ReportParameter("day", "Only invoices of this date, as YYYY-MM-DD", ParameterType.DAY),
            ReportParameter("entry", "Only the invoice that this entry requests", ParameterType.ENTRY),
        ),
        _import_invoices,
        example="supplier=SUPPLIER&number=F-2018-7",
        detail=ReportDetail(None, "", _import_invoice_pages),
    ),
    Report(
        "third-parties",
        "Third parties to look at: the same IBAN, SIREN or name as another one, or a SIRET with a wrong key",
        (
            ReportParameter(
                "check",
                "Only near-duplicates by iban, siren or name, or only wrong keys (siret)",
                ParameterType.CHOICE,
                ("all", "iban", "siren", "name", "siret"),
            ),
        ),
        _import_third_parties,
    ),
    Report(
        "submissions",
        "Every file that was sent, with its number and its lines by outcome; forms and Crescendo's own acts too",
        (),
        _import_submissions,
    ),
)
"""All reports, in the order in which they are listed."""
