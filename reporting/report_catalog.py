"""The catalog of reports: one row per report, from which its command, its HTTP route and its description follow.

To add a report, write the module with its result and its table, and its statements in an SQL file beside it.  Then add a row
to ``REPORTS``, the function in ``report_sources`` that imports the module, and a test.
"""

from core.nomenclature import CentreLevel
from reporting import closing_sources, report_sources
from reporting.closing_reports import CLOSING_REPORTS, UP_TO_MONTH
from reporting.report_definition import ParameterType, Report, ReportDetail, ReportParameter

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
_EXERCISE = ReportParameter("exercise", "Only this exercise (accounting year)", ParameterType.YEAR)
_ACCOUNTANT = ReportParameter("accountant", "Only the books of this accountant", ParameterType.ACCOUNTANT)
_PROGRAMME = ReportParameter(
    "programme", "Only entries on fund centres of this programme", ParameterType.PROGRAMME
)
_MONTH = ReportParameter("month", "Only this month of the exercise, 1 to 15", ParameterType.MONTH)
_LINES_OF_BATCH = ReportParameter(
    "batch", "The entries up to this batch; by default, all of them", ParameterType.BATCH
)

REPORTS = (
    Report(
        "trial-balance",
        "Debit, credit and balance of every account; both sides are equal, of each accountant too",
        (
            *(_EXERCISE, _ACCOUNTANT),
            ReportParameter("by", "Rows by account, or by accountant", ParameterType.CHOICE, _BY_ACCOUNT),
            *(UP_TO_MONTH, _BATCH),
        ),
        report_sources.import_trial_balance,
        example="exercise=2018",
    ),
    Report(
        "journal",
        "Every entry that posts on an account, in order: day, accountant, document, accounts, amount; both sides by period",
        (
            *(_EXERCISE, _MONTH),
            ReportParameter("first_day", "Only from this posting date, as YYYY-MM-DD", ParameterType.DAY),
            ReportParameter("last_day", "Only up to this posting date, as YYYY-MM-DD", ParameterType.DAY),
            *(_ACCOUNTANT, _PROGRAMME, _LINES_OF_BATCH),
        ),
        report_sources.import_journal,
        example="exercise=2018",
        detail=ReportDetail(None, "", report_sources.import_journal_pages),
    ),
    Report(
        "general-ledger",
        "The movements of each account of each accountant, with the balance after each, between opening and closing balance",
        (
            _EXERCISE,
            ReportParameter(
                "account", "Only this account, or those that begin with these digits", ParameterType.ACCOUNT
            ),
            *(_MONTH, _ACCOUNTANT, _PROGRAMME, _LINES_OF_BATCH),
        ),
        report_sources.import_general_ledger,
        example="exercise=2018&account=408",
        detail=ReportDetail(None, "", report_sources.import_general_ledger_pages),
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
        report_sources.import_budget,
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
        report_sources.import_refusals,
        example="",
        detail=ReportDetail(
            "submission", "line by line for one submission", report_sources.import_refused_lines
        ),
    ),
    Report(
        "commitments",
        "What remains to be paid of commitments: engaged, less withdrawn, less paid; and how far the rest has come",
        (_LEVEL, _LINES_OF_BATCH),
        report_sources.import_commitments,
        example="level=uo",
    ),
    Report(
        "remaining",
        "What remains to be paid by programme and by the year in which the commitments were engaged first",
        (ReportParameter("programme", "Only this programme", ParameterType.PROGRAMME), _LINES_OF_BATCH),
        closing_sources.import_remaining_amounts,
        example="programme=0177",
    ),
    Report(
        "mandatory",
        "What must be paid of the year after: service that was certified and is not paid, by programme",
        (
            ReportParameter("exercise", "Only service certified in this exercise", ParameterType.YEAR),
            _LINES_OF_BATCH,
        ),
        closing_sources.import_mandatory,
        example="exercise=2018",
    ),
    Report(
        "accruals",
        "Accruals of a year: manual ones by entry, with what is reversed, and service that is certified and not requested",
        (_EXERCISE,),
        closing_sources.import_accruals,
    ),
    Report(
        "statements",
        "Balance sheet and result by the lines in which they print; every account, balanced to the cent",
        (
            ReportParameter(
                "exercise", "Only this exercise; by default each has a column", ParameterType.YEAR
            ),
            *(_ACCOUNTANT, _BATCH),
        ),
        closing_sources.import_statements,
        example="exercise=2018",
    ),
    Report(
        "situation",
        "Expenses by title and receipts, by month and since January, beside the year before",
        (
            ReportParameter(
                "year", "Of this year; by default the last one with movements", ParameterType.YEAR
            ),
            ReportParameter("month", "Only this month of the year, 1 to 15", ParameterType.MONTH),
            _LINES_OF_BATCH,
        ),
        closing_sources.import_situation,
        example="year=2018",
    ),
    Report(
        "receipts",
        "Receivables issued, lowered and collected by exercise and nature of receipt, and what is left to collect",
        (_EXERCISE, _LINES_OF_BATCH),
        report_sources.import_receipts,
        example="exercise=2018",
    ),
    Report(
        "special-accounts",
        "Earmarked special accounts by section: receipts, what is engaged, ordered and paid, what is free, what is carried",
        (ReportParameter("year", "Only this budget year", ParameterType.YEAR), _BATCH),
        closing_sources.import_special_accounts,
        example="year=2019",
    ),
    Report(
        "advances",
        "Advances that are unpaid or not recovered",
        (_LINES_OF_BATCH,),
        report_sources.import_advances,
        example="",
    ),
    Report(
        "execution",
        "Budget execution with the origin of credits: initial, moves by origin, frozen, reserved, consumed, carried, annulled",
        (
            _LEVEL,
            ReportParameter("programme", "Only this programme", ParameterType.PROGRAMME),
            ReportParameter("year", "Only this budget year", ParameterType.YEAR),
            _BATCH,
        ),
        closing_sources.import_execution,
        example="level=uo",
    ),
    Report(
        "settlement",
        "Settlement tables by mission, programme and titles: what was opened is consumed, carried over or annulled",
        (ReportParameter("year", "Only this budget year", ParameterType.YEAR), _BATCH),
        closing_sources.import_settlement_tables,
        example="year=2018",
    ),
    Report(
        "suspense",
        "What is open on suspense accounts, item by item, and why it stays there; the items add up to the balances",
        (
            *(_EXERCISE, _ACCOUNTANT),
            ReportParameter("day", "Ages up to this day, as YYYY-MM-DD; by default today", ParameterType.DAY),
            ReportParameter(
                "sort",
                "Only expenses or receipts (for the annex to the settlement bill) of the budget, or third parties",
                ParameterType.CHOICE,
                ("all", "expense", "receipt", "third_party"),
            ),
        ),
        report_sources.import_suspense,
        example="exercise=2018",
    ),
    Report(
        "assets",
        "The register of assets: cost, depreciation, net value and plan of each; it adds up to the balances",
        (_EXERCISE, _ACCOUNTANT, _LINES_OF_BATCH),
        closing_sources.import_assets,
        example="exercise=2018",
    ),
    Report(
        "visas",
        "Visas of the budget controller: requested, decided, days waited, used, left, and used after a reversal",
        (
            _EXERCISE,
            ReportParameter(
                "day", "Days waited up to this day, as YYYY-MM-DD; by default today", ParameterType.DAY
            ),
            _LINES_OF_BATCH,
        ),
        closing_sources.import_visas,
        example="exercise=2018",
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
        report_sources.import_delays,
        example="by=programme&year=2018",
    ),
    Report(
        "overdue-interest",
        "Late interest that is not paid within the days after the late payment, 45 by law",
        (ReportParameter("day", "Overdue on this day, as YYYY-MM-DD; by default today", ParameterType.DAY),),
        report_sources.import_overdue_interest,
        example="day=2018-12-31",
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
        report_sources.import_invoices,
        example="supplier=SUPPLIER&number=F-2018-7",
        detail=ReportDetail(None, "", report_sources.import_invoice_pages),
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
        report_sources.import_third_parties,
    ),
    Report(
        "submissions",
        "Every file that was sent, with its number and its lines by outcome; forms and Crescendo's own acts too",
        (),
        report_sources.import_submissions,
    ),
    *CLOSING_REPORTS,
)
"""All reports, in the order in which they are listed."""
