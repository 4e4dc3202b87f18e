"""The closing balances of a year by account, programme and ministry, in the columns of the State's public balance.

They are as before the entries of the result, so that charges and products show.  Openings are sums of every programme: they
stand without one.  That *nature* is the part of the chart (balance sheet, charges, products) is ours.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from core.amount_fields import AmountStruct, Cents
from core.chart import Chart
from core.periods import PERIODS_PER_YEAR
from core.senders import RESERVED_SENDERS
from reporting.code_names import ACCOUNT, CENTRE, CodeNames
from reporting.report_queries import (
    SQL,
    Connection,
    fetch_one,
    fetch_part_of_journal,
    find_batch_or_last,
    read_part,
)
from reporting.report_tables import CellType, Column, ReportTable
from reporting.visibility import WHOLE_JOURNAL, Visibility

_NATURES: Mapping[str, str] = {
    **dict.fromkeys("12345", "bilan"),
    "6": "charges",
    "7": "produits",
    "8": "hors bilan",
}
"""By class of the account."""


class PublicBalanceRow(AmountStruct, frozen=True, kw_only=True):
    """The closing balance of one account on one programme, in cents; debit positive."""

    line: str
    """The line of the financial statements (poste)."""
    words: str
    """The words of the chart for its line (sous-poste)."""
    account: str
    label: str
    nature: str
    """``bilan``, ``charges``, ``produits`` or ``hors bilan``."""
    programme: str
    """Empty for openings, which are of no programme."""
    programme_label: str
    ministry: str
    balance_cents: Cents


class PublicBalance(AmountStruct, frozen=True, kw_only=True):
    """All balances that are not zero; together they are zero."""

    batch: int
    exercise: int | None
    rows: list[PublicBalanceRow]
    balance_cents: Cents


class PublicBalanceScope(NamedTuple):
    """What the balances are of; None for all."""

    exercise: int | None = None
    """None for the last one with entries."""
    month: int | None = None
    """Up to this month."""
    accountant: str | None = None
    last_day: date | None = None
    batch: int | None = None


async def load_public_balance(
    connection: Connection,
    names: CodeNames,
    scope: PublicBalanceScope = PublicBalanceScope(),  # noqa: B008
    *,
    visibility: Visibility = WHOLE_JOURNAL,
) -> PublicBalance:
    """Load the balances of the entries that the caller may see; reads all entries of the exercise."""
    batch = await find_batch_or_last(connection, scope.batch)
    exercise = scope.exercise or (await fetch_one(connection, "last_exercise"))["exercise"]
    if exercise is None:
        return PublicBalance(batch=batch, exercise=None, rows=[], balance_cents=0)
    month = PERIODS_PER_YEAR - 2 if scope.month is None else scope.month
    owner = names.find_accountant(scope.accountant) if scope.accountant else None
    arguments = (exercise, month, owner, visibility.sender, visibility.centres, sorted(RESERVED_SENDERS))
    part = await read_part(connection, batch, scope.last_day)
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in await fetch_part_of_journal(connection, part, SQL["public_balance"], *arguments):
        centre = names.find_code(CENTRE, row["centre"])
        programme = names.codes.find_programme(centre).code if centre else ""
        sums[names.find_code(ACCOUNT, row["account"]), programme] += row["cents"]
    rows = [
        _build_row(names, exercise, account, programme=programme, cents=cents)
        for (account, programme), cents in sorted(sums.items())
        if cents
    ]
    return PublicBalance(
        batch=batch, exercise=exercise, rows=rows, balance_cents=sum(row.balance_cents for row in rows)
    )


def _build_row(
    names: CodeNames, exercise: int, account: str, *, programme: str, cents: int
) -> PublicBalanceRow:
    chart = names.codes.charts.get(exercise)
    words = chart.accounts[account].statement if chart and account in chart.accounts else ""
    listed = names.codes.programmes.get(programme)
    return PublicBalanceRow(
        line=_find_line_label(chart, words, account, cents=cents) if chart else "",
        words=words,
        account=account,
        label=names.codes.find_account_label(account, exercise),
        nature=_NATURES.get(account[:1], ""),
        programme=programme,
        programme_label=listed.label if listed else "",
        ministry=listed.ministry if listed else "",
        balance_cents=cents,
    )


def _find_line_label(chart: Chart, words: str, account: str, *, cents: int) -> str:
    code = chart.statements.find_line(words, account, cents)
    return next((line.label for line in chart.statements.lines if line.code == code), "")


def build_table(report: PublicBalance) -> ReportTable:
    """Build the table."""
    columns = [
        *(Column("statement line", CellType.PROSE), Column("statement words", CellType.PROSE)),
        *(Column("account"), Column("label", CellType.PROSE), Column("nature"), Column("programme")),
        *(Column("programme label", CellType.PROSE), Column("ministry", CellType.PROSE)),
        Column("closing balance", CellType.MONEY),
    ]
    rows = [
        [
            *(row.line, row.words, row.account, row.label, row.nature, row.programme),
            *(row.programme_label, row.ministry, row.balance_cents),
        ]
        for row in report.rows
    ]
    of_year = f" {report.exercise}" if report.exercise else ""
    return ReportTable(
        f"Closing balances by programme{of_year}, after batch {report.batch:,}",
        columns,
        rows,
        ["", "", "all", "", "", "", "", "", report.balance_cents],
        drop_order=("statement words", "programme label", "label", "nature", "statement line", "ministry"),
    )
