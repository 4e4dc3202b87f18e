"""The implementations of the reports of closing: each function imports the module of one, as in ``report_sources``."""

from reporting.report_definition import ReportSource


def import_remaining_amounts() -> ReportSource:
    """Return the implementation of the report of what remains to be paid by year of origin."""
    from reporting import remaining_amounts as report

    return ReportSource(
        lambda connection, names, arguments: report.load_remaining_amounts(
            connection, names, programme=arguments.values["programme"], visibility=arguments.visibility
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
