"""The rows of the catalog of reports that follow commitments and accounts over the closing of a year."""

from reporting import closing_sources
from reporting.item_accounts import STARTS_OF_ACCOUNTS
from reporting.report_definition import ParameterType, Report, ReportDetail, ReportParameter

_ACCOUNTANT = ReportParameter("accountant", "Only the books of this accountant", ParameterType.ACCOUNTANT)
_BATCH = ReportParameter(
    "batch", "The entries up to this batch; by default, all of them", ParameterType.BATCH
)
_DATE = ReportParameter("date", "Only entries posted up to this day, as YYYY-MM-DD", ParameterType.DAY)
UP_TO_MONTH = ReportParameter("month", "Up to this month of the exercise, 1 to 15", ParameterType.MONTH)

CLOSING_REPORTS = (
    Report(
        "follow-up",
        "Commitments line by line and year by year: engaged, carried, received, certified and not invoiced, invoiced, paid",
        (
            ReportParameter("year", "Only this budget year", ParameterType.YEAR),
            ReportParameter("programme", "Only this programme", ParameterType.PROGRAMME),
            *(_DATE, _BATCH),
        ),
        closing_sources.import_follow_up,
        example="year=2018",
        detail=ReportDetail(None, "", closing_sources.import_follow_up_pages),
        lists_acts=True,
    ),
    Report(
        "open-items",
        "What is open by payee, year and age on accounts of third parties, suspense and transit; items add up to the balances",
        (
            _ACCOUNTANT,
            ReportParameter(
                "account",
                "Only this account, or those that begin with these digits",
                ParameterType.ACCOUNT,
                account_starts=STARTS_OF_ACCOUNTS,
            ),
            ReportParameter("by", "Rows by payee, or by item", ParameterType.CHOICE, ("payee", "item")),
            ReportParameter("day", "Ages up to this day, as YYYY-MM-DD; by default today", ParameterType.DAY),
            ReportParameter(
                "opening",
                "As of the opening of this exercise: what the years before left",
                ParameterType.YEAR,
            ),
            *(_DATE, _BATCH),
        ),
        closing_sources.import_aged_items,
        example="day=2018-12-31",
        lists_acts=True,
    ),
    Report(
        "public-balance",
        "Closing balances by account, programme and ministry, in the columns of the State's public balance",
        (
            ReportParameter(
                "exercise", "Of this exercise; by default the last one with entries", ParameterType.YEAR
            ),
            *(UP_TO_MONTH, _ACCOUNTANT, _DATE, _BATCH),
        ),
        closing_sources.import_public_balance,
        example="exercise=2018",
    ),
    Report(
        "reconciliation",
        "The way from the budget balance (receipts less CP) to the result of an exercise, item by item, to the cent",
        (
            ReportParameter(
                "exercise", "Of this exercise; by default the last one with entries", ParameterType.YEAR
            ),
            _BATCH,
        ),
        closing_sources.import_reconciliation,
        example="exercise=2018",
    ),
    Report(
        "closing-file",
        "The closing file of a year: each execution of each step, its counts, sums, findings, proof, who, when and how long",
        (
            ReportParameter("year", "Of this year; by default the last one with a step", ParameterType.YEAR),
            ReportParameter("batch", "Executions that ended by this batch", ParameterType.BATCH),
        ),
        closing_sources.import_closing_file,
        example="year=2018",
    ),
)
"""In the order in which they are listed, behind the other reports."""
