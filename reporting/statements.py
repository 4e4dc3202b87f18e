"""The balance sheet and the result (bilan, charges nettes) by the lines in which they print, with their totals.

The balances are those of the trial balance: stored sums, unless a caller may see a part of the journal alone.  An account
without a line is listed apart, so that assets - liabilities = net position, with what is listed, to the cent.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from core.amount_fields import AmountStruct, Cents
from core.statement_plan import NO_PLAN, PrintedLine, Section, StatementPlan
from reporting.code_names import CodeNames
from reporting.report_queries import Connection, find_batch_or_last
from reporting.report_tables import Cell, CellType, Column, ReportTable
from reporting.trial_balance import AccountSums, BalanceScope, load_trial_balance
from reporting.visibility import WHOLE_JOURNAL, Visibility

WITHOUT_LINE, DIFFERENCE = "without a line", "difference"
"""The words in place of a section: of an account whose line is unknown, and of the last row."""
_LOWERING = ("28", "29", "39", "49", "59")
"""The first digits of the accounts of depreciation and impairment, which stand beside the gross value of assets."""
_BALANCED_SECTIONS = (Section.ASSET, Section.LIABILITY, Section.NET_POSITION)


class StatementLine(AmountStruct, frozen=True):
    """One line in one year, in cents; on the side that its section counts."""

    exercise: int
    line: str
    section: str
    label: str
    is_total: bool
    gross_cents: Cents
    lowered_cents: Cents
    """Depreciation and impairment of assets, as a positive amount."""
    net_cents: Cents


class UnplacedAccount(AmountStruct, frozen=True):
    """An account with a balance for which no line is known."""

    exercise: int
    account: str
    label: str
    words: str
    """What the chart says of its line; empty if the chart of the year does not have the account."""
    balance_cents: Cents
    """Debit positive."""


class StatementYear(AmountStruct, frozen=True):
    """Whether the statements of one year are balanced, in cents."""

    exercise: int
    assets_cents: Cents
    liabilities_cents: Cents
    net_position_cents: Cents
    result_cents: Cents
    unplaced_cents: Cents
    """The balances without a line, debit positive."""
    difference_cents: Cents
    """Assets, less liabilities and net position, and the balances without a line: 0 if every entry has two equal sides."""


class Statements(AmountStruct, frozen=True):
    """The lines of each year in the order in which they print, the accounts without one, and the proof."""

    batch: int
    accountant: str | None
    lines: list[StatementLine]
    unplaced: list[UnplacedAccount]
    years: list[StatementYear]


class _LineSums(NamedTuple):
    """What stands on one line, on the side that its section counts."""

    gross: int = 0
    lowered: int = 0

    def add(self, other: "_LineSums", sign: int = 1) -> "_LineSums":
        return _LineSums(self.gross + sign * other.gross, self.lowered + sign * other.lowered)

    @property
    def net(self) -> int:
        return self.gross - self.lowered


async def load_statements(
    connection: Connection,
    names: CodeNames,
    scope: BalanceScope,
    *,
    visibility: Visibility = WHOLE_JOURNAL,
) -> Statements:
    """Load the statements of one exercise, or of every exercise in which an account has a balance."""
    result = Statements(
        await find_batch_or_last(connection, scope.batch), scope.accountant or None, [], [], []
    )
    for year in [scope.exercise] if scope.exercise else sorted(names.codes.charts):
        balance = await load_trial_balance(
            connection,
            names,
            scope._replace(exercise=year, batch=result.batch, has_result=False),
            visibility=visibility,
        )
        if balance.accounts or scope.exercise:
            _add_year(result, names, year=year, accounts=[row for row in balance.accounts if row.balance])
    return result


def _add_year(result: Statements, names: CodeNames, *, year: int, accounts: Iterable[AccountSums]) -> None:
    """Add the lines of one year, its accounts without a line, and its proof."""
    chart = names.codes.charts.get(year)
    plan = chart.statements if chart else NO_PLAN
    lines = {line.code: line for line in plan.lines}
    sums: dict[str, _LineSums] = defaultdict(_LineSums)
    unplaced: list[UnplacedAccount] = []
    for row in accounts:
        charted = chart.accounts.get(row.account) if chart else None
        words = charted.statement if charted else ""
        code = plan.find_line(words, row.account, row.balance)
        if code:
            sums[code] = sums[code].add(_place_balance(lines[code].section, row))
        else:
            unplaced.append(UnplacedAccount(year, row.account, row.label, words, row.balance))
    totals = {code: _sum_line(line, lines, sums) for code, line in lines.items()}
    result.lines.extend(_build_line(year, line, totals[line.code]) for line in plan.lines)
    result.unplaced.extend(unplaced)
    result.years.append(
        _prove_year(year, plan, totals, unplaced_cents=sum(row.balance_cents for row in unplaced))
    )


def _build_line(year: int, line: PrintedLine, sums: _LineSums) -> StatementLine:
    names = (line.code, line.section.value, line.label)
    return StatementLine(year, *names, bool(line.terms), sums.gross, sums.lowered, sums.net)


def _place_balance(section: Section, row: AccountSums) -> _LineSums:
    if section is Section.ASSET and row.account.startswith(_LOWERING):
        return _LineSums(0, -row.balance)
    return _LineSums(row.balance if section.counts_debits else -row.balance)


def _sum_line(
    line: PrintedLine, lines: Mapping[str, PrintedLine], sums: Mapping[str, _LineSums]
) -> _LineSums:
    """Return what stands on a line: of a total, what its terms add up to."""
    result = sums.get(line.code, _LineSums())
    for sign, code in line.terms:
        result = result.add(_sum_line(lines[code], lines, sums), sign)
    return result


def _prove_year(
    year: int, plan: StatementPlan, totals: Mapping[str, _LineSums], *, unplaced_cents: int
) -> StatementYear:
    """Compare the last line of each section, which is its total."""
    last = {line.section: totals[line.code].net for line in plan.lines}
    assets, liabilities, position = (last.get(section, 0) for section in _BALANCED_SECTIONS)
    difference = assets - liabilities - position + unplaced_cents
    result_cents = last.get(Section.RESULT, 0)
    return StatementYear(year, assets, liabilities, position, result_cents, unplaced_cents, difference)


def build_table(statements: Statements) -> ReportTable:
    """Build the table: of one year gross, lowered and net; of several years a column for each."""
    years = [year.exercise for year in statements.years]
    is_single = len(years) <= 1
    columns = [
        *(Column("section"), Column("statement line", CellType.PROSE)),
        *(Column(name, CellType.MONEY) for name in (("gross", "lowered") if is_single else ())),
        *(Column(str(year), CellType.MONEY) for year in years),
    ]
    rows = [
        *_list_lines(statements, years, is_single=is_single),
        *_list_other_accounts(statements, years, is_single=is_single),
    ]
    differences: list[Cell] = [year.difference_cents for year in statements.years]
    footer: list[Cell] = [DIFFERENCE, "", *([None, None] if is_single else []), *differences]
    of_whom = f" of {statements.accountant}" if statements.accountant else ""
    title = f"Balance sheet and result{of_whom}, after batch {statements.batch:,}"
    return ReportTable(title, columns, rows, footer, drop_order=("section", "lowered", "gross"))


def _list_lines(statements: Statements, years: list[int], *, is_single: bool) -> list[list[Cell]]:
    """Return a row for each line of any year, in the order of the first year that has it."""
    by_line: dict[tuple[str, str, str], dict[int, StatementLine]] = defaultdict(dict)
    for line in statements.lines:
        by_line[line.section, line.line, line.label][line.exercise] = line
    rows: list[list[Cell]] = []
    for (section, _, label), of_year in by_line.items():
        single = of_year[years[0]] if is_single else None
        has_parts = single is not None and section == Section.ASSET
        parts: list[Cell] = (
            [single.gross_cents, single.lowered_cents] if has_parts and single else [None, None]
        )
        nets = [of_year[year].net_cents if year in of_year else None for year in years]
        rows.append([section, label, *(parts if is_single else []), *nets])
    return rows


def _list_other_accounts(statements: Statements, years: list[int], *, is_single: bool) -> list[list[Cell]]:
    """Return a row for each account without a line, debit positive."""
    by_account: dict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for row in statements.unplaced:
        by_account[row.account, row.label][row.exercise] = row.balance_cents
    return [
        [
            *(WITHOUT_LINE, f"{account} {label}".strip()),
            *([None, None] if is_single else []),
            *(of_year.get(year) for year in years),
        ]
        for (account, label), of_year in by_account.items()
    ]
