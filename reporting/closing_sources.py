"""The implementations of the reports of closing, assets and visas: each function imports one module (``report_sources``)."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from reporting.report_definition import ReportArguments, ReportPages, ReportPaging, ReportSource

if TYPE_CHECKING:
    from reporting.code_names import CodeNames
    from reporting.report_queries import Connection


def import_remaining_amounts() -> ReportSource:
    """Return the implementation of the report of what remains to be paid by year of origin."""
    from reporting import remaining_amounts as report

    return ReportSource(
        lambda connection, names, arguments: report.load_remaining_amounts(
            connection,
            names,
            programme=arguments.values["programme"],
            visibility=arguments.visibility,
            batch=arguments.values["batch"],
        ),
        report.RemainingToPay,
        report.build_table,
    )


def import_mandatory() -> ReportSource:
    """Return the implementation of the report of mandatory expenses."""
    from reporting import mandatory as report

    return ReportSource(
        lambda connection, names, arguments: report.load_mandatory(
            connection,
            names,
            exercise=arguments.values["exercise"],
            batch=arguments.values["batch"],
            visibility=arguments.visibility,
        ),
        report.MandatoryReport,
        report.build_table,
    )


def import_accruals() -> ReportSource:
    """Return the implementation of the report of accruals."""
    from reporting import accruals as report

    return ReportSource(
        lambda connection, names, arguments: report.load_accruals(
            connection, names, exercise=arguments.values["exercise"], visibility=arguments.visibility
        ),
        report.Accruals,
        report.build_table,
    )


def import_statements() -> ReportSource:
    """Return the implementation of the report of balance sheet and result."""
    from reporting import statements as report
    from reporting.trial_balance import build_scope

    return ReportSource(
        lambda connection, names, arguments: report.load_statements(
            connection,
            names,
            build_scope({**arguments.values, "by": "account"}),
            visibility=arguments.visibility,
        ),
        report.Statements,
        report.build_table,
    )


def import_situation() -> ReportSource:
    """Return the implementation of the report of the monthly situation."""
    from reporting import situation as report

    return ReportSource(
        lambda connection, names, arguments: report.load_situation(
            connection,
            names,
            year=arguments.values["year"],
            month=arguments.values["month"],
            visibility=arguments.visibility,
            batch=arguments.values["batch"],
        ),
        report.MonthlySituation,
        report.build_table,
    )


def import_special_accounts() -> ReportSource:
    """Return the implementation of the report of earmarked special accounts."""
    from reporting import special_accounts as report

    return ReportSource(
        lambda connection, names, arguments: report.load_special_accounts(
            connection,
            names,
            year=arguments.values["year"],
            batch=arguments.values["batch"],
            within=arguments.programmes,
        ),
        report.SpecialAccounts,
        report.build_table,
    )


def import_execution() -> ReportSource:
    """Return the implementation of the report of the execution with the origin of credits."""
    from core.nomenclature import CentreLevel
    from reporting import execution as report
    from reporting.budget import BudgetScope

    return ReportSource(
        lambda connection, names, arguments: report.load_execution(
            connection,
            names,
            BudgetScope(
                CentreLevel[(arguments.values["level"] or "programme").upper()],
                arguments.values["programme"],
                arguments.values["year"],
                arguments.values["batch"],
                arguments.programmes,
            ),
        ),
        report.Execution,
        report.build_table,
    )


def import_follow_up() -> ReportSource:
    """Return the implementation of the report of the follow-up of commitments."""
    from reporting import follow_up as report
    from reporting.follow_up_tables import build_table

    paging = ReportPaging(
        report.PAGE_ROWS,
        report.PAGE_ROWS_MAX,
        report.FollowUpPage,
        lambda follow_up: follow_up.lines,
        report.build_page,
        lambda follow_up: follow_up.next_after,
    )
    return ReportSource(
        report.load_follow_up, report.FollowUp, lambda follow_up: build_table(follow_up.lines), paging
    )


def import_follow_up_pages() -> ReportPages:
    """Return the implementation of the report of all lines of the follow-up of commitments."""
    from reporting import follow_up as report
    from reporting.follow_up_tables import build_table

    return ReportPages(report.stream_follow_up, build_table, report.load_totals_table)


def import_closing_file() -> ReportSource:
    """Return the implementation of the closing file."""
    from reporting import closing_file as report

    return ReportSource(
        lambda connection, _, arguments: report.load_closing_file(
            connection,
            year=arguments.values["year"],
            batch=arguments.values["batch"],
            visibility=arguments.visibility,
        ),
        report.ClosingFile,
        report.build_table,
    )


def import_settlement_tables() -> ReportSource:
    """Return the implementation of the report of the settlement tables."""
    from reporting import settlement_tables as report
    from reporting.budget import BudgetScope

    return ReportSource(
        lambda connection, names, arguments: report.load_settlement_tables(
            connection,
            names,
            BudgetScope(
                year=arguments.values["year"],
                batch=arguments.values["batch"],
                within=arguments.programmes,
            ),
        ),
        report.SettlementTables,
        report.build_table,
    )


def import_aged_items() -> ReportSource:
    """Return the implementation of the report of open items by age."""
    from reporting import aged_items as report

    def load(
        connection: "Connection", names: "CodeNames", arguments: ReportArguments
    ) -> Coroutine[Any, Any, report.OpenItemsByAge]:
        scope = report.ItemScope(
            *(arguments.values[name] for name in ("accountant", "account", "by", "day", "date", "batch")),
            opening=arguments.values["opening"],
        )
        return report.load_aged_items(connection, names, scope, visibility=arguments.visibility)

    paging = ReportPaging(
        report.PAGE_ITEMS,
        report.PAGE_ITEMS_MAX,
        report.OpenItemsPage,
        lambda items: items.items,
        report.build_page,
    )
    return ReportSource(load, report.OpenItemsByAge, report.build_table, paging)


def import_public_balance() -> ReportSource:
    """Return the implementation of the report of closing balances by programme."""
    from reporting import public_balance as report

    def load(
        connection: "Connection", names: "CodeNames", arguments: ReportArguments
    ) -> Coroutine[Any, Any, report.PublicBalance]:
        scope = report.PublicBalanceScope(
            *(arguments.values[name] for name in ("exercise", "month", "accountant", "date", "batch"))
        )
        return report.load_public_balance(connection, names, scope, visibility=arguments.visibility)

    return ReportSource(load, report.PublicBalance, report.build_table)


def import_reconciliation() -> ReportSource:
    """Return the implementation of the report of the reconciliation of budget balance and result."""
    from reporting import reconciliation as report

    return ReportSource(
        lambda connection, names, arguments: report.load_reconciliation(
            connection,
            names,
            exercise=arguments.values["exercise"],
            batch=arguments.values["batch"],
            visibility=arguments.visibility,
        ),
        report.Reconciliation,
        report.build_table,
    )


def import_assets() -> ReportSource:
    """Return the implementation of the report of assets."""
    from reporting import assets as report

    paging = ReportPaging(100, 1000, report.AssetPage, lambda register: register.assets, report.build_page)
    return ReportSource(
        lambda connection, names, arguments: report.load_assets(
            connection,
            names,
            exercise=arguments.values["exercise"],
            accountant=arguments.values["accountant"],
            visibility=arguments.visibility,
            batch=arguments.values["batch"],
        ),
        report.AssetRegister,
        report.build_table,
        paging,
    )


def import_visas() -> ReportSource:
    """Return the implementation of the report of visas."""
    from reporting import visas as report

    return ReportSource(
        lambda connection, names, arguments: report.load_visas(
            connection,
            names,
            exercise=arguments.values["exercise"],
            day=arguments.values["day"],
            visibility=arguments.visibility,
            batch=arguments.values["batch"],
        ),
        report.Visas,
        report.build_table,
    )
