"""The implementations of the reports: each function imports the module of one.

It is imported when the report is first computed, so that the command line starts at once.
"""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from core.nomenclature import CentreLevel
from reporting.report_definition import ReportArguments, ReportPages, ReportPaging, ReportSource

if TYPE_CHECKING:
    from reporting.code_names import CodeNames
    from reporting.report_queries import Connection


def import_trial_balance() -> ReportSource:
    """Return the implementation of the report of trial balance."""
    from reporting import trial_balance as report

    return ReportSource(
        lambda connection, names, arguments: report.load_trial_balance(
            connection, names, report.build_scope(arguments.values), visibility=arguments.visibility
        ),
        report.TrialBalance,
        report.build_table,
    )


def import_journal() -> ReportSource:
    """Return the implementation of the report of the journal."""
    from reporting import journal as report

    paging = ReportPaging(
        report.PAGE_ROWS,
        report.PAGE_ROWS_MAX,
        report.JournalPage,
        lambda journal: journal.entries,
        report.build_page,
        lambda journal: journal.next_after,
    )
    return ReportSource(
        report.load_journal, report.Journal, lambda journal: report.build_table(journal.entries), paging
    )


def import_journal_pages() -> ReportPages:
    """Return the implementation of the report of journal pages."""
    from reporting import journal as report

    return ReportPages(report.stream_journal, report.build_table, report.load_totals_table)


def import_general_ledger() -> ReportSource:
    """Return the implementation of the report of the general ledger."""
    from reporting import general_ledger as report

    paging = ReportPaging(
        report.PAGE_ROWS,
        report.PAGE_ROWS_MAX,
        report.GeneralLedgerPage,
        lambda ledger: ledger.rows,
        report.build_page,
        lambda ledger: ledger.next_after,
    )
    return ReportSource(
        report.load_general_ledger,
        report.GeneralLedger,
        lambda ledger: report.build_table(ledger.rows),
        paging,
    )


def import_general_ledger_pages() -> ReportPages:
    """Return the implementation of the report of general ledger pages."""
    from reporting import general_ledger as report

    return ReportPages(report.stream_general_ledger, report.build_table, report.load_totals_table)


def import_budget() -> ReportSource:
    """Return the implementation of the report of budget."""
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


def import_refusals() -> ReportSource:
    """Return the implementation of the report of refusals."""
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


def import_refused_lines() -> ReportPages:
    """Return the implementation of the report of refused lines."""
    from reporting import earlier_references
    from reporting import refusals as report

    return ReportPages(
        lambda connection, names, arguments: earlier_references.stream_refused_lines(
            connection,
            names,
            arguments.values["submission"],
            language=arguments.values["language"],
        ),
        report.build_lines_table,
    )


def import_commitments() -> ReportSource:
    """Return the implementation of the report of commitments."""
    from reporting import commitments as report

    return ReportSource(
        lambda connection, names, arguments: report.load_outstanding_commitments(
            connection,
            names,
            level=_find_level(arguments.values["level"]),
            visibility=arguments.visibility,
            batch=arguments.values["batch"],
        ),
        report.OutstandingCommitments,
        report.build_table,
    )


def import_receipts() -> ReportSource:
    """Return the implementation of the report of receipts."""
    from reporting import receipts as report

    return ReportSource(
        lambda connection, names, arguments: report.load_receipts(
            connection,
            names,
            exercise=arguments.values["exercise"],
            visibility=arguments.visibility,
            batch=arguments.values["batch"],
        ),
        report.Receipts,
        report.build_table,
    )


def import_advances() -> ReportSource:
    """Return the implementation of the report of advances."""
    from reporting import advances as report

    return ReportSource(
        lambda connection, names, arguments: report.load_advances(
            connection, names, visibility=arguments.visibility, batch=arguments.values["batch"]
        ),
        report.Advances,
        report.build_table,
    )


def import_suspense() -> ReportSource:
    """Return the implementation of the report of suspense."""
    from reporting import suspense as report

    return ReportSource(
        lambda connection, names, arguments: report.load_sort(
            connection, names, {**arguments.values}, visibility=arguments.visibility
        ),
        report.SuspenseItems,
        report.build_table,
    )


def import_overdue_interest() -> ReportSource:
    """Return the implementation of the report of overdue interest."""
    from reporting import overdue_interest as report

    return ReportSource(
        lambda connection, names, arguments: report.load_overdue_interest(
            connection, names, day=arguments.values["day"], visibility=arguments.visibility
        ),
        report.OverdueInterest,
        report.build_table,
    )


def import_delays() -> ReportSource:
    """Return the implementation of the report of delays."""
    from reporting import delays as report

    def load(
        connection: "Connection", names: "CodeNames", arguments: ReportArguments
    ) -> Coroutine[Any, Any, report.Delays]:
        grouping, year = arguments.values["by"], arguments.values["year"]
        scope = report.DelayScope(grouping, year, arguments.programmes, arguments.visibility.sender)
        return report.load_delays(connection, names, scope)

    return ReportSource(load, report.Delays, report.build_table)


def import_submissions() -> ReportSource:
    """Return the implementation of the report of submissions."""
    from reporting import submissions as report

    return ReportSource(
        lambda connection, _, __: report.load_submissions(connection), report.Submissions, report.build_table
    )


def import_third_parties() -> ReportSource:
    """Return the implementation of the report of third parties."""
    from reporting import third_parties as report

    return ReportSource(
        lambda connection, _, arguments: report.load_third_parties(connection, arguments.values["check"]),
        report.ThirdParties,
        report.build_table,
    )


def import_invoices() -> ReportSource:
    """Return the implementation of the report of invoices."""
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


def import_invoice_pages() -> ReportPages:
    """Return the implementation of the report of invoice pages."""
    from reporting import invoices as report

    return ReportPages(
        lambda connection, _, arguments: report.stream_invoices(connection, arguments), report.build_table
    )


def _find_level(name: str) -> CentreLevel:
    return CentreLevel[name.upper()]
